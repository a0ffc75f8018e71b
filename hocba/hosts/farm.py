"""The hands of all worker hosts: chunks go out as parcels, and what came of them is in the index.

Whoever hands out waits for the parcels' outcomes in the index, never for a host: a host may die and
another take its parcels up. Parcels that got lost (no job has them, no outcome is there) are found
out when nothing moves any more; the batch is worked again from where it stands then.
"""

import logging
import threading
import time
from collections.abc import Generator, Iterable, Iterator

from hocba.errors import BatchStopped, ParcelDamaged
from hocba.hosts.parcel import pack
from hocba.hosts.queue import JobQueue, Later
from hocba.index.index import Index
from hocba.index.rows import Batch, BatchState, Counts
from hocba.ingest.chunks import Chunk
from schemas.findings import finding
from storage.depot import Depot

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.3
_STILL_SECONDS = 30.0


class Farm:
    """`Hands` for one batch. At most *window* documents are out at a time: the memory of a batch,
    in the depot and in the queue, does not grow with it, and another batch gets its turn.
    """

    def __init__(
        self,
        batch: Batch,
        *,
        index: Index,
        depot: Depot,
        queue: JobQueue,
        window: int,
        stopping: threading.Event,
    ) -> None:
        self._batch = batch
        self._index = index
        self._depot = depot
        self._queue = queue
        self._window = window
        self._stopping = stopping
        self._moved = time.monotonic()

    def committed(self, chunks: Iterable[Chunk]) -> Iterator[Counts]:
        """What was new each time that more of *chunks* is durable, until all of them are."""
        last = self._now().counts
        expected = last.total
        for number, chunk in enumerate(chunks):
            while expected - last.total >= self._window:
                last = yield from self._news(last)
            parcel, data = pack(self._batch, chunk)
            self._depot.put(parcel.key, data)
            self._queue.put_parcel(parcel, number=number)
            expected += len(chunk.entries)
            self._moved = time.monotonic()
        while last.total < expected:
            last = yield from self._news(last)

    def _news(self, last: Counts) -> Generator[Counts, None, Counts]:
        """Look once, after a moment: yields what is new since *last*, returns how it stands."""
        if self._stopping.wait(_LOOK_SECONDS):
            raise Later(0)
        counts = self._now().counts
        if counts != last:
            self._moved = time.monotonic()
            yield counts - last
        elif time.monotonic() - self._moved > _STILL_SECONDS:
            self._refuse_lost()
        return counts

    def _now(self) -> Batch:
        """The batch as it stands; raises where it is not running any more."""
        with self._index.reading() as tx:
            batch = tx.batches.find(self._batch.id)
        if batch is None or batch.state is not BatchState.RUNNING:
            raise BatchStopped(finding("HB-I213"))
        return batch

    def _refuse_lost(self) -> None:
        """Raise `ParcelDamaged` where nobody has a parcel of this batch any more."""
        self._moved = time.monotonic()
        if self._queue.open_parcels(self._batch.id) == 0:
            raise ParcelDamaged(finding("HB-I284"))
