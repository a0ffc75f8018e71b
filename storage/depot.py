"""The contract of a depot: bytes on their way from one machine to another.

What lies here is passing through: uploads that wait for a worker host, parts of them that wait to
be examined. Unlike a store it forgets what it is told to forget and keeps no versions.

Trust: none. Whoever can write here can at most make something unreadable: what is fetched is
compared with a digest that came another way.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from storage.errors import ObjectDamaged


@dataclass(frozen=True, slots=True)
class Parked:
    """Something in a depot: its key, its size in bytes, and since when it lies there."""

    key: str
    size: int
    since: datetime


class Depot(Protocol):
    """Objects under keys like `parcels/<batch>/201.parcel`, reachable from every machine.

    Safe for use from several threads and processes at once. Every method raises
    `StoreUnavailable` where the depot cannot be reached, and `ValueError` for what is no key.
    """

    def put(self, key: str, data: bytes) -> None:
        """Park *data*, in place of whatever lay at *key*; durable once this returns."""
        ...

    def put_file(self, key: str, path: Path) -> None:
        """Park the bytes of the file *path*, however many, as `put` does."""
        ...

    def get(self, key: str, sha256: str) -> bytes:
        """The bytes at *key*, proved to have the digest *sha256*.

        Raises `ObjectNotFound` or `ObjectDamaged`.
        """
        ...

    def fetch(self, key: str, path: Path, sha256: str) -> None:
        """Write the bytes at *key* to the new file *path*; otherwise as `get`."""
        ...

    def remove(self, key: str) -> None:
        """Forget what lies at *key*; no error where nothing does."""
        ...

    def parked(self, prefix: str) -> Iterator[Parked]:
        """Everything whose key starts with *prefix*, as a stream."""
        ...

    def check(self) -> None:
        """Raise unless the depot can be used: reachable and writable."""
        ...


def refuse_other_bytes(key: str, found: str, sha256: str) -> None:
    """Raise `ObjectDamaged` unless the digest *found* is the one that was expected."""
    if found != sha256:
        raise ObjectDamaged(f"{key} has the digest {found}, expected was {sha256}")
