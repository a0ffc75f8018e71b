"""The roster as it is, or was at any time: as mandates to judge by, and as a file."""

import csv
import hashlib
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO

from hocba.errors import HomeError
from hocba.index.index import Transaction
from hocba.index.roster_rows import RosterChange
from hocba.roster.errors import NoRoster
from schemas.findings import finding
from signing.mandate import RosterEntry
from signing.roster import Roster, read_roster
from signing.roster_rows import ALL_COLUMNS, Row, entry_of, holder_of

Bindings = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Signers:
    """Who could sign for one school on a day, as it was known after `change`."""

    school: str
    day: date
    change: RosterChange
    entries: tuple[RosterEntry, ...]


def newest_change(tx: Transaction, known_at: datetime | None = None) -> RosterChange:
    """The change that the roster rests on (as known at a time); raises `NoRoster`."""
    change = tx.rosters.newest(known_at)
    if change is None:
        raise NoRoster(finding("HB-S260"))
    return change


def load_roster(tx: Transaction, *, demands_bound: bool) -> Roster | None:
    """The roster as it is now; None where none was ever imported."""
    change = tx.rosters.newest()
    if change is None:
        return None
    entries = (entry_of(row) for row in rows_at(tx, change.number))
    return Roster(entries, change.digest, demands_bound=demands_bound)


def roster_in_force(tx: Transaction, file: Path, *, demands_bound: bool) -> Roster | None:
    """The imported roster, else the one in *file*, else None.

    Raises `RosterError`; and `HomeError` for a file that was put there after the import, because
    two rosters are none.
    """
    imported = load_roster(tx, demands_bound=demands_bound)
    if not file.exists():
        return imported
    if imported is None:
        return read_roster(file, demands_bound=demands_bound)
    with file.open("rb") as octets:
        digest = hashlib.file_digest(octets, "sha256").hexdigest()
    if not tx.rosters.knows_source(digest):
        raise HomeError(finding("HB-S261", found=file.name))
    return imported


def signers(
    tx: Transaction, school: str, day: date, *, known_at: datetime | None = None
) -> Signers:
    """Who could sign for *school* on *day*; raises `NoRoster`."""
    change = newest_change(tx, known_at)
    rows = rows_at(tx, change.number, schools=[school])
    entries = (each for each in map(entry_of, rows) if each.covers(day))
    return Signers(school, day, change, tuple(entries))


def rows_at(tx: Transaction, number: int, schools: Iterable[str] | None = None) -> Iterator[Row]:
    """The lines of the roster after change *number*, certificates with them."""
    return with_bindings(
        (row for _, row in tx.rosters.mandates(number, schools=schools)),
        tx.rosters.bindings(number),
    )


def with_bindings(rows: Iterable[Row], bindings: Bindings) -> Iterator[Row]:
    """The lines with the certificates of their holders."""
    for row in rows:
        bound = bindings.get(holder_of(row), ())
        yield {**row, "trangthai": "", "chungthu": " ".join(sorted(bound))}


def write_state(tx: Transaction, change: RosterChange, path: Path) -> None:
    """Write the roster after *change* as the file that its digest names."""
    with path.open("w", encoding="utf-8", newline="") as file:
        _write(rows_at(tx, change.number), file)


def write_roster_in_force(tx: Transaction, file: Path, copy: Path) -> None:
    """Write the imported roster to *copy*, else copy *file* there, if there is one."""
    change = tx.rosters.newest()
    if change is not None:
        write_state(tx, change, copy)
    elif file.is_file():
        shutil.copyfile(file, copy)


def summed(rows: Iterable[Row]) -> tuple[str, int]:
    """The SHA-256 of the file that `write_state` writes of these lines, and their number."""
    sink = _Digest()
    _write(rows, sink)
    return sink.hexdigest(), sink.lines - 1


class _Digest:
    """Takes text and keeps its SHA-256 and the number of its lines alone."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.lines = 0

    def write(self, text: str) -> int:
        # The writer passes one whole line at a time.
        self.lines += 1
        self._hash.update(text.encode())
        return len(text)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


def _write(rows: Iterable[Row], sink: "IO[str] | _Digest") -> None:
    writer = csv.writer(sink, lineterminator="\n")
    writer.writerow(ALL_COLUMNS)
    writer.writerows([row[name] for name in ALL_COLUMNS] for row in rows)
