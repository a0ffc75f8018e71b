"""A forward-only stream of an archive's bytes, decompressed within a budget."""

import gzip
import zlib
from typing import BinaryIO, Protocol

import zstandard

from hocba.ingest.entry import ReadingStopped, SourceLimits
from schemas.findings import finding

CHUNK = 64 * 1024

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_ZSTD_MAX_WINDOW = 128 * 1024 * 1024


class Budget:
    """Bytes that may come out of one archive: in all, and for each byte that it has."""

    def __init__(self, limits: SourceLimits, archive_bytes: int) -> None:
        self._limits = limits
        self._archive_bytes = max(archive_bytes, 1)
        self._spent = 0

    def spend(self, count: int) -> None:
        """Note *count* bytes read; raises `ReadingStopped` beyond the limits."""
        self._spent += count
        limits = self._limits
        if self._spent > limits.total_bytes:
            raise ReadingStopped(finding("HB-I010", limit=limits.total_bytes))
        if self._spent > max(limits.ratio_from, limits.archive_ratio * self._archive_bytes):
            raise ReadingStopped(finding("HB-I009", limit=limits.archive_ratio))


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class ForwardStream:
    """The bytes of a plain, gzip or zstd file, read forward only.

    `read` gives exactly what was asked for, or less at the end. Damage and truncation of the
    compression raise `ReadingStopped`; `OSError` of the file itself passes through.
    """

    def __init__(self, file: BinaryIO, budget: Budget) -> None:
        start = file.read(4)
        file.seek(0)
        self._budget = budget
        self._reader, self._errors = _decompressor(file, start)

    def read(self, size: int) -> bytes:
        """The next *size* bytes; fewer only at the end of the stream."""
        parts: list[bytes] = []
        missing = size
        while missing:
            part = self._read(min(missing, CHUNK))
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def skip(self, size: int) -> int:
        """Read *size* bytes and forget them; gives how many there were."""
        left = size
        while left:
            part = self._read(min(left, CHUNK))
            if not part:
                break
            left -= len(part)
        return size - left

    def _read(self, size: int) -> bytes:
        try:
            part = self._reader.read(size)
        except self._errors as error:
            raise ReadingStopped(finding("HB-I014")) from error
        self._budget.spend(len(part))
        return part


def is_compressed(start: bytes) -> bool:
    """Whether a file that starts so is a gzip or zstd stream."""
    return start.startswith((_GZIP_MAGIC, _ZSTD_MAGIC))


def _decompressor(file: BinaryIO, start: bytes) -> tuple[_Readable, tuple[type[Exception], ...]]:
    if start.startswith(_GZIP_MAGIC):
        # BadGzipFile is an OSError; a failing disk is one too, but not of that class.
        errors = (gzip.BadGzipFile, EOFError, zlib.error)
        return gzip.GzipFile(fileobj=file, mode="rb"), errors
    if start.startswith(_ZSTD_MAGIC):
        options = zstandard.ZstdDecompressor(max_window_size=_ZSTD_MAX_WINDOW)
        return options.stream_reader(file, read_across_frames=True), (zstandard.ZstdError,)
    return file, ()
