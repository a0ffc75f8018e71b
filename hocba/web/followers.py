"""Those who follow batches: however many they are, the index is asked once a second in all.

Nothing is queued for anybody. Each listener sees the newest standing when it gets round to look;
a slow one misses steps in between, and holds up or fills nothing.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import anyio.to_thread

from hocba.errors import HocbaError
from hocba.index.batch_states import FINAL
from hocba.index.rows import Batch
from hocba.ingest.standing import Standing
from hocba.web.middleware import log_incident

logger = logging.getLogger(__name__)

Look = Callable[[Sequence[str]], Mapping[str, Standing]]
"""Reads how batches stand; those that are gone are left out. Called in a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Seconds between two looks at the index, and between two signs of life to a listener.

    After its lifetime a stream ends. Whoever listens comes again, and proves again who they are.
    """

    look: float = 1.0
    heartbeat: float = 15.0
    lifetime: float = 900.0


class Followers:
    """The listeners of one server process; used from its event loop only."""

    def __init__(self, look: Look, rhythm: Rhythm, limit: int) -> None:
        self._look = look
        self._rhythm = rhythm
        self._limit = limit
        self._listeners: Counter[str] = Counter()
        self._known: Mapping[str, Standing] = {}
        self._asked: frozenset[str] = frozenset()
        self._looked = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def count(self) -> int:
        """How many listen."""
        return self._listeners.total()

    @property
    def full(self) -> bool:
        """Whether nobody more may listen."""
        return self._closed or self.count >= self._limit

    def close(self) -> None:
        """End every stream at its next breath: the server is about to end."""
        self._closed = True
        self._tell()
        if self._looking is not None:
            self._looking.cancel()

    async def follow(self, batch: str, seen: str | None) -> AsyncGenerator[Standing | None, None]:
        """How the batch stands now and whenever that changes, until it is final or gone.

        None now and then, as a sign of life. *seen* is `mark_of` what the listener knows already.
        """
        self._listeners[batch] += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_on())
        try:
            async for each in self._follow(batch, seen):
                yield each
        finally:
            self._listeners[batch] -= 1
            self._listeners += Counter()  # drops what nobody listens to

    async def _follow(self, batch: str, seen: str | None) -> AsyncGenerator[Standing | None, None]:
        began = spoke = time.monotonic()
        while not self._closed and time.monotonic() - began < self._rhythm.lifetime:
            await self._wait()
            now = self._known.get(batch)
            if now is None and batch in self._asked:
                return
            if now is not None and mark_of(now.batch) != seen:
                seen, spoke = mark_of(now.batch), time.monotonic()
                yield now
            elif time.monotonic() - spoke >= self._rhythm.heartbeat:
                spoke = time.monotonic()
                yield None
            if now is not None and now.batch.state in FINAL:
                return

    async def _wait(self) -> None:
        """Wait for the next look, or so long that it is time for a sign of life."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._looked.wait(), self._rhythm.heartbeat)

    async def _look_on(self) -> None:
        """Look as long as anybody listens."""
        while self._listeners and not self._closed:
            wanted = sorted(self._listeners)
            try:
                found = await anyio.to_thread.run_sync(self._look, wanted)
            except HocbaError as error:
                logger.warning("nobody can be told how batches stand: %s", error.finding.code)
            except Exception as error:  # noqa: BLE001 -- the outermost loop of this task
                log_incident(error)
            else:
                self._known, self._asked = found, frozenset(wanted)
                self._tell()
            await asyncio.sleep(self._rhythm.look)
        self._known, self._asked = {}, frozenset()

    def _tell(self) -> None:
        """Wake everybody who waits."""
        self._looked.set()
        self._looked = asyncio.Event()


def mark_of(batch: Batch) -> str:
    """Names how far a batch is: the same in every process, before and after a restart."""
    return f"{batch.counts.total}-{batch.counts.deferred}-{batch.state.value}"
