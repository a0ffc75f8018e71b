"""Where uploaded batches wait until they are worked: a folder in the repository's home.

Trust: what lies here was sent by an authenticated caller and is believed in nothing; it is gone
once its batch is final.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio

from hocba.ingest.names import shown_name

_PART = ".part"
_BLOCK = 1024 * 1024
_ABANDONED_SECONDS = 24 * 3600
_MAX_NAME = 60  # of up to four bytes each: a file system allows 255


@dataclass(frozen=True, slots=True)
class Spooled:
    """A batch whose bytes are durable in the spool."""

    path: Path
    sha256: str


class Spool:
    """The folder; one folder in it for each batch."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self) -> None:
        """Make the folder, for its owner only."""
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def draft(self, batch: str) -> "Draft":
        """A place for the bytes of a batch that is coming in."""
        return Draft(self.folder / batch)

    def find(self, batch: str) -> Path | None:
        """Where the bytes of a batch lie; None where they do not lie here."""
        try:
            files = [each for each in (self.folder / batch).iterdir() if each.name != _PART]
        except OSError:
            return None
        return files[0] if len(files) == 1 else None

    def remove(self, batch: str) -> None:
        """Forget the bytes of a batch; no error where there are none."""
        shutil.rmtree(self.folder / batch, ignore_errors=True)

    def sweep(self, waiting: Iterable[str]) -> None:
        """Remove what no waiting batch needs and nobody has touched for a day.

        An upload that a crash cut off leaves such a folder; a younger one may still be coming in.
        """
        kept = set(waiting)
        for entry in self.folder.iterdir():
            if entry.name in kept:
                continue
            with suppress(OSError):  # it may be renamed or removed by its upload just now
                touched = max(each.stat().st_mtime for each in (entry, *entry.iterdir()))
                if entry.is_dir() and time.time() - touched > _ABANDONED_SECONDS:
                    shutil.rmtree(entry, ignore_errors=True)

    def adopt(self, sent: str, batch: str) -> bool:
        """Give the bytes that came in as *sent* to *batch*, if that has none here."""
        if self.find(batch) is not None:
            return False
        try:
            (self.folder / sent).rename(self.folder / batch)
        except OSError:
            return False
        return True


class Draft:
    """Bytes of a batch that are coming in; a `Sink`. Closed without `keep`, nothing is left."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._part = folder / _PART
        self._digest = hashlib.sha256()
        self._waiting = bytearray()
        folder.mkdir(mode=0o700)
        self._file = self._part.open("xb", buffering=0)

    async def write(self, data: bytes) -> None:
        """Take the next bytes; they are written in larger blocks."""
        self._waiting += data
        if len(self._waiting) >= _BLOCK:
            await anyio.to_thread.run_sync(self._flush)

    async def keep(self, name: str | None) -> Spooled:
        """Make the bytes durable under *name*."""
        return await anyio.to_thread.run_sync(partial(self._keep, name))

    def discard(self) -> None:
        """Leave nothing; does nothing to what was kept."""
        if not self._file.closed:
            self._file.close()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _flush(self) -> None:
        block = bytes(self._waiting)
        self._waiting.clear()
        self._digest.update(block)
        view = memoryview(block)
        while view:
            view = view[self._file.write(view) :]

    def _keep(self, name: str | None) -> Spooled:
        self._flush()
        os.fsync(self._file.fileno())
        self._file.close()
        path = self._folder / file_name(name)
        self._part.rename(path)
        for folder in (self._folder, self._folder.parent):
            sync_folder(folder)
        return Spooled(path, self._digest.hexdigest())


def file_name(name: str | None) -> str:
    """*name* as a file may be called here: without folders, hidden letters and great length."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    shown = shown_name(last).replace("\ufffd", "_").strip().lstrip(".")
    return shown[-_MAX_NAME:].lstrip(" .") or "batch"


def sync_folder(folder: Path) -> None:
    """Make durable what was made, renamed or removed in *folder*."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
