"""What one authentic revocation object says of one certificate."""

from dataclasses import dataclass
from datetime import datetime

from asn1crypto import x509 as asn1_x509

from signing.certificates.revocation import OcspAnswer, RevocationList

_HOLD = "certificate_hold"
_LOST = frozenset({"key_compromise", "ca_compromise", "aa_compromise"})
RevocationObject = RevocationList | OcspAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What one authentic revocation object says of one certificate.

    `revoked_at` and `reason` (RFC 5280 5.3.1) are None where it says that it is not revoked.
    `sources` are all that were read as one, CRLs for some reasons each; `index` is the single
    response of an OCSP answer.
    """

    certificate: asn1_x509.Certificate
    subject: str
    source: RevocationObject
    this_update: datetime
    next_update: datetime | None
    speaks_of_expired: bool
    revoked_at: datetime | None = None
    reason: str | None = None
    invalid_since: datetime | None = None
    sources: tuple[RevocationObject, ...] = ()
    index: int = 0

    @property
    def revoked_from(self) -> datetime | None:
        """From when on nothing signed counts; None where it is not revoked.

        A key that was lost was lost before anybody noticed: where the issuer names the day
        (invalidityDate, RFC 5280 5.3.2), it counts from then, as whoever found the key may have
        had time-stamps made before the revocation.
        """
        if self.revoked_at is None or self.invalid_since is None or self.reason not in _LOST:
            return self.revoked_at
        return min(self.revoked_at, self.invalid_since)

    @property
    def held(self) -> bool:
        """Whether it is suspended, which may end, rather than revoked, which does not."""
        return self.reason == _HOLD
