"""A depot in a bucket of an S3 server: one without versioning, beside the one of the store."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from urllib3.response import BaseHTTPResponse

from storage.contract import checked_key
from storage.depot import Parked, refuse_other_bytes
from storage.errors import StoreMisconfigured
from storage.s3_client import S3Client
from storage.s3_errors import told_as_storage_errors
from storage.s3_settings import S3Settings

_BLOCK = 1024 * 1024
_PART = 64 * 1024 * 1024
_PROBE = ".hocba-depot"


class S3Depot:
    """A `Depot` in the bucket that *settings* name; `create` makes the bucket."""

    def __init__(self, settings: S3Settings) -> None:
        self.settings = settings
        self._server = f"S3 server {settings.endpoint}"
        self._made: tuple[int, S3Client] | None = None

    @classmethod
    def create(cls, settings: S3Settings) -> "S3Depot":
        """The depot in the bucket, made unless it is there."""
        depot = cls(settings)
        with depot._told():
            if not depot._client.bucket_exists(settings.bucket):
                depot._client.make_bucket(settings.bucket, settings.region)
        return depot

    def put(self, key: str, data: bytes) -> None:
        """Park *data*, in place of whatever lay at *key*; durable once this returns."""
        with self._told():
            self._client.put_bytes(checked_key(key), data, {})

    def put_file(self, key: str, path: Path) -> None:
        """Park the bytes of the file *path*, however many, as `put` does."""
        with self._told():
            self._client.fput_object(
                self.settings.bucket, checked_key(key), str(path), part_size=_PART
            )

    def get(self, key: str, sha256: str) -> bytes:
        """The bytes at *key*, proved to have the digest *sha256*."""
        data = b"".join(self._blocks(key))
        refuse_other_bytes(key, hashlib.sha256(data).hexdigest(), sha256)
        return data

    def fetch(self, key: str, path: Path, sha256: str) -> None:
        """Write the bytes at *key* to the new file *path*; otherwise as `get`."""
        digest = hashlib.sha256()
        try:
            with path.open("xb") as out:
                for block in self._blocks(key):
                    digest.update(block)
                    out.write(block)
            refuse_other_bytes(key, digest.hexdigest(), sha256)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def remove(self, key: str) -> None:
        """Forget what lies at *key*; no error where nothing does."""
        with self._told():
            self._client.remove_object(self.settings.bucket, checked_key(key))

    def parked(self, prefix: str) -> Iterator[Parked]:
        """Everything whose key starts with *prefix*, as a stream."""
        with self._told():
            listed = self._client.list_objects(self.settings.bucket, prefix=prefix, recursive=True)
            for each in listed:
                if each.object_name and each.object_name != _PROBE:
                    since = each.last_modified or datetime.now(UTC)
                    yield Parked(each.object_name, each.size or 0, since)

    def check(self) -> None:
        """Raise unless the depot can be used: reachable, writable, and not keeping versions."""
        bucket = self.settings.bucket
        with self._told():
            if self._client.get_bucket_versioning(bucket).status == "Enabled":
                raise StoreMisconfigured(
                    f"bucket {bucket} keeps versions: a depot must be able to forget"
                )
            self._client.put_bytes(_PROBE, b"", {})

    def _blocks(self, key: str) -> Iterator[bytes]:
        """The object in pieces, as it was sent: no Content-Encoding is undone."""
        with self._told(checked_key(key)):
            response: BaseHTTPResponse = self._client.get_object(self.settings.bucket, key)
            try:
                while block := response.read(_BLOCK, decode_content=False):
                    yield block
            finally:
                response.close()
                response.release_conn()

    @property
    def _client(self) -> S3Client:
        """This process's client: connections must not be shared across a fork."""
        if self._made is None or self._made[0] != os.getpid():
            self._made = (os.getpid(), S3Client(self.settings))
        return self._made[1]

    def _told(self, key: str = "") -> AbstractContextManager[None]:
        return told_as_storage_errors(self._server, version=key)
