"""Files that hold one version each, and their names: `000000000001-<sha256>-<size>`.

The name is the version id. Names sort by age. The digest makes the names of concurrent writers
differ unless they write the same bytes, so that no writer needs a lock and none can replace what
another wrote. What a name says is a claim until the bytes were compared with it.
"""

import errno
import os
import re
import stat
from datetime import UTC, datetime
from typing import NamedTuple

from storage.contract import MAX_OBJECT_SIZE
from storage.durability import Durability
from storage.errors import ObjectDamaged, StoreMisconfigured
from storage.folders import closing

_NAME = re.compile(r"([0-9]{12})-([0-9a-f]{64})-(0|[1-9][0-9]{0,11})\Z")
_LAST = 10**12 - 1

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE_MODE = 0o440
# A pipe that somebody put in a version's place must not make the reader wait.
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class VersionName(NamedTuple):
    """One version, as the name of its file tells it.

    Sorts by age; of two that were written at the same time, by digest.
    """

    sequence: int
    sha256: str
    size: int

    def __str__(self) -> str:
        return f"{self.sequence:012d}-{self.sha256}-{self.size}"

    def next(self, sha256: str, size: int) -> "VersionName":
        """The name of the version that follows this one."""
        if self.sequence >= _LAST:
            raise StoreMisconfigured(f"a key has a version numbered {_LAST}, the last there can be")
        return VersionName(self.sequence + 1, sha256, size)


BEFORE_FIRST = VersionName(0, "", 0)


def parse_version_name(name: str) -> VersionName | None:
    """The version that *name* tells of; None for any other text."""
    found = _NAME.match(name)
    return VersionName(int(found[1]), found[2], int(found[3])) if found else None


def version_names(holder: int) -> list[VersionName]:
    """The versions in a key's open folder, oldest first; other names there count for nothing."""
    names = (parse_version_name(name) for name in os.listdir(holder))
    return sorted(name for name in names if name is not None)


def write_file(name: str, folder: int, data: bytes, durability: Durability) -> datetime:
    """Write a new file and return its time; leaves none behind when it fails."""
    with closing(os.open(name, _NEW_FILE, _FILE_MODE, dir_fd=folder)) as file:
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file, rest) :]
            durability.wrote(file)
            return modified(os.fstat(file))
        except BaseException:
            os.unlink(name, dir_fd=folder)
            raise


def read_version(name: VersionName, holder: int) -> bytes:
    """The bytes of a version, of the right length; the digest is for the caller to compare."""
    with closing(_open_version(name, holder)) as file:
        return _read_all(file, name)


def confirm_version(
    name: VersionName, holder: int, data: bytes, durability: Durability
) -> datetime:
    """Make sure that a version has the bytes *data* and is durable; returns its time."""
    with closing(_open_version(name, holder)) as file:
        if _read_all(file, name) != data:
            raise ObjectDamaged(f"{name} does not have the bytes that it is named after")
        durability.wrote(file)
        return modified(os.fstat(file))


def version_time(name: VersionName, holder: int) -> datetime:
    """When a version was stored."""
    return modified(os.stat(str(name), dir_fd=holder, follow_symlinks=False))


def modified(status: os.stat_result) -> datetime:
    """When a file was written, by the clock of its file system."""
    return datetime.fromtimestamp(status.st_mtime, UTC)


def _open_version(name: VersionName, holder: int) -> int:
    try:
        return os.open(str(name), _READ, dir_fd=holder)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENXIO}:
            raise ObjectDamaged(f"{name} is a link or socket, not a file") from error
        raise


def _read_all(file: int, name: VersionName) -> bytes:
    """All bytes of an open version; never more than an object may have."""
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode):
        raise ObjectDamaged(f"{name} is not a file")
    if status.st_size != name.size or name.size > MAX_OBJECT_SIZE:
        raise ObjectDamaged(f"{name} has {status.st_size} bytes, stored were {name.size}")
    with open(file, "rb", closefd=False) as reader:
        return reader.read(name.size + 1)
