"""Where a batch comes from: one file, a folder, or an archive, always read as a stream."""

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from hashlib import file_digest
from pathlib import Path

from hocba.errors import SourceUnreadable
from hocba.ingest.entry import (
    BadEntry,
    Document,
    Entry,
    EntryRefused,
    IgnoredEntry,
    RawEntry,
    ReadingStopped,
    SourceLimits,
)
from hocba.ingest.folder import folder_fingerprint, read_folder
from hocba.ingest.names import is_junk, is_tar, refuse_climbing, refuse_nested_archive, shown_name
from hocba.ingest.stream import is_compressed
from hocba.ingest.tar_archive import read_tar
from hocba.ingest.zip_archive import count_zip, read_zip
from schemas.findings import finding, system_code

DEFAULT_SOURCE_LIMITS = SourceLimits()

_TAR_SUFFIXES = frozenset({".tar", ".gz", ".tgz", ".zst", ".tzst"})
_UNSUPPORTED = {
    b"7z\xbc\xaf\x27\x1c": "7z",
    b"Rar!\x1a\x07": "rar",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
}


class _Kind(Enum):
    FILE = auto()
    FOLDER = auto()
    ZIP = auto()
    TAR = auto()
    UNSUPPORTED = auto()


@dataclass(frozen=True, slots=True)
class Source:
    """A source that exists; made by `open_source`.

    Reading it twice gives the same entries at the same positions, as long as its fingerprint is
    the same.
    """

    path: Path
    limits: SourceLimits
    _kind: _Kind

    @property
    def name(self) -> str:
        """A name for people, without the folders that it lies in."""
        return shown_name(self.path.name or str(self.path))

    def fingerprint(self) -> str:
        """Identifies the content; reads an archive or a file once."""
        if self._kind is _Kind.FOLDER:
            return folder_fingerprint(self.path)
        with self.path.open("rb") as file:
            return f"sha256:{file_digest(file, 'sha256').hexdigest()}"

    def expected(self) -> int | None:
        """About how many entries there will be, for progress bars; None where nothing tells."""
        match self._kind:
            case _Kind.FILE:
                return 1
            case _Kind.ZIP:
                return count_zip(self.path)
            case _Kind.FOLDER | _Kind.TAR | _Kind.UNSUPPORTED:
                return None

    def entries(self) -> Iterator[Entry]:
        """Every entry once, in a fixed order, one at a time.

        Raises `SourceUnreadable` where the archive cannot be opened or nothing is in it. `OSError`
        passes through: a failing disk says nothing about the documents.
        """
        position = 0
        for raw in self._raw_entries():
            if is_junk(raw.name) and not isinstance(raw.data, ReadingStopped):
                yield IgnoredEntry(shown_name(raw.name))
                continue
            position += 1
            if position > self.limits.entries:
                stop = finding("HB-I011", limit=self.limits.entries)
                yield BadEntry(position, shown_name(raw.name), stop)
                return
            entry = self._entry(position, raw)
            if position == 1 and isinstance(raw.data, ReadingStopped) and not raw.name:
                raise SourceUnreadable(finding("HB-I001"))
            yield entry
        if position == 0:
            raise SourceUnreadable(finding("HB-I002"))

    def _entry(self, position: int, raw: RawEntry) -> Entry:
        name = shown_name(raw.name) or self.name
        if isinstance(raw.data, ReadingStopped):
            return BadEntry(position, name, raw.data.finding)
        try:
            if self._kind in {_Kind.ZIP, _Kind.TAR}:
                refuse_climbing(raw.name)
            start = b"" if isinstance(raw.data, EntryRefused) else raw.data[:512]
            refuse_nested_archive(raw.name, start)
            if isinstance(raw.data, EntryRefused):
                raise raw.data
        except EntryRefused as refused:
            return BadEntry(position, name, refused.finding)
        return Document(position, name, raw.data)

    def _raw_entries(self) -> Iterator[RawEntry]:
        match self._kind:
            case _Kind.FOLDER:
                return read_folder(self.path, self.limits)
            case _Kind.ZIP:
                return read_zip(self.path, self.limits)
            case _Kind.TAR:
                return read_tar(self.path, self.limits)
            case _Kind.FILE:
                return self._single_file()
            case _Kind.UNSUPPORTED:
                return self._unsupported()

    def _single_file(self) -> Iterator[RawEntry]:
        limit = self.limits.document_bytes
        with self.path.open("rb") as file:
            data = file.read(limit + 1)
        refused = EntryRefused(finding("HB-I008", limit=limit))
        yield RawEntry(self.path.name, data if len(data) <= limit else refused)

    def _unsupported(self) -> Iterator[RawEntry]:
        with self.path.open("rb") as file:
            start = file.read(8)
        names = [name for magic, name in _UNSUPPORTED.items() if start.startswith(magic)]
        raise SourceUnreadable(finding("HB-I016", found="".join(names)))


def open_source(path: Path, limits: SourceLimits = DEFAULT_SOURCE_LIMITS) -> Source:
    """The source at *path*: a folder, a zip, a tar (plain, gzip, zstd) or one document.

    What it is, its first bytes tell; a name only that they should be those of an archive. Raises
    `SourceUnreadable` where nothing is there or may be read; an archive that cannot be opened says
    so when its entries are asked for.
    """
    try:
        if path.is_dir():
            return Source(path, limits, _Kind.FOLDER)
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "not a file")  # a pipe would be waited for without end
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        found = finding("HB-I003", found=path.name, reason=system_code(error))
        raise SourceUnreadable(found) from error
    return Source(path, limits, _kind(path, start))


def _kind(path: Path, start: bytes) -> _Kind:
    suffix = path.suffix.lower()
    if start.startswith(tuple(_UNSUPPORTED)):
        return _Kind.UNSUPPORTED
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")) or suffix == ".zip":
        return _Kind.ZIP
    if is_compressed(start) or is_tar(start) or suffix in _TAR_SUFFIXES:
        return _Kind.TAR
    return _Kind.FILE
