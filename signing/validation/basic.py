"""Validation of a basic signature: ETSI EN 319 102-1 V1.3.1, clause 5.3, building block by block.

Every block runs that can run, and what each found is collected. What a proof of time may still
change (the certificate's validity, the ends of algorithms) is kept apart from what it cannot.
"""

from contextlib import suppress
from datetime import date, datetime
from typing import NamedTuple

from schemas.findings import Finding, finding
from signing.certificates.certificate import (
    CertificateUnreadableError,
    SigningCertificate,
    read_certificate,
)
from signing.certificates.path import CertificateValidation, PathValidator, ValidationMaterial
from signing.certificates.trust import Purpose
from signing.report import PASSED, SubIndication, Verdict, failed, indeterminate, worst
from signing.xades.signed_properties import SignedProperties, read_signed_properties
from signing.xmldsig.algorithms import AlgorithmPolicy, UnfitKeyError, WrongSignatureValueError
from signing.xmldsig.canonicalization import METHODS, CanonicalizationError, canonicalize
from signing.xmldsig.form import SignatureForm
from signing.xmldsig.references import ReferenceValidation, ReferenceValidator, uncanonical


class AlgorithmUse(NamedTuple):
    """An algorithm that the signature rests on, and until when a verdict may; None: no end set."""

    uri: str
    end: date | None


class BasicValidation(NamedTuple):
    """What basic validation found out about one signature.

    `timeless` is the verdict of every block that no proof of time can change: identification,
    references, cryptographic verification, signed properties. `x509` is that of the certificate at
    the validation time. `algorithms` are judged in signature acceptance.
    """

    form: SignatureForm
    properties: SignedProperties
    references: tuple[ReferenceValidation, ...]
    certificate: SigningCertificate | None
    timeless: Verdict
    x509: CertificateValidation
    algorithms: tuple[AlgorithmUse, ...]


# Without a signing certificate its identification says what is wrong.
_NOT_ASKED = CertificateValidation(verdict=PASSED)


class BasicValidator:
    """Validates the signatures of one document at one time."""

    def __init__(
        self,
        references: ReferenceValidator,
        *,
        algorithms: AlgorithmPolicy,
        paths: PathValidator | None,
        at: datetime,
    ) -> None:
        self._references = references
        self._algorithms = algorithms
        self._paths = paths
        self._at = at

    def validate(
        self, form: SignatureForm, material: ValidationMaterial, purpose: Purpose | None
    ) -> BasicValidation:
        """The basic validation of a signature whose form was found right; never raises.

        (1) references, (2) signed properties, (3) identification of the signing certificate
        (5.2.3), (4) cryptographic verification (5.2.7), (5) X.509 certificate validation (5.2.6).
        """
        # (1):
        references = tuple(self._references.validate(each, form) for each in form.references)
        verdicts = [each.verdict for each in references]
        if not any(each.is_data for each in references):
            verdicts.append(_unacceptable(finding("HB-S014")))
        # (2): only parts of this very signature, as its own references cover them.
        covered = tuple(
            each.target
            for each in references
            if each.verdict is PASSED and each.target is not None and not each.is_data
        )
        properties = read_signed_properties(form, covered, self._algorithms)
        verdicts.extend(_unacceptable(problem) for problem in properties.problems)
        # (3):
        certificate, identified = identify(form, properties)
        verdicts.append(identified)
        uses = [
            AlgorithmUse(each.algorithm.uri, each.algorithm.accepted_until)
            for each in references
            if each.algorithm is not None
        ]
        x509 = _NOT_ASKED
        if certificate is not None:
            # (4):
            value = self._verify_value(form, certificate)
            if isinstance(value, AlgorithmUse):
                uses.append(value)
            else:
                verdicts.append(value)
            if not certificate.may_sign:
                verdicts.append(_not_for_signing(certificate))
            # (5):
            x509 = self._validate_certificate(certificate, material, purpose)
        return BasicValidation(
            form=form,
            properties=properties,
            references=references,
            certificate=certificate,
            timeless=worst(verdicts),
            x509=x509,
            algorithms=tuple(uses),
        )

    def _verify_value(
        self, form: SignatureForm, certificate: SigningCertificate
    ) -> AlgorithmUse | Verdict:
        """The algorithm that proved the value, or why nothing is proved."""
        algorithm = self._algorithms.signatures.get(form.signature_method)
        method = METHODS.get(form.canonicalization.algorithm)
        if algorithm is None or form.method_has_parameters:
            return self._unsupported(form.signature_method)
        if method is None or form.canonicalization.unknown_content:
            return self._unsupported(form.canonicalization.algorithm)
        try:
            self._references.charge()
            octets = canonicalize(form.signed_info, method, prefixes=form.canonicalization.prefixes)
            bits = algorithm.verify(certificate.public_key, form.value, octets)
        except CanonicalizationError as error:
            return uncanonical(error, "SignedInfo")
        except UnfitKeyError as error:
            return indeterminate(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, error.finding)
        except WrongSignatureValueError:
            reason = finding("HB-S020", line=form.element.sourceline)
            return failed(SubIndication.SIG_CRYPTO_FAILURE, reason)
        return AlgorithmUse(algorithm.uri, algorithm.end(bits))

    def _unsupported(self, uri: str) -> Verdict:
        reason = self._algorithms.refusal(uri)
        return indeterminate(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, reason)

    def _validate_certificate(
        self,
        certificate: SigningCertificate,
        material: ValidationMaterial,
        purpose: Purpose | None,
    ) -> CertificateValidation:
        if self._paths is None:
            reason = finding("HB-S040")
            verdict = indeterminate(SubIndication.NO_CERTIFICATE_CHAIN_FOUND, reason)
            return CertificateValidation(verdict=verdict)
        return self._paths.validate(certificate, material, purpose, self._at)


def identify(
    form: SignatureForm, properties: SignedProperties
) -> tuple[SigningCertificate | None, Verdict]:
    """The signing certificate (5.2.3): a signed reference decides, else its place in the path.

    The verdict is a pass only where nothing contradicts.
    """
    candidates: list[SigningCertificate] = []
    for der in form.certificates:
        with suppress(CertificateUnreadableError):
            candidates.append(read_certificate(der))
    line = form.element.sourceline
    if not candidates:
        code = "HB-S032" if form.certificates else "HB-S030"
        return None, _no_certificate(finding(code, line=line))
    references = properties.signing_certificates
    if references is None:
        return _leaf(candidates), PASSED
    for candidate in candidates:
        if any(each.names(candidate.der) for each in references[:1]):
            return candidate, PASSED
    return _leaf(candidates), _no_certificate(finding("HB-S031", line=line))


def _leaf(candidates: list[SigningCertificate]) -> SigningCertificate:
    """The one that issued none of the others: signers put the chain in any order."""
    for candidate in candidates:
        subject = candidate.certificate.subject
        others = [each for each in candidates if each is not candidate]
        if all(each.certificate.issuer != subject for each in others):
            return candidate
    return candidates[0]


def _no_certificate(reason: Finding) -> Verdict:
    return indeterminate(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, reason)


def _not_for_signing(certificate: SigningCertificate) -> Verdict:
    reason = finding("HB-S034", subject=certificate.signer.subject)
    return indeterminate(SubIndication.CHAIN_CONSTRAINTS_FAILURE, reason)


def _unacceptable(reason: Finding) -> Verdict:
    return indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, reason)
