"""Uploads that are coming in, each a folder of its own: what is durable is kept over any crash.

    uploads/{id}/upload.json   what was announced; written once
    uploads/{id}/bytes         what has come so far
    uploads/{id}/durable       how many of these bytes are known to be on the disk
    uploads/{id}/batch         the batch that it has become

A crash of this process loses no byte that was written; a power cut at most those since the last
`durable`. The offset that a client is told is never beyond it, and what lies beyond is cut off
before the next byte is taken.

Trust: as the spool: what lies here is believed in nothing.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from hocba.web.resumable.protocol import Checksum
from hocba.web.spool import sync_folder

_ANNOUNCED = "upload.json"
_BYTES = "bytes"
_DURABLE = "durable"
_LOCK = "lock"
_BATCH = "batch"
_BLOCK = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a client said when it created an upload.

    `actor` sent it, for the province `masogd` (None: an operator's); `expires_at` is when it is
    given up unless it is whole.
    """

    id: str
    length: int
    actor: str
    masogd: str | None
    file_name: str | None
    idempotency_key: str | None
    created_at: datetime
    expires_at: datetime


class UploadBusyError(Exception):
    """Another request is writing to the upload."""


class OffsetMismatchError(Exception):
    """The client goes on at another place than the bytes end; `offset` is where they end."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"bytes end at {offset}")
        self.offset = offset


class ChecksumMismatchError(Exception):
    """The bytes that came are not those that were sent; none of them is kept."""


class TooManyBytesError(Exception):
    """More bytes came than were announced."""


class UploadFolder:
    """All uploads of one repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def create(self, announced: Announced) -> "Upload":
        """A new, empty upload; durable once this returns."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        place = self.folder / announced.id
        place.mkdir(mode=0o700)
        (place / _BYTES).touch(mode=0o600)
        text = json.dumps(asdict(announced), default=datetime.isoformat)
        _write_durably(place / _ANNOUNCED, text)
        sync_folder(place)
        sync_folder(self.folder)
        return Upload(place, announced)

    def find(self, identity: str) -> "Upload | None":
        """The upload, None where there is none, or no whole one."""
        place = self.folder / identity
        try:
            raw = json.loads((place / _ANNOUNCED).read_text("utf-8"))
        except (OSError, ValueError):
            return None
        times = {each: datetime.fromisoformat(raw[each]) for each in ("created_at", "expires_at")}
        return Upload(place, Announced(**raw | times))

    def find_by_key(self, actor: str, idempotency_key: str) -> "Upload | None":
        """The upload that *actor* created with this key."""
        for upload in self:
            known = upload.announced
            if (known.actor, known.idempotency_key) == (actor, idempotency_key):
                return upload
        return None

    def __iter__(self) -> Iterator["Upload"]:
        """Every upload."""
        with suppress(FileNotFoundError):
            for entry in sorted(self.folder.iterdir()):
                upload = self.find(entry.name)
                if upload is not None:
                    yield upload

    def sweep(self, now: datetime) -> None:
        """Remove what has expired, and what a crash left half-made a day ago."""
        with suppress(FileNotFoundError):
            for entry in tuple(self.folder.iterdir()):
                upload = self.find(entry.name)
                expires = upload.announced.expires_at if upload else _half_made(entry, now)
                if expires <= now:
                    shutil.rmtree(entry, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload: bytes are appended by one writer at a time."""

    place: Path
    announced: Announced

    @property
    def offset(self) -> int:
        """How many bytes are there for good."""
        try:
            durable = int((self.place / _DURABLE).read_text("ascii"))
        except (OSError, ValueError):
            durable = 0
        try:
            return min(durable, (self.place / _BYTES).stat().st_size)
        except FileNotFoundError:
            return self.announced.length  # handed over whole

    @property
    def whole(self) -> bool:
        """Whether every byte is there."""
        return self.offset == self.announced.length

    @property
    def batch(self) -> str | None:
        """The batch that it has become, None while it has not."""
        try:
            return (self.place / _BATCH).read_text("ascii")
        except FileNotFoundError:
            return None

    def note_batch(self, batch: str) -> None:
        """Note the batch that it has become."""
        _write_durably(self.place / _BATCH, batch)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps every other request away; raises `UploadBusyError` where one is faster."""
        with (self.place / _LOCK).open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UploadBusyError from None
            yield

    @contextmanager
    def writer(self, offset: int, checksum: Checksum | None) -> Iterator["Writer"]:
        """Takes the bytes from *offset* on; what came is durable after the block.

        Whatever ends the block, the bytes that came are kept, unless there is a *checksum* and
        they do not come to it: then `ChecksumMismatchError` is raised, and none of them is kept.
        Raises `UploadBusyError`, `OffsetMismatchError`.
        """
        with self.locked():
            here = self.offset
            if here != offset:
                raise OffsetMismatchError(here)
            with (self.place / _BYTES).open("r+b", buffering=0) as file:
                file.truncate(here)
                file.seek(here)
                writer = Writer(file.fileno(), self, here, checksum)
                try:
                    yield writer
                finally:
                    writer.close()

    def mark_durable(self, offset: int) -> None:
        """Note that the bytes up to *offset* are on the disk."""
        _write_durably(self.place / _DURABLE, str(offset))

    def digest(self, target: Path) -> str:
        """SHA-256 of all bytes, in hexadecimal; they may have been handed over to *target*."""
        here = self.place / _BYTES
        with (here if here.exists() else target).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def hand_over(self, target: Path) -> None:
        """Move the bytes to *target*; durable once this returns, and nothing where it was done."""
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            (self.place / _BYTES).rename(target)
        for each in (target.parent, target.parent.parent, self.place):
            sync_folder(each)

    def remove(self) -> None:
        """Forget the upload."""
        shutil.rmtree(self.place, ignore_errors=True)


class Writer:
    """Appends the bytes of one request."""

    def __init__(
        self, descriptor: int, upload: Upload, offset: int, checksum: Checksum | None
    ) -> None:
        self._descriptor = descriptor
        self._upload = upload
        self._start = offset
        self.offset = offset
        self._durable = offset
        self._expected = checksum.digest if checksum else b""
        self._digest = hashlib.new(checksum.hash_name, usedforsecurity=False) if checksum else None

    def write(self, data: bytes) -> None:
        """Append *data*; raises `TooManyBytesError`, and `OSError` where the disk cannot."""
        if self.offset + len(data) > self._upload.announced.length:
            raise TooManyBytesError
        if self._digest is not None:
            self._digest.update(data)
        view = memoryview(data)
        while view:
            written = os.write(self._descriptor, view)
            self.offset += written
            view = view[written:]
        # With a checksum nothing counts before the last byte has come.
        if self._digest is None and self.offset - self._durable >= _BLOCK * 4:
            self._make_durable()

    def close(self) -> None:
        """Make what came durable; raises `ChecksumMismatchError` and keeps nothing of it."""
        if self._digest is not None and self._digest.digest() != self._expected:
            os.ftruncate(self._descriptor, self._start)
            raise ChecksumMismatchError
        self._make_durable()

    def _make_durable(self) -> None:
        if self.offset != self._durable:
            os.fsync(self._descriptor)
            self._upload.mark_durable(self.offset)
            self._durable = self.offset


def status(upload: Upload) -> Mapping[str, object]:
    """What a client may know of its upload."""
    announced = upload.announced
    return MappingProxyType(
        {
            "id": announced.id,
            "length": announced.length,
            "offset": upload.offset,
            "expires_at": announced.expires_at.isoformat(),
        }
    )


def _half_made(entry: Path, now: datetime) -> datetime:
    try:
        made = datetime.fromtimestamp(entry.stat().st_mtime, now.tzinfo)
    except OSError:
        return now + timedelta(days=1)
    return made + timedelta(days=1)


def _write_durably(path: Path, text: str) -> None:
    """Replace the file at once and for good."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    sync_folder(path.parent)
