"""What does not fit in pupils' years: kept with the later record, recomputed with each change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import (
    Connection,
    RowMapping,
    Text,
    delete,
    or_,
    select,
    tuple_,
    type_coerce,
)

from hocba.index.links import PupilLinks
from hocba.index.pages import checked_limit, page_of, position_after
from hocba.index.rows import Page, PupilLink, Record
from hocba.index.tables import continuity_findings, pupil_links, pupils, records
from hocba.index.types import earlier_years_from_text
from hocba.model.record import EarlierYear, RecordStatus
from schemas.findings import Finding

IN_LIMIT = 500
SIBLINGS_LIMIT = 20
"""More pupils under one số định danh are no family of ids but a made-up number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuityRow:
    """One finding about a pupil's years, and the record that it shows in."""

    madinhdanhhocba: str
    mahocsinh: str
    masogd: str
    namhoc: str
    matruong: str
    finding: Finding


class YearRecord(Protocol):
    """What one record says of a pupil's year: a whole `Record`, or a `YearRow`."""

    @property
    def madinhdanhhocba(self) -> str: ...
    @property
    def mahocsinh(self) -> str: ...
    @property
    def sodinhdanh(self) -> str: ...
    @property
    def namhoc(self) -> str: ...
    @property
    def masogd(self) -> str: ...
    @property
    def matruong(self) -> str: ...
    @property
    def tentruong(self) -> str: ...
    @property
    def macaphoc(self) -> str: ...
    @property
    def makhoi(self) -> str: ...
    @property
    def status(self) -> RecordStatus: ...
    @property
    def duoclenlop(self) -> bool | None: ...
    @property
    def hoanthanhcap(self) -> bool | None: ...
    @property
    def earlier(self) -> tuple[EarlierYear, ...] | None: ...


@dataclass(frozen=True, slots=True)
class YearRow:
    """A record as far as its pupil's years are judged by it, made fast: all years of everybody
    whose record comes in are looked at. The study history is read where somebody asks.
    """

    madinhdanhhocba: str
    mahocsinh: str
    sodinhdanh: str
    namhoc: str
    masogd: str
    matruong: str
    tentruong: str
    macaphoc: str
    makhoi: str
    status: RecordStatus
    duoclenlop: bool | None
    hoanthanhcap: bool | None
    history: str | None

    @property
    def earlier(self) -> tuple[EarlierYear, ...] | None:
        """The study history; None where it is not known."""
        return None if self.history is None else earlier_years_from_text(self.history)


_YEAR_ROW = (
    records.c.madinhdanhhocba,
    records.c.mahocsinh,
    records.c.sodinhdanh,
    records.c.namhoc,
    records.c.masogd,
    records.c.matruong,
    records.c.tentruong,
    records.c.macaphoc,
    records.c.makhoi,
    records.c.status,
    records.c.duoclenlop,
    records.c.hoanthanhcap,
    type_coerce(records.c.earlier, Text),
)

_R = TypeVar("_R", Record, YearRow)


@dataclass(frozen=True, slots=True)
class PupilYears(Generic[_R]):
    """Everything that continuity is judged by: all records of one pupil under all linked ids.

    `siblings` are ids with the same số định danh that nobody has linked to these.
    """

    ids: tuple[str, ...]
    records: tuple[_R, ...]
    links: tuple[PupilLink, ...]
    siblings: tuple[str, ...]


class Continuity:
    """Pupils' years, and what was found in them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def years_of(self, ids: Iterable[str]) -> tuple[PupilYears[Record], ...]:
        """The years of the pupils with these ids; a pupil with several of them comes once."""
        families = self._families(sorted(set(ids)))
        return self._years(families, self._records([each for f in families for each in f]))

    def years_to_judge(self, ids: Iterable[str]) -> tuple[PupilYears[YearRow], ...]:
        """The same with what the judgement needs only."""
        families = self._families(sorted(set(ids)))
        found: dict[str, list[YearRow]] = {}
        for part in _parts([each for family in families for each in family]):
            statement = select(*_YEAR_ROW).where(records.c.mahocsinh.in_(part))
            rows: Sequence[Any] = self._connection.execute(statement).all()
            for row in rows:
                found.setdefault(row.mahocsinh, []).append(YearRow(*row))
        return self._years(families, found)

    def _years(
        self, families: Sequence[tuple[str, ...]], found: Mapping[str, Sequence[_R]]
    ) -> tuple[PupilYears[_R], ...]:
        siblings = self._siblings([each for family in families for each in family])
        links = PupilLinks(self._connection)
        return tuple(
            PupilYears(
                ids=family,
                records=tuple(record for each in family for record in found.get(each, ())),
                links=links.in_force(family[0]) if len(family) > 1 else (),
                siblings=tuple(
                    sorted({s for each in family for s in siblings.get(each, ())} - set(family))
                ),
            )
            for family in families
        )

    def pupils_after(self, mahocsinh: str, limit: int) -> tuple[str, ...]:
        """The next ids after *mahocsinh*, in order."""
        statement = select(pupils.c.mahocsinh).where(pupils.c.mahocsinh > mahocsinh)
        return tuple(self._connection.scalars(statement.order_by(pupils.c.mahocsinh).limit(limit)))

    def replace(self, ids: Iterable[str], rows: Sequence[ContinuityRow]) -> None:
        """Let *rows* be all that is found about the pupils with these ids."""
        wanted = sorted(set(ids))
        for part in _parts(wanted):
            self._connection.execute(
                delete(continuity_findings).where(continuity_findings.c.mahocsinh.in_(part))
            )
        numbers: dict[str, int] = {}
        values = []
        for each in rows:
            number = numbers[each.madinhdanhhocba] = numbers.get(each.madinhdanhhocba, 0) + 1
            values.append(
                {
                    "madinhdanhhocba": each.madinhdanhhocba,
                    "number": number,
                    "mahocsinh": each.mahocsinh,
                    "masogd": each.masogd,
                    "namhoc": each.namhoc,
                    "matruong": each.matruong,
                    "code": each.finding.code,
                    "severity": each.finding.severity,
                    "finding": (each.finding,),
                }
            )
        if values:
            self._connection.execute(continuity_findings.insert(), values)

    def page(
        self,
        *,
        masogd: str,
        matruong: str,
        namhoc: str | None = None,
        after: str | None = None,
        limit: int = 500,
    ) -> Page[ContinuityRow]:
        """What was found at one school, by school year, code and pupil."""
        table = continuity_findings.c
        statement = select(continuity_findings).where(
            table.masogd == masogd, table.matruong == matruong
        )
        if namhoc is not None:
            statement = statement.where(table.namhoc == namhoc)
        order = (table.namhoc, table.code, table.mahocsinh, table.madinhdanhhocba, table.number)
        if after is not None:
            key = position_after(after, str, str, str, str, int)
            statement = statement.where(tuple_(*order) > key)
        rows = self._connection.execute(
            statement.order_by(*order).limit(checked_limit(limit) + 1)
        ).mappings()
        found = [(_row(each), each["number"]) for each in rows]
        page = page_of(
            found,
            limit,
            lambda each: (
                each[0].namhoc,
                each[0].finding.code,
                each[0].mahocsinh,
                each[0].madinhdanhhocba,
                each[1],
            ),
        )
        return page.map(lambda each: each[0])

    def _families(self, ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """All linked ids of each; most pupils have one, which one query finds out."""
        linked: set[str] = set()
        for part in _parts(ids):
            ends = (pupil_links.c.old, pupil_links.c.new)
            statement = select(*ends).where(or_(*(each.in_(part) for each in ends)))
            linked.update(end for row in self._connection.execute(statement) for end in row)
        links = PupilLinks(self._connection)
        return tuple(dict.fromkeys(links.ids(each) if each in linked else (each,) for each in ids))

    def _records(self, ids: Sequence[str]) -> Mapping[str, list[Record]]:
        found: dict[str, list[Record]] = {}
        for part in _parts(ids):
            statement = select(records).where(records.c.mahocsinh.in_(part))
            order = (records.c.mahocsinh, records.c.namhoc, records.c.madinhdanhhocba)
            for row in self._connection.execute(statement.order_by(*order)).mappings():
                found.setdefault(row["mahocsinh"], []).append(Record(**row))
        return found

    def _siblings(self, ids: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Ids with the same số định danh as each, where there are any."""
        other = pupils.alias("other")
        by_id: dict[str, list[str]] = {}
        for part in _parts(ids):
            statement = (
                select(pupils.c.mahocsinh, other.c.mahocsinh)
                .join(other, pupils.c.sodinhdanh == other.c.sodinhdanh)
                .where(pupils.c.mahocsinh.in_(part), other.c.mahocsinh != pupils.c.mahocsinh)
                .order_by(other.c.mahocsinh)
            )
            for mine, another in self._connection.execute(statement):
                by_id.setdefault(mine, []).append(another)
        return {mine: tuple(others[:SIBLINGS_LIMIT]) for mine, others in by_id.items()}


def _parts(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), IN_LIMIT):
        yield values[start : start + IN_LIMIT]


def _row(row: RowMapping) -> ContinuityRow:
    return ContinuityRow(
        madinhdanhhocba=row["madinhdanhhocba"],
        mahocsinh=row["mahocsinh"],
        masogd=row["masogd"],
        namhoc=row["namhoc"],
        matruong=row["matruong"],
        finding=row["finding"][0],
    )
