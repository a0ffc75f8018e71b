"""The index: who has which records. One code path for SQLite and PostgreSQL.

Trust: the index is trusted by this repository to find versions and to know their digests. Anyone
outside relies on receipts and signatures instead.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from hocba.errors import IndexConflict, IndexOutdated, IndexUnavailable
from hocba.index.audit import AuditTrail
from hocba.index.batches import Batches
from hocba.index.continuity import Continuity
from hocba.index.engine import open_engine, read_only
from hocba.index.expected import Expected
from hocba.index.identities import Identities
from hocba.index.links import PupilLinks
from hocba.index.quality import Quality
from hocba.index.records import Records
from hocba.index.requests import Requests
from hocba.index.rosters import Rosters
from hocba.index.schools import Schools
from hocba.index.statistics import Statistics
from hocba.index.tokens import Tokens
from hocba.index.transfers import Transfers
from schemas.findings import finding

HEAD = "0007"
"""The newest migration. A constant, because Alembic takes long to import; a test compares."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """Everything that can be asked of the index, all of it in one transaction."""

    records: Records
    batches: Batches
    audit: AuditTrail
    tokens: Tokens
    statistics: Statistics
    requests: Requests
    links: PupilLinks
    transfers: Transfers
    schools: Schools
    continuity: Continuity
    expected: Expected
    quality: Quality
    rosters: Rosters
    identities: Identities


class Index:
    """An open index, safe for use from several threads; every process opens its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """The index at *url* (`sqlite:///file` or `postgresql://…`).

        Raises `IndexOutdated` unless it is at the newest migration, `IndexUnavailable` where it
        cannot be reached.
        """
        engine = open_engine(url)
        index = cls(engine)
        try:
            index._refuse_outdated()
        except BaseException:
            engine.dispose()
            raise
        return index

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        """The index itself, closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that may write; committed and durable once the block is left.

        An exception rolls everything back. Raises `IndexConflict` where another transaction wrote
        first and `IndexUnavailable` where the database cannot be used.
        """
        with translated_errors(), self._engine.begin() as connection:
            yield _transaction(connection)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A transaction that sees one state of the index and cannot write."""
        with (
            translated_errors(),
            self._engine.connect() as connection,
            read_only(connection).begin(),
        ):
            yield _transaction(connection)

    def check(self) -> None:
        """Raise unless the index can be used now: reachable and at the newest migration."""
        self._refuse_outdated()

    def _refuse_outdated(self) -> None:
        with translated_errors(), self._engine.connect() as connection:
            found = None
            if inspect(connection).has_table("alembic_version"):
                found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if found != HEAD:
            raise IndexOutdated(finding("HB-I101", expected=HEAD, found=found or "–"))


@contextmanager
def translated_errors() -> Iterator[None]:
    """Let no error of SQLAlchemy leave the index: callers act on ours.

    Only the driver's first line is kept: later lines hold the statement with its values.
    """
    try:
        yield
    except IntegrityError as error:
        raise IndexConflict(finding("HB-I103", reason=_reason(error))) from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _RETRIED_SQLSTATES:
            raise IndexConflict(finding("HB-I103", reason=_reason(error))) from error
        raise IndexUnavailable(finding("HB-I102", reason=_reason(error))) from error


_RETRIED_SQLSTATES = frozenset({"40001", "40P01"})
"""PostgreSQL: serialization_failure, deadlock_detected."""


def _reason(error: DBAPIError) -> str:
    return f"{type(error.orig).__name__}: {str(error.orig).partition(chr(10))[0]}"


def _transaction(connection: Connection) -> Transaction:
    return Transaction(
        records=Records(connection),
        batches=Batches(connection),
        audit=AuditTrail(connection),
        tokens=Tokens(connection),
        statistics=Statistics(connection),
        requests=Requests(connection),
        links=PupilLinks(connection),
        transfers=Transfers(connection),
        schools=Schools(connection),
        continuity=Continuity(connection),
        expected=Expected(connection),
        quality=Quality(connection),
        rosters=Rosters(connection),
        identities=Identities(connection),
    )
