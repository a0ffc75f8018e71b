"""The check of one pupil's years: a pure function over what the index has.

What the repository does not hold, it does not judge: the first record is the beginning, and what
a definition does not say is unknown. Recalled records do not count.

Steps, as in `continuity_of`:
(1) ids       the same số định danh under ids that nobody has linked
(2) beginning the first record is of a later grade: earlier years are not held
(3) each year two records in force
(4) each step from one year to the next: years that are missing, grades, promotion, transfer, id
(5) recalled  years of which nothing but a recalled record is left
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from typing import TypeVar

from hocba.continuity.transfer import arrives_in_time, explained_by_history, history_of, transfer
from hocba.continuity.years import (
    LAST_GRADES,
    ContinuityFinding,
    Year,
    level_falls,
    name_of,
    year_of,
)
from hocba.index.continuity import YearRecord
from hocba.model.record import RecordStatus
from schemas.findings import finding

_R = TypeVar("_R", bound=YearRecord)


def continuity_of(
    records: Sequence[_R], siblings: Sequence[str] = ()
) -> tuple[ContinuityFinding[_R], ...]:
    """Everything that does not fit in the years of one pupil, oldest first.

    *records* are all of the pupil's under all linked ids; *siblings* are other ids with the same
    số định danh.
    """
    ordered = sorted(records, key=lambda each: (each.namhoc, each.makhoi, each.madinhdanhhocba))
    years = [
        year
        for each in ordered
        if each.status is RecordStatus.VALID and (year := year_of(each)) is not None
    ]
    recalled: dict[int, list[_R]] = {}
    for each in ordered:
        if each.status is RecordStatus.RECALLED and (year := year_of(each)) is not None:
            recalled.setdefault(year.start, []).append(each)
    by_start: dict[int, list[Year[_R]]] = {}
    for year in years:
        by_start.setdefault(year.start, []).append(year)
    found = [
        *_beginning(years),
        *(each for same in by_start.values() for each in _one_year(same)),
        *(
            each
            for before, after in pairwise(same[-1] for same in by_start.values())
            for each in _step(before, after, recalled)
        ),
        *_only_recalled(by_start, recalled),
    ]
    found.sort(key=lambda each: each.record.namhoc)
    if siblings and ordered:
        shared = finding("HB-I159", count=len(siblings), others=", ".join(siblings))
        found.append(ContinuityFinding(shared, ordered[-1], (ordered[-1],)))
    return tuple(found)


def _found(code: str, *records: _R, **parameters: object) -> ContinuityFinding[_R]:
    """A finding that shows in the last of *records*."""
    named = tuple((name, str(value)) for name, value in parameters.items())
    return ContinuityFinding(replace(finding(code), parameters=named), records[-1], records)


def _beginning(years: Sequence[Year[_R]]) -> Iterator[ContinuityFinding[_R]]:
    if years and years[0].grade is not None and years[0].grade > 1:
        first = years[0].record
        told = sum(1 for each in first.earlier or () if each.namhoc < first.namhoc)
        yield _found("HB-I140", first, year=first.namhoc, grade=years[0].grade, told=told)


def _one_year(same: Sequence[Year[_R]]) -> Iterator[ContinuityFinding[_R]]:
    """Two records in force for one year: the pupil was moved in it, or one is too many."""
    for one, other in combinations((each.record for each in same), 2):
        about = {"year": other.namhoc, "school": one.tentruong, "other": other.tentruong}
        if one.matruong == other.matruong:
            yield _found("HB-I153", one, other, year=other.namhoc, school=other.tentruong)
        elif explained_by_history(one, other):
            yield _found("HB-I155", one, other, **about)
        else:
            yield _found("HB-I154", one, other, **about)


def _step(
    before: Year[_R], after: Year[_R], recalled: Mapping[int, Sequence[_R]]
) -> Iterator[ContinuityFinding[_R]]:
    yield from _missing(before, after, recalled)
    yield from _grades(before, after)
    if after.start == before.start + 1:
        yield from transfer(before, after)
    yield from arrives_in_time(before, after)
    old, new = before.record, after.record
    if old.mahocsinh == new.mahocsinh and old.sodinhdanh != new.sodinhdanh:
        yield _found("HB-I158", old, new, before=old.namhoc, after=new.namhoc)


def _missing(
    before: Year[_R], after: Year[_R], recalled: Mapping[int, Sequence[_R]]
) -> Iterator[ContinuityFinding[_R]]:
    """The years between two records, each with what is known of it."""
    gap = after.start - before.start
    growth = None if None in (before.grade, after.grade) else _growth(before, after)
    old, new = before.record, after.record
    for start in range(before.start + 1, after.start):
        year = name_of(start)
        told = history_of(new, start)
        if start in recalled:
            yield _found("HB-I160", old, recalled[start][-1], new, year=year)
        elif told is not None:
            about = {"year": year, "school": told.tentruong, "class": told.tenlop}
            yield _found("HB-I142", old, new, **about, province=told.tentinh)
        elif growth == gap and before.grade is not None:
            grade = before.grade + start - before.start
            yield _found("HB-I141", old, new, year=year, grade=grade)
        else:
            yield _found("HB-I143", old, new, year=year)


def _growth(before: Year[_R], after: Year[_R]) -> int:
    return (after.grade or 0) - (before.grade or 0)


def _grades(before: Year[_R], after: Year[_R]) -> Iterator[ContinuityFinding[_R]]:
    """Whether the grade of the later year follows from the earlier one."""
    if before.grade is None or after.grade is None:
        return
    gap, growth = after.start - before.start, _growth(before, after)
    old, new = before.record, after.record
    about = {
        "year": new.namhoc,
        "grade": after.grade,
        "before": old.namhoc,
        "grade_before": before.grade,
    }
    if level_falls(old, new):
        yield _found("HB-I152", old, new, **about)
    elif growth < 0:
        yield _found("HB-I148", old, new, **about)
    elif growth > gap:
        yield _found("HB-I147", old, new, **about)
    elif growth == 0:
        yield _repeated(before, after, about)
    elif growth == gap:
        yield from _promoted(before, after, about)


def _repeated(
    before: Year[_R], after: Year[_R], about: Mapping[str, object]
) -> ContinuityFinding[_R]:
    old, new = before.record, after.record
    if before.grade in LAST_GRADES and old.hoanthanhcap:
        return _found("HB-I151", old, new, **about)
    match old.duoclenlop:
        case False:
            return _found("HB-I144", old, new, **about)
        case True:
            return _found("HB-I145", old, new, **about)
        case None:
            return _found("HB-I146", old, new, **about)


def _promoted(
    before: Year[_R], after: Year[_R], about: Mapping[str, object]
) -> Iterator[ContinuityFinding[_R]]:
    """Who goes up was promoted, and from the last grade of a level has completed it."""
    old, new = before.record, after.record
    if before.grade in LAST_GRADES and old.hoanthanhcap is False:
        yield _found("HB-I150", old, new, **about)
    elif old.duoclenlop is False:
        yield _found("HB-I149", old, new, **about)


def _only_recalled(
    by_start: Mapping[int, Sequence[Year[_R]]], recalled: Mapping[int, Sequence[_R]]
) -> Iterator[ContinuityFinding[_R]]:
    """Years after the last record in force of which only a recalled record is left."""
    last = max(by_start, default=0)
    for start, records in recalled.items():
        if start > last:
            yield _found("HB-I160", records[-1], year=name_of(start))
