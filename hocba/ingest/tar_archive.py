"""Entries of a tar archive (ustar, GNU, pax), plain or compressed, as a forward stream.

Not `tarfile`: that stops without a word at a damaged header and at a missing end, keeps every
header in memory, and follows sizes below zero. Here, what cannot be read is said.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hocba.ingest.entry import EntryRefused, RawEntry, ReadingStopped, SourceLimits
from hocba.ingest.names import decoded_name
from hocba.ingest.stream import Budget, ForwardStream
from schemas.findings import finding

BLOCK = 512
_MAX_HEADER_DATA = 64 * 1024
_MAX_HEADERS_AHEAD = 8
_ZEROS = bytes(BLOCK)

_FILES = frozenset({b"0", b"\0", b"7"})
_FOLDERS = frozenset({b"5", b"D"})
_LONG_NAME = b"L"
_LONG_LINK = b"K"
_PAX = b"x"
_PAX_GLOBAL = b"g"


@dataclass(slots=True)
class _Header:
    name: bytes
    size: int
    kind: bytes
    says_utf8: bool = False

    @property
    def text(self) -> str:
        return decoded_name(self.name, utf8=self.says_utf8)


def read_tar(path: Path, limits: SourceLimits) -> Iterator[RawEntry]:
    """Entries in the order they stand; folders are left out.

    A last entry carries `ReadingStopped` where the archive cannot be read to its end.
    """
    with path.open("rb") as file:
        stream = ForwardStream(file, Budget(limits, path.stat().st_size))
        name = ""
        try:
            while header := _next_header(stream):
                name = header.text
                if header.kind not in _FOLDERS:
                    yield RawEntry(name, _content(stream, header, limits))
                else:
                    _skip(stream, _padded(header.size))
                name = ""
            _refuse_trailing_data(stream)
        except ReadingStopped as stopped:
            yield RawEntry(name, stopped)


def _content(stream: ForwardStream, header: _Header, limits: SourceLimits) -> bytes | EntryRefused:
    padded = _padded(header.size)
    if header.kind not in _FILES:
        _skip(stream, padded)
        return EntryRefused(finding("HB-I005"))
    if header.size > limits.document_bytes:
        _skip(stream, padded)
        return EntryRefused(finding("HB-I008", limit=limits.document_bytes))
    data = stream.read(padded)
    if len(data) < header.size:
        raise ReadingStopped(finding("HB-I014"))
    return data[: header.size]


def _next_header(stream: ForwardStream) -> _Header | None:
    """The header of the next entry with what extended headers say of it; None at the end mark."""
    long_name: bytes | None = None
    pax: dict[bytes, bytes] = {}
    for _ in range(_MAX_HEADERS_AHEAD):
        block = stream.read(BLOCK)
        if block == _ZEROS:
            return None
        header = _parsed(block)
        if header.kind == _LONG_NAME:
            long_name = _header_data(stream, header).rstrip(b"\0")
        elif header.kind == _PAX:
            pax = _pax_records(_header_data(stream, header))
        elif header.kind in {_PAX_GLOBAL, _LONG_LINK}:
            _header_data(stream, header)
        else:
            return _extended(header, long_name, pax)
    raise ReadingStopped(finding("HB-I014"))


def _parsed(block: bytes) -> _Header:
    if len(block) < BLOCK:
        raise ReadingStopped(finding("HB-I014"))
    expected = sum(block[:148]) + sum(block[156:]) + 8 * ord(" ")
    if _number(block[148:156]) != expected:
        raise ReadingStopped(finding("HB-I014"))
    name = block[:100].partition(b"\0")[0]
    prefix = block[345:500].partition(b"\0")[0]
    if prefix and block[257:263] == b"ustar\0":  # GNU puts times where ustar puts the prefix
        name = prefix + b"/" + name
    return _Header(name, _number(block[124:136]), block[156:157])


def _extended(header: _Header, long_name: bytes | None, pax: dict[bytes, bytes]) -> _Header:
    if long_name is not None:
        header.name = long_name
    if b"path" in pax:
        header.name, header.says_utf8 = pax[b"path"], True
    if b"size" in pax:
        header.size = _decimal(pax[b"size"])
    if any(key.startswith(b"GNU.sparse") for key in pax):
        header.kind = b"S"
    if header.name.endswith(b"/") and header.kind in _FILES:
        header.kind = b"5"  # how archives from before 1988 say that it is a folder
    return header


def _header_data(stream: ForwardStream, header: _Header) -> bytes:
    if header.size > _MAX_HEADER_DATA:
        raise ReadingStopped(finding("HB-I014"))
    data = stream.read(_padded(header.size))
    if len(data) < header.size:
        raise ReadingStopped(finding("HB-I014"))
    return data[: header.size]


def _pax_records(data: bytes) -> dict[bytes, bytes]:
    """Records `length keyword=value\\n` (POSIX.1-2008, pax Extended Header)."""
    records: dict[bytes, bytes] = {}
    while data:
        length = _decimal(data.partition(b" ")[0])
        record, data = data[:length], data[length:]
        keyword, equals, value = record.partition(b" ")[2].partition(b"=")
        if not equals or not value.endswith(b"\n"):
            raise ReadingStopped(finding("HB-I014"))
        records[keyword] = value[:-1]
    return records


def _number(field: bytes) -> int:
    """An octal field, or GNU's base 256 for sizes from 8 GiB."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if not all(digit in b"01234567" for digit in digits):
        raise ReadingStopped(finding("HB-I014"))
    return int(digits or b"0", 8)


def _decimal(digits: bytes) -> int:
    if not digits.isdigit() or len(digits) > 15:
        raise ReadingStopped(finding("HB-I014"))
    return int(digits)


def _padded(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def _skip(stream: ForwardStream, size: int) -> None:
    if stream.skip(size) < size:
        raise ReadingStopped(finding("HB-I014"))


def _refuse_trailing_data(stream: ForwardStream) -> None:
    """Read to the end, which also checks the compression's own digest: only zeros may follow."""
    while block := stream.read(BLOCK):
        if block.strip(b"\0"):
            raise ReadingStopped(finding("HB-I014"))
