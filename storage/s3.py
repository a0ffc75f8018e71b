"""A store in a bucket of an S3 server with versioning.

Durable means what the server's answer means: choose one that flushes before it answers, or that
holds copies on several machines. The server is not trusted with the bytes: each version carries
the digest that it was sent with, and `get` compares with the digest that the caller knows.

A new key is one request: a PUT with `If-None-Match: *`. Only where the server says that there is
a version already, it is asked for the newest one's digest, and the PUT is made on the condition
that this still is the newest. So of two writers with the same bytes one writes, and a PUT that
was repeated because its answer got lost finds its own version.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from minio.commonconfig import COMPLIANCE, ENABLED, GOVERNANCE
from minio.datatypes import Object
from minio.error import S3Error
from minio.objectlockconfig import DAYS, ObjectLockConfig

from storage.contract import StoredVersion, checked_data, checked_key, is_key
from storage.errors import (
    ObjectDamaged,
    ObjectNotFound,
    StoreMisconfigured,
    StoreUnavailable,
)
from storage.s3_client import S3Client
from storage.s3_errors import ConditionFailed, told_as_storage_errors
from storage.s3_metadata import CHECKSUM, Claim, checksum, claim_of, put_headers
from storage.s3_settings import S3Settings
from storage.waves import waves

_ATTEMPTS = 32
_WAVE = 1000
_IF_NEW = {"If-None-Match": "*"}
# Not a key of the contract, so it never stands among them.
_PROBE = ".hocba-store"


@dataclass(frozen=True, slots=True)
class _Newest:
    """The newest version of a key, as far as its headers tell."""

    version: StoredVersion
    etag: str


class S3Store:
    """A `Store` in the bucket that *settings* name; `create` makes the bucket."""

    def __init__(
        self, settings: S3Settings, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._server = f"S3 server {settings.endpoint}"
        self._made: tuple[int, S3Client] | None = None

    @classmethod
    def create(cls, settings: S3Settings) -> "S3Store":
        """The store in the bucket, made with versioning and object lock unless it is there."""
        store = cls(settings)
        store._make_bucket()
        store.check()
        return store

    def put(self, key: str, data: bytes) -> StoredVersion:
        """Store *data* as a new version of *key*; durable once this returns."""
        checked_key(key)
        checked_data(data)
        digest = hashlib.sha256(data)
        conditions = _IF_NEW
        for _ in range(_ATTEMPTS):
            try:
                return self._put_if(key, data, digest.digest(), conditions)
            except (ConditionFailed, ObjectNotFound):
                newest = self._newest(key)
            if newest is None:  # deleted in between: only somebody outside this contract can
                conditions = _IF_NEW
            elif newest.version.sha256 == digest.hexdigest() and self._holds(newest.version, data):
                return newest.version
            else:
                conditions = {"If-Match": f'"{newest.etag}"'}
        raise StoreUnavailable(f"others wrote {key} {_ATTEMPTS} times in a row")

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> tuple[StoredVersion, ...]:
        """Store every (key, data), in order; all are durable once this returns."""
        for key, data in items:
            checked_key(key)
            checked_data(data)
        stored: list[StoredVersion] = []
        with ThreadPoolExecutor(self.settings.connections, "hocba-s3") as threads:
            for wave in waves(items, longest=_WAVE):
                puts = [threads.submit(self.put, key, data) for key, data in wave]
                try:
                    stored += [put.result() for put in puts]
                except BaseException:
                    threads.shutdown(wait=False, cancel_futures=True)
                    raise
        return tuple(stored)

    def get(self, key: str, version_id: str, sha256: str) -> bytes:
        """The bytes of one version, proved to have the digest *sha256*."""
        checked_key(key)
        if not version_id:  # the server would take it for the newest
            raise ObjectNotFound(f"no such version: {key}")
        with self._told(f"{key} {version_id}"):
            data = self._client.get_bytes(key, version_id)
        found = hashlib.sha256(data).hexdigest()
        if found != sha256:
            raise ObjectDamaged(f"{key} {version_id} has the digest {found}, asked was {sha256}")
        return data

    def versions(self, key: str) -> tuple[StoredVersion, ...]:
        """All versions of *key*, oldest first; empty where there is none."""
        checked_key(key)
        found: list[StoredVersion] = []
        with self._told():
            for entry in self._list(prefix=key):
                if entry.object_name != key:
                    break  # the key itself comes first of all that start with it
                found.append(self._described(key, entry.version_id or ""))
        return tuple(reversed(found))

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Every key that starts with *prefix*, in order, as a stream."""
        last = ""
        with self._told():
            # Versions are listed, not objects: a delete marker must not hide what is stored.
            for entry in self._list(prefix=prefix):
                key = entry.object_name or ""
                if key != last and is_key(key):
                    last = key
                    yield key

    def check(self) -> None:
        """Raise unless the bucket can be written, keeps versions and heeds conditions."""
        bucket = self.settings.bucket
        with self._told():
            status = self._client.get_bucket_versioning(bucket).status
            if status != ENABLED:
                raise StoreMisconfigured(f"bucket {bucket} has versioning {status or 'Off'}")
            if self.settings.retention and not self._has_lock():
                raise StoreMisconfigured(f"bucket {bucket} has no object lock, retention needs it")
        # Where the probe is there already, nothing is written: the server refuses, as it must.
        for _ in range(2):
            try:
                self._put_if(_PROBE, b"", hashlib.sha256(b"").digest(), _IF_NEW)
            except ConditionFailed:
                return
        raise StoreMisconfigured(f"{self._server} ignores If-None-Match")

    @property
    def _client(self) -> S3Client:
        """This process's client: connections must not be shared across a fork."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), S3Client(self.settings))
        return self._made[1]

    def _told(self, version: str = "") -> AbstractContextManager[None]:
        return told_as_storage_errors(self._server, version=version)

    def _put_if(
        self, key: str, data: bytes, digest: bytes, conditions: dict[str, str]
    ) -> StoredVersion:
        """PUT under *conditions*; raises `ConditionFailed` where they do not hold."""
        now = self._clock()
        headers = put_headers(digest, len(data), now, self.settings.retention)
        with self._told():
            answer = self._client.put_bytes(key, data, {**conditions, **headers}).headers
        if answer.get(CHECKSUM, checksum(digest)) != checksum(digest):
            raise StoreUnavailable(f"{self._server} received other bytes than were sent")
        version_id = answer.get("x-amz-version-id", "null")
        if version_id == "null":
            raise StoreMisconfigured(f"bucket {self.settings.bucket} does not keep versions")
        return StoredVersion(key, version_id, digest.hex(), len(data), now)

    def _newest(self, key: str) -> _Newest | None:
        try:
            with self._told(key):
                answer = self._client.stat_object(self.settings.bucket, key)
        except ObjectNotFound:
            return None
        return _Newest(self._version_from(key, answer), answer.etag or "")

    def _described(self, key: str, version_id: str) -> StoredVersion:
        """What the headers of one version say."""
        answer = self._client.stat_object(self.settings.bucket, key, version_id=version_id)
        return self._version_from(key, answer)

    def _version_from(self, key: str, answer: Object) -> StoredVersion:
        """The version that an answer describes; read where it does not carry our metadata."""
        version_id = answer.version_id or ""
        claim = claim_of(answer)
        if claim is None:
            data = self._client.get_bytes(key, version_id)
            written = answer.last_modified or datetime.fromtimestamp(0, UTC)
            claim = Claim(hashlib.sha256(data).hexdigest(), len(data), written)
        return StoredVersion(key, version_id, claim.sha256, claim.size, claim.stored_at)

    def _holds(self, version: StoredVersion, data: bytes) -> bool:
        """Whether a version that claims to be *data* can be read back as that."""
        try:
            return self.get(version.key, version.version_id, version.sha256) == data
        except (ObjectDamaged, ObjectNotFound):
            return False

    def _list(self, prefix: str) -> Iterator[Object]:
        """All versions of all keys with *prefix*, newest first for each key."""
        entries = self._client.list_objects(
            self.settings.bucket, prefix=prefix, recursive=True, include_version=True
        )
        return (entry for entry in entries if not entry.is_delete_marker)

    def _has_lock(self) -> bool:
        try:
            self._client.get_object_lock_config(self.settings.bucket)
        except S3Error as error:
            if error.code == "ObjectLockConfigurationNotFoundError":
                return False
            raise
        return True

    def _make_bucket(self) -> None:
        bucket, retention = self.settings.bucket, self.settings.retention
        with self._told():
            if self._client.bucket_exists(bucket):
                return
            self._client.make_bucket(bucket, self.settings.region, object_lock=True)
            if retention:
                mode = COMPLIANCE if retention.mode == "COMPLIANCE" else GOVERNANCE
                self._client.set_object_lock_config(
                    bucket, ObjectLockConfig(mode, retention.days, DAYS)
                )
