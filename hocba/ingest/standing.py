"""How far a batch is, how fast it goes and how long it will take, from the index alone.

Whoever works it, on whatever machine: the parts that became done last tell the rate.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path

from hocba.errors import SourceUnreadable
from hocba.index.batch_states import FINAL
from hocba.index.index import Transaction
from hocba.index.rows import Batch, BatchState
from hocba.ingest.source import open_source

_STALE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A batch, about how many documents it has, and documents a second; None where unknown."""

    batch: Batch
    expected: int | None
    rate: float | None

    @property
    def seconds_left(self) -> int | None:
        """About how long it will still take."""
        if self.expected is None or self.rate is None:
            return None
        return ceil(max(self.expected - self.batch.counts.total, 0) / self.rate)

    def as_json(self) -> dict[str, object]:
        """What is added to the batch's own members."""
        return {
            "expected": self.expected,
            "rate": None if self.rate is None else round(self.rate, 1),
            "seconds_left": self.seconds_left,
        }


def standing(
    tx: Transaction, batch: Batch, at: datetime, *, expected: int | None = None
) -> Standing:
    """How *batch* stands at the time *at*; one that is final has what it has."""
    if batch.state in FINAL:
        return Standing(batch=batch, expected=batch.counts.total, rate=None)
    rate: float | None = None
    if batch.state is BatchState.RUNNING:
        pace = tx.batches.pace(batch.id)
        if pace is not None and pace.seconds > 0 and at - pace.until < _STALE:
            rate = pace.documents / pace.seconds
    return Standing(batch=batch, expected=expected, rate=rate)


def expected_documents(path: Path | None) -> int | None:
    """About how many documents lie at *path*; None where nobody knows or can look."""
    if path is None:
        return None
    try:
        return open_source(path).expected()
    except (SourceUnreadable, OSError):
        return None
