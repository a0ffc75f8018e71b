"""Who may sign for which school, in which role, in which period.

Kept by the province; without a roster a record is INDETERMINATE, never a pass.
"""

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from sys import intern
from types import MappingProxyType

from schemas.findings import finding
from schemas.separators import separator_of
from signing.certificates.certificate import tax_code
from signing.errors import RosterError
from signing.mandate import RosterEntry
from signing.roster_rows import (
    ALL_COLUMNS,
    COLUMNS,
    Row,
    cleaned,
    entry_of,
    is_withdrawn,
    row_findings,
    row_of,
)

__all__ = ["COLUMNS", "Roster", "RosterEntry", "read_roster", "write_roster"]


class Roster:
    """The mandates, looked up by school, role and holder.

    `digest` is the SHA-256 of the file that says the same, "" where there is none. With
    *demands_bound*, a holder who has bound certificates signs with one of those or not at all.
    """

    def __init__(
        self, entries: Iterable[RosterEntry], digest: str = "", *, demands_bound: bool = False
    ) -> None:
        self.digest = digest
        self.demands_bound = demands_bound
        by_holder: dict[tuple[str, str, str], tuple[RosterEntry, ...]] = {}
        bound: dict[str, frozenset[str]] = {}
        for entry in entries:
            holder = intern(entry.holder)
            key = (entry.school, entry.role, holder)
            by_holder[key] = (*by_holder.get(key, ()), entry)
            if entry.certificates:
                bound[holder] = bound.get(holder, frozenset()).union(entry.certificates)
        self._by_holder: Mapping[tuple[str, str, str], tuple[RosterEntry, ...]] = MappingProxyType(
            by_holder
        )
        self._bound: Mapping[str, frozenset[str]] = MappingProxyType(bound)

    def __len__(self) -> int:
        """The number of mandates."""
        return sum(len(entries) for entries in self._by_holder.values())

    def entries(self) -> tuple[RosterEntry, ...]:
        """All mandates."""
        return tuple(entry for entries in self._by_holder.values() for entry in entries)

    def mandates(self, school: str, role: str, holder: str) -> tuple[RosterEntry, ...]:
        """The mandates of *holder* (personal or organisation id) in *role* at *school*."""
        return self._by_holder.get((school, role, tax_code(holder)), ())

    def allows(self, holder: str, certificate: str) -> bool:
        """Whether *holder* may sign with the certificate of this SHA-256.

        Always, unless binding is demanded and the holder has bound certificates.
        """
        bound = self._bound.get(tax_code(holder)) if self.demands_bound else None
        return bound is None or certificate in bound


def read_roster(path: Path, *, demands_bound: bool = False) -> Roster:
    """The roster in a CSV file (UTF-8, columns and days as in `roster_rows`).

    Mandates that were taken back are left out. Raises `RosterError` with file and line.
    """
    try:
        with path.open("rb") as octets:
            digest = hashlib.file_digest(octets, "sha256").hexdigest()
            octets.seek(0)
            separator = separator_of(octets.readline(), ALL_COLUMNS)
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, delimiter=separator)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                absent, known = ", ".join(missing), ", ".join(COLUMNS)
                told = finding("HB-I131", path=absent, line=1, known=known)
                raise RosterError(f"{path.name}: missing column {absent}", path.name, told)
            read = (_entry(path, reader.line_num, cleaned(row)) for row in reader)
            entries = [each for each in read if each is not None]
    except OSError as error:
        raise RosterError(f"{path.name}: cannot be read: {error}", path.name) from error
    except (UnicodeDecodeError, csv.Error) as error:
        reason = "encoding" if isinstance(error, UnicodeDecodeError) else "csv"
        told = finding("HB-I130", reason=reason)
        raise RosterError(f"{path.name}: cannot be read: {error}", path.name, told) from error
    if not entries:
        told = finding("HB-I130", reason="empty")
        said = f"{path.name}: no mandates; an empty roster lets nobody sign"
        raise RosterError(said, path.name, told)
    return Roster(entries, digest, demands_bound=demands_bound)


def write_roster(path: Path, entries: Iterable[RosterEntry]) -> None:
    """Write *entries* as a CSV file that `read_roster` reads; rare columns only where needed."""
    rows = [row_of(each) for each in entries]
    used = tuple(name for name in ALL_COLUMNS if name in COLUMNS or any(row[name] for row in rows))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(csv_line(used))
        file.writelines(csv_line([row[name] for name in used]) for row in rows)


def csv_line(cells: Iterable[str]) -> str:
    """*cells* as one line of a roster file."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()


def _entry(path: Path, line: int, row: Row) -> RosterEntry | None:
    try:
        entry = entry_of(row)
    except ValueError as error:
        told = next(row_findings(row, line), None)
        raise RosterError(f"{path.name}, line {line}: {error}", path.name, told) from error
    return None if is_withdrawn(row) else entry
