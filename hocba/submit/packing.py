"""Documents packed for the line: a tar of them, compressed with Zstandard.

Measured on 65 MB of sample records (docs/submit.md): Zstandard at level 3 with a long window makes
them 14 times smaller at 95 MB/s, gzip at its best 4 times at 38 MB/s: the certificates in all of a
school's records are the same, and lie further apart than gzip looks.
"""

import os
import tarfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import zstandard

_LEVEL = 3
_WINDOW_LOG = 24  # 16 MiB; what reads it here allows 128
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class PackLimits:
    """When a part is full; one document more than *size* may be in it."""

    documents: int = 100_000
    size: int = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Packed:
    """A part that lies whole on the disk."""

    documents: int
    size: int
    sha256: str


class Packer:
    """Packs into the file *path*; what is there is overwritten.

    The same documents under the same names in the same order give the same bytes.
    """

    def __init__(self, path: Path, limits: PackLimits) -> None:
        parameters = zstandard.ZstdCompressionParameters.from_level(
            _LEVEL, window_log=_WINDOW_LOG, enable_ldm=True, write_checksum=True
        )
        self._limits = limits
        self._file = _Digesting(path)
        self._stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
        self.documents = 0

    def close(self) -> None:
        """Close the file; what was not finished is worth nothing."""
        self._file.close()

    @property
    def full(self) -> bool:
        """Whether the part is as large as it may become."""
        limits = self._limits
        return self.documents >= limits.documents or self._file.size >= limits.size

    def add(self, name: str, data: bytes) -> None:
        """Add one document."""
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        entry.mode = 0o644
        header = entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        for each in (header, data, bytes(-len(data) % _BLOCK)):
            self._file.write(self._stream.compress(each))
        self.documents += 1

    def finish(self) -> Packed:
        """End the archive; durable once this returns."""
        self._file.write(self._stream.compress(bytes(2 * _BLOCK)))
        self._file.write(self._stream.flush())
        self._file.sync()
        return Packed(self.documents, self._file.size, self._file.hexdigest())


class _Digesting:
    """A file that counts and digests what is written to it."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=0)
        self._digest = sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        self._digest.update(view)
        while view:
            view = view[self._file.write(view) :]
        self.size += len(data)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()
