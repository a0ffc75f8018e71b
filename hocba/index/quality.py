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
    literal,
    select,
)

from hocba.identity.model import MismatchState, PersonKind
from hocba.index.identity_tables import identity_mismatches, identity_records, identity_sources
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

    def narrowed(
        self, statement: Select[Any], columns: FromClause, *, looked_up: bool = False
    ) -> Select[Any]:
        """*statement* over this part, by the *columns* masogd, namhoc and matruong.

        With *looked_up* these only filter rows that something else leads to: SQLite would begin
        with all records of the part.
        """
        bounds = {"namhoc": self.years, "matruong": self.schools}
        bounds["masogd"] = None if self.masogd is None else (self.masogd,)
        for name, values in bounds.items():
            if values is not None:
                column = columns.c[name].concat("") if looked_up else columns.c[name]
                found = column == values[0] if len(values) == 1 else column.in_(values)
                statement = statement.where(found)
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
    """How many records of a school came so many days after their issue.

    `masogd` and `matruong` are empty where all schools are counted together.
    """

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


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCounts:
    """The records in force of a school whose pupil was compared with a register of identities,
    and those of them that do not agree with it.
    """

    masogd: str
    matruong: str
    checked: int
    disagreeing: int


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
            func.count(distinct(records.c.mahocsinh)).filter(valid).label("pupils"),
            _count(checked).label("checked"),
            _count(valid & (records.c.warnings == 0)).label("without_warnings"),
            _count(valid & (records.c.signature_warnings == 0)).label("without_signature_warnings"),
            func.max(records.c.accepted_at).label("last"),
        )
        statement = part.narrowed(statement, records).group_by(*key)
        return self._all(GradeCounts, statement)

    def delays(self, part: Part, *, by_school: bool) -> tuple[DelayCount, ...]:
        """Records by the days that they took to come; of each school, or together."""
        days = records.c.days_to_arrive
        nobody = literal("")
        school = (records.c.masogd, records.c.matruong) if by_school else (nobody, nobody)
        statement = select(
            school[0].label("masogd"),
            school[1].label("matruong"),
            days.label("days"),
            func.count().label("records"),
        ).where(days.is_not(None))
        key = (*school, days) if by_school else (days,)
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
            .where(requests.c.kind == Step.CORRECTION, requests.c.phienban.is_not(None))
        )
        return self._all(Correction, part.narrowed(statement, records, looked_up=True))

    def expected(self, part: Part) -> tuple[ExpectedCount, ...]:
        """Expected numbers by school year, school and grade."""
        names = ("masogd", "namhoc", "matruong", "makhoi", "sohocsinh")
        statement = select(*(expected_pupils.c[each] for each in names))
        return self._all(ExpectedCount, part.narrowed(statement, expected_pupils))

    def identities(self, part: Part) -> tuple[IdentityCounts, ...] | None:
        """Compared records by school; None where nothing was ever compared here."""
        if self._connection.scalar(select(identity_records.c.madinhdanhhocba).limit(1)) is None:
            return None
        key = (records.c.masogd, records.c.matruong)
        valid = records.c.status == RecordStatus.VALID
        compared = (
            select(*key, func.count().label("checked"))
            .join(
                identity_records,
                identity_records.c.madinhdanhhocba == records.c.madinhdanhhocba,
            )
            .where(valid, identity_records.c.deferred.is_(False))
        )
        wrong = (
            select(*key, func.count(distinct(records.c.madinhdanhhocba)).label("disagreeing"))
            .select_from(identity_mismatches)
            .join(identity_sources, identity_sources.c.mismatch == identity_mismatches.c.id)
            .join(records, records.c.madinhdanhhocba == identity_sources.c.source)
            .where(
                valid,
                identity_mismatches.c.kind == PersonKind.PUPIL,
                identity_mismatches.c.state.in_((MismatchState.OPEN, MismatchState.REJECTED)),
            )
        )
        found = self._connection.execute(part.narrowed(compared, records).group_by(*key))
        narrowed = part.narrowed(wrong, records, looked_up=True).group_by(*key)
        disagreeing = {row[:2]: row.disagreeing for row in self._connection.execute(narrowed)}
        return tuple(
            IdentityCounts(
                masogd=row.masogd,
                matruong=row.matruong,
                checked=row.checked,
                disagreeing=disagreeing.get(row[:2], 0),
            )
            for row in found
        )

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
    return func.count().filter(condition)
