"""Rows about transfers of pupils, as a repository notes them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TransferDirection(StrEnum):
    """Whose side a row is: a repository of several provinces may have both."""

    OUT = "out"
    IN = "in"


class TransferState(StrEnum):
    """Where a transfer stands; the last three are final.

    `made` → `accepted` | `declined` | `expired`. The receiving side knows the final ones only.
    """

    MADE = "made"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One pupil's move, as the sending or the receiving side has it.

    `province` is the side whose row this is. The package lies in the store under `storage_key`.
    `acknowledgement` is what the receiving side signed, `note` why it declined.
    """

    id: str
    direction: TransferDirection
    state: TransferState
    province: str
    sender: str
    receiver: str
    matruong: str | None
    mahocsinh: str
    reason: str
    decision: str | None
    documents: int
    issued_at: datetime
    expires_at: datetime
    noted_at: datetime
    noted_by: str
    sha256: str
    storage_key: str
    version_id: str
    batch: str | None = None
    decided_at: datetime | None = None
    decided_by: str | None = None
    note: str | None = None
    acknowledgement: str | None = None

    def state_at(self, at: datetime) -> TransferState:
        """The state at the time *at*: nobody has to note that a package has expired."""
        waits = self.state is TransferState.MADE
        return TransferState.EXPIRED if waits and at > self.expires_at else self.state

    def as_json(self, at: datetime) -> dict[str, object]:
        """One of `/v1/transfers`, as of the time *at*."""
        return {
            "id": self.id,
            "direction": self.direction.value,
            "state": self.state_at(at).value,
            "sender": self.sender,
            "receiver": self.receiver,
            "matruong": self.matruong,
            "mahocsinh": self.mahocsinh,
            "reason": self.reason,
            "decision": self.decision,
            "documents": self.documents,
            "issued_at": self.issued_at.isoformat(),
            "expires_at": self.expires_at.isoformat(),
            "noted_at": self.noted_at.isoformat(),
            "noted_by": self.noted_by,
            "decided_at": self.decided_at.isoformat() if self.decided_at else None,
            "decided_by": self.decided_by,
            "note": self.note,
            "sha256": self.sha256,
        }
