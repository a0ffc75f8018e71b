"""The counts that figures of quality are made of: each question one query over an index.

Each counts a part of the repository: a province or all, some school years, some schools.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    case,
    distinct,
    func,
    select,
)

from hocba.index.tables import (
    continuity_findings,
    expected_pupils,
    items,
    records,
    requests,
    versions,
)
from hocba.model.lifecycle import Step
from hocba.model.record import RecordStatus

SCHOOLS_LIMIT = 500
"""Schools in one list: no commune has as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is counted; None is no bound. *years* are the school years that there are to count."""

    masogd: str | None = None
    years: tuple[str, ...] | None = None
    schools: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse what no query can list."""
        if self.schools is not None and len(self.schools) > SCHOOLS_LIMIT:
            raise ValueError(f"{len(self.schools)} schools, limit is {SCHOOLS_LIMIT}")

    def narrowed(self, statement: Select[Any], columns: FromClause) -> Select[Any]:
        """*statement* over this part, by the *columns* masogd, namhoc and matruong."""
        if self.masogd is not None:
            statement = statement.where(columns.c.masogd == self.masogd)
        if self.years is not None:
            statement = statement.where(columns.c.namhoc.in_(self.years))
        if self.schools is not None:
            statement = statement.where(columns.c.matruong.in_(self.schools))
        return statement


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeCounts:
    """The records of one grade of a school in one year."""

    masogd: str
    namhoc: str
    matruong: str
    makhoi: str
    records: int
    valid: int
    pupils: int
    checked: int
    without_warnings: int
    without_signature_warnings: int
    last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayCount:
    """How many records of a school came so many days after their issue."""

    masogd: str
    matruong: str
    days: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCounts:
    """The documents of a school that were refused; of the records in them, those that are held
    although their first try failed, and those that are not held at all.
    """

    masogd: str
    matruong: str
    documents: int
    failed_first: int
    never_held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuityCounts:
    """The pupils of a school in whose years something was found."""

    masogd: str
    matruong: str
    missing: int
    duplicate: int
    any: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction of a school's record: when it was asked for, and when it came."""

    masogd: str
    matruong: str
    requested_at: datetime
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedCount:
    """How many pupils are expected of a school in one grade and year."""

    masogd: str
    namhoc: str
    matruong: str
    makhoi: str
    sohocsinh: int


class Quality:
    """Counts over a part of the index."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def years(self, masogd: str | None) -> tuple[str, ...]:
        """The school years of a province's records and expected numbers; a probe for each."""
        found: set[str] = set()
        for table in (records, expected_pupils):
            for province in self._provinces(table) if masogd is None else (masogd,):
                last: str | None = ""
                while last is not None:
                    last = self._connection.scalar(
                        select(func.min(table.c.namhoc)).where(
                            table.c.masogd == province, table.c.namhoc > last
                        )
                    )
                    found |= {last} if last else set()
        return tuple(sorted(found))

    def grades(self, part: Part) -> tuple[GradeCounts, ...]:
        """Records by school year, school and grade; read from the index alone."""
        key = (records.c.masogd, records.c.namhoc, records.c.matruong, records.c.makhoi)
        valid = records.c.status == RecordStatus.VALID
        checked = valid & records.c.warnings.is_not(None)
        statement = select(
            *key,
            func.count().label("records"),
            _count(valid).label("valid"),
            func.count(distinct(case((valid, records.c.mahocsinh)))).label("pupils"),
            _count(checked).label("checked"),
            _count(valid & (records.c.warnings == 0)).label("without_warnings"),
            _count(valid & (records.c.signature_warnings == 0)).label("without_signature_warnings"),
            func.max(records.c.accepted_at).label("last"),
        )
        statement = part.narrowed(statement, records).group_by(*key)
        return self._all(GradeCounts, statement)

    def delays(self, part: Part) -> tuple[DelayCount, ...]:
        """Records by school and the days that they took to come."""
        key = (records.c.masogd, records.c.matruong, records.c.days_to_arrive)
        statement = select(
            records.c.masogd,
            records.c.matruong,
            records.c.days_to_arrive.label("days"),
            func.count().label("records"),
        ).where(records.c.days_to_arrive.is_not(None))
        return self._all(DelayCount, part.narrowed(statement, records).group_by(*key))

    def refused(self, part: Part) -> tuple[RefusedCounts, ...]:
        """Refused documents by school; the partial index holds no others."""
        key = (items.c.masogd, items.c.matruong, items.c.madinhdanhhocba)
        statement = select(
            *key,
            func.min(items.c.phienban).label("phienban"),
            func.count(distinct(items.c.sha256)).label("documents"),
        ).where(items.c.matruong.is_not(None))
        each = part.narrowed(statement, items).group_by(*key).subquery()
        held = (
            select(func.min(versions.c.phienban))
            .where(versions.c.madinhdanhhocba == each.c.madinhdanhhocba)
            .scalar_subquery()
        )
        known = select(each, held.label("held")).subquery()
        school = (known.c.masogd, known.c.matruong)
        named = known.c.madinhdanhhocba.is_not(None)
        counts = select(
            *school,
            func.sum(known.c.documents).label("documents"),
            _count(known.c.held.is_not(None) & (known.c.phienban <= known.c.held)).label(
                "failed_first"
            ),
            _count(named & known.c.held.is_(None)).label("never_held"),
        )
        return self._all(RefusedCounts, counts.group_by(*school))

    def continuity(
        self, part: Part, missing: Sequence[str], duplicate: Sequence[str]
    ) -> tuple[ContinuityCounts, ...]:
        """Pupils by school in whose years findings of these codes stand, or any."""
        table = continuity_findings.c
        key = (table.masogd, table.matruong)
        pupil_year = table.mahocsinh + table.namhoc

        def pupils(codes: Sequence[str]) -> ColumnElement[int]:
            return func.count(distinct(case((table.code.in_(codes), pupil_year))))

        statement = select(
            *key,
            pupils(missing).label("missing"),
            pupils(duplicate).label("duplicate"),
            func.count(distinct(pupil_year)).label("any"),
        )
        statement = part.narrowed(statement, continuity_findings).group_by(*key)
        return self._all(ContinuityCounts, statement)

    def corrections(self, part: Part) -> tuple[Correction, ...]:
        """Corrections that a version has fulfilled."""
        statement = (
            select(
                records.c.masogd,
                records.c.matruong,
                requests.c.requested_at,
                versions.c.accepted_at,
            )
            .select_from(requests)
            .join(records, records.c.madinhdanhhocba == requests.c.madinhdanhhocba)
            .join(
                versions,
                (versions.c.madinhdanhhocba == requests.c.madinhdanhhocba)
                & (versions.c.phienban == requests.c.phienban),
            )
            .where(requests.c.kind == Step.CORRECTION)
        )
        return self._all(Correction, part.narrowed(statement, records))

    def expected(self, part: Part) -> tuple[ExpectedCount, ...]:
        """Expected numbers by school year, school and grade."""
        names = ("masogd", "namhoc", "matruong", "makhoi", "sohocsinh")
        statement = select(*(expected_pupils.c[each] for each in names))
        return self._all(ExpectedCount, part.narrowed(statement, expected_pupils))

    def _provinces(self, table: FromClause) -> tuple[str, ...]:
        found: list[str] = []
        while True:
            after = found[-1] if found else ""
            column = table.c.masogd
            following = self._connection.scalar(select(func.min(column)).where(column > after))
            if following is None:
                return tuple(found)
            found.append(following)

    def _all(self, row: Any, statement: Select[Any]) -> tuple[Any, ...]:
        return tuple(row(**each) for each in self._connection.execute(statement).mappings())


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))
