"""What goes into the validation of a certificate, and what comes out of it."""

from dataclasses import dataclass
from datetime import datetime

from signing.report import RevocationEvidence, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationMaterial:
    """DER objects that came along with a signature or a token: hints, believed in nothing.

    What they are worth, the signatures on them decide.
    """

    certificates: tuple[bytes, ...] = ()
    crls: tuple[bytes, ...] = ()
    ocsp_responses: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateValidation:
    """X.509 certificate validation (EN 319 102-1, clause 5.2.6): the verdict and what it rests on.

    `chain` holds DER certificates from the validated one to the anchor, () where none was found.
    `revoked_at` is when the certificate (or, with REVOKED_CA_NO_POE, one above it) was revoked.
    """

    verdict: Verdict
    chain: tuple[bytes, ...] = ()
    revocation: tuple[RevocationEvidence, ...] = ()
    revoked_at: datetime | None = None
