"""Folders below one root, opened part by part so that no symbolic link is ever followed.

Whoever can write into a store could put a link there; it must not make this process read or write
anything outside. Paths are therefore never handed to the kernel: each part is opened in the folder
that was opened before it.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from storage.errors import StoreMisconfigured

FOLDER_MODE = 0o750
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

Parts = tuple[str, ...]


class Folders:
    """Open folders by their parts below *root*; all are closed at the end of the `with`.

    Takes over the open folder *root*. Not for use from several threads.
    """

    def __init__(self, root: int) -> None:
        self._opened: dict[Parts, int] = {(): root}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for folder in self._opened.values():
            os.close(folder)
        self._opened.clear()

    def open(self, parts: Parts, *, create: bool = False) -> int:
        """The open folder; FileNotFoundError when it is not there and not to be created."""
        known = self._opened.get(parts)
        if known is not None:
            return known
        parent = self.open(parts[:-1], create=create)
        folder = open_folder(parts[-1], parent, create=create)
        self._opened[parts] = folder
        return folder


def open_folder(name: str, parent: int, *, create: bool = False) -> int:
    """Open the folder *name* in the open folder *parent*; never through a link."""
    try:
        try:
            return os.open(name, _FOLDER, dir_fd=parent)
        except FileNotFoundError:
            if not create:
                raise
        with suppress(FileExistsError):  # another writer was faster
            os.mkdir(name, FOLDER_MODE, dir_fd=parent)
        return os.open(name, _FOLDER, dir_fd=parent)
    except OSError as error:
        if error.errno in {errno.ENOTDIR, errno.ELOOP}:
            raise StoreMisconfigured(
                f"a link or file stands in the store where a folder must be: {name}"
            ) from error
        raise


@contextmanager
def closing(opened: int) -> Iterator[int]:
    """Close an open file or folder at the end of the `with`."""
    try:
        yield opened
    finally:
        os.close(opened)
