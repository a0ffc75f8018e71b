"""From the signing certificate to a trust anchor: RFC 5280 clause 6, by pyhanko-certvalidator.

The exact engine is slow (milliseconds), so its verdicts are kept: a pass for as long as every
certificate on the path is valid, anything else for a minute. Revocation enters here: the
context below is where CRLs and OCSP responses of the trust store will be handed in.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from hashlib import sha256

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.authority import AuthorityWithCert
from pyhanko_certvalidator.errors import (
    DisallowedAlgorithmError,
    ExpiredError,
    NotYetValidError,
    PathBuildingError,
)
from pyhanko_certvalidator.path import ValidationPath

from schemas.findings import finding
from signing.certificates.certificate import (
    CertificateUnreadableError,
    SigningCertificate,
    read_certificate,
)
from signing.certificates.trust import Purpose, TrustAnchor, TrustStore
from signing.report import PASSED, RevocationEvidence, SubIndication, Verdict, indeterminate

_KEEP_FAILURE = timedelta(minutes=1)
_MAX_KEPT = 65_536


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


@dataclass(frozen=True, slots=True)
class _Kept:
    validation: CertificateValidation
    since: datetime
    until: datetime


class PathValidator:
    """Validates certificate paths against one trust store and keeps the verdicts.

    Not for a thread that runs an event loop: the exact engine starts one of its own.
    """

    def __init__(self, trust: TrustStore) -> None:
        self._trust = trust
        self._intermediates = _readable(trust.intermediates)
        self._kept: dict[tuple[str, Purpose | None, str], _Kept] = {}

    def validate(
        self,
        certificate: SigningCertificate,
        material: ValidationMaterial,
        purpose: Purpose | None,
        at: datetime,
    ) -> CertificateValidation:
        """Whether *certificate* leads at *at* to an anchor that is trusted for *purpose*."""
        hints = sorted(set(material.certificates) - {certificate.der})
        key = (certificate.sha256, purpose, sha256(b"".join(hints)).hexdigest())
        kept = self._kept.get(key)
        if kept is not None and kept.since <= at <= kept.until:
            return kept.validation
        kept = self._validate(certificate, hints, purpose, at)
        if len(self._kept) >= _MAX_KEPT:
            self._kept.clear()
        self._kept[key] = kept
        return kept.validation

    def validate_past(
        self,
        certificate: SigningCertificate,
        material: ValidationMaterial,
        purpose: Purpose | None,
        *,
        at: datetime,
        best_signature_time: datetime,
    ) -> CertificateValidation:
        """Past certificate validation (EN 319 102-1, clause 5.6.2.1) of *certificate*.

        Whether it was valid, and not revoked, at *best_signature_time*: a time up to which the
        signature is proved to exist, not after *at*, the time of validation. Passed also where it
        has expired or was revoked since; otherwise INDETERMINATE with what is missing.
        """
        raise NotImplementedError

    def _validate(
        self,
        certificate: SigningCertificate,
        hints: list[bytes],
        purpose: Purpose | None,
        at: datetime,
    ) -> _Kept:
        anchors = [each for each in self._trust.anchors if each.trusted(purpose, at)]
        if not anchors:
            code = "HB-S045" if purpose else "HB-S041"
            verdict = indeterminate(
                SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
                finding(code, subject=certificate.signer.subject),
            )
            return _Kept(CertificateValidation(verdict=verdict), at, at + _KEEP_FAILURE)
        issuers = _issuers(anchors, self._intermediates, _readable(hints))
        try:
            path = _find_path(certificate.der, anchors, issuers, at)
            validation = CertificateValidation(
                verdict=PASSED,
                chain=tuple(each.dump() for each in path.iter_certs(include_root=True)),
            )
            return _Kept(validation, *_period(path, _anchor_of(path, anchors)))
        except Exception as error:  # noqa: BLE001 -- asn1crypto raises anything for hostile DER
            validation = CertificateValidation(verdict=_failure(certificate, error))
            return _Kept(validation, at, at + _KEEP_FAILURE)


def _readable(certificates: Iterable[bytes]) -> tuple[x509.Certificate, ...]:
    """The certificates among what was sent; junk is no hint and no harm."""
    found = []
    for der in certificates:
        with suppress(CertificateUnreadableError):
            found.append(read_certificate(der).certificate)
    return tuple(found)


def _issuers(
    anchors: Sequence[TrustAnchor],
    intermediates: Sequence[x509.Certificate],
    hints: Sequence[x509.Certificate],
) -> tuple[bytes, ...]:
    """The store's intermediates, and those hints that lead to it by genuine signatures.

    Building a path is exponential in certificates that issue each other by name; only somebody
    whom the store trusts can make one that passes here.
    """
    genuine = [*(each.certificate for each in anchors), *intermediates]
    waiting = list(hints)
    while True:
        added = [each for each in waiting if any(_issued(each, issuer) for issuer in genuine)]
        if not added:
            break
        genuine.extend(added)
        waiting = [each for each in waiting if each not in added]
    return tuple(each.public_bytes(Encoding.DER) for each in genuine[len(anchors) :])


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject or certificate.subject == certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _find_path(
    leaf: bytes, anchors: Sequence[TrustAnchor], issuers: Iterable[bytes], at: datetime
) -> ValidationPath:
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(each.der) for each in anchors],
        other_certs=[asn1_x509.Certificate.load(each) for each in issuers],
        moment=at,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    validator = CertificateValidator(asn1_x509.Certificate.load(leaf), validation_context=context)
    return asyncio.run(validator.async_validate_path())


def _failure(certificate: SigningCertificate, error: Exception) -> Verdict:
    subject = certificate.signer.subject
    match error:
        case ExpiredError():
            return indeterminate(
                SubIndication.OUT_OF_BOUNDS_NO_POE,
                finding("HB-S042", subject=subject, until=_day(error.expired_dt)),
            )
        case NotYetValidError():
            return indeterminate(
                SubIndication.NOT_YET_VALID,
                finding("HB-S043", subject=subject, since=_day(error.valid_from)),
            )
        case DisallowedAlgorithmError():
            return indeterminate(
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                finding("HB-S046", subject=subject),
            )
        case _ if isinstance(error, PathBuildingError) or _is_self_issued(certificate):
            return indeterminate(
                SubIndication.NO_CERTIFICATE_CHAIN_FOUND, finding("HB-S041", subject=subject)
            )
        case _:
            return indeterminate(
                SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE,
                finding("HB-S044", subject=subject, reason=error),
            )


def _is_self_issued(certificate: SigningCertificate) -> bool:
    return certificate.certificate.subject == certificate.certificate.issuer


def _anchor_of(path: ValidationPath, anchors: Sequence[TrustAnchor]) -> TrustAnchor:
    root = path.trust_anchor.authority
    if not isinstance(root, AuthorityWithCert):
        raise TypeError("a trust anchor without a certificate was never handed in")
    der = root.certificate.dump()
    return next(each for each in anchors if each.der == der)


def _period(path: ValidationPath, anchor: TrustAnchor) -> tuple[datetime, datetime]:
    """From when until when this path stays what it is."""
    certificates = list(path.iter_certs(include_root=True))
    starts = [each.not_valid_before for each in certificates]
    ends = [each.not_valid_after for each in certificates]
    if anchor.valid_from is not None:
        starts.append(datetime.combine(anchor.valid_from, time.min, UTC))
    if anchor.valid_until is not None:
        ends.append(datetime.combine(anchor.valid_until, time.max, UTC))
    return max(starts), min(ends)


def _day(moment: datetime) -> str:
    return moment.strftime("%d/%m/%Y")
