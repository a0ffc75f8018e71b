"""A signing certificate: parsed once, who it names, what its key may do."""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from signing.report import Signer

# Personal and tax ids in Vietnamese certificates stand in the subject's UID.
_UID = ObjectIdentifier("0.9.2342.19200300.100.1.1")
_ORGANIZATION_IDENTIFIER = NameOID.ORGANIZATION_IDENTIFIER
_PERSONAL_ID = re.compile(r"(?:CCCD|CMND):\s*(\d{9}|\d{12})\Z")
_TAX_CODE = re.compile(r"MST:\s*(\d{10}(?:-?\d{3})?)\Z")


class CertificateUnreadableError(Exception):
    """The octets are no X.509 certificate that can be used."""


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """A certificate with what validation asks of it. `public_key` is a cryptography key object."""

    der: bytes
    sha256: str
    certificate: x509.Certificate
    public_key: object
    signer: Signer
    may_sign: bool


@lru_cache(maxsize=16_384)
def read_certificate(der: bytes) -> SigningCertificate:
    """The certificate in *der*; raises `CertificateUnreadableError`.

    Cached: one homeroom teacher signs a class, one seal a school.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        public_key = certificate.public_key()
        subject = certificate.subject
        digest = hashlib.sha256(der).hexdigest()
        return SigningCertificate(
            der=der,
            sha256=digest,
            certificate=certificate,
            public_key=public_key,
            signer=Signer(
                subject=subject.rfc4514_string(),
                personal_id=_first_match(subject, _UID, _PERSONAL_ID),
                organization_id=_first_match(subject, _UID, _TAX_CODE)
                or _first_match(subject, _ORGANIZATION_IDENTIFIER, _TAX_CODE),
                certificate_sha256=digest,
            ),
            may_sign=_may_sign(certificate),
        )
    except Exception as error:
        raise CertificateUnreadableError(str(error)) from error


def _first_match(subject: x509.Name, oid: ObjectIdentifier, pattern: re.Pattern[str]) -> str | None:
    """The one id of this kind; two different ones are none, since they name nobody."""
    found = {
        match[1]
        for attribute in subject.get_attributes_for_oid(oid)
        if (match := pattern.match(str(attribute.value)))
    }
    return found.pop() if len(found) == 1 else None


def _may_sign(certificate: x509.Certificate) -> bool:
    """digitalSignature or contentCommitment; no KeyUsage restricts nothing (RFC 5280 4.2.1.3)."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment
