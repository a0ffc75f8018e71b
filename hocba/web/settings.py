"""What an operator may set about the server. None of it weakens a check."""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from schemas.document import DEFAULT_LIMITS

GIBIBYTE = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Bounds of the server; the defaults suit one machine.

    `max_uploads_at_once` is of one sender; an unfinished upload is given up after
    `upload_expires_after`.

    `retry_deferred_after` is for batches whose documents wait for revocation data: authorities
    publish it every day or hour, not every minute.

    `followers_at_once` may follow batches as they go. The index is asked `follow_every` so often
    for all of them together; a stream ends after `follow_no_longer_than`, and its listener comes
    again.

    `session_key` seals the cookie of a signed-in parent. Left out, it is new with every start:
    parents then enter their code again, and several servers behind one name must share one.
    """

    max_batch_bytes: int = 8 * GIBIBYTE
    max_uploads_at_once: int = 32
    upload_expires_after: timedelta = timedelta(days=7)
    max_document_bytes: int = DEFAULT_LIMITS.max_bytes
    verifications_per_minute: int = 30
    sign_ins_per_minute: int = 10
    verifications_at_once: int = 4
    verifications_waiting: int = 20
    session: timedelta = timedelta(minutes=30)
    session_key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    work_batches: bool = True
    retry_batches_after: timedelta = timedelta(minutes=1)
    retry_deferred_after: timedelta = timedelta(minutes=15)
    followers_at_once: int = 500
    follow_every: timedelta = timedelta(seconds=1)
    heartbeat_every: timedelta = timedelta(seconds=15)
    follow_no_longer_than: timedelta = timedelta(minutes=15)

    def __post_init__(self) -> None:
        """No setting that would switch a limit off by accident."""
        if len(self.session_key) < 32:
            raise ValueError(f"session key has {len(self.session_key)} bytes, needs 32")
        counts = (
            self.max_batch_bytes,
            self.max_uploads_at_once,
            self.max_document_bytes,
            self.verifications_per_minute,
            self.sign_ins_per_minute,
            self.verifications_at_once,
            self.verifications_waiting,
            self.followers_at_once,
        )
        if min(counts) < 1:
            raise ValueError("a limit is below 1")
