"""What a source gives: documents, entries that cannot be one, entries that nobody meant to send."""

from dataclasses import dataclass
from typing import TypeAlias

from schemas.document import DEFAULT_LIMITS
from schemas.findings import Finding

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """Bounds on what is read from a source, held while reading, whatever its headers declare.

    A ratio is bytes out by bytes in; it counts only once `ratio_from` bytes came out (of an entry
    at least `MEBIBYTE`), since small texts may well compress better.
    """

    document_bytes: int = DEFAULT_LIMITS.max_bytes
    entries: int = 2_000_000
    total_bytes: int = 256 * 1024 * MEBIBYTE
    entry_ratio: int = 200
    archive_ratio: int = 100
    ratio_from: int = 64 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class Document:
    """An entry whose bytes were read whole; `position` counts documents and bad entries from 1."""

    position: int
    file_name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class BadEntry:
    """An entry that is no readable document, and the one reason."""

    position: int
    file_name: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class IgnoredEntry:
    """An entry that a system left behind (`__MACOSX`, `.DS_Store`); never an item."""

    file_name: str


Entry: TypeAlias = Document | BadEntry | IgnoredEntry


class EntryRefused(Exception):  # noqa: N818 -- a signal inside the readers, not an error of the API
    """This entry cannot be a document; the next one may be."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


class ReadingStopped(EntryRefused):
    """Nothing after this entry can be read: a bomb, too many entries, damage in a stream."""


@dataclass(frozen=True, slots=True)
class RawEntry:
    """An entry's name and its bytes, or why there are none."""

    name: str
    data: bytes | EntryRefused
