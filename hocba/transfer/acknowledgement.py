"""What the receiving repository answers to a package: signed, so that the sender can keep it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hocba.index.index import Transaction
from hocba.index.rows import NewAuditEvent
from hocba.index.transfer_rows import Transfer, TransferDirection, TransferState
from hocba.receipts import ReceiptKey
from hocba.signed_claims import ClaimsInvalid, claimed_claims, sign_claims, verify_claims
from hocba.transfer.errors import TransferRefused
from hocba.transfer.manifest import moment, text
from hocba.transfer.package import Partners
from schemas.findings import finding

KIND = "hocba-transfer-acknowledgement+jws"
MAX_LENGTH = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """Which package was accepted or declined, by whom, when; `note` is why it was declined."""

    id: str
    sha256: str
    sender: str
    receiver: str
    outcome: TransferState
    note: str | None
    at: datetime

    def __post_init__(self) -> None:
        """A decision, at a time."""
        if self.outcome not in {TransferState.ACCEPTED, TransferState.DECLINED}:
            raise ValueError("no decision")
        if self.at.utcoffset() is None:
            raise ValueError("a time without its zone")

    def as_json(self) -> dict[str, object]:
        """The claims."""
        return {
            "id": self.id,
            "sha256": self.sha256,
            "sender": self.sender,
            "receiver": self.receiver,
            "outcome": self.outcome.value,
            "note": self.note,
            "at": self.at.isoformat(),
        }

    @classmethod
    def read(cls, claims: Mapping[str, Any]) -> Self:
        """What `as_json` wrote; ValueError, TypeError or KeyError for anything else."""
        made = cls(
            id=text(claims, "id"),
            sha256=text(claims, "sha256"),
            sender=text(claims, "sender"),
            receiver=text(claims, "receiver"),
            outcome=TransferState(text(claims, "outcome")),
            note=None if claims["note"] is None else text(claims, "note"),
            at=moment(claims, "at"),
        )
        if made.as_json() != dict(claims):
            raise ValueError("it is not written as an acknowledgement")
        return made


def sign_acknowledgement(acknowledgement: Acknowledgement, key: ReceiptKey) -> str:
    """The acknowledgement, signed; the same bytes whenever it is done."""
    return sign_claims(acknowledgement.as_json(), key.private_key, KIND)


def claimed_transfer(token: str) -> str:
    """The id of the transfer that *token* says it is about; a claim, to look it up by."""
    claims = claimed_claims(token[:MAX_LENGTH])
    identity = claims.get("id")
    return identity if isinstance(identity, str) else ""


def file_acknowledgement(
    tx: Transaction,
    identity: str,
    token: str,
    partners: Partners,
    *,
    own: Ed25519PublicKey,
    at: datetime,
    actor: str,
) -> Transfer:
    """The transfer that was made here, as its receiver decided; raises `TransferRefused`.

    *own* is this repository's key, for transfers between two provinces that it keeps. Filed again
    it changes nothing; a decision does not change.
    """
    transfer = tx.transfers.find(identity, TransferDirection.OUT, lock=True)
    if transfer is None:
        raise TransferRefused(finding("HB-I113", found=identity[:64]))
    acknowledgement = _verified(token, transfer, partners.get(transfer.receiver, own))
    if transfer.acknowledgement == token:
        return transfer
    if transfer.state is not TransferState.MADE:
        raise TransferRefused(finding("HB-I114", state=transfer.state.value))
    tx.transfers.decide(
        identity,
        acknowledgement.outcome,
        by=acknowledgement.receiver,
        at=acknowledgement.at,
        note=acknowledgement.note,
        acknowledgement=token,
    )
    tx.audit.append(
        NewAuditEvent(
            at=at,
            actor=actor,
            action=f"transfer.out.{acknowledgement.outcome.value}",
            masogd=transfer.sender,
            detail=(("transfer", identity), ("receiver", transfer.receiver)),
        )
    )
    found = tx.transfers.find(identity, TransferDirection.OUT)
    if found is None:
        raise TransferRefused(finding("HB-I113", found=identity[:64]))
    return found


def _verified(token: str, transfer: Transfer, key: Ed25519PublicKey) -> Acknowledgement:
    try:
        if len(token) > MAX_LENGTH:
            raise ValueError("it is too long")
        found = Acknowledgement.read(verify_claims(token, key, KIND))
    except (ClaimsInvalid, ValueError, TypeError, KeyError) as error:
        reason = f"{transfer.receiver}: {error}"
        raise TransferRefused(finding("HB-I115", reason=reason)) from error
    expected = (transfer.id, transfer.sha256, transfer.sender, transfer.receiver)
    if (found.id, found.sha256, found.sender, found.receiver) != expected:
        raise TransferRefused(finding("HB-I115", reason="it is about another package"))
    return found
