"""An index of the test's own, on SQLite and on PostgreSQL: every test of it runs on both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hocba.index.index import Index
from hocba.index.migrate import migrate


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)],
)
def index_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that holds nothing yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'index.sqlite3'}"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def index(index_url: str) -> Iterator[Index]:
    """An open, empty index."""
    migrate(index_url)
    with Index.open(index_url) as opened:
        yield opened
