"""Who is told how far a submission is."""

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias


class Stage(StrEnum):
    """What is being done; all but `sending`, which counts bytes, count documents."""

    READING = "reading"
    COMPARING = "comparing"
    PACKING = "packing"
    SENDING = "sending"
    WORKING = "working"
    RECEIPTS = "receipts"


Watcher: TypeAlias = Callable[[Stage, int, int | None], None]
"""Is told how much of a stage is done, and how much there is, None where nobody knows."""


def nobody(_stage: Stage, _done: int, _total: int | None) -> None:
    """Nobody watches."""
