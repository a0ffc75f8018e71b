"""A worker host: takes jobs of batches and parcels until it is told to end.

Any number of hosts share the work; each may be killed or stopped at any moment. What a host has not
committed is taken up by another, what it has is known by the index: nothing is lost or doubled.
"""

import logging
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hocba.errors import BatchStopped, HocbaError, TryAgain
from hocba.home import Home
from hocba.hosts.farm import Farm
from hocba.hosts.parcel import Parcel, unpack
from hocba.hosts.queue import JobQueue, Later, prepare_queue, run
from hocba.index.batch_states import FINAL, WORKABLE
from hocba.index.index import Index
from hocba.index.rows import Batch, BatchState
from hocba.ingest.chunks import Chunk
from hocba.ingest.hands import commit_chunk
from hocba.ingest.pipeline import WAITS, Ingest
from hocba.ingest.workers import Workers
from hocba.judging import Fingerprint, fingerprint_of
from schemas.findings import finding
from storage.depot import Depot
from storage.errors import ObjectDamaged, ObjectNotFound, StorageError

logger = logging.getLogger(__name__)

_CHUNKS_AHEAD = 16
_TURN_SECONDS = 20.0
_LOOK_SECONDS = 0.1
_AGAIN_SECONDS = 10
_DEFERRED_SECONDS = 900
_SWEEP_SECONDS = 5.0
_PREFIX, _SUFFIX = "batches/", ".archive"


@dataclass(frozen=True)
class Handing:
    """How a server leaves batches to the worker hosts."""

    depot: Depot
    queue: JobQueue

    @classmethod
    def opened(cls, home: Home) -> "Handing | None":
        """As *home* says; None where it takes batches in by itself."""
        if home.configuration.depot_url is None:
            return None
        prepare_queue(home.index_url)
        return cls(home.open_depot(), JobQueue(home.index_url))

    def hand_over(self, batch: str, path: Path) -> None:
        """Leave *batch*, whose bytes are the file *path*, to the hosts; durable once this returns.

        Done again after a crash, it changes nothing.
        """
        self.depot.put_file(archive_key(batch), path)
        self.queue.put_batch(batch)


def archive_key(batch: str) -> str:
    """Where the bytes of *batch* lie in the depot."""
    return f"{_PREFIX}{batch}{_SUFFIX}"


@dataclass
class Host:
    """One machine's part: the handlers of its jobs. Safe for several threads."""

    home: Home
    index: Index
    ingest: Ingest
    depot: Depot
    queue: JobQueue
    stopping: threading.Event = field(default_factory=threading.Event)
    _workers: Workers | None = None
    _judged_by: Fingerprint | None = None
    _changing: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    @contextmanager
    def opened(cls, home: Home) -> "Iterator[Host]":
        """The host of *home*, closed at the end of the block.

        Raises `HocbaError` or `StorageError` where a part of it cannot be used.
        """
        prepare_queue(home.index_url)
        depot = home.open_depot()
        depot.check()
        with home.open_index() as index:
            queue = JobQueue(home.index_url)
            host = cls(home, index, home.ingest(index, home.open_store()), depot, queue)
            try:
                yield host
            finally:
                host._retire()
                queue.close()

    def run(self) -> None:
        """Take jobs until `stopping` is set."""
        sweeping = threading.Thread(target=self._sweep, name="sweep", daemon=True)
        sweeping.start()
        # One more than can be examined: one is committed or waits for its turn meanwhile.
        parcels = self.ingest.options.workers.processes + 1
        run(self.home.index_url, self, parcels=parcels, stopping=self.stopping)
        sweeping.join()

    def work_batch(self, batch: str) -> None:
        """Hand the batch out, chunk by chunk, and wait for its end."""
        with _away():
            found = self._find(batch)
            if found is None or found.state in FINAL:
                self.depot.remove(archive_key(batch))
                return
            if found.state not in WORKABLE:
                return  # held: whoever resumes it has it worked again
            after = self._hand_out(found)
        if after.state in FINAL:
            with _away():
                self.depot.remove(archive_key(batch))
        elif after.state in WORKABLE:
            waits = after.failure is not None and after.failure.code == WAITS
            raise Later(_DEFERRED_SECONDS if waits else _AGAIN_SECONDS)

    def take_parcel(self, parcel: Parcel) -> None:
        """Examine the chunk, and commit it once everything before it is."""
        with _away():
            batch = self._find(parcel.batch)
            if batch is None or batch.state is not BatchState.RUNNING:
                self.depot.remove(parcel.key)  # sent again when the batch is worked again
                return
        try:
            chunk = unpack(self.depot.get(parcel.key, parcel.sha256))
            examined = self._examining().examine(chunk)
            self._await_turn(batch, chunk)
            commit_chunk(self.ingest.committer(batch), chunk, examined)
        except (ObjectNotFound, ObjectDamaged) as error:
            logger.warning("parcel %s is gone: %s", parcel.key, type(error).__name__)
            return
        except BatchStopped:
            logger.info("batch %s: held, cancelled or finished by another", batch.id)
        except StorageError as error:
            with _away():
                self.ingest.pause(batch, finding("HB-I040", reason=str(error)))
            return
        except TryAgain as error:
            logger.warning("parcel %s waits: %s", parcel.key, error.finding.code)
            raise Later(_AGAIN_SECONDS) from error
        with _away():
            self.depot.remove(parcel.key)

    def _hand_out(self, batch: Batch) -> Batch:
        farm = Farm(
            batch,
            index=self.index,
            depot=self.depot,
            queue=self.queue,
            window=_CHUNKS_AHEAD * self.ingest.options.chunk.documents,
            stopping=self.stopping,
        )
        digest = batch.fingerprint.removeprefix("sha256:")
        with tempfile.TemporaryDirectory(prefix="hocba-batch-") as folder:
            path = Path(folder) / Path(batch.source).name
            try:
                self.depot.fetch(archive_key(batch.id), path, digest)
            except (ObjectNotFound, ObjectDamaged) as error:
                self.ingest.pause(batch, finding("HB-I040", reason=str(error)))
                return self._find(batch.id) or batch
            return self.ingest.work_by(farm, batch, path)

    def _await_turn(self, batch: Batch, chunk: Chunk) -> None:
        """Return once every position before *chunk* has its outcome: order decides (design §6).

        Raises `Later` where that takes long: whoever has those may be dead, and needs a place.
        """
        waited = 0.0
        while True:
            with self.index.reading() as tx:
                now = tx.batches.find(batch.id)
                done = tx.batches.done_before(batch.id, chunk.first)
            if now is None or now.state is not BatchState.RUNNING:
                raise BatchStopped(finding("HB-I213"))
            if done >= chunk.first - 1:
                return
            if waited > _TURN_SECONDS or self.stopping.wait(_LOOK_SECONDS):
                raise Later(1)
            waited += _LOOK_SECONDS

    def _examining(self) -> Workers:
        """The processes that examine, new ones where trust, roster or rules have changed."""
        with self._changing:
            found = fingerprint_of(self.home, self.index)
            if self._workers is None or (found is not None and found != self._judged_by):
                options = self.ingest.options.workers
                fresh = Workers(self.ingest.examiner, options, self.ingest.clock)
                if self._workers is not None:
                    self._workers.retire()
                self._workers, self._judged_by = fresh, found
            return self._workers

    def _retire(self) -> None:
        if self._workers is not None:
            self._workers.retire()

    def _wants_work(self, batch: str) -> bool:
        found = self._find(batch)
        return found is None or found.state in WORKABLE or found.state in FINAL

    def _find(self, batch: str) -> Batch | None:
        with self.index.reading() as tx:
            return tx.batches.find(batch)

    def _sweep(self) -> None:
        """See that every batch in the depot that can be worked has a job, whatever went wrong."""
        while not self.stopping.wait(_SWEEP_SECONDS):
            try:
                working = self.queue.open_batches()
                for each in self.depot.parked(_PREFIX):
                    batch = each.key.removeprefix(_PREFIX).removesuffix(_SUFFIX)
                    if each.key != archive_key(batch):
                        continue  # nothing of ours
                    if batch not in working and self._wants_work(batch):
                        self.queue.put_batch(batch)
            except (HocbaError, StorageError) as error:
                logger.warning("nothing is looked after now: %s", type(error).__name__)


@contextmanager
def _away() -> Iterator[None]:
    """Where index, queue or depot are away now: again later."""
    try:
        yield
    except (TryAgain, StorageError) as error:
        logger.warning("a job waits: %s", type(error).__name__)
        raise Later(_AGAIN_SECONDS) from error
