"""Validation of one time-stamp token: ETSI EN 319 102-1 V1.3.1, clause 5.4, with RFC 3161 and 5816.

A token is a basic signature of its TSA over a time and a digest. What each step found is collected;
nothing that a token contains makes this raise.
"""

import hmac
from datetime import date, datetime, timedelta
from hashlib import new, sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from schemas.findings import finding
from signing.certificates.algorithm_usage import ends_at
from signing.certificates.certificate import SigningCertificate
from signing.certificates.path import CertificateValidation, PathValidator, ValidationMaterial
from signing.certificates.trust import Purpose
from signing.report import (
    NEEDS_PROOF,
    PASSED,
    Indication,
    SubIndication,
    TimestampKind,
    TimestampValidation,
    Verdict,
    failed,
    indeterminate,
    worst,
)
from signing.timestamps.authority_certificate import authority_problems, identify_authority
from signing.timestamps.token import TimestampToken, TokenFormatError, read_token
from signing.xmldsig.algorithms import (
    AlgorithmPolicy,
    UnfitKeyError,
    WrongSignatureValueError,
)

CLOCK_TOLERANCE = timedelta(minutes=10)
_NO_MATERIAL = ValidationMaterial()


class TimestampValidator:
    """Validates tokens against one trust store; *paths* None is no trust store."""

    def __init__(
        self,
        paths: PathValidator | None,
        algorithms: AlgorithmPolicy,
        *,
        clock_tolerance: timedelta = CLOCK_TOLERANCE,
    ) -> None:
        self._paths = paths
        self._clock_tolerance = clock_tolerance
        self._digests = {each.name: each for each in algorithms.digests.values()}
        self._methods = {
            (each.rule.kind, each.rule.padding, each.hash_name): each
            for each in algorithms.signatures.values()
        }

    def validate(
        self,
        token: bytes,
        stamped: bytes,
        kind: TimestampKind,
        at: datetime,
        material: ValidationMaterial = _NO_MATERIAL,
        *,
        proved_at: datetime | None = None,
    ) -> TimestampValidation:
        """Whether *token* (DER) proves that the octets *stamped* existed at its genTime.

        *at* is the validation time; *material* came along with the token. *proved_at* is a time up
        to which the token itself is proved to exist: without one, a TSA whose certificate has
        expired or was revoked since proves nothing. Never raises.

        (1) format, (2) identification of the TSA's certificate, (3) cryptographic verification,
        (4) message imprint, (5) what a TSA's certificate must be, (6) X.509 certificate
        validation, (7) acceptance.
        """
        # (1):
        try:
            read = read_token(token)
        except TokenFormatError as error:
            verdict = failed(SubIndication.FORMAT_FAILURE, finding("HB-S084", reason=error))
            return TimestampValidation(
                kind=kind,
                verdict=verdict,
                generated_at=None,
                authority=None,
                sha256=sha256(token).hexdigest(),
            )
        # (2):
        certificate = identify_authority(read, (*read.certificates, *material.certificates))
        if certificate is None:
            verdicts = [_no_certificate()]
        else:
            # (3):
            verdicts = [self._verify(read, certificate, proved_at or at)]
        # (4):
        verdicts.append(self._compare(read, stamped, proved_at or at))
        if certificate is not None:
            # (5):
            verdicts.extend(authority_problems(certificate, read.generated_at))
            # (6):
            found = _together(read, material)
            verdicts.append(self._validate_path(certificate, found, at, proved_at).verdict)
        # (7):
        verdicts.append(self._accept(read, at))
        return TimestampValidation(
            kind=kind,
            verdict=worst(verdicts),
            generated_at=read.generated_at,
            authority=certificate.signer.subject if certificate else None,
            sha256=read.sha256,
        )

    def _verify(
        self, token: TimestampToken, certificate: SigningCertificate, time: datetime
    ) -> Verdict:
        """The digest of the content, and the signature over the attributes that hold it."""
        method = token.method
        algorithm = self._methods.get((method.kind, method.padding, method.hash_name))
        if algorithm is None:
            return _unsupported(str(method))
        if not hmac.compare_digest(
            new(token.content_digest.hash_name, token.content).digest(), token.content_digest.digest
        ):
            return failed(SubIndication.HASH_FAILURE, finding("HB-S087"))
        try:
            bits = algorithm.refuse_unfit(certificate.public_key)
            value = _signature_value(token, certificate)
            algorithm.verify(certificate.public_key, value, token.signed_attributes)
        except UnfitKeyError as error:
            return indeterminate(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, error.finding)
        except WrongSignatureValueError:
            subject = certificate.signer.subject
            reason = finding("HB-S089", subject=subject)
            return failed(SubIndication.SIG_CRYPTO_FAILURE, reason)
        return _in_use(algorithm.uri, algorithm.end(bits), time)

    def _compare(self, token: TimestampToken, stamped: bytes, time: datetime) -> Verdict:
        """The message imprint against what it should be of (RFC 3161 2.4.2)."""
        imprint = token.imprint
        algorithm = self._digests.get(imprint.hash_name)
        if algorithm is None:
            return _unsupported(imprint.hash_name)
        if not hmac.compare_digest(new(algorithm.name, stamped).digest(), imprint.digest):
            return failed(SubIndication.HASH_FAILURE, finding("HB-S085"))
        return _in_use(algorithm.uri, algorithm.accepted_until, time)

    def _validate_path(
        self,
        certificate: SigningCertificate,
        material: ValidationMaterial,
        at: datetime,
        proved_at: datetime | None,
    ) -> CertificateValidation:
        if self._paths is None:
            reason = finding("HB-S040")
            verdict = indeterminate(SubIndication.NO_CERTIFICATE_CHAIN_FOUND, reason)
            return CertificateValidation(verdict=verdict)
        now = self._paths.validate(certificate, material, Purpose.TIMESTAMP, at)
        liftable = (
            now.verdict.indication is Indication.INDETERMINATE
            and now.verdict.sub_indication in NEEDS_PROOF
        )
        if proved_at is None or not liftable:
            return now
        return self._paths.validate_past(
            certificate, material, Purpose.TIMESTAMP, at=at, best_signature_time=proved_at
        )

    def _accept(self, token: TimestampToken, at: datetime) -> Verdict:
        problems = []
        if token.generated_at - at > self._clock_tolerance:
            stated = token.generated_at.isoformat()
            problems.append(finding("HB-S093", time=stated, at=at.isoformat()))
        if token.critical_extensions:
            # RFC 3161 2.4.2: none is defined, and one that is critical cannot be passed over.
            problems.append(finding("HB-S094", extension=", ".join(token.critical_extensions)))
        return worst(
            [
                PASSED,
                *(indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, each) for each in problems),
            ]
        )


def _together(token: TimestampToken, material: ValidationMaterial) -> ValidationMaterial:
    """What came in the token and what came beside it."""
    return ValidationMaterial(
        certificates=tuple(dict.fromkeys((*token.certificates, *material.certificates))),
        crls=tuple(dict.fromkeys((*token.crls, *material.crls))),
        ocsp_responses=material.ocsp_responses,
    )


def _signature_value(token: TimestampToken, certificate: SigningCertificate) -> bytes:
    """The value as the algorithm table takes it: r‖s for ECDSA, where CMS has DER (RFC 5753)."""
    key = certificate.public_key
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return token.signature
    size = (key.key_size + 7) // 8
    try:
        r, s = decode_dss_signature(token.signature)
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    except (ValueError, OverflowError) as error:
        raise WrongSignatureValueError("ECDSA-Sig-Value") from error


def _in_use(uri: str, end: date | None, time: datetime) -> Verdict:
    if end is None or time < ends_at(end):
        return PASSED
    return indeterminate(
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
        finding("HB-S086", algorithm=uri, until=end),
    )


def _unsupported(algorithm: str) -> Verdict:
    return indeterminate(
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE, finding("HB-S095", algorithm=algorithm)
    )


def _no_certificate() -> Verdict:
    return indeterminate(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, finding("HB-S088"))
