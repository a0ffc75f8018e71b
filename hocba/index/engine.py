"""A database engine for SQLite or PostgreSQL, set up so that both keep the same promises."""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from hocba.errors import IndexUnavailable
from schemas.findings import finding

BUSY_SECONDS = 60
"""How long SQLite waits for another writer before it gives up."""

_READ_ONLY = "hocba_read_only"

# `recursive_triggers` makes INSERT OR REPLACE fire the triggers that guard append-only tables.
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA recursive_triggers = ON",
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA cache_size = -65536",
)


def open_engine(url: str, *, create: bool = False) -> Engine:
    """An engine for *url*: `sqlite:///file` or `postgresql://…`.

    A SQLite file that does not exist is made only if *create* is set. Raises `IndexUnavailable`
    for a URL of any other kind.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, create=create)
    return create_engine(
        parsed.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        connect_args={"options": "-c timezone=UTC -c client_encoding=utf8"},
    )


def libpq_url(url: str) -> str:
    """*url* of a PostgreSQL index as libpq reads it; raises `IndexUnavailable` for any other."""
    parsed = _parsed(url)
    if parsed.get_backend_name() != "postgresql":
        reason = "several machines need PostgreSQL, this index is a file"
        raise IndexUnavailable(finding("HB-I102", reason=reason))
    return parsed.set(drivername="postgresql").render_as_string(hide_password=False)


def sqlite_url(path: Path) -> str:
    """The URL of the SQLite database in the file *path*, whatever signs its name has."""
    return URL.create("sqlite", database=str(path.absolute())).render_as_string()


def read_only(connection: Connection) -> Connection:
    """*connection*, before its transaction begins, so that it sees one state and writes nothing."""
    if connection.dialect.name == "sqlite":
        return connection.execution_options(**{_READ_ONLY: True})
    return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        known = parsed.get_backend_name() in {"sqlite", "postgresql"}
    except ArgumentError as error:
        raise IndexUnavailable(finding("HB-I102", reason="not a database URL")) from error
    if not known:
        reason = f"{parsed.get_backend_name()} is neither sqlite nor postgresql"
        raise IndexUnavailable(finding("HB-I102", reason=reason))
    return parsed


def _sqlite_engine(url: URL, *, create: bool) -> Engine:
    path = url.database
    if not path or path == ":memory:":
        reason = "an index in memory would be lost; name a file"
        raise IndexUnavailable(finding("HB-I102", reason=reason))
    if not create and not Path(path).is_file():
        reason = f"{Path(path).name} does not exist"
        raise IndexUnavailable(finding("HB-I102", reason=reason))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    # The driver's own transactions begin only at the first write; `_begin` begins them instead.
    connection.isolation_level = None
    for pragma in _SQLITE_PRAGMAS:
        connection.execute(pragma).close()


def _begin(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if reads else 'OFF'}")
    # A writer takes the lock at once: one that read first could not upgrade beside another.
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")
