"""What a command's exit code says (design §8)."""

from collections.abc import Mapping
from enum import IntEnum

from hocba.model.outcome import Outcome


class ExitCode(IntEnum):
    """The first four are the commands' own; the rest is what shells and sysexits(3) use."""

    PASSED = 0
    FAILED = 1
    UNUSABLE = 2
    INDETERMINATE = 3
    SOFTWARE = 70
    INTERRUPTED = 130
    OUTPUT_CLOSED = 141


def exit_code_of(counts: Mapping[Outcome, int]) -> ExitCode:
    """The exit code for documents by outcome; nothing readable at all is unusable input."""
    total = sum(counts.values())
    if counts.get(Outcome.UNREADABLE, 0) == total:
        return ExitCode.UNUSABLE
    if counts.get(Outcome.REJECTED, 0) or counts.get(Outcome.UNREADABLE, 0):
        return ExitCode.FAILED
    if counts.get(Outcome.INDETERMINATE, 0) or counts.get(Outcome.DEFERRED, 0):
        return ExitCode.INDETERMINATE
    return ExitCode.PASSED
