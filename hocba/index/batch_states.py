"""Which state of a batch may follow on which: one table for the pipeline and for orders."""

from collections.abc import Mapping
from enum import StrEnum

from hocba.index.rows import BatchState

WORKABLE = frozenset({BatchState.RECEIVED, BatchState.RUNNING, BatchState.PAUSED})
"""States in which documents are taken in; in every other one the index refuses them."""

UNFINISHED = WORKABLE | {BatchState.HELD}
FINAL = frozenset(BatchState) - UNFINISHED


class Order(StrEnum):
    """What a person may order about a batch."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


OBEYED_FROM: Mapping[Order, frozenset[BatchState]] = {
    Order.PAUSE: WORKABLE,
    Order.RESUME: frozenset({BatchState.HELD, BatchState.PAUSED}),
    Order.CANCEL: UNFINISHED,
}
"""The states in which an order changes something."""

LEADS_TO: Mapping[Order, BatchState] = {
    Order.PAUSE: BatchState.HELD,
    Order.RESUME: BatchState.RECEIVED,
    Order.CANCEL: BatchState.CANCELLED,
}

OBEYED_ALREADY: Mapping[Order, frozenset[BatchState]] = {
    Order.PAUSE: frozenset({BatchState.HELD}),
    Order.RESUME: frozenset({BatchState.RECEIVED, BatchState.RUNNING}),
    Order.CANCEL: frozenset({BatchState.CANCELLED}),
}
"""The states in which an order asks for what is the case: not refused, nothing to do."""
