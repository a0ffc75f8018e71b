"""What is known of an unfinished submission, so that another process goes on with it.

    {folder}/{name}/submission.sqlite3   the manifest, and how far each document is
    {folder}/{name}/part.tar.zst         what is being sent
    {folder}/{name}/lock                 held by the one process that is at it

The name follows from the source's fingerprint and the server: the same content for the same server
is the same submission, wherever it lies.

Trust: the folder is the sender's own. What stands in it is compared with the server's word before
anything is left out, and receipts are verified, not remembered.
"""

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from hocba.errors import SubmissionRefused
from schemas.findings import finding

FORM = "1"
"""Of these tables; a submission of another form is begun anew."""

_PAGE = 1000
_FILE = "submission.sqlite3"
_ABANDONED_SECONDS = 30 * 24 * 3600

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documents (
    position INTEGER PRIMARY KEY,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    record TEXT,
    phienban INTEGER,
    outcome TEXT,
    part INTEGER,
    place INTEGER,
    trouble TEXT
);
CREATE INDEX documents_by_part ON documents (part, place);
CREATE TABLE parts (
    number INTEGER PRIMARY KEY,
    documents INTEGER NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    key TEXT NOT NULL,
    upload TEXT,
    batch TEXT
);
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One document of the manifest.

    *record* and *phienban* are the version that it says it is, None where that cannot be read
    here; *outcome* is None until the server has told it. It is the *place*-th document of *part*.
    *trouble* is why it cannot be sent at all.
    """

    position: int
    file: str
    sha256: str
    size: int
    record: str | None = None
    phienban: int | None = None
    outcome: str | None = None
    part: int | None = None
    place: int | None = None
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One batch of a submission: packed; sent where it has a *batch*."""

    number: int
    documents: int
    sha256: str
    size: int
    key: str
    upload: str | None = None
    batch: str | None = None


class State:
    """The state of one submission; every change is kept once its call returns."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection

    @property
    def pack(self) -> Path:
        """Where the part that is being sent lies."""
        return self.folder / "part.tar.zst"

    def fact(self, name: str) -> str | None:
        """What was noted under *name*."""
        row = self._one("SELECT value FROM facts WHERE name = ?", name)
        return None if row is None else str(row[0])

    def note(self, **facts: str) -> None:
        """Note facts."""
        with self._connection:
            self._connection.executemany("REPLACE INTO facts VALUES (?, ?)", list(facts.items()))

    def forget(self, name: str) -> None:
        """Forget what was noted under *name*."""
        with self._connection:
            self._connection.execute("DELETE FROM facts WHERE name = ?", (name,))

    def begin_manifest(self) -> None:
        """Forget a manifest that was not read to its end."""
        with self._connection:
            self._connection.execute("DELETE FROM documents")
            self._connection.execute("DELETE FROM parts")

    def add(self, lines: Sequence[Line]) -> None:
        """Add documents."""
        with self._connection:
            marks = ", ".join("?" * 10)
            self._connection.executemany(
                f"INSERT INTO documents VALUES ({marks})",  # noqa: S608 -- question marks only
                [astuple(each) for each in lines],
            )

    def lines(self, condition: str = "1") -> Iterator[Line]:
        """Documents that meet a *condition* (SQL of this package), in order, however many."""
        after = 0
        while page := self._page(condition, after):
            yield from page
            after = page[-1].position

    def pages(self, condition: str, size: int) -> Iterator[Sequence[Line]]:
        """The same, *size* at a time."""
        after = 0
        while page := self._page(condition, after, size):
            yield page
            after = page[-1].position

    def find(self, position: int) -> Line | None:
        """The document at this position of the source."""
        row = self._one("SELECT * FROM documents WHERE position = ?", position)
        return None if row is None else Line(*row)

    def at_places(self, part: int, first: int, last: int) -> Mapping[int, Line]:
        """Documents of a part by their place in it, from *first* to *last*."""
        rows = self._connection.execute(
            "SELECT * FROM documents WHERE part = ? AND place BETWEEN ? AND ?", (part, first, last)
        )
        return {each[8]: Line(*each) for each in rows}

    def count(self, condition: str = "1") -> int:
        """How many documents meet a *condition*."""
        row = self._one(f"SELECT count(*) FROM documents WHERE {condition}")  # noqa: S608
        return int(row[0]) if row else 0

    def outcomes(self) -> Mapping[str, int]:
        """How many documents came to which outcome."""
        rows = self._connection.execute(
            "SELECT outcome, count(*) FROM documents WHERE outcome IS NOT NULL GROUP BY outcome"
        )
        return dict(rows.fetchall())

    def settle(self, settled: Sequence[tuple[int, str, str | None, int | None]]) -> None:
        """Note outcomes, each with the version that the document turned out to be, if known."""
        with self._connection:
            self._connection.executemany(
                "UPDATE documents SET outcome = ?2, record = coalesce(?3, record),"
                " phienban = coalesce(?4, phienban) WHERE position = ?1",
                settled,
            )

    def parts(self) -> tuple[Part, ...]:
        """All parts, in order."""
        rows = self._connection.execute("SELECT * FROM parts ORDER BY number")
        return tuple(Part(*each) for each in rows)

    def add_part(self, part: Part, positions: Sequence[int]) -> None:
        """A part was packed of the documents at *positions*."""
        with self._connection:
            self._connection.execute(
                "INSERT INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)", astuple(part)
            )
            self._connection.executemany(
                "UPDATE documents SET part = ?, place = ? WHERE position = ?",
                [(part.number, place, each) for place, each in enumerate(positions, start=1)],
            )

    def drop_part(self, number: int) -> None:
        """A part whose bytes are lost before they were sent is packed again."""
        with self._connection:
            self._connection.execute(
                "UPDATE documents SET part = NULL, place = NULL WHERE part = ?", (number,)
            )
            self._connection.execute("DELETE FROM parts WHERE number = ?", (number,))

    def note_upload(self, number: int, upload: str | None) -> None:
        """Note where a part is being sent."""
        with self._connection:
            self._connection.execute(
                "UPDATE parts SET upload = ? WHERE number = ?", (upload, number)
            )

    def note_batch(self, number: int, batch: str) -> None:
        """Note which batch a part has become."""
        with self._connection:
            self._connection.execute("UPDATE parts SET batch = ? WHERE number = ?", (batch, number))

    def remove(self) -> None:
        """Forget the submission: it is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _page(self, condition: str, after: int, size: int = _PAGE) -> tuple[Line, ...]:
        statement = (
            f"SELECT * FROM documents WHERE position > ? AND ({condition})"  # noqa: S608
            " ORDER BY position LIMIT ?"
        )
        return tuple(Line(*each) for each in self._connection.execute(statement, (after, size)))

    def _one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(statement, values).fetchone()
        return row


@contextmanager
def open_state(folder: Path, server: str, fingerprint: str) -> Iterator[State]:
    """The state of the submission of this content to *server*, for this process alone.

    Raises `SubmissionRefused` where another process is at it, or the folder cannot be used.
    """
    name = sha256(f"{server}\n{fingerprint}".encode()).hexdigest()[:32]
    here = folder / name
    try:
        here.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (here / "lock").open("ab")
    except OSError as error:
        raise _unusable(folder, error.strerror or type(error).__name__) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SubmissionRefused(finding("HB-I252")) from None
        try:
            connection = _open(here / _FILE)
            _sweep(folder, here)
            try:
                yield State(here, connection)
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise _unusable(folder, str(error)) from error


def default_folder() -> Path:
    """Where submissions are kept unless one says otherwise (XDG Base Directory)."""
    named = os.environ.get("XDG_STATE_HOME", "")
    base = Path(named) if named.startswith("/") else Path.home() / ".local" / "state"
    return base / "hocba" / "submit"


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    form: str | None = None
    try:
        _prepare(connection)
        row = connection.execute("SELECT value FROM facts WHERE name = 'form'").fetchone()
        form = None if row is None else str(row[0])
    except sqlite3.DatabaseError:  # new, or not what a crash of the machine should have left
        form = None
    if form == FORM:
        return connection
    connection.close()
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink()
    connection = sqlite3.connect(path)
    _prepare(connection)
    with connection:
        connection.executescript(_TABLES)
        connection.execute("INSERT INTO facts VALUES ('form', ?)", (FORM,))
    return connection


def _sweep(folder: Path, own: Path) -> None:
    """Remove what nobody has gone on with for a month: its upload has expired long since."""
    for each in folder.glob(f"*/{_FILE}"):
        with suppress(OSError), (each.parent / "lock").open("ab") as lock:
            if each.parent != own and time.time() - each.stat().st_mtime > _ABANDONED_SECONDS:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(each.parent)


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL").close()
    connection.execute("PRAGMA synchronous = NORMAL").close()


def _unusable(folder: Path, reason: str) -> SubmissionRefused:
    return SubmissionRefused(finding("HB-I262", folder=folder, reason=reason))
