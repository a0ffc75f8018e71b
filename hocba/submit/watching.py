"""Who is told how far a submission is."""

from enum import StrEnum
from typing import Protocol


class Stage(StrEnum):
    """What is being done; all but `sending`, which counts bytes, count documents."""

    READING = "reading"
    COMPARING = "comparing"
    PACKING = "packing"
    SENDING = "sending"
    WORKING = "working"
    RECEIPTS = "receipts"


class Watcher(Protocol):
    """Is told how far a stage is; *total* is None where nobody knows."""

    def __call__(self, stage: Stage, done: int, total: int | None) -> None:
        """Take note."""
        ...


def nobody(_stage: Stage, _done: int, _total: int | None) -> None:
    """Nobody watches."""
