"""A source's entries in chunks: the unit that is examined, committed and resumed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hocba.ingest.entry import MEBIBYTE, BadEntry, Document, Entry, IgnoredEntry

MAX_IGNORED_NAMES = 100


@dataclass(frozen=True, slots=True)
class Chunk:
    """Entries at consecutive positions; never empty."""

    entries: tuple[Document | BadEntry, ...]

    def __post_init__(self) -> None:
        """One run without a gap: done is done from the first to the last."""
        if not self.entries or self.last - self.first + 1 != len(self.entries):
            raise ValueError(f"{len(self.entries)} entries are not one run")

    @property
    def first(self) -> int:
        """Position of the first entry."""
        return self.entries[0].position

    @property
    def last(self) -> int:
        """Position of the last entry."""
        return self.entries[-1].position

    @property
    def documents(self) -> tuple[Document, ...]:
        """The entries that can be examined."""
        return tuple(each for each in self.entries if isinstance(each, Document))


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """How much goes into one chunk; the bytes bound the memory that a batch takes."""

    documents: int = 200
    size: int = 8 * MEBIBYTE


@dataclass(slots=True)
class Ignored:
    """Entries that nobody meant to send, counted; the first names are kept to show them."""

    count: int = 0
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.names) < MAX_IGNORED_NAMES:
            self.names.append(name)


def chunks(
    entries: Iterable[Entry],
    limits: ChunkLimits,
    ignored: Ignored,
    done: Sequence[tuple[int, int]] = (),
) -> Iterator[Chunk]:
    """Entries in chunks, leaving out positions in the ranges *done* (in order, both ends in)."""
    ranges = iter(done)
    first, last = next(ranges, (0, 0))
    waiting: list[Document | BadEntry] = []
    size = 0
    for entry in entries:
        if isinstance(entry, IgnoredEntry):
            ignored.add(entry.file_name)
            continue
        while last and entry.position > last:
            first, last = next(ranges, (0, 0))
        is_done = bool(last) and first <= entry.position
        added = 0 if is_done else len(entry.data) if isinstance(entry, Document) else 0
        full = len(waiting) >= limits.documents or size + added > limits.size
        if waiting and (is_done or full):
            yield Chunk(tuple(waiting))
            waiting, size = [], 0
        if not is_done:
            waiting.append(entry)
            size += added
    if waiting:
        yield Chunk(tuple(waiting))
