"""The stores under test, each empty and of one test alone."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.configuration import open_store
from storage.contract import Store
from storage.directory import DirectoryStore
from tests.support.services.seaweedfs import SeaweedFS


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store is, for those who open it themselves."""

    url: str
    environment: Mapping[str, str]

    def open(self) -> Store:
        """A store object of one's own."""
        return open_store(self.url, environment=self.environment)


@pytest.fixture(params=["directory", pytest.param("s3", marks=pytest.mark.s3)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty store: first in a folder, then in a bucket of a real S3 server."""
    if request.param == "directory":
        place = Place((tmp_path / "store").as_uri(), {})
    else:
        seaweedfs: SeaweedFS = request.getfixturevalue("seaweedfs")
        place = Place(seaweedfs.url(new_bucket_name()), seaweedfs.environment)
    open_store(place.url, create=True, environment=place.environment)
    return place


@pytest.fixture
def store(place: Place) -> Store:
    """The store at `place`."""
    return place.open()


@pytest.fixture
def directory(tmp_path: Path) -> DirectoryStore:
    """An empty store in a folder."""
    return DirectoryStore.create(tmp_path / "store")


@pytest.fixture
def bucket() -> str:
    """A name for a bucket that nobody else uses."""
    return new_bucket_name()


def new_bucket_name() -> str:
    return f"test-{uuid.uuid4().hex}"
