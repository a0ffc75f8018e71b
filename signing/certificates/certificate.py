"""A signing certificate: parsed once, who it names, what its key may do."""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from signing.policy import SignerKind
from signing.report import Signer

# Personal and tax ids in Vietnamese certificates stand in the subject's UID.
_UID = ObjectIdentifier("0.9.2342.19200300.100.1.1")
_ORGANIZATION_IDENTIFIER = NameOID.ORGANIZATION_IDENTIFIER
_PERSONAL_ID = re.compile(r"(?:CCCD|CMND):\s*([0-9]{12})\Z")
_OLD_PERSONAL_ID = re.compile(r"CMND:\s*([0-9]{9})\Z")
_ANY_PERSONAL_ID = re.compile(r"\s*(CCCD|CMND|HC|PID)\s*:", re.IGNORECASE)
_SIGNING_PURPOSES = frozenset(
    {
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ObjectIdentifier("1.3.6.1.5.5.7.3.36"),  # id-kp-documentSigning, RFC 9336
        ObjectIdentifier("1.3.6.1.4.1.311.10.3.12"),  # document signing, Microsoft
    }
)
_TAX_CODE = re.compile(r"MST:\s*([0-9]{10}(?:-?[0-9]{3})?)\Z")


class CertificateUnreadableError(Exception):
    """The octets are no X.509 certificate that can be used."""


@dataclass(frozen=True, slots=True)
class SigningCertificate:
    """A certificate with what validation asks of it. `public_key` is a cryptography key object.

    `names_person` is true as soon as the subject carries any personal id, readable or not.
    """

    der: bytes
    sha256: str
    certificate: x509.Certificate
    public_key: object
    signer: Signer
    names_person: bool
    may_sign: bool
    valid_from: datetime
    valid_until: datetime

    def holder(self, kind: SignerKind) -> str | None:
        """The id of the person or organisation it is bound to, None where it is bound to none.

        A certificate that names a person is that person's, also where it names an organisation
        beside: it is no seal.
        """
        if kind is SignerKind.PERSON:
            return self.signer.personal_id
        return None if self.names_person else self.signer.organization_id


@lru_cache(maxsize=8_192)
def read_certificate(der: bytes) -> SigningCertificate:
    """The certificate in *der*; raises `CertificateUnreadableError`.

    Cached: one homeroom teacher signs a class, one seal a school.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        public_key = certificate.public_key()
        subject = certificate.subject
        # Read late by the library, and a ValueError then: what is broken is refused here.
        issuer = certificate.issuer
        digest = hashlib.sha256(der).hexdigest()
        return SigningCertificate(
            der=der,
            sha256=digest,
            certificate=certificate,
            public_key=public_key,
            signer=Signer(
                subject=subject.rfc4514_string(),
                personal_id=_personal_id(subject),
                organization_id=_organization_id(subject),
                certificate_sha256=digest,
                issuer=issuer.rfc4514_string(),
                serial=format(certificate.serial_number, "x"),
                valid_from=certificate.not_valid_before_utc,
                valid_until=certificate.not_valid_after_utc,
            ),
            names_person=any(_ANY_PERSONAL_ID.match(each) for each in _values(subject, _UID)),
            may_sign=_may_sign(certificate),
            valid_from=certificate.not_valid_before_utc,
            valid_until=certificate.not_valid_after_utc,
        )
    except Exception as error:
        raise CertificateUnreadableError(str(error)) from error


def tax_code(text: str) -> str:
    """A tax code as it is compared: with or without the hyphen before a branch number."""
    return text.replace("-", "")


def _personal_id(subject: x509.Name) -> str | None:
    """The one 12-digit id, or where there is none the one old 9-digit one; two are none."""
    values = _values(subject, _UID)
    for pattern in (_PERSONAL_ID, _OLD_PERSONAL_ID):
        found = {match[1] for each in values if (match := pattern.match(each))}
        if found:
            return found.pop() if len(found) == 1 else None
    return None


def _organization_id(subject: x509.Name) -> str | None:
    for oid in (_UID, _ORGANIZATION_IDENTIFIER):
        values = _values(subject, oid)
        found = {match[1] for each in values if (match := _TAX_CODE.match(each))}
        if found:
            return found.pop() if len({tax_code(each) for each in found}) == 1 else None
    return None


def _values(subject: x509.Name, oid: ObjectIdentifier) -> list[str]:
    return [str(each.value) for each in subject.get_attributes_for_oid(oid)]


def _may_sign(certificate: x509.Certificate) -> bool:
    """digitalSignature or contentCommitment; no KeyUsage restricts nothing (RFC 5280 4.2.1.3).

    A critical ExtendedKeyUsage without a purpose of signing forbids it (4.2.1.12).
    """
    extensions = certificate.extensions
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        if not (usage.digital_signature or usage.content_commitment):
            return False
    except x509.ExtensionNotFound:
        pass
    try:
        extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return True
    return not extended.critical or any(each in _SIGNING_PURPOSES for each in extended.value)
