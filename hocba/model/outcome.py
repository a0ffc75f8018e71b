"""What becomes of a document (design §2)."""

from enum import StrEnum


class Outcome(StrEnum):
    """Outcome of one document.

    `verify` and `check` give the first four; taking in has no `indeterminate` but adds
    `duplicate` (the identical bytes were taken in before) and `deferred` (what is missing may
    still be had; tried again).
    """

    ACCEPTED = "accepted"
    INDETERMINATE = "indeterminate"
    REJECTED = "rejected"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate"
    DEFERRED = "deferred"
