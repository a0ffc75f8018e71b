"""Works uploaded batches beside the server, one after the other, and goes on after a restart.

One process works a spool at a time, whoever holds its lock; another takes over when that one ends.
"""

import fcntl
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hocba.errors import HocbaError, TryAgain
from hocba.index.batch_states import FINAL, UNFINISHED, WORKABLE
from hocba.index.rows import Batch
from hocba.ingest.pipeline import WAITS, Progress
from hocba.web.middleware import log_incident
from hocba.web.repository import Repository, Service
from schemas.findings import finding

logger = logging.getLogger(__name__)

_PAGE = 500


class Interrupted(TryAgain):
    """The server is stopping; the batch goes on with the next start."""


class BatchWorker:
    """A thread that works what lies in the spool."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._stopping = threading.Event()
        self._awake = threading.Event()
        self._waits: dict[str, float] = {}  # until when a batch waits for revocation data
        self._thread = threading.Thread(target=self._run, name="batches", daemon=True)

    def start(self) -> None:
        """Begin; what an earlier process left unfinished comes first."""
        self._thread.start()

    def wake(self) -> None:
        """Say that there is a new batch."""
        self._awake.set()

    def stop(self) -> None:
        """End after the part that is being worked, and wait until then."""
        self._stopping.set()
        self._awake.set()
        self._thread.join()

    def _run(self) -> None:
        pause = self._service.settings.retry_batches_after.total_seconds()
        while not self._stopping.is_set():
            self._awake.clear()
            try:
                self._work_all()
            except HocbaError as error:
                logger.warning("batches wait: %s", error.finding.code)
            except Exception as error:  # noqa: BLE001 -- the outermost loop of this thread
                log_incident(error)
            if not self._stopping.is_set():
                self._awake.wait(pause)

    def _work_all(self) -> None:
        repository = self._service.repository
        repository.spool.prepare()
        with _lock(repository.spool.folder / ".lock") as held:
            if not held:
                return
            unfinished = _unfinished(repository)
            repository.spool.sweep(each.id for each in unfinished)
            repository.uploads.sweep(repository.clock())
            for batch in unfinished:
                if self._stopping.is_set():
                    return
                if self._is_due(batch):
                    self._work_alone(batch)

    def _is_due(self, batch: Batch) -> bool:
        """Whether to work *batch* now: one that waits for revocation data waits longer."""
        if batch.state not in WORKABLE:  # somebody holds it
            return False
        if batch.failure is None or batch.failure.code != WAITS:
            return True
        now = time.monotonic()
        if now < self._waits.get(batch.id, now):
            return False
        self._waits[batch.id] = now + self._service.settings.retry_deferred_after.total_seconds()
        return True

    def _work_alone(self, batch: Batch) -> None:
        """Work *batch* so that nothing it comes to keeps those behind it waiting."""
        try:
            self._work(batch)
        except HocbaError:
            raise  # the index or the store is away: so it is for the others
        except Exception as error:  # noqa: BLE001 -- whatever one batch does to us, the next comes
            incident = log_incident(error)
            with self._service.repository.index.transaction() as tx:
                tx.batches.pause(batch.id, finding("HB-I046", incident=incident))

    def _work(self, batch: Batch) -> None:
        metrics = self._service.metrics
        repository = self._service.repository
        counts = batch.counts
        start = time.monotonic()

        def progress(now: Progress) -> None:
            nonlocal counts
            metrics.items(counts, now.counts)
            counts = now.counts
            if self._stopping.is_set():
                raise Interrupted(finding("HB-I045"))

        path = repository.spool.find(batch.id) or Path(batch.location or "")
        if repository.handing is not None:
            repository.handing.hand_over(batch.id, path)
            repository.spool.remove(batch.id)
            return
        result = repository.ingest.work(batch, path, progress)
        metrics.batch(result.state.value, time.monotonic() - start)
        if result.state in FINAL:
            self._waits.pop(batch.id, None)
            repository.spool.remove(batch.id)


def _unfinished(repository: Repository) -> tuple[Batch, ...]:
    """Batches that are not final and whose bytes lie in the spool, the oldest first.

    Others are worked by whoever took them in: `hocba ingest` of a folder or a file elsewhere.
    """
    found: list[Batch] = []
    after: str | None = None
    while True:
        with repository.index.reading() as tx:
            page = tx.batches.page(states=tuple(UNFINISHED), after=after, limit=_PAGE)
        found.extend(each for each in page.rows if repository.spool.find(each.id) is not None)
        if page.next is None:
            return tuple(reversed(found))
        after = page.next


@contextmanager
def _lock(path: Path) -> Iterator[bool]:
    """Whether this process alone holds the lock; given back at the end, or by the process's."""
    with path.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
