"""A batch from its source to its outcomes, resumable at every moment.

Whatever stops it (a killed process, a store that is away, a full disk) loses nothing and doubles
nothing: chunks that are done are left out when the same source is taken in again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from hocba.errors import BatchStopped, IndexConflict, SourceUnreadable, TryAgain
from hocba.index.batch_states import WORKABLE
from hocba.index.index import Index
from hocba.index.rows import Batch, Counts, NewAuditEvent, NewBatch
from hocba.ingest.chunks import ChunkLimits, Ignored, chunks
from hocba.ingest.commit import Committer
from hocba.ingest.entry import SourceLimits
from hocba.ingest.hands import Hands, OwnHands
from hocba.ingest.source import DEFAULT_SOURCE_LIMITS, open_source
from hocba.ingest.workers import ExaminerFactory, WorkerOptions, Workers
from hocba.model.lifecycle import Approval
from schemas.findings import Finding, finding, system_code
from storage.contract import Store
from storage.errors import StorageError

logger = logging.getLogger(__name__)

WAITS = "HB-I047"
"""Why a batch is paused whose documents wait for revocation data."""


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How a batch is worked; none of it changes an outcome."""

    chunk: ChunkLimits = field(default_factory=ChunkLimits)
    workers: WorkerOptions = field(default_factory=WorkerOptions)
    source: SourceLimits = DEFAULT_SOURCE_LIMITS


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is; `expected` is about how many documents there are, None if unknown."""

    batch: str
    counts: Counts
    expected: int | None


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid4())


def _nobody(_: Progress) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingest:
    """Takes batches in: into this index and store, examined by what the factory makes."""

    index: Index
    store: Store
    examiner: ExaminerFactory
    options: IngestOptions = field(default_factory=IngestOptions)
    approval: Approval = Approval.RECORDED
    extracts: Approval | None = None
    clock: Callable[[], datetime] = _now
    new_id: Callable[[], str] = _new_id

    def take_in(
        self,
        path: Path,
        *,
        sender: str,
        masogd: str | None,
        progress: Callable[[Progress], None] = _nobody,
    ) -> Batch:
        """The batch at *path*, worked to its end, or as far as it can be worked now.

        Raises `SourceUnreadable` where there is nothing at *path*; everything else that goes
        wrong is in the batch's state and failure. Raises `TryAgain` where not even those can be
        noted.
        """
        batch = self.register(path, sender=sender, masogd=masogd)
        return self.work(batch, path, progress)

    def register(
        self,
        path: Path,
        *,
        sender: str,
        masogd: str | None,
        idempotency_key: str | None = None,
        name: str | None = None,
    ) -> Batch:
        """The unfinished batch of this content from this sender, or a new one.

        *masogd* is the only province whose records it may bring, None for any; *name* is what
        people call it, the file's name if it has no other.
        """
        source = open_source(path, self.options.source)
        fingerprint = source.fingerprint()
        new = NewBatch(
            id=self.new_id(),
            source=name or source.name,
            fingerprint=fingerprint,
            sender=sender,
            masogd=masogd,
            created_at=self.clock(),
            idempotency_key=idempotency_key,
            location=_location(path),
        )
        with self.index.transaction() as tx:
            found = tx.batches.find_unfinished(fingerprint, sender=sender, masogd=masogd)
            if found is None:
                tx.batches.create(new)
                found = tx.batches.find(new.id)
        if found is None:
            raise IndexConflict(finding("HB-I103", reason="the batch is gone"))
        return found

    def work(
        self,
        batch: Batch,
        path: Path,
        progress: Callable[[Progress], None] = _nobody,
    ) -> Batch:
        """Go on with *batch* where it stands, by this machine; gives it as it stands then.

        Does nothing to one that is final or that somebody holds.
        """
        if batch.state not in WORKABLE:
            return batch
        with Workers(self.examiner, self.options.workers, self.clock) as workers:
            return self.work_by(OwnHands(self.committer(batch), workers), batch, path, progress)

    def work_by(
        self,
        hands: Hands,
        batch: Batch,
        path: Path,
        progress: Callable[[Progress], None] = _nobody,
    ) -> Batch:
        """As `work`, by these hands."""
        if batch.state in WORKABLE:
            done = self._start(batch)
            if done is not None:
                self._work_on(batch, path, done, hands, progress)
        return self._now(batch)

    def committer(self, batch: Batch) -> Committer:
        """What makes chunks of *batch* durable."""
        return Committer(self.index, self.store, batch, self.clock, self.approval, self.extracts)

    def pause(self, batch: Batch, failure: Finding) -> None:
        """Note that *batch* cannot go on now, and why."""
        logger.warning("batch %s: paused, %s", batch.id, failure.code)
        with self.index.transaction() as tx:
            if tx.batches.pause(batch.id, failure):
                tx.audit.append(_event(batch, "batch.paused", self.clock(), failure))

    def _work_on(
        self,
        batch: Batch,
        path: Path,
        done: tuple[tuple[int, int], ...],
        hands: Hands,
        progress: Callable[[Progress], None],
    ) -> None:
        """Work what is not *done*, and note in the end how the batch stands, whatever happens."""
        ignored = Ignored()
        try:
            self._work(batch, path, done, ignored, hands, progress)
        except BatchStopped:
            logger.info("batch %s: held, cancelled or finished by another", batch.id)
        except SourceUnreadable as error:
            self._fail(batch, error.finding)
        except TryAgain as error:
            self.pause(batch, error.finding)
        except StorageError as error:
            self.pause(batch, finding("HB-I040", reason=str(error)))
        except OSError as error:
            self.pause(batch, finding("HB-I041", reason=system_code(error)))
        except KeyboardInterrupt:
            self.pause(batch, finding("HB-I045"))
            raise
        else:
            self._finish(batch, ignored)

    def _work(
        self,
        batch: Batch,
        path: Path,
        done: tuple[tuple[int, int], ...],
        ignored: Ignored,
        hands: Hands,
        progress: Callable[[Progress], None],
    ) -> None:
        source = open_source(path, self.options.source)
        expected = source.expected()
        counts = self._now(batch).counts  # without those that are tried again
        progress(Progress(batch.id, counts, expected))
        pending = chunks(source.entries(), self.options.chunk, ignored, done)
        for committed in hands.committed(pending):
            counts += committed
            progress(Progress(batch.id, counts, expected))

    def _start(self, batch: Batch) -> tuple[tuple[int, int], ...] | None:
        """Note that the batch is being worked; gives the parts that are done already.

        What was deferred is not: it is tried again. None where somebody was faster to hold,
        cancel or finish the batch.
        """
        at = self.clock()
        with self.index.transaction() as tx:
            if not tx.batches.start(batch.id, at):
                return None
            tx.batches.reopen_deferred(batch.id)
            tx.audit.append(_event(batch, "batch.started", at))
            return tx.batches.done_ranges(batch.id)

    def _finish(self, batch: Batch, ignored: Ignored) -> None:
        deferred = self._now(batch).counts.deferred
        if deferred:
            self.pause(batch, finding(WAITS, count=deferred))
            return
        at = self.clock()
        with self.index.transaction() as tx:
            if tx.batches.finish(batch.id, at, ignored=ignored.count, names=ignored.names):
                tx.audit.append(_event(batch, "batch.done", at))

    def _fail(self, batch: Batch, failure: Finding) -> None:
        logger.warning("batch %s: failed, %s", batch.id, failure.code)
        at = self.clock()
        with self.index.transaction() as tx:
            if tx.batches.fail(batch.id, failure, at):
                tx.audit.append(_event(batch, "batch.failed", at, failure))

    def _now(self, batch: Batch) -> Batch:
        with self.index.reading() as tx:
            found = tx.batches.find(batch.id)
        return found or batch


def _location(path: Path) -> str | None:
    """Where the batch lies; None where the name is no text that an index can hold."""
    text = str(path.absolute())
    try:
        text.encode()
    except UnicodeEncodeError:
        return None
    return text


def _event(
    batch: Batch, action: str, at: datetime, failure: Finding | None = None
) -> NewAuditEvent:
    return NewAuditEvent(
        at=at,
        actor=batch.sender,
        action=action,
        batch=batch.id,
        masogd=batch.masogd,
        detail=(("failure", failure.code),) if failure else (),
    )
