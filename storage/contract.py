"""The contract of a store: versioned objects, bytes exactly as given, no delete.

Trust: the store is not trusted. An attacker who can modify it can at most make an object
unreadable: every read is checked against the digest that the caller (or the index) knows.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

# Folders have no dot and objects have an ending, so that no key is ever a folder of another: some
# S3 servers keep keys as files in folders, where one name cannot be both.
_KEY = re.compile(r"(?:[A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+\Z")
MAX_KEY_LENGTH = 512
# A part is a file name in a `DirectoryStore`: at most 255 bytes, of which some are the store's own.
MAX_PART_LENGTH = 200
# SeaweedFS keeps the versions of `x` in a folder `x.versions` beside it.
_RESERVED_ENDING = ".versions"
# A read never takes more than this into memory, whatever a store that was tampered with offers.
MAX_OBJECT_SIZE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One stored version of an object. `sha256` is lower-case hex, `size` in bytes."""

    key: str
    version_id: str
    sha256: str
    size: int
    stored_at: datetime


class Store(Protocol):
    """Versioned objects under keys like `records/15/2025-2026/15000001/<uuid>.xml`.

    Safe for use from several threads and processes at once.
    """

    def put(self, key: str, data: bytes) -> StoredVersion:
        """Store *data* as a new version of *key*; durable once this returns.

        Storing the bytes that already are the newest version returns that version.
        Raises `StoreUnavailable` when nothing can be promised; whatever was written by then is at
        most an unreferenced version.
        """
        ...

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> tuple[StoredVersion, ...]:
        """Store every (key, data) as `put` would, in order; all are durable once this returns.

        Much cheaper than one `put` after the other: the cost of durability is paid once. Raises as
        `put` does, for the whole; whatever was written by then is at most unreferenced versions.
        """
        ...

    def get(self, key: str, version_id: str, sha256: str) -> bytes:
        """The bytes of one version, proved to have the digest *sha256*.

        Raises `ObjectNotFound` or `ObjectDamaged`.
        """
        ...

    def versions(self, key: str) -> tuple[StoredVersion, ...]:
        """All versions of *key*, oldest first; empty where there is none."""
        ...

    def keys(self, prefix: str = "") -> Iterator[str]:
        """Every key that starts with *prefix*, in order, as a stream."""
        ...

    def check(self) -> None:
        """Raise unless the store can be used: reachable, writable, versioning on."""
        ...


def is_key(text: str) -> bool:
    """Whether *text* can be a key: relative, ASCII, and unable to climb."""
    return (
        len(text) <= MAX_KEY_LENGTH
        and _KEY.match(text) is not None
        and not any(
            len(part) > MAX_PART_LENGTH or part.endswith(_RESERVED_ENDING)
            for part in text.split("/")
        )
    )


def checked_key(key: str) -> str:
    """*key* itself, or ValueError when it cannot be one."""
    if not is_key(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key


def checked_data(data: bytes) -> bytes:
    """*data* itself, or ValueError when a store would not read it back."""
    if len(data) > MAX_OBJECT_SIZE:
        raise ValueError(f"object has {len(data)} bytes, limit is {MAX_OBJECT_SIZE}")
    return data
