"""Pupils, records and their versions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar

from sqlalchemy import Connection, RowMapping, Select, bindparam, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from hocba.index.links import PupilLinks
from hocba.index.pages import Key, checked_limit, page_of, position_after
from hocba.index.rows import (
    Page,
    Pupil,
    Record,
    RecordHistory,
    Timeline,
    Version,
    VersionSelection,
    values_of,
)
from hocba.index.tables import pupils, records, versions

_Row = TypeVar("_Row", Record, Version, Pupil)

_ORDER = (
    records.c.masogd,
    records.c.namhoc,
    records.c.matruong,
    records.c.madinhdanhhocba,
)
"""Of the index `records_by_school`."""

IN_LIMIT = 500
"""Values in one IN list: under SQLite's limit of bound parameters."""


class Records:
    """What the index knows of pupils, records and versions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def timeline(self, mahocsinh: str) -> Timeline:
        """All records of one pupil over all schools, grades and linked ids, by school year."""
        ids = PupilLinks(self._connection).ids(mahocsinh)
        found = self._all(
            Record,
            select(records)
            .where(records.c.mahocsinh.in_(ids))
            .order_by(
                records.c.namhoc, records.c.makhoi, records.c.matruong, records.c.madinhdanhhocba
            ),
        )
        by_record: dict[str, list[Version]] = {each.madinhdanhhocba: [] for each in found}
        for version in self._all(
            Version,
            select(versions)
            .join(records)
            .where(records.c.mahocsinh.in_(ids))
            .order_by(versions.c.phienban),
        ):
            by_record[version.madinhdanhhocba].append(version)
        return Timeline(
            mahocsinh,
            tuple(RecordHistory(each, tuple(by_record[each.madinhdanhhocba])) for each in found),
        )

    def find_pupil(self, mahocsinh: str) -> Pupil | None:
        """The pupil with this mã học sinh."""
        return self._one(Pupil, select(pupils).where(pupils.c.mahocsinh == mahocsinh))

    def find_pupils(self, sodinhdanh: str) -> tuple[Pupil, ...]:
        """Pupils with this số định danh; more than one only where senders' data is wrong."""
        statement = select(pupils).where(pupils.c.sodinhdanh == sodinhdanh)
        return self._all(Pupil, statement.order_by(pupils.c.mahocsinh))

    def find(self, madinhdanhhocba: str) -> Record | None:
        """The record as its current version has it."""
        statement = select(records).where(records.c.madinhdanhhocba == madinhdanhhocba)
        return self._one(Record, statement)

    def versions(self, madinhdanhhocba: str) -> tuple[Version, ...]:
        """All versions of a record, oldest first."""
        statement = select(versions).where(versions.c.madinhdanhhocba == madinhdanhhocba)
        return self._all(Version, statement.order_by(versions.c.phienban))

    def version(self, madinhdanhhocba: str, phienban: int) -> Version | None:
        """One version of a record."""
        return self._one(
            Version,
            select(versions).where(
                versions.c.madinhdanhhocba == madinhdanhhocba, versions.c.phienban == phienban
            ),
        )

    def select_versions(
        self, selection: VersionSelection, *, after: str | None = None, limit: int = 500
    ) -> Page[Version]:
        """The selected versions, by province, school year, school and record.

        Those of one batch come in the order of the batch. A page costs the same wherever it is.
        """
        checked_limit(limit)
        if selection.batch is not None:
            return self._batch_versions(selection, after, limit)
        statement = _selected(selection, self._ids(selection))
        if after is not None:
            *start, phienban = position_after(after, str, str, str, str, int)
            # The index holds columns of `records` only, so these bound the range by themselves.
            statement = statement.where(
                tuple_(*_ORDER) >= tuple(start),
                or_(records.c.madinhdanhhocba != start[-1], versions.c.phienban > phienban),
            )
        statement = statement.order_by(*_ORDER, versions.c.phienban).limit(limit + 1)
        rows = self._connection.execute(statement).mappings().all()
        return page_of(rows, limit, _order_key).map(_version)

    def _batch_versions(
        self, selection: VersionSelection, after: str | None, limit: int
    ) -> Page[Version]:
        statement = _selected(selection, self._ids(selection)).where(
            versions.c.batch == selection.batch
        )
        if after is not None:
            statement = statement.where(versions.c.position > position_after(after, int)[0])
        statement = statement.order_by(versions.c.position).limit(limit + 1)
        rows = self._connection.execute(statement).mappings().all()
        return page_of(rows, limit, lambda row: (row["position"],)).map(_version)

    def current(self, ids: Iterable[str], *, lock: bool = False) -> Mapping[str, Record]:
        """The records among *ids* that exist.

        With *lock* they stay as they are until the transaction ends; locks are taken in the order
        of the ids, so that two ingests never wait for each other.
        """
        found: dict[str, Record] = {}
        for part in _parts(sorted(set(ids))):
            statement = (
                select(records)
                .where(records.c.madinhdanhhocba.in_(part))
                .order_by(records.c.madinhdanhhocba)
            )
            if lock:  # SQLite knows no FOR UPDATE and needs none: a writer is alone
                statement = statement.with_for_update()
            found.update({each.madinhdanhhocba: each for each in self._all(Record, statement)})
        return found

    def known_versions(self, keys: Iterable[tuple[str, int]]) -> Mapping[tuple[str, int], Version]:
        """The versions among *keys* (record, number) that were accepted."""
        found: dict[tuple[str, int], Version] = {}
        for part in _parts(sorted(set(keys))):
            statement = select(versions).where(
                tuple_(versions.c.madinhdanhhocba, versions.c.phienban).in_(part)
            )
            for each in self._all(Version, statement):
                found[each.madinhdanhhocba, each.phienban] = each
        return found

    def known_pupils(self, ids: Iterable[str]) -> Mapping[str, Pupil]:
        """The pupils among *ids* (mã học sinh) that are known."""
        found: dict[str, Pupil] = {}
        for part in _parts(sorted(set(ids))):
            statement = select(pupils).where(pupils.c.mahocsinh.in_(part))
            found.update({each.mahocsinh: each for each in self._all(Pupil, statement)})
        return found

    def put_pupils(self, rows: Iterable[Pupil]) -> None:
        """Add pupils, or bring their số định danh up to date."""
        values = [values_of(each) for each in sorted(rows, key=lambda each: each.mahocsinh)]
        if not values:
            return
        insert = (
            sqlite.insert if self._connection.dialect.name == "sqlite" else postgresql.insert
        )(pupils)
        self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["mahocsinh"],
                set_={"sodinhdanh": insert.excluded.sodinhdanh},
                where=pupils.c.sodinhdanh != insert.excluded.sodinhdanh,
            ),
            values,
        )

    def add(self, rows: Iterable[Record]) -> None:
        """Add new records; raises `IndexConflict` for one that exists."""
        values = [values_of(each) for each in sorted(rows, key=lambda each: each.madinhdanhhocba)]
        if values:
            self._connection.execute(records.insert(), values)

    def replace(self, rows: Iterable[Record]) -> None:
        """Let existing records be as their new current version has them."""
        names = [each.name for each in fields(Record) if each.name != "madinhdanhhocba"]
        values = [
            {f"new_{name}": value for name, value in values_of(each).items()}
            for each in sorted(rows, key=lambda each: each.madinhdanhhocba)
        ]
        if values:
            self._connection.execute(
                update(records)
                .where(records.c.madinhdanhhocba == bindparam("new_madinhdanhhocba"))
                .values({name: bindparam(f"new_{name}") for name in names}),
                values,
            )

    def add_versions(self, rows: Sequence[Version]) -> None:
        """Add versions; raises `IndexConflict` for one that exists."""
        if rows:
            self._connection.execute(versions.insert(), [values_of(each) for each in rows])

    def _ids(self, selection: VersionSelection) -> tuple[str, ...]:
        """Every id of the selected pupil; empty where none is selected."""
        pupil = selection.mahocsinh
        return () if pupil is None else PupilLinks(self._connection).ids(pupil)

    def _all(self, row: type[_Row], statement: Select[Any]) -> tuple[_Row, ...]:
        return tuple(row(**each) for each in self._connection.execute(statement).mappings())

    def _one(self, row: type[_Row], statement: Select[Any]) -> _Row | None:
        found = self._connection.execute(statement).mappings().one_or_none()
        return None if found is None else row(**found)


def _selected(selection: VersionSelection, pupils: Sequence[str]) -> Select[Any]:
    """Versions of the selected records, found through the index on records.

    The outer join leaves nothing out, since every record has a version; it keeps SQLite from
    beginning with `versions`, which has another order and would have to be sorted whole.
    """
    joined = records.outerjoin(versions)
    statement = select(versions, records.c.namhoc, records.c.matruong).select_from(joined)
    if pupils:
        statement = statement.where(records.c.mahocsinh.in_(pupils))
    narrow = True
    for name in ("masogd", "namhoc", "matruong"):
        value = getattr(selection, name)
        narrow = narrow and value is not None
        if value is not None:
            # Behind a gap in the index a condition only filters. Known to be constant, the column
            # would make SQLite sort everything that comes after it for every page.
            column = records.c[name]
            statement = statement.where((column if narrow else column.concat("")) == value)
    return statement


def _version(row: RowMapping) -> Version:
    return Version(**{name: row[name] for name in Version.__dataclass_fields__})


def _order_key(row: RowMapping) -> Key:
    names = ("masogd", "namhoc", "matruong", "madinhdanhhocba", "phienban")
    return tuple(row[name] for name in names)


_V = TypeVar("_V")


def _parts(values: Sequence[_V]) -> Iterable[Sequence[_V]]:
    for start in range(0, len(values), IN_LIMIT):
        yield values[start : start + IN_LIMIT]
