"""Two ways to make what was written survive a power cut.

`FileByFile` asks for each file and folder alone. `WholeFileSystem` asks once for the file system:
for a batch that is far cheaper (one journal commit instead of hundreds), but it also waits for
whatever else was written there, so it is not for a single object.
"""

import ctypes
import os
import platform
import re
from typing import Protocol

# From this many files on, one flush of the file system is cheaper than one flush a file.
_WORTHWHILE = 8


class Durability(Protocol):
    """Told what was written; `settle` returns once all of that is durable."""

    def wrote(self, file: int) -> None:
        """Note that the open file *file* was written."""
        ...

    def named(self, folder: int) -> None:
        """Note that a name was put into the open folder *folder*."""
        ...

    def settle(self) -> None:
        """Return once everything noted so far is durable; raise OSError when it is not."""
        ...


class FileByFile:
    """`fsync` of each file and folder, as soon as it is noted."""

    def wrote(self, file: int) -> None:
        """Flush the file."""
        os.fsync(file)

    def named(self, folder: int) -> None:
        """Flush the folder."""
        os.fsync(folder)

    def settle(self) -> None:
        """Nothing is left to do."""


class WholeFileSystem:
    """`syncfs` of the file system that holds *folder*.

    *folder* must have been opened before the first write: the kernel reports the failures that
    happened since then, whichever file they hit.
    """

    def __init__(self, folder: int) -> None:
        self._folder = folder

    def wrote(self, file: int) -> None:
        """Wait for `settle`."""

    def named(self, folder: int) -> None:
        """Wait for `settle`."""

    def settle(self) -> None:
        """Flush the file system."""
        if _LIBC.syncfs(self._folder) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def durability_for(files: int, folder: int) -> Durability:
    """The cheaper way for a batch of *files* below the open *folder*."""
    if files >= _WORTHWHILE and SYNCFS_REPORTS_ERRORS:
        return WholeFileSystem(folder)
    return FileByFile()


def syncfs_reports_errors(system: str, release: str) -> bool:
    """Whether `syncfs` is there and tells of lost writes: Linux does so since 5.8 (syncfs(2))."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return (
        system == "Linux"
        and found is not None
        and (int(found[1]), int(found[2])) >= (5, 8)
        and hasattr(_LIBC, "syncfs")
    )


_LIBC = ctypes.CDLL(None, use_errno=True)
SYNCFS_REPORTS_ERRORS = syncfs_reports_errors(platform.system(), platform.release())
