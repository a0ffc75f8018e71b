"""A depot in a folder that every machine sees: one machine's own disk, or a shared file system."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from storage.contract import checked_key
from storage.depot import Parked, refuse_other_bytes
from storage.errors import ObjectNotFound, StoreMisconfigured
from storage.oserrors import told_as_storage_errors

_BLOCK = 1024 * 1024
_COMING = ".coming-"


class FolderDepot:
    """A `Depot` in the folder *root*, which must exist; `create` makes it."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @classmethod
    def create(cls, root: Path) -> "FolderDepot":
        """The depot in *root*, made for its owner only unless it is there."""
        with told_as_storage_errors(root):
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return cls(root)

    def put(self, key: str, data: bytes) -> None:
        """Park *data*, in place of whatever lay at *key*; durable once this returns."""
        with told_as_storage_errors(self._root), self._coming(key) as file:
            file.write(data)
            self._arrived(file, key)

    def put_file(self, key: str, path: Path) -> None:
        """Park the bytes of the file *path*, however many, as `put` does."""
        with (
            told_as_storage_errors(self._root),
            path.open("rb") as source,
            self._coming(key) as file,
        ):
            shutil.copyfileobj(source, file, _BLOCK)
            self._arrived(file, key)

    def get(self, key: str, sha256: str) -> bytes:
        """The bytes at *key*, proved to have the digest *sha256*."""
        with told_as_storage_errors(self._root), self._opened(key) as file:
            data = file.read()
        refuse_other_bytes(key, hashlib.sha256(data).hexdigest(), sha256)
        return data

    def fetch(self, key: str, path: Path, sha256: str) -> None:
        """Write the bytes at *key* to the new file *path*; otherwise as `get`."""
        digest = hashlib.sha256()
        with told_as_storage_errors(self._root), self._opened(key) as file:
            try:
                with path.open("xb") as out:
                    while block := file.read(_BLOCK):
                        digest.update(block)
                        out.write(block)
                refuse_other_bytes(key, digest.hexdigest(), sha256)
            except BaseException:
                path.unlink(missing_ok=True)
                raise

    def remove(self, key: str) -> None:
        """Forget what lies at *key*; no error where nothing does."""
        with told_as_storage_errors(self._root):
            self._path(key).unlink(missing_ok=True)

    def parked(self, prefix: str) -> Iterator[Parked]:
        """Everything whose key starts with *prefix*, as a stream."""
        with told_as_storage_errors(self._root):
            for folder, folders, files in os.walk(self._root):
                folders.sort()
                for name in sorted(each for each in files if not each.startswith(_COMING)):
                    path = Path(folder, name)
                    key = path.relative_to(self._root).as_posix()
                    if not key.startswith(prefix):
                        continue
                    try:
                        status = path.stat()
                    except FileNotFoundError:
                        continue  # removed since it was listed
                    yield Parked(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    def check(self) -> None:
        """Raise unless the depot can be used: reachable and writable."""
        if not self._root.is_dir():
            raise StoreMisconfigured(f"no depot in {self._root}: no such folder")
        with told_as_storage_errors(self._root), tempfile.TemporaryFile(dir=self._root):
            pass

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _opened(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as error:
            raise ObjectNotFound(f"nothing parked at {key}") from error

    def _coming(self, key: str) -> "tempfile._TemporaryFileWrapper[bytes]":
        folder = self._path(key).parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tempfile.NamedTemporaryFile(dir=folder, prefix=_COMING)

    def _arrived(self, file: "tempfile._TemporaryFileWrapper[bytes]", key: str) -> None:
        """Give the whole file its name, durably; the temporary one is gone then."""
        file.flush()
        os.fsync(file.fileno())
        path = self._path(key)
        complete = path.with_name(f"{Path(file.name).name}.whole")
        complete.unlink(missing_ok=True)
        os.link(file.name, complete)
        complete.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
