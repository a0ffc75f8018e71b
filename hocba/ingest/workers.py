"""Worker processes that examine chunks, and what happens when one of them dies.

A worker may be killed from outside, or by a document that crashes a library or takes forever. Its
chunk is examined again, document by document, in a process of its own; the one document that ends
that process twice becomes unreadable, its neighbours are examined.
"""

import logging
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from hocba.errors import TryAgain
from hocba.ingest.chunks import Chunk
from hocba.ingest.entry import Document
from hocba.model.examination import Examination
from hocba.spawning import SpawnedPool
from schemas.findings import Finding, finding
from schemas.fresh_thread import in_fresh_thread

logger = logging.getLogger(__name__)

Examiner: TypeAlias = Callable[[bytes, str, datetime], Examination]
Examined: TypeAlias = Examination | Finding
"""What came of a document; a finding where not even an examination came of it."""


class ExaminerFactory(Protocol):
    """Makes the function that examines; called once in every worker, so it must be picklable."""

    def __call__(self) -> Examiner:
        """The examining function, with everything loaded that it needs."""
        ...


class WorkersUnavailable(TryAgain):
    """Worker processes do not even start; that says nothing about any document."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """How many processes examine, and how long one document may take in one of them.

    With fewer than two, documents are examined in the calling process, without a time limit.
    """

    processes: int = os.cpu_count() or 1
    document_seconds: int = 120


@dataclass(frozen=True, slots=True)
class _Handed:
    """A chunk that is being examined, and by which processes."""

    chunk: Chunk
    future: Future[tuple[Examined, ...]]
    pool: ProcessPoolExecutor


class Workers:
    """Examines chunks, several at once; used in a `with` block."""

    def __init__(
        self,
        factory: ExaminerFactory,
        options: WorkerOptions,
        clock: Callable[[], datetime],
    ) -> None:
        self._factory = factory
        self._options = options
        self._clock = clock
        self._pool: ProcessPoolExecutor | None = None
        self._starting = threading.Lock()
        # Built here as well: what is wrong with it is said before a process is started.
        self._examiner = factory()

    def __enter__(self) -> Self:
        """The workers; processes start with the first chunk."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the processes; after an error without waiting for what they are doing."""
        self._stop()

    def examined(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, tuple[Examined, ...]]]:
        """Every chunk with what came of its documents, in the order of the chunks.

        Reads ahead no further than keeps the processes busy. Raises `WorkersUnavailable`.
        """
        if self._options.processes < 2:
            for chunk in chunks:
                yield chunk, _examine_all(self._examiner, chunk.documents, self._clock(), None)
            return
        waiting: deque[_Handed] = deque()
        for chunk in chunks:
            waiting.append(self._submit(chunk))
            if len(waiting) > self._options.processes:
                yield self._next(waiting)
        while waiting:
            yield self._next(waiting)

    def examine(self, chunk: Chunk) -> tuple[Examined, ...]:
        """What comes of the documents of one chunk, in a process; for several threads at once.

        Raises `WorkersUnavailable`.
        """
        return self._result(self._submit(chunk))

    def retire(self) -> None:
        """Take no more; what is being examined is finished, then the processes end."""
        with self._starting:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)

    def _next(self, waiting: "deque[_Handed]") -> tuple[Chunk, tuple[Examined, ...]]:
        handed = waiting.popleft()
        return handed.chunk, self._result(handed)

    def _result(self, handed: "_Handed") -> tuple[Examined, ...]:
        try:
            return handed.future.result()
        except (BrokenExecutor, CancelledError):
            # Which of the chunks in flight broke it, nobody knows: each comes through here.
            first, last = handed.chunk.first, handed.chunk.last
            logger.warning("a worker died; positions %d to %d again", first, last)
            self._stop(handed.pool)
            return self._isolated(handed.chunk.documents)

    def _submit(self, chunk: Chunk) -> "_Handed":
        with self._starting:
            if self._pool is None:
                self._pool = self._started(self._options.processes)
            pool = self._pool
        try:
            return _Handed(chunk, pool.submit(_work, chunk.documents, self._clock()), pool)
        except (BrokenExecutor, RuntimeError) as error:  # shut down by another thread just now
            failed: Future[tuple[Examined, ...]] = Future()
            failed.set_exception(BrokenExecutor(str(error)))
            return _Handed(chunk, failed, pool)

    def _started(self, processes: int) -> ProcessPoolExecutor:
        pool = SpawnedPool(
            processes,
            initializer=_start_worker,
            initargs=(self._factory, self._options.document_seconds),
        )
        try:
            pool.submit(_ready).result()
        except BrokenExecutor as error:
            pool.shutdown(wait=False, cancel_futures=True)
            raise WorkersUnavailable(finding("HB-I044", reason=str(error))) from error
        return pool

    def _stop(self, broken: ProcessPoolExecutor | None = None) -> None:
        """Stop the processes; with *broken* only those: another thread may have new ones."""
        with self._starting:
            pool = self._pool
            if pool is None or (broken is not None and pool is not broken):
                return
            self._pool = None
        pool.shutdown(wait=False, cancel_futures=True)

    def _isolated(self, documents: Sequence[Document]) -> tuple[Examined, ...]:
        """What comes of *documents*, one after the other, with nothing else beside them.

        The first one without a result is the one that its worker died of, or was killed at. Dying
        twice at the same one is no accident.
        """
        results: list[Examined] = []
        left = deque(documents)
        deaths = 0
        while left:
            pool = self._started(1)
            at = self._clock()
            try:
                for future in [pool.submit(_work, (each,), at) for each in left]:
                    results.extend(future.result())
                    left.popleft()
                    deaths = 0
            except BrokenExecutor:
                deaths += 1
                if deaths == 2:
                    position = left.popleft().position
                    logger.error("position %d kills its worker", position)  # noqa: TRY400
                    results.append(finding("HB-I020"))
                    deaths = 0
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
        return tuple(results)


def _examine_all(
    examiner: Examiner, documents: Sequence[Document], at: datetime, seconds: int | None
) -> tuple[Examined, ...]:
    """Every document of a chunk; names that libxml2 has read are forgotten after it."""
    return in_fresh_thread(partial(_examine_each, examiner, documents, at, seconds))


def _examine_each(
    examiner: Examiner, documents: Sequence[Document], at: datetime, seconds: int | None
) -> tuple[Examined, ...]:
    results: list[Examined] = []
    for document in documents:
        if seconds is not None:
            # Not handled: the signal ends the process, whatever library hangs in it.
            signal.alarm(seconds)
        try:
            results.append(examiner(document.data, document.file_name, at))
        except Exception as error:  # noqa: BLE001 -- the outermost loop; one document, not the batch
            logger.error(  # noqa: TRY400 -- a traceback could show what the document holds
                "position %d cannot be examined: %s", document.position, type(error).__name__
            )
            results.append(finding("HB-I021", reason=type(error).__name__))
    if seconds is not None:
        signal.alarm(0)
    return tuple(results)


_state: tuple[Examiner, int] | None = None
"""In a worker: what `_start_worker` made for it."""


def _start_worker(factory: ExaminerFactory, seconds: int) -> None:
    global _state  # noqa: PLW0603 -- how a process pool hands a worker its own objects
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _state = factory(), seconds


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _ready() -> None:
    """Nothing; that it was done proves that workers start."""


def _work(documents: tuple[Document, ...], at: datetime) -> tuple[Examined, ...]:
    if _state is None:
        raise RuntimeError("not a worker process")
    examiner, seconds = _state
    return _examine_all(examiner, documents, at, seconds)
