"""A submission from its source to its receipts; stopped anywhere, the same call goes on.

(1) the manifest: every document with its digest; (2) what of it the server lacks; (3) that, packed
and sent part by part; (4) the server's outcome of each document; (5) the receipts, verified.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hocba.ingest.source import Source
from hocba.model.outcome import Outcome
from hocba.submit.batches import Told, await_batches, collect
from hocba.submit.connection import Connection
from hocba.submit.manifest import compare, read_manifest, trouble_of
from hocba.submit.promises import Promises, ReceiptFile, collect_receipts, server_keys
from hocba.submit.sending import PENDING, Sender, SendLimits
from hocba.submit.state import State
from hocba.submit.watching import Watcher, nobody
from schemas.findings import Finding
from schemas.registry import DefinitionRegistry

_DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """What became of a submission so far.

    `known` documents were held before and not sent. `final` is false while the server has not
    decided on every document; `failures` are its words on batches that are not done.
    """

    documents: int
    known: int
    sent: int
    batches: tuple[str, ...]
    final: bool
    outcomes: Mapping[str, int]
    promises: Promises
    failures: tuple[Finding, ...] = ()


@dataclass(slots=True, kw_only=True)
class Submission:
    """One source for one server. *folder* keeps what outlives submissions."""

    connection: Connection
    source: Source
    state: State
    definitions: DefinitionRegistry
    folder: Path
    watcher: Watcher = nobody
    limits: SendLimits = field(default_factory=SendLimits)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def send(self) -> None:
        """Bring everything that the server lacks to it: (1), (2), (3)."""
        read_manifest(self.source, self.state, self.definitions, self.watcher)
        compare(self.connection, self.state, self.watcher)
        # The day stands in the names of uploads, which a submission keeps over midnight.
        day = self.state.fact(_DAY) or self.clock().strftime("%Y%m%d")
        self.state.note(**{_DAY: day})
        Sender(
            connection=self.connection,
            source=self.source,
            state=self.state,
            watcher=self.watcher,
            day=day,
            limits=self.limits,
        ).send_all()

    def outcomes(self) -> Iterator[Told]:
        """What became of every document that was sent, or could not be."""
        for line in self.state.lines("trouble IS NOT NULL"):
            yield Told(line.file, "", Outcome.UNREADABLE, (trouble_of(line),))
        for part in self.state.parts():
            if part.batch is not None:
                yield from collect(self.connection, part, self.state)

    def await_outcomes(self) -> tuple[bool, tuple[Finding, ...]]:
        """Wait until the server is done, as far as that can be waited for."""
        return await_batches(self.connection, self.state.parts(), self.watcher)

    def receipts(self, path: Path | None, pinned: Path | None) -> Promises:
        """The receipts of everything that the server holds, verified; written to *path*."""
        keys = server_keys(self.connection, self.folder, pinned)
        with ReceiptFile(path) if path is not None else nullcontext() as out:
            return collect_receipts(self.connection, self.state, keys, out, self.watcher)

    def summary(
        self, *, final: bool, promises: Promises | None = None, failures: tuple[Finding, ...] = ()
    ) -> Submitted:
        """How things stand."""
        parts = self.state.parts()
        return Submitted(
            documents=self.state.count(),
            known=self.state.count("outcome = 'duplicate' AND part IS NULL"),
            sent=self.state.count("part IS NOT NULL"),
            batches=tuple(each.batch for each in parts if each.batch),
            final=final and self.state.count(PENDING) == 0,
            outcomes=self.state.outcomes(),
            promises=promises or Promises(),
            failures=failures,
        )
