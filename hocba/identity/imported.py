"""A register from a file: CSV with personal id, name and birth date, kept as a SQLite file.

The file in the home is replaced whole or not at all; millions of people take no memory.
"""

import csv
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Self

from hocba.identity.comparison import is_birth, tidy_name
from hocba.identity.errors import RegisterFileRefused, RegisterUnusable
from hocba.identity.model import Answer, NotRegistered, Person, Registered
from schemas.findings import Finding, finding
from schemas.rules.scope import quote
from schemas.separators import separator_of

COLUMNS = ("sodinhdanh", "hovaten", "ngaysinh")
FILE_NAME = "identity.sqlite3"

MOST_FINDINGS = 10_000
"""Bad lines that are listed; the rest is counted."""

_APPLICATION_ID = 0x48424944  # HBID
_LONGEST_NAME = 150
_OLDEST = "1900"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import brought: people, and lines that said again what an earlier one had said."""

    people: int
    repeated: int


class ImportedRegister:
    """The register in the file at *path*; every process opens its own."""

    name = "file"
    batch = 500

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """The register at *path*; raises `RegisterUnusable` where it is not one."""
        try:
            connection = sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False
            )
            (kind,) = connection.execute("PRAGMA application_id").fetchone()
        except sqlite3.Error as error:
            raise _damaged(path, error) from error
        if kind != _APPLICATION_ID:
            connection.close()
            raise RegisterUnusable(finding("HB-I189", file=path.name, reason="application_id"))
        return cls(connection)

    def ask(self, people: Sequence[Person]) -> Mapping[Person, Answer]:
        """What the file says of each of *people*; raises `RegisterUnusable` for a damaged file."""
        ids = sorted({each.id for each in people})
        known: dict[str, Answer] = {}
        try:
            for start in range(0, len(ids), self.batch):
                part = ids[start : start + self.batch]
                marks = ",".join("?" * len(part))
                rows = self._connection.execute(
                    f"SELECT id, name, birth FROM people WHERE id IN ({marks})",  # noqa: S608
                    part,
                )
                known.update({row[0]: Registered(row[1], row[2]) for row in rows})
        except sqlite3.Error as error:
            raise _damaged(Path(FILE_NAME), error) from error
        return {each: known.get(each.id, NotRegistered()) for each in people}

    def close(self) -> None:
        """Give the file back."""
        self._connection.close()


def import_register(source: Path, target: Path, today: date) -> Imported:
    """Put the people of the CSV file *source* in the place of the register at *target*.

    Raises `RegisterFileRefused` with every line that is wrong, and `OSError`; then the register is
    as it was before.
    """
    number, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    os.close(number)
    draft = Path(name)
    try:
        imported = _fill(source, draft, today)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return imported


def _fill(source: Path, draft: Path, today: date) -> Imported:
    problems = _Problems()
    repeated = 0
    with closing(sqlite3.connect(draft)) as connection:
        connection.executescript(
            f"PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            f"PRAGMA application_id={_APPLICATION_ID};"
            "CREATE TABLE people (id TEXT PRIMARY KEY, name TEXT NOT NULL, birth TEXT NOT NULL)"
            " WITHOUT ROWID;"
        )
        with _rows(source, problems) as rows:
            for line, row in rows:
                person = _person(line, row, today, problems)
                if person is not None and not _add(connection, person):
                    known = _same(connection, person)
                    repeated += known
                    if not known:
                        problems.add(finding("HB-I185", line=line, found=person.id))
        (count,) = connection.execute("SELECT count(*) FROM people").fetchone()
        connection.commit()
    if not problems.any and not count:
        problems.add(finding("HB-I186", file=source.name))
    problems.refuse()
    return Imported(count, repeated)


class _Problems:
    """Bad lines: the first ones, and how many more."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._more = 0

    @property
    def any(self) -> bool:
        return bool(self._findings)

    def add(self, problem: Finding) -> None:
        if len(self._findings) < MOST_FINDINGS:
            self._findings.append(problem)
        else:
            self._more += 1

    def refuse(self) -> None:
        if self._findings:
            raise RegisterFileRefused(tuple(self._findings), self._more)


@contextmanager
def _rows(source: Path, problems: _Problems) -> Iterator[Iterator[tuple[int, Mapping[str, str]]]]:
    """The rows below the heading, each with its line; what cannot be read ends them."""
    with source.open("rb") as octets:
        separator = separator_of(octets.readline(), COLUMNS)
    with source.open(encoding="utf-8-sig", newline="") as file:
        yield _read(source, csv.reader(file, strict=True, delimiter=separator), problems)


def _read(
    source: Path, reader: Any, problems: _Problems
) -> Iterator[tuple[int, Mapping[str, str]]]:
    known = ",".join(COLUMNS)
    try:
        heading = [each.strip() for each in next(reader, [])]
        missing = [each for each in COLUMNS if heading.count(each) != 1]
        if missing:
            absent = ", ".join(missing)
            problems.add(finding("HB-I181", line=1, missing=absent, known=known))
            return
        for cells in reader:
            if not any(each.strip() for each in cells):
                continue
            if len(cells) != len(heading):
                problems.add(finding("HB-I187", line=reader.line_num, limit=len(heading)))
                continue
            yield reader.line_num, dict(zip(heading, cells, strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        reason = "encoding" if isinstance(error, UnicodeDecodeError) else "csv"
        line = reader.line_num + 1
        told = finding("HB-I180", line=line, file=source.name, reason=reason, known=known)
        problems.add(told)


def _person(line: int, row: Mapping[str, str], today: date, problems: _Problems) -> Person | None:
    identity = row["sodinhdanh"].strip()
    name = tidy_name(row["hovaten"])
    birth = _birth(row["ngaysinh"].strip())
    wrong = []
    if not (len(identity) == 12 and identity.isascii() and identity.isdigit()):
        wrong.append(finding("HB-I182", line=line, found=quote(identity)))
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        wrong.append(finding("HB-I183", line=line, found=quote(name), limit=_LONGEST_NAME))
    if birth is None or birth > today.isoformat():
        wrong.append(finding("HB-I184", line=line, found=quote(row["ngaysinh"])))
    for each in wrong:
        problems.add(each)
    return None if wrong or birth is None else Person(identity, name, birth)


def _birth(text: str) -> str | None:
    """*text* in ISO 8601 as exact as it is; empty for none, None for what is no date."""
    if not text:
        return ""
    with suppress(ValueError):
        text = datetime.strptime(text, "%d/%m/%Y").date().isoformat()  # noqa: DTZ007 -- a day
    return text if is_birth(text) and text >= _OLDEST else None


def _add(connection: sqlite3.Connection, person: Person) -> bool:
    added = connection.execute(
        "INSERT OR IGNORE INTO people VALUES (?, ?, ?)", (person.id, person.name, person.birth)
    )
    return added.rowcount == 1


def _same(connection: sqlite3.Connection, person: Person) -> bool:
    row = connection.execute("SELECT name, birth FROM people WHERE id = ?", (person.id,)).fetchone()
    return bool(row == (person.name, person.birth))


def _damaged(path: Path, error: sqlite3.Error) -> RegisterUnusable:
    return RegisterUnusable(finding("HB-I189", file=path.name, reason=type(error).__name__))
