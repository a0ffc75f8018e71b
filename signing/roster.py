"""Who may sign for which school, in which role, in which period.

Kept by the province; without a roster a record is INDETERMINATE, never a pass.
"""

import csv
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from signing.certificates.certificate import tax_code
from signing.errors import RosterError

COLUMNS = ("matruong", "vaitro", "sodinhdanh", "masothue", "hovaten", "tungay", "denngay")


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """One mandate: a person (`personal_id`) or an organisation (`organization_id`) in a role.

    `valid_from` and `valid_to` are both inclusive; None is open.
    """

    school: str
    role: str
    personal_id: str | None
    organization_id: str | None
    name: str
    valid_from: date | None
    valid_to: date | None

    def __post_init__(self) -> None:
        """Exactly one kind of holder, and a period that is not empty."""
        if bool(self.personal_id) == bool(self.organization_id):
            raise ValueError("exactly one of sodinhdanh and masothue")
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError(f"tungay {self.valid_from} is after denngay {self.valid_to}")

    def covers(self, day: date) -> bool:
        """Whether the mandate holds on *day*."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


class Roster:
    """The mandates, looked up by school, role and holder.

    `digest` is the SHA-256 of the file that they were read from, "" where there is none.
    """

    def __init__(self, entries: Iterable[RosterEntry], digest: str = "") -> None:
        self.digest = digest
        by_holder: dict[tuple[str, str, str], tuple[RosterEntry, ...]] = {}
        for entry in entries:
            holder = entry.personal_id or tax_code(entry.organization_id or "")
            key = (entry.school, entry.role, holder)
            by_holder[key] = (*by_holder.get(key, ()), entry)
        self._by_holder: Mapping[tuple[str, str, str], tuple[RosterEntry, ...]] = MappingProxyType(
            by_holder
        )

    def __len__(self) -> int:
        """The number of mandates."""
        return sum(len(entries) for entries in self._by_holder.values())

    def entries(self) -> tuple[RosterEntry, ...]:
        """All mandates."""
        return tuple(entry for entries in self._by_holder.values() for entry in entries)

    def mandates(self, school: str, role: str, holder: str) -> tuple[RosterEntry, ...]:
        """The mandates of *holder* (personal or organisation id) in *role* at *school*."""
        return self._by_holder.get((school, role, tax_code(holder)), ())


def read_roster(path: Path) -> Roster:
    """The roster in a CSV file (UTF-8, columns as in `COLUMNS`, dates YYYY-MM-DD).

    Raises `RosterError` with file and line.
    """
    try:
        with path.open("rb") as octets:
            digest = hashlib.file_digest(octets, "sha256").hexdigest()
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise RosterError(f"{path.name}: missing column {', '.join(missing)}")
            entries = [_entry(path, reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RosterError(f"{path.name}: cannot be read: {error}") from error
    if not entries:
        raise RosterError(f"{path.name}: no mandates; an empty roster lets nobody sign")
    return Roster(entries, digest)


def write_roster(path: Path, entries: Iterable[RosterEntry]) -> None:
    """Write *entries* as a CSV file that `read_roster` reads."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for entry in entries:
            writer.writerow(
                (
                    entry.school,
                    entry.role,
                    entry.personal_id or "",
                    entry.organization_id or "",
                    entry.name,
                    entry.valid_from or "",
                    entry.valid_to or "",
                )
            )


def _entry(path: Path, line: int, row: Mapping[str, str | None]) -> RosterEntry:
    values = {name: (row[name] or "").strip() for name in COLUMNS}
    try:
        if not values["matruong"] or not values["vaitro"]:
            raise ValueError("matruong and vaitro must not be empty")
        return RosterEntry(
            school=values["matruong"],
            role=values["vaitro"],
            personal_id=values["sodinhdanh"] or None,
            organization_id=values["masothue"] or None,
            name=values["hovaten"],
            valid_from=_date(values["tungay"]),
            valid_to=_date(values["denngay"]),
        )
    except ValueError as error:
        raise RosterError(f"{path.name}, line {line}: {error}") from error


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
