"""The real services that tests talk to, each started once a worker and only when asked for."""

import uuid
from collections.abc import Generator, Iterator

import pytest
from hypothesis import settings

from storage.configuration import open_store
from tests.support.services.postgresql import PostgreSQL, running_postgresql
from tests.support.services.seaweedfs import SeaweedFS, running_seaweedfs

# Many examples, for `make fuzz`.
settings.register_profile("long", max_examples=3_000, deadline=None)


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


@pytest.fixture(scope="session")
def seaweedfs() -> Iterator[SeaweedFS]:
    """A running SeaweedFS, an S3 server with versioning and object lock."""
    with running_seaweedfs() as server:
        yield server


@pytest.fixture
def s3_url(seaweedfs: SeaweedFS, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty store in a bucket of this test's own; the environment says who we are."""
    for name, value in seaweedfs.environment.items():
        monkeypatch.setenv(name, value)
    url = seaweedfs.url(f"test-{uuid.uuid4().hex}")
    open_store(url, create=True)
    return url


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what a service wrote last when a test that used it failed."""
    report = yield
    if report.failed:
        used: dict[str, object] = getattr(item, "funcargs", {})
        for name in ("seaweedfs", "postgresql"):
            service = used.get(name)
            if isinstance(service, (SeaweedFS, PostgreSQL)):
                report.sections.append((f"log of {name}", service.process.log_tail()))
    return report
