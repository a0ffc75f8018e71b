"""Who does the work of a batch: examines its chunks and commits them, in their order."""

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

from hocba.index.rows import Counts
from hocba.ingest.chunks import Chunk
from hocba.ingest.commit import Committer, Entries
from hocba.ingest.entry import Document
from hocba.ingest.workers import Examined, Workers

logger = logging.getLogger(__name__)


class Hands(Protocol):
    """Takes the chunks of one batch; the first is committed before the second, and so on."""

    def committed(self, chunks: Iterable[Chunk]) -> Iterator[Counts]:
        """What was new each time that more of *chunks* is durable, until all of them are.

        Reads ahead no further than keeps everybody busy. Raises `BatchStopped` where somebody
        holds or cancels the batch; `StorageError` or `TryAgain` where it cannot go on now.
        """
        ...


class OwnHands:
    """The worker processes of this machine."""

    def __init__(self, committer: Committer, workers: Workers) -> None:
        self._committer = committer
        self._workers = workers

    def committed(self, chunks: Iterable[Chunk]) -> Iterator[Counts]:
        """What was new of every chunk, once it is durable.

        While a thread waits for the store and the index, the next chunks are read and handed out;
        one commit at a time, so that each knows those before it. A commit that has begun is
        finished, whatever happens beside it.
        """
        with ThreadPoolExecutor(1, "hocba-commit") as thread:
            committing: Future[Counts] | None = None
            for chunk, results in self._workers.examined(chunks):
                if committing is not None:
                    yield committing.result()
                committing = thread.submit(commit_chunk, self._committer, chunk, results)
            if committing is not None:
                yield committing.result()


def commit_chunk(committer: Committer, chunk: Chunk, examined: tuple[Examined, ...]) -> Counts:
    """Make what came of *chunk* durable; the same on one machine and on many."""
    counts = committer.commit(_paired(chunk, examined))
    logger.info("batch %s: positions %d to %d done", committer.batch.id, chunk.first, chunk.last)
    return counts


def _paired(chunk: Chunk, examined: tuple[Examined, ...]) -> Entries:
    """Every entry of the chunk with what came of it; bad entries with None."""
    results = iter(examined)
    return [(each, next(results) if isinstance(each, Document) else None) for each in chunk.entries]
