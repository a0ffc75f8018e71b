"""Whether a change of schools is told by both sides: the study history of the later record."""

from collections.abc import Iterator
from datetime import date
from typing import TypeVar

from hocba.continuity.years import (
    FIRST_GRADES,
    ContinuityFinding,
    Year,
    name_of,
    same_name,
    start_of,
)
from hocba.index.continuity import YearRecord
from hocba.model.record import EarlierYear
from schemas.findings import finding

_R = TypeVar("_R", bound=YearRecord)

# Who has the old school's record of a year was there until its end, about the end of May; who has
# the new school's record of the next year came before that one was closed.
_EARLIEST = (5, 1)
_LATEST = (6, 30)


def history_of(record: YearRecord, start: int) -> EarlierYear | None:
    """What the record tells of the year that began in *start*; None where it tells nothing."""
    told = (each for each in record.earlier or () if start_of(each.namhoc) == start)
    return next(told, None)


def explained_by_history(one: YearRecord, other: YearRecord) -> bool:
    """Whether one of two records of a year tells that the pupil came from the other's school."""
    return any(
        each.namhoc == one.namhoc and same_name(each.tentruong, there.tentruong)
        for here, there in ((one, other), (other, one))
        for each in here.earlier or ()
    )


def changes_school(before: Year[_R], after: Year[_R]) -> bool:
    """Whether the pupil changed schools where a level goes on; at its beginning all do."""
    return before.record.matruong != after.record.matruong and after.grade not in FIRST_GRADES


def transfer(before: Year[_R], after: Year[_R]) -> Iterator[ContinuityFinding[_R]]:
    """The later record names the school of the year before it, where the school changed."""
    old, new = before.record, after.record
    if not changes_school(before, after) or new.earlier is None:
        return
    told = [each.tentruong for each in new.earlier if start_of(each.namhoc) == before.start]
    if any(same_name(each, old.tentruong) for each in told):
        return
    found = finding(
        "HB-I156" if told else "HB-I161",
        year=new.namhoc,
        school=old.tentruong,
        before=old.namhoc,
        new=new.tentruong,
        told=", ".join(dict.fromkeys(told)),
    )
    yield ContinuityFinding(found, new, (old, new))


def arrives_in_time(before: Year[_R], after: Year[_R]) -> Iterator[ContinuityFinding[_R]]:
    """The day of arrival lies between what both schools' records say."""
    old, new = before.record, after.record
    if not changes_school(before, after):
        return
    for each in new.earlier or ():
        day = each.ngaychuyenden
        if day is None or not same_name(each.tentruong, new.tentruong):
            continue
        first = date(before.start + 1, *_EARLIEST)
        last = date(after.start + 1, *_LATEST)
        if not first <= day <= last:
            found = finding(
                "HB-I157",
                day=day.isoformat(),
                school=new.tentruong,
                old=old.tentruong,
                before=name_of(before.start),
                year=new.namhoc,
            )
            yield ContinuityFinding(found, new, (old, new))
