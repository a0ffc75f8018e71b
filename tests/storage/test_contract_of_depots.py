"""What every depot promises, in a folder and in a bucket of a real S3 server."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from storage.configuration import open_depot, open_store
from storage.depot import Depot
from storage.errors import ObjectDamaged, ObjectNotFound, StorageError, StoreMisconfigured
from tests.storage.conftest import new_bucket_name
from tests.support.services.seaweedfs import SeaweedFS

KEY = "parcels/b1/1.parcel"


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.s3)])
def depot(request: pytest.FixtureRequest, tmp_path: Path) -> Depot:
    if request.param == "folder":
        return open_depot((tmp_path / "depot").as_uri(), create=True)
    seaweedfs: SeaweedFS = request.getfixturevalue("seaweedfs")
    url = seaweedfs.url(new_bucket_name())
    return open_depot(url, create=True, environment=seaweedfs.environment)


def test_gives_back_what_was_parked(depot: Depot) -> None:
    depot.check()
    depot.put(KEY, b"one")
    assert depot.get(KEY, digest(b"one")) == b"one"
    depot.put(KEY, b"another")
    assert depot.get(KEY, digest(b"another")) == b"another"


def test_parks_and_fetches_files(depot: Depot, tmp_path: Path) -> None:
    data = bytes(range(256)) * 20_000
    sent = tmp_path / "sent"
    sent.write_bytes(data)
    depot.put_file("batches/b1.bin", sent)
    depot.fetch("batches/b1.bin", tmp_path / "came", digest(data))
    assert (tmp_path / "came").read_bytes() == data


def test_other_bytes_are_never_given_out(depot: Depot, tmp_path: Path) -> None:
    depot.put(KEY, b"forged")
    with pytest.raises(ObjectDamaged):
        depot.get(KEY, digest(b"one"))
    with pytest.raises(ObjectDamaged):
        depot.fetch(KEY, tmp_path / "came", digest(b"one"))
    assert not (tmp_path / "came").exists()


def test_forgets_what_it_is_told_to(depot: Depot, tmp_path: Path) -> None:
    depot.put(KEY, b"one")
    depot.remove(KEY)
    depot.remove(KEY)
    with pytest.raises(ObjectNotFound):
        depot.get(KEY, digest(b"one"))
    with pytest.raises(ObjectNotFound):
        depot.fetch(KEY, tmp_path / "came", digest(b"one"))
    assert list(depot.parked("")) == []


def test_lists_what_lies_under_a_prefix_with_since_when(depot: Depot) -> None:
    for key in (KEY, "parcels/b1/201.parcel", "parcels/b2/1.parcel", "batches/b1.bin"):
        depot.put(key, b"12345")
    found = list(depot.parked("parcels/b1/"))
    assert sorted(each.key for each in found) == [KEY, "parcels/b1/201.parcel"]
    assert {each.size for each in found} == {5}
    now = datetime.now(UTC)
    assert all(abs(now - each.since) < timedelta(minutes=5) for each in found)


@pytest.mark.parametrize("key", ["", "/a.b", "../a.b", "a/../b.c", "a b.c", "folder"])
def test_no_key_leads_out(depot: Depot, key: str) -> None:
    with pytest.raises(ValueError, match="not a storage key"):
        depot.put(key, b"")
    with pytest.raises(ValueError, match="not a storage key"):
        depot.remove(key)


def test_a_depot_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreMisconfigured):
        open_depot((tmp_path / "none").as_uri()).check()


@pytest.mark.s3
def test_a_bucket_that_keeps_versions_is_no_depot(seaweedfs: SeaweedFS) -> None:
    url = seaweedfs.url(new_bucket_name())
    open_store(url, create=True, environment=seaweedfs.environment)
    with pytest.raises(StorageError, match="keeps versions"):
        open_depot(url, environment=seaweedfs.environment).check()


def test_a_depot_keeps_nothing_for_years() -> None:
    url = "s3://hoc-ba?endpoint=https://s3.example.vn&retention=COMPLIANCE:10"
    environment = {"HOCBA_S3_ACCESS_KEY": "a", "HOCBA_S3_SECRET_KEY": "b"}
    with pytest.raises(StoreMisconfigured, match="retention"):
        open_depot(url, environment=environment)
