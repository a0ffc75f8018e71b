"""The roster and everything it ever was."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, or_, select

from hocba.index.pages import checked_limit, page_of, position_after
from hocba.index.records import IN_LIMIT
from hocba.index.roster_rows import RosterChange, SignerCertificate
from hocba.index.roster_tables import (
    roster_bindings,
    roster_changes,
    roster_ends,
    roster_mandates,
    signer_certificates,
)
from hocba.index.rows import Page, values_of

MandateRow = Mapping[str, str]
Bindings = Mapping[str, frozenset[str]]

_CELLS = tuple(each for each in roster_mandates.c if each.name not in {"id", "change", "holder"})
_NAMES = tuple(each.name for each in _CELLS)
_AT_ONCE = 5_000


class Rosters:
    """Changes are added; what a roster was at any of them can be read for good."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self, known_at: datetime | None = None) -> RosterChange | None:
        """The last change, or the last one until *known_at*; None where there was none."""
        statement = select(roster_changes).order_by(roster_changes.c.number.desc()).limit(1)
        if known_at is not None:
            statement = statement.where(roster_changes.c.at <= known_at)
        row = self._connection.execute(statement).mappings().first()
        return RosterChange(**row) if row else None

    def number(self) -> int:
        """The number of the last change, 0 before the first."""
        return self._connection.scalar(select(func.max(roster_changes.c.number))) or 0

    def knows_source(self, sha256: str) -> bool:
        """Whether some change came from the file of this digest."""
        some = select(roster_changes.c.number).where(roster_changes.c.source_sha256 == sha256)
        return self._connection.scalar(some.limit(1)) is not None

    def history(self, *, after: str | None = None, limit: int = 100) -> Page[RosterChange]:
        """All changes, newest first."""
        statement = select(roster_changes).limit(checked_limit(limit) + 1)
        if after is not None:
            statement = statement.where(roster_changes.c.number < position_after(after, int)[0])
        statement = statement.order_by(roster_changes.c.number.desc())
        rows = [RosterChange(**row) for row in self._connection.execute(statement).mappings()]
        return page_of(rows, limit, lambda each: (each.number,))

    def mandates(
        self, number: int, *, schools: Iterable[str] | None = None
    ) -> Iterator[tuple[int, MandateRow]]:
        """The mandates that were known after change *number*, by id, in the order of a file."""
        if schools is None:
            yield from self._mandates(_known(number))
            return
        wanted = sorted(set(schools))
        for start in range(0, len(wanted), IN_LIMIT):
            some = roster_mandates.c.matruong.in_(wanted[start : start + IN_LIMIT])
            yield from self._mandates(_known(number).where(some))

    def mandates_of(self, number: int, holders: Iterable[str]) -> Iterator[tuple[int, MandateRow]]:
        """The known mandates of these holders."""
        wanted = sorted(set(holders))
        for start in range(0, len(wanted), IN_LIMIT):
            some = roster_mandates.c.holder.in_(wanted[start : start + IN_LIMIT])
            yield from self._mandates(_known(number).where(some))

    def _mandates(self, statement: Select[Any]) -> Iterator[tuple[int, MandateRow]]:
        columns = roster_mandates.c
        ordered = statement.order_by(
            columns.matruong, columns.vaitro, columns.holder, columns.tungay, columns.thaycho
        )
        for identity, *cells in self._connection.execute(ordered).yield_per(_AT_ONCE):
            yield identity, dict(zip(_NAMES, cells, strict=True))

    def bindings(self, number: int) -> Bindings:
        """The SHA-256 of the certificates that were bound to each holder after change *number*."""
        table = roster_bindings.c
        statement = select(table.holder, table.sha256, table.bound).where(table.change <= number)
        bound: dict[str, set[str]] = {}
        for holder, digest, holds in self._connection.execute(statement.order_by(table.id)):
            of_holder = bound.setdefault(holder, set())
            (of_holder.add if holds else of_holder.discard)(digest)
        return {holder: frozenset(each) for holder, each in bound.items() if each}

    def add_change(self, change: RosterChange) -> None:
        """Add the next change; raises `IndexConflict` where another was faster."""
        self._connection.execute(roster_changes.insert(), values_of(change))

    def add_mandates(self, number: int, rows: Iterable[tuple[str, MandateRow]]) -> None:
        """Note the mandates, by holder, that change *number* brings."""
        values = [
            {"change": number, "holder": holder, **{name: row[name] for name in _NAMES}}
            for holder, row in rows
        ]
        for start in range(0, len(values), _AT_ONCE):
            self._connection.execute(roster_mandates.insert(), values[start : start + _AT_ONCE])

    def end_mandates(self, number: int, ids: Sequence[int]) -> None:
        """Note that these mandates are known only until change *number*."""
        values = [{"mandate": each, "change": number} for each in ids]
        if values:
            self._connection.execute(roster_ends.insert(), values)

    def add_bindings(self, number: int, pairs: Iterable[tuple[str, str]], *, bound: bool) -> None:
        """Note of (holder, SHA-256) that they are bound from change *number* on, or no more."""
        values = [
            {"change": number, "holder": holder, "sha256": digest, "bound": bound}
            for holder, digest in pairs
        ]
        if values:
            self._connection.execute(roster_bindings.insert(), values)

    def add_certificates(self, certificates: Iterable[SignerCertificate]) -> None:
        """Note certificates; those that are known stay as they are."""
        wanted = {each.sha256: each for each in certificates}
        for known in self.certificates(wanted):
            del wanted[known.sha256]
        if wanted:
            values = [values_of(wanted[each]) for each in sorted(wanted)]
            self._connection.execute(signer_certificates.insert(), values)

    def certificates(self, digests: Iterable[str]) -> tuple[SignerCertificate, ...]:
        """Those of these certificates that are known."""
        return self._certificates(signer_certificates.c.sha256, digests)

    def certificates_of(self, holders: Iterable[str]) -> tuple[SignerCertificate, ...]:
        """Every known certificate of these holders."""
        return self._certificates(signer_certificates.c.holder, holders)

    def _certificates(self, column: Any, values: Iterable[str]) -> tuple[SignerCertificate, ...]:
        wanted = sorted(set(values))
        found: list[SignerCertificate] = []
        for start in range(0, len(wanted), IN_LIMIT):
            some = select(signer_certificates).where(column.in_(wanted[start : start + IN_LIMIT]))
            rows = self._connection.execute(some.order_by(signer_certificates.c.sha256))
            found.extend(SignerCertificate(**row) for row in rows.mappings())
        return tuple(found)

    def ending(
        self, since: datetime, until: datetime, *, after: str | None = None, limit: int = 100
    ) -> Page[SignerCertificate]:
        """The certificates that end between the two times, the first to end first."""
        table = signer_certificates.c
        statement = select(signer_certificates).where(
            table.valid_until >= since, table.valid_until <= until
        )
        if after is not None:
            end, digest = position_after(after, datetime, str)
            later = and_(table.valid_until == end, table.sha256 > digest)
            statement = statement.where(or_(table.valid_until > end, later))
        statement = statement.order_by(table.valid_until, table.sha256)
        rows = self._connection.execute(statement.limit(checked_limit(limit) + 1)).mappings()
        found = [SignerCertificate(**row) for row in rows]
        return page_of(found, limit, lambda each: (each.valid_until, each.sha256))


def _known(number: int) -> Select[Any]:
    """The mandates that are known after change *number*."""
    joined = roster_mandates.outerjoin(roster_ends, roster_ends.c.mandate == roster_mandates.c.id)
    return (
        select(roster_mandates.c.id, *_CELLS)
        .select_from(joined)
        .where(
            roster_mandates.c.change <= number,
            or_(roster_ends.c.change.is_(None), roster_ends.c.change > number),
        )
    )
