"""The certificate of a time-stamping authority: which one it is, and what it must be (RFC 3161)."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from schemas.findings import finding
from signing.certificates.certificate import (
    CertificateUnreadableError,
    SigningCertificate,
    read_certificate,
)
from signing.report import SubIndication, Verdict, indeterminate
from signing.timestamps.token import SignerIdentifier, TimestampToken


def identify_authority(
    token: TimestampToken, candidates: Iterable[bytes]
) -> SigningCertificate | None:
    """The TSA's certificate: the one that the signed attributes name by its digest (5.2.3).

    Other certificates in the token are not even looked at: one of them posing as the signer's is
    how a token of somebody else once passed for a TSA's.
    """
    for der in candidates:
        if not all(each.names(der) for each in token.certificate_identifiers):
            continue
        with suppress(CertificateUnreadableError):
            certificate = read_certificate(der)
            if _is_signer(token.signer, certificate.certificate):
                return certificate
    return None


def _is_signer(signer: SignerIdentifier, certificate: x509.Certificate) -> bool:
    if signer.key_identifier is not None:
        try:
            known = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        except x509.ExtensionNotFound:
            return False
        return known.value.digest == signer.key_identifier
    return (
        certificate.serial_number == signer.serial_number
        and certificate.issuer.public_bytes() == signer.issuer
    )


def authority_problems(certificate: SigningCertificate, generated_at: datetime) -> list[Verdict]:
    """RFC 3161 2.3: one purpose, critical; and a time stated within the certificate's validity."""
    verdicts = []
    subject = certificate.signer.subject
    if not _is_timestamp_authority(certificate.certificate):
        reason = finding("HB-S090", subject=subject)
        verdicts.append(indeterminate(SubIndication.CHAIN_CONSTRAINTS_FAILURE, reason))
    issued = certificate.valid_from
    expires = certificate.valid_until
    time = generated_at.isoformat()
    if generated_at < issued:
        reason = finding("HB-S091", subject=subject, time=time, since=issued.isoformat())
        verdicts.append(indeterminate(SubIndication.NOT_YET_VALID, reason))
    if generated_at > expires:
        reason = finding("HB-S092", subject=subject, time=time, until=expires.isoformat())
        verdicts.append(indeterminate(SubIndication.EXPIRED, reason))
    return verdicts


def _is_timestamp_authority(certificate: x509.Certificate) -> bool:
    extensions = certificate.extensions
    try:
        purpose = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    if not purpose.critical or list(purpose.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        return False
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return usage.digital_signature or usage.content_commitment
