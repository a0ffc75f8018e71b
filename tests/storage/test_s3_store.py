"""A store on a real S3 server: locks, wrong credentials, strangers' objects, a killed server."""

import io
import multiprocessing
import os
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from minio import Minio
from minio.commonconfig import ENABLED
from minio.error import S3Error
from minio.versioningconfig import SUSPENDED, VersioningConfig

from storage.contract import StoredVersion
from storage.errors import ObjectDamaged, StorageError, StoreMisconfigured, StoreUnavailable
from storage.s3 import S3Store
from storage.s3_settings import Retention, S3Settings
from tests.support.services.seaweedfs import SeaweedFS

pytestmark = pytest.mark.s3

KEY = "records/15/2025-2026/15000001/a.xml"


@pytest.fixture
def client(seaweedfs: SeaweedFS) -> Minio:
    """The SDK itself, for what the contract has no words for."""
    return Minio(
        seaweedfs.endpoint,
        seaweedfs.access_key,
        seaweedfs.secret_key,
        secure=False,
        region=seaweedfs.region,
    )


@pytest.fixture
def settings(seaweedfs: SeaweedFS, bucket: str) -> S3Settings:
    """A bucket that is not made yet."""
    return S3Settings(
        bucket=bucket,
        endpoint=seaweedfs.endpoint,
        access_key=seaweedfs.access_key,
        secret_key=seaweedfs.secret_key,
        secure=False,
    )


@pytest.fixture
def s3(settings: S3Settings) -> S3Store:
    """An empty store in a bucket."""
    return S3Store.create(settings)


def read(store: S3Store, version: StoredVersion) -> bytes:
    return store.get(version.key, version.version_id, version.sha256)


def put_as_stranger(client: Minio, bucket: str, data: bytes, **metadata: str) -> None:
    client.put_object(
        bucket,
        KEY,
        io.BytesIO(data),
        len(data),
        metadata={name.replace("_", "-"): value for name, value in metadata.items()},
    )


def test_a_locked_version_cannot_be_deleted(client: Minio, settings: S3Settings) -> None:
    store = S3Store.create(replace(settings, retention=Retention("COMPLIANCE", 1)))
    version = store.put(KEY, b"one")
    with pytest.raises(S3Error, match="AccessDenied"):
        client.remove_object(settings.bucket, KEY, version_id=version.version_id)
    assert read(store, version) == b"one"
    assert store.versions(KEY) == (version,)


def test_an_unlocked_version_can_be_deleted(client: Minio, s3: S3Store) -> None:
    """Shows that the test above could fail."""
    version = s3.put(KEY, b"one")
    client.remove_object(s3.settings.bucket, KEY, version_id=version.version_id)
    assert s3.versions(KEY) == ()


def test_retention_lasts_as_long_as_was_asked(client: Minio, settings: S3Settings) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    S3Store.create(settings)
    store = S3Store(replace(settings, retention=Retention("GOVERNANCE", 30)), clock=lambda: now)
    version = store.put(KEY, b"one")
    held = client.get_object_retention(settings.bucket, KEY, version_id=version.version_id)
    assert held is not None
    assert held.mode == "GOVERNANCE"
    assert held.retain_until_date == now + timedelta(days=30)


def test_a_bucket_made_with_retention_locks_by_itself(client: Minio, settings: S3Settings) -> None:
    S3Store.create(replace(settings, retention=Retention("GOVERNANCE", 7)))
    version = S3Store(settings).put(KEY, b"one")
    with pytest.raises(S3Error, match="AccessDenied"):
        client.remove_object(settings.bucket, KEY, version_id=version.version_id)


def test_check_refuses_retention_in_a_bucket_without_object_lock(
    client: Minio, settings: S3Settings
) -> None:
    client.make_bucket(settings.bucket)
    client.set_bucket_versioning(settings.bucket, VersioningConfig(ENABLED))
    S3Store(settings).check()
    with pytest.raises(StoreMisconfigured, match="has no object lock"):
        S3Store(replace(settings, retention=Retention("GOVERNANCE", 1))).check()


def test_check_refuses_a_bucket_without_versioning(client: Minio, settings: S3Settings) -> None:
    client.make_bucket(settings.bucket)
    with pytest.raises(StoreMisconfigured, match="has versioning Off"):
        S3Store(settings).check()
    with pytest.raises(StoreMisconfigured, match="has versioning Off"):
        S3Store.create(settings)


def test_check_refuses_a_bucket_whose_versioning_was_stopped(
    client: Minio, settings: S3Settings
) -> None:
    client.make_bucket(settings.bucket)
    client.set_bucket_versioning(settings.bucket, VersioningConfig(ENABLED))
    client.set_bucket_versioning(settings.bucket, VersioningConfig(SUSPENDED))
    with pytest.raises(StoreMisconfigured, match="has versioning Suspended"):
        S3Store(settings).check()


def test_promises_nothing_in_a_bucket_without_versioning(
    client: Minio, settings: S3Settings
) -> None:
    client.make_bucket(settings.bucket)
    with pytest.raises(StoreMisconfigured, match="does not keep versions"):
        S3Store(settings).put(KEY, b"one")


def test_making_a_store_twice_keeps_it(s3: S3Store) -> None:
    version = s3.put(KEY, b"one")
    assert read(S3Store.create(s3.settings), version) == b"one"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"secret_key": "wrong"}, "SignatureDoesNotMatch|AccessDenied"),
        ({"access_key": "nobody"}, "InvalidAccessKeyId|AccessDenied"),
        ({"bucket": "no-such-bucket"}, "NoSuchBucket"),
    ],
)
def test_wrong_settings_are_told_and_not_retried(
    s3: S3Store, changed: dict[str, Any], expected: str
) -> None:
    version = s3.put(KEY, b"one")
    wrong = S3Store(replace(s3.settings, **changed))
    for use in (
        lambda: wrong.put(KEY, b"two"),
        lambda: wrong.put_many([(KEY, b"two"), ("b.xml", b"b")]),
        lambda: read(wrong, version),
        lambda: wrong.versions(KEY),
        lambda: list(wrong.keys()),
        wrong.check,
    ):
        before = time.monotonic()
        with pytest.raises(StoreMisconfigured, match=expected) as refused:
            use()
        assert time.monotonic() - before < 5
        assert s3.settings.secret_key not in str(refused.value)
    assert s3.versions(KEY) == (version,)


def test_settings_do_not_show_the_secret(settings: S3Settings) -> None:
    assert settings.secret_key not in repr(settings)


def test_a_delete_marker_hides_nothing(client: Minio, s3: S3Store) -> None:
    first = s3.put(KEY, b"one")
    client.remove_object(s3.settings.bucket, KEY)
    assert list(s3.keys()) == [KEY]
    assert s3.versions(KEY) == (first,)
    assert read(s3, first) == b"one"
    again = s3.put(KEY, b"one")
    assert s3.versions(KEY) == (first, again)


def test_objects_of_strangers_are_described_by_their_bytes(client: Minio, s3: S3Store) -> None:
    put_as_stranger(client, s3.settings.bucket, b"one")
    (version,) = s3.versions(KEY)
    assert read(s3, version) == b"one"
    assert version.size == 3
    assert s3.put(KEY, b"one") == version


@pytest.mark.parametrize(
    "metadata",
    [
        {"sha256": "0" * 63, "size": "3", "stored_at": "2026-01-01T00:00:00+00:00"},
        {"sha256": "0" * 64, "size": "-3", "stored_at": "2026-01-01T00:00:00+00:00"},
        {"sha256": "0" * 64, "size": "3", "stored_at": "2026-01-01T00:00:00"},
        {"sha256": "0" * 64, "size": "3", "stored_at": "yesterday"},
    ],
)
def test_metadata_that_we_did_not_write_are_not_read(
    client: Minio, s3: S3Store, metadata: dict[str, str]
) -> None:
    put_as_stranger(client, s3.settings.bucket, b"one", **metadata)
    (version,) = s3.versions(KEY)
    assert read(s3, version) == b"one"


def test_a_false_claim_of_the_same_digest_does_not_stand_for_the_bytes(
    client: Minio, s3: S3Store
) -> None:
    true = s3.put("other.xml", b"one")
    put_as_stranger(
        client,
        s3.settings.bucket,
        b"two",
        sha256=true.sha256,
        size="3",
        stored_at="2026-01-01T00:00:00+00:00",
    )
    (forged,) = s3.versions(KEY)
    with pytest.raises(ObjectDamaged):
        read(s3, forged)
    version = s3.put(KEY, b"one")
    assert version.version_id != forged.version_id
    assert read(s3, version) == b"one"


def test_keys_that_are_not_of_the_contract_are_not_listed(client: Minio, s3: S3Store) -> None:
    s3.put(KEY, b"one")
    for name in (".hidden", "no-ending", "học bạ.xml"):
        client.put_object(s3.settings.bucket, name, io.BytesIO(b"x"), 1)
    assert list(s3.keys()) == [KEY]


def test_bytes_damaged_on_the_server_are_never_given_out(s3: S3Store, seaweedfs: SeaweedFS) -> None:
    data = os.urandom(20_000)
    impatient = S3Store(replace(s3.settings, answer_seconds=2.0))
    version = s3.put(KEY, data)
    damaged = 0
    for volume in seaweedfs.folder.rglob("*.dat"):
        found = volume.read_bytes().find(data[5000:5064])
        if found >= 0:
            with volume.open("r+b") as file:
                file.seek(found)
                file.write(bytes([data[5000] ^ 1]))
            damaged += 1
    assert damaged == 1
    with pytest.raises(StorageError):
        read(impatient, version)


def test_a_killed_server_loses_nothing_that_was_promised(s3: S3Store, seaweedfs: SeaweedFS) -> None:
    promised: dict[StoredVersion, bytes] = {}
    enough = threading.Event()

    def write(writer: int) -> None:
        for number in range(10_000):
            data = b"%d-%d;" % (writer, number) * 500
            try:
                promised[s3.put(f"w{writer}/{number}.xml", data)] = data
            except StorageError:
                return
            if len(promised) > 150:
                enough.set()

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    seaweedfs.kill()
    for thread in threads:
        thread.join()
    seaweedfs.start()
    assert len(promised) > 150
    for version, data in promised.items():
        assert read(s3, version) == data
        assert version in s3.versions(version.key)
    # A PUT that was cut off may be there, but then whole.
    for key in s3.keys("w"):
        for version in s3.versions(key):
            read(s3, version)


def test_goes_on_after_the_server_was_restarted(s3: S3Store, seaweedfs: SeaweedFS) -> None:
    first = s3.put(KEY, b"one")
    seaweedfs.kill()
    impatient = S3Store(replace(s3.settings, answer_seconds=1.0))
    with pytest.raises(StoreUnavailable):
        impatient.put(KEY, b"two")
    seaweedfs.start()
    second = impatient.put(KEY, b"two")
    assert s3.versions(KEY) == (first, second)


def put_in_child(store: S3Store, answers: "multiprocessing.Queue[str]") -> None:
    answers.put(store.put(KEY, b"from the child").version_id)


def test_a_forked_process_does_not_share_connections(s3: S3Store) -> None:
    first = s3.put(KEY, b"from the parent")
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[str] = context.Queue()
    child = context.Process(target=put_in_child, args=(s3, answers))
    child.start()
    second = answers.get(timeout=30)
    child.join(30)
    assert child.exitcode == 0
    assert [version.version_id for version in s3.versions(KEY)] == [first.version_id, second]
