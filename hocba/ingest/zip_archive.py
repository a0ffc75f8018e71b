"""Entries of a zip archive (PKWARE APPNOTE 6.3.10, ZIP64), one at a time.

Not `zipfile`: that keeps the whole central directory in memory, over a gigabyte for the two
million entries that a batch may have. Names, sizes and CRCs are those of the central directory;
a local header that disagrees is damage, so that no two readers see different archives.
"""

import io
import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hocba.errors import SourceUnreadable
from hocba.ingest.entry import MEBIBYTE, EntryRefused, RawEntry, ReadingStopped, SourceLimits
from hocba.ingest.names import decoded_name, unicode_path
from hocba.ingest.stream import CHUNK, Budget
from schemas.findings import finding

_END = struct.Struct("<4s4H2LH")
_END64_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_MAX_COMMENT = 0xFFFF

_ENCRYPTED = 0x0001 | 0x0040 | 0x2000
_UTF8 = 0x0800
_STORED, _DEFLATED = 0, 8
_MADE_ON_UNIX = 3


@dataclass(frozen=True, slots=True)
class _Directory:
    start: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """An entry as the central directory has it."""

    raw_name: bytes
    name: str
    flags: int
    method: int
    crc: int
    compressed: int
    size: int
    offset: int
    mode: int


def read_zip(
    source: Path | bytes, limits: SourceLimits, admit: Callable[[str, int], None] | None = None
) -> Iterator[RawEntry]:
    """Entries in the order of the central directory; folders are left out.

    *admit* is asked about each name, folders too, and its declared size before the entry is
    unpacked, and may raise.
    A last entry carries `ReadingStopped` where the directory cannot be read to its end. Raises
    `SourceUnreadable` where there is none.
    """
    archive_bytes = len(source) if isinstance(source, bytes) else source.stat().st_size
    budget = Budget(limits, archive_bytes)
    with _opened(source) as directory_file, _opened(source) as data_file:
        directory = _find_directory(directory_file, archive_bytes)
        name = ""
        try:
            for entry in _entries(directory_file, directory):
                name = entry.name
                if admit is not None:
                    admit(name, entry.size)
                if not name.endswith("/"):
                    yield RawEntry(name, _content(data_file, entry, directory, limits, budget))
                name = ""
        except ReadingStopped as stopped:
            yield RawEntry(name, stopped)


def _opened(source: Path | bytes) -> BinaryIO:
    return io.BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def count_zip(path: Path) -> int | None:
    """How many entries the archive declares, folders too; for progress bars, never for limits."""
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            _, end = _find_end(file, size)
        except SourceUnreadable:
            return None
    declared: int = end[4]
    return None if declared == 0xFFFF else declared


def _content(
    file: BinaryIO, entry: _Entry, directory: _Directory, limits: SourceLimits, budget: Budget
) -> bytes | EntryRefused:
    try:
        if stat.S_IFMT(entry.mode) not in {0, stat.S_IFREG}:
            raise EntryRefused(finding("HB-I005"))
        if entry.flags & _ENCRYPTED:
            raise EntryRefused(finding("HB-I006"))
        if entry.method not in {_STORED, _DEFLATED}:
            raise EntryRefused(finding("HB-I013", found=entry.method))
        _go_to_data(file, entry, directory)
        data = _decompressed(file, entry, limits, budget)
        if len(data) != entry.size or zlib.crc32(data) != entry.crc:
            raise EntryRefused(finding("HB-I007"))
    except ReadingStopped:
        raise
    except EntryRefused as refused:
        return refused
    return data


def _decompressed(file: BinaryIO, entry: _Entry, limits: SourceLimits, budget: Budget) -> bytes:
    """The entry's bytes; stops at the limits, not at the sizes that the archive declares."""
    data = bytearray()
    for out, consumed in _parts(file, entry):
        budget.spend(len(out))
        data += out
        if len(data) > MEBIBYTE and len(data) > limits.entry_ratio * consumed:
            raise EntryRefused(finding("HB-I009", limit=limits.entry_ratio))
        if len(data) > limits.document_bytes:
            raise EntryRefused(finding("HB-I008", limit=limits.document_bytes))
    return bytes(data)


def _parts(file: BinaryIO, entry: _Entry) -> Iterator[tuple[bytes, int]]:
    """The entry's bytes in parts of at most `CHUNK`, each with the bytes consumed so far."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    left = entry.compressed
    while left:
        part = file.read(min(left, CHUNK))
        if not part:
            raise EntryRefused(finding("HB-I007"))
        left -= len(part)
        if entry.method == _STORED:
            yield part, entry.compressed - left
            continue
        while part:
            try:
                out = inflater.decompress(part, CHUNK)
            except zlib.error as error:
                raise EntryRefused(finding("HB-I007")) from error
            part = inflater.unconsumed_tail
            yield out, entry.compressed - left - len(part)
            if inflater.eof and (left or inflater.unused_data):
                raise EntryRefused(finding("HB-I007"))
    if entry.method == _DEFLATED:
        yield inflater.flush(), entry.compressed
        if not inflater.eof:
            raise EntryRefused(finding("HB-I007"))


def _go_to_data(file: BinaryIO, entry: _Entry, directory: _Directory) -> None:
    if entry.offset >= directory.start:  # ZIP64 can name offsets that no file has
        raise EntryRefused(finding("HB-I007"))
    file.seek(entry.offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        raise EntryRefused(finding("HB-I007"))
    signature, _, flags, method, *_, name_length, extra_length = _LOCAL.unpack(header)
    name = file.read(name_length)
    agrees = (
        signature == b"PK\x03\x04"
        and name == entry.raw_name
        and method == entry.method
        and not flags & _ENCRYPTED
    )
    data = entry.offset + _LOCAL.size + name_length + extra_length
    if not agrees or data + entry.compressed > directory.start:
        raise EntryRefused(finding("HB-I007"))
    file.seek(data)


def _entries(file: BinaryIO, directory: _Directory) -> Iterator[_Entry]:
    file.seek(directory.start)
    left = directory.size
    while left:
        header = file.read(_CENTRAL.size)
        if len(header) < _CENTRAL.size or not header.startswith(b"PK\x01\x02"):
            raise ReadingStopped(finding("HB-I014"))
        fields = _CENTRAL.unpack(header)
        lengths = fields[10], fields[11], fields[12]
        left -= _CENTRAL.size + sum(lengths)
        name, extra, _ = (file.read(length) for length in lengths)
        if left < 0:
            raise ReadingStopped(finding("HB-I014"))
        yield _entry(fields, name, _extra_fields(extra))


def _entry(fields: tuple[int, ...], raw_name: bytes, extra: dict[int, bytes]) -> _Entry:
    flags = fields[3]
    sizes = {"size": fields[9], "compressed": fields[8], "offset": fields[16]}
    long = extra.get(0x0001, b"")
    for name, value in sizes.items():  # ZIP64: only what does not fit stands there, in this order
        if value == 0xFFFFFFFF and len(long) >= 8:
            sizes[name], long = int.from_bytes(long[:8], "little"), long[8:]
    unicode_name = unicode_path(extra.get(0x7075), raw_name)
    unix = fields[1] >> 8 == _MADE_ON_UNIX
    return _Entry(
        raw_name=raw_name,
        name=unicode_name or decoded_name(raw_name, utf8=bool(flags & _UTF8)),
        flags=flags,
        method=fields[4],
        crc=fields[7],
        mode=fields[15] >> 16 if unix else 0,
        **sizes,
    )


def _extra_fields(extra: bytes) -> dict[int, bytes]:
    fields: dict[int, bytes] = {}
    while len(extra) >= 4:
        identity, length = struct.unpack_from("<2H", extra)
        fields.setdefault(identity, extra[4 : 4 + length])
        extra = extra[4 + length :]
    return fields


def _find_directory(file: BinaryIO, archive_bytes: int) -> _Directory:
    """The central directory, which must end where the end record begins: nothing hidden between."""
    position, end = _find_end(file, archive_bytes)
    _, disk, first_disk, _, _, size, start, _ = end
    if disk or first_disk:
        raise SourceUnreadable(finding("HB-I001"))
    if 0xFFFFFFFF in {size, start} or end[4] == 0xFFFF:
        position, size, start = _zip64(file, position, size, start)
    if start + size != position:
        raise SourceUnreadable(finding("HB-I001"))
    return _Directory(start, size)


def _find_end(file: BinaryIO, archive_bytes: int) -> tuple[int, tuple[int, ...]]:
    length = min(archive_bytes, _END.size + _MAX_COMMENT)
    file.seek(archive_bytes - length)
    tail = file.read(length)
    at = tail.rfind(b"PK\x05\x06")
    while at >= 0:
        if at + _END.size <= len(tail):
            end = _END.unpack_from(tail, at)
            if at + _END.size + end[7] == len(tail):
                return archive_bytes - length + at, end
        at = tail.rfind(b"PK\x05\x06", 0, at)
    raise SourceUnreadable(finding("HB-I001"))


def _zip64(file: BinaryIO, position: int, size: int, start: int) -> tuple[int, int, int]:
    """Position of the ZIP64 end record, size and start of the directory; as given without one."""
    locator_at = position - _END64_LOCATOR.size
    if locator_at < 0:
        return position, size, start
    file.seek(locator_at)
    signature, _, end_at, _ = _END64_LOCATOR.unpack(file.read(_END64_LOCATOR.size))
    if signature != b"PK\x06\x07":
        return position, size, start
    file.seek(min(end_at, position))
    record = file.read(_END64.size)
    if len(record) < _END64.size or not record.startswith(b"PK\x06\x06"):
        raise SourceUnreadable(finding("HB-I001"))
    fields = _END64.unpack(record)
    return end_at, fields[8], fields[9]
