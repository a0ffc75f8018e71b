"""Entries in chunks: bounded, gapless, and without what is done."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocba.ingest.chunks import MAX_IGNORED_NAMES, Chunk, ChunkLimits, Ignored, chunks
from hocba.ingest.entry import BadEntry, Document, Entry, IgnoredEntry
from schemas.findings import finding


def _entries(sizes: list[int]) -> list[Entry]:
    """A document for every size; a bad entry for every size below zero."""
    return [
        Document(n, str(n), bytes(size)) if size >= 0 else BadEntry(n, str(n), finding("HB-I004"))
        for n, size in enumerate(sizes, 1)
    ]


def _spans(found: list[Chunk]) -> list[tuple[int, int]]:
    return [(each.first, each.last) for each in found]


def test_a_chunk_holds_so_many_entries() -> None:
    found = chunks(_entries([1] * 7), ChunkLimits(documents=3), Ignored())
    assert _spans(list(found)) == [(1, 3), (4, 6), (7, 7)]


def test_a_chunk_holds_so_many_bytes_but_at_least_one_document() -> None:
    found = chunks(_entries([60, 60, 30, 500, 10, -1]), ChunkLimits(size=100), Ignored())
    assert _spans(list(found)) == [(1, 1), (2, 3), (4, 4), (5, 6)]


def test_what_is_done_is_left_out() -> None:
    found = chunks(_entries([1] * 10), ChunkLimits(documents=3), Ignored(), [(3, 4), (8, 9)])
    assert _spans(list(found)) == [(1, 2), (5, 7), (10, 10)]


def test_bad_entries_are_no_documents() -> None:
    [chunk] = chunks(_entries([1, -1, 1]), ChunkLimits(), Ignored())
    assert [each.position for each in chunk.documents] == [1, 3]


def test_ignored_entries_are_counted_and_the_first_are_named() -> None:
    ignored = Ignored()
    entries: list[Entry] = [IgnoredEntry(str(n)) for n in range(500)]
    assert list(chunks(entries, ChunkLimits(), ignored)) == []
    assert (ignored.count, len(ignored.names)) == (500, MAX_IGNORED_NAMES)


@pytest.mark.parametrize("positions", [[], [1, 3], [2, 1]])
def test_a_chunk_has_no_gap(positions: list[int]) -> None:
    with pytest.raises((ValueError, IndexError)):
        Chunk(tuple(Document(n, "x", b"") for n in positions))


@given(
    sizes=st.lists(st.integers(-1, 50), max_size=60),
    documents=st.integers(1, 9),
    size=st.integers(1, 100),
    cuts=st.lists(st.integers(1, 61), max_size=8, unique=True),
)
def test_every_entry_that_is_not_done_is_in_one_chunk(
    sizes: list[int], documents: int, size: int, cuts: list[int]
) -> None:
    edges = sorted(cuts)
    done = [(a, b - 1) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    found = list(chunks(_entries(sizes), ChunkLimits(documents, size), Ignored(), done))
    positions = [each.position for chunk in found for each in chunk.entries]
    is_done = {n for first, last in done for n in range(first, last + 1)}
    assert positions == [n for n in range(1, len(sizes) + 1) if n not in is_done]
    for chunk in found:
        assert len(chunk.entries) <= documents
        assert len(chunk.entries) == 1 or sum(len(e.data) for e in chunk.documents) <= size
