"""School years and grades as numbers, and what a pupil's years are judged by."""

import re
from dataclasses import dataclass
from typing import Generic, TypeVar

from hocba.index.continuity import YearRecord
from schemas.findings import Finding

FIRST_GRADES = frozenset({1, 6, 10})
"""Grades that begin a level: everybody comes from another school then."""

LAST_GRADES = frozenset({5, 9, 12})

_R = TypeVar("_R", bound=YearRecord)

_SCHOOL_YEAR = re.compile(r"([0-9]{4})-([0-9]{4})\Z")
_HIGHEST_GRADE = 12
_LEVEL_ORDER = {"02": 0, "03": 1, "04": 2}
"""Levels that follow one another; continuing education (05) runs beside them."""


@dataclass(frozen=True, slots=True)
class Year(Generic[_R]):
    """One record as a year of a pupil: `start` is the year in which the school year begins.

    `grade` is None where the record's code is none of the twelve grades.
    """

    start: int
    grade: int | None
    record: _R


@dataclass(frozen=True, slots=True)
class ContinuityFinding(Generic[_R]):
    """What does not fit, or explains what seems not to: the finding and what it rests on.

    `record` is the later of the records, where the finding shows; who may not see all that it
    `rests_on` must not see the finding.
    """

    finding: Finding
    record: _R
    rests_on: tuple[_R, ...]


def year_of(record: _R) -> Year[_R] | None:
    """The record as a year; None where its school year cannot be read."""
    start = start_of(record.namhoc)
    if start is None:
        return None
    grade = int(record.makhoi) if record.makhoi.isdecimal() else 0
    return Year(start, grade if 1 <= grade <= _HIGHEST_GRADE else None, record)


def start_of(namhoc: str) -> int | None:
    """The year in which a school year begins; None where it is none."""
    match = _SCHOOL_YEAR.match(namhoc)
    return int(match[1]) if match and int(match[2]) == int(match[1]) + 1 else None


def name_of(start: int) -> str:
    """A school year as records write it."""
    return f"{start}-{start + 1}"


def level_falls(before: YearRecord, after: YearRecord) -> bool:
    """Whether *after* is of a level that comes before the one of *before*."""
    known = before.macaphoc in _LEVEL_ORDER and after.macaphoc in _LEVEL_ORDER
    return known and _LEVEL_ORDER[after.macaphoc] < _LEVEL_ORDER[before.macaphoc]


def same_name(one: str, other: str) -> bool:
    """Whether two names of a school are written alike but for case and spaces."""
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
