"""The real services that tests talk to, each started once a worker and only when asked for."""

from collections.abc import Iterator

import pytest

from tests.support.services.postgresql import PostgreSQL, running_postgresql


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A running PostgreSQL; `postgresql.database()` gives a database for longer than one test."""
    with running_postgresql() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """The SQLAlchemy URL of an empty database of this test's own."""
    with postgresql.database() as url:
        yield url
