"""Rows about the roster: every change of it, and the certificates of those who sign."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class RosterChangeKind(StrEnum):
    """What changed the roster: a file, or certificates bound to their holders and unbound."""

    IMPORT = "import"
    BIND = "bind"
    UNBIND = "unbind"


class RosterScope(StrEnum):
    """What a file is complete for: whoever is missing in it has left."""

    PROVINCE = "province"
    SCHOOLS = "schools"


class CertificateSource(StrEnum):
    """How a certificate came to be known."""

    SIGNATURE = "signature"  # it signed a record that was accepted
    BOUND = "bound"  # the province named it


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChange:
    """One change of the roster, numbered from 1; what is known after it is state `number`.

    `source` and `source_sha256` name the file it came from, `effective` the day from which who is
    missing in it has left. `mandates` and `digest` are those of the whole roster afterwards.
    """

    number: int
    kind: RosterChangeKind
    at: datetime
    made_by: str
    reason: str
    source: str
    source_sha256: str
    scope: RosterScope
    effective: date
    added: int
    changed: int
    ended: int
    withdrawn: int
    mandates: int
    digest: str

    def as_json(self) -> dict[str, object]:
        """One of the roster's history."""
        return {
            "number": self.number,
            "kind": self.kind.value,
            "at": self.at.isoformat(),
            "by": self.made_by,
            "reason": self.reason,
            "source": self.source,
            "source_sha256": self.source_sha256,
            "scope": self.scope.value,
            "effective": self.effective.isoformat(),
            "added": self.added,
            "changed": self.changed,
            "ended": self.ended,
            "withdrawn": self.withdrawn,
            "mandates": self.mandates,
            "digest": self.digest,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerCertificate:
    """A certificate of somebody who signs; `holder` is the personal id or tax code in it."""

    sha256: str
    holder: str
    subject: str
    issuer: str
    serial: str
    valid_from: datetime
    valid_until: datetime
    source: CertificateSource
    seen_at: datetime
