"""Figures, counted from what is stored and nothing else."""

from typing import Any

from sqlalchemy import Connection, Select, Table, func, select, tuple_

from hocba.index.pages import checked_limit, page_of, position_after
from hocba.index.rows import Page, RecordStatistics, SchoolStatistics, Totals
from hocba.index.tables import batches, pupils, records, versions
from hocba.model.record import RecordStatus

_RECALLED = func.count().filter(records.c.status == RecordStatus.RECALLED)


class Statistics:
    """Counts over the whole index or a part of it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def totals(self) -> Totals:
        """How much the repository holds."""
        return Totals(
            pupils=self._count(pupils),
            records=self._count(records),
            versions=self._count(versions),
            batches=self._count(batches),
        )

    def records(
        self, *, masogd: str | None = None, namhoc: str | None = None
    ) -> tuple[RecordStatistics, ...]:
        """Records by province, school year and level."""
        group = (records.c.masogd, records.c.namhoc, records.c.macaphoc)
        statement = select(*group, func.count().label("records"), _RECALLED.label("recalled"))
        statement = _narrowed(statement, masogd, namhoc).group_by(*group).order_by(*group)
        rows = self._connection.execute(statement).mappings()
        return tuple(RecordStatistics(**row) for row in rows)

    def schools(
        self,
        *,
        masogd: str | None = None,
        namhoc: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[SchoolStatistics]:
        """Records by school and school year."""
        key = (records.c.masogd, records.c.namhoc, records.c.matruong)
        statement = select(
            *key,
            func.max(records.c.tentruong).label("tentruong"),
            func.count().label("records"),
            _RECALLED.label("recalled"),
        )
        if after is not None:
            statement = statement.where(tuple_(*key) > position_after(after, str, str, str))
        statement = _narrowed(statement, masogd, namhoc).group_by(*key).order_by(*key)
        found = self._connection.execute(statement.limit(checked_limit(limit) + 1)).mappings()
        rows = [SchoolStatistics(**row) for row in found]
        return page_of(rows, limit, lambda each: (each.masogd, each.namhoc, each.matruong))

    def _count(self, table: Table) -> int:
        return self._connection.scalar(select(func.count()).select_from(table)) or 0


def _narrowed(statement: Select[Any], masogd: str | None, namhoc: str | None) -> Select[Any]:
    if masogd is not None:
        statement = statement.where(records.c.masogd == masogd)
    if namhoc is not None:
        statement = statement.where(records.c.namhoc == namhoc)
    return statement
