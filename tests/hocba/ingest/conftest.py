"""The two ways to run a repository: embedded, and on PostgreSQL with an S3 server."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import pytest

from hocba.index.engine import sqlite_url
from hocba.index.migrate import migrate
from storage.configuration import open_store
from tests.support.services.postgresql import PostgreSQL
from tests.support.services.seaweedfs import SeaweedFS


@dataclass(frozen=True, slots=True)
class Deployment:
    """Where an index and a store of one repository are."""

    index_url: str
    store_url: str


Deploy = Callable[[Path], AbstractContextManager[Deployment]]


def _embedded(folder: Path) -> AbstractContextManager[Deployment]:
    folder.mkdir()
    found = Deployment(sqlite_url(folder / "index.sqlite3"), (folder / "store").as_uri())
    return nullcontext(_prepared(found))


def _prepared(deployment: Deployment) -> Deployment:
    migrate(deployment.index_url)
    open_store(deployment.store_url, create=True)
    return deployment


@pytest.fixture
def embedded() -> Deploy:
    """SQLite and a folder."""
    return _embedded


@pytest.fixture
def servers(
    postgresql: PostgreSQL, seaweedfs: SeaweedFS, monkeypatch: pytest.MonkeyPatch
) -> Deploy:
    """PostgreSQL and a bucket of SeaweedFS."""
    for name, value in seaweedfs.environment.items():
        monkeypatch.setenv(name, value)

    @contextmanager
    def deploy(_: Path) -> Iterator[Deployment]:
        with postgresql.database() as url:
            bucket = f"test-{uuid.uuid4().hex}"
            yield _prepared(Deployment(url, seaweedfs.url(bucket)))

    return deploy


@pytest.fixture(
    params=[
        "embedded",
        pytest.param("servers", marks=[pytest.mark.postgresql, pytest.mark.s3]),
    ]
)
def deployment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deployment]:
    """A repository without a record: first embedded, then on servers."""
    deploy: Deploy = request.getfixturevalue(request.param)
    with deploy(tmp_path / "repository") as found:
        yield found
