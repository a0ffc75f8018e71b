"""The validation of one signature, step by step as in ETSI EN 319 102-1 V1.3.1, clause 5.3.

Every step runs that can run; what each found is collected. Revocation freshness, time-stamps and
past validation (clauses 5.4 to 5.6) join as further steps: the proved time then takes the place
of the validation time.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from schemas.document import ParsedDocument, element_path
from schemas.findings import Finding, finding
from signing.certificates.certificate import (
    CertificateUnreadableError,
    SigningCertificate,
    read_certificate,
)
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.certificates.trust import Purpose
from signing.policy import SignerKind
from signing.report import (
    PASSED,
    SignatureValidation,
    SubIndication,
    Verdict,
    failed,
    indeterminate,
    worst,
)
from signing.xades.signed_properties import SignedProperties, read_signed_properties
from signing.xmldsig.algorithms import (
    AlgorithmPolicy,
    SignatureAlgorithm,
    UnfitKeyError,
    WrongSignatureValueError,
)
from signing.xmldsig.canonicalization import METHODS, CanonicalizationError, canonicalize
from signing.xmldsig.form import FormatError, SignatureForm, read_form
from signing.xmldsig.references import ReferenceValidation, ReferenceValidator, uncanonical

# A signer's clock may be ahead of ours by this much.
_CLOCK_TOLERANCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ValidatedSignature:
    """A signature's validation together with the nodes that it proved, for the record step.

    `named` are the data elements that its references name, whether or not their digest is right:
    a wrong digest is this signature's own failure. They are believed only as far as the verdict
    goes.
    """

    validation: SignatureValidation
    element: etree._Element
    named: tuple[etree._Element, ...]
    certificate: SigningCertificate | None


class SignatureValidator:
    """Validates the signatures of one document at one time."""

    def __init__(
        self,
        document: ParsedDocument,
        *,
        algorithms: AlgorithmPolicy,
        paths: PathValidator | None,
        at: datetime,
    ) -> None:
        self._algorithms = algorithms
        self._paths = paths
        self._at = at
        self._references = ReferenceValidator(document, algorithms)

    def validate(
        self, signature: etree._Element, role: str | None, kind: SignerKind | None
    ) -> ValidatedSignature:
        """The validation of *signature*; never raises.

        (1) format checking (5.2.2), (2) references and (3) signed properties, (4) identification
        of the signing certificate (5.2.3), (5) cryptographic verification (5.2.7), (6) X.509
        certificate validation (5.2.6), (7) signature acceptance (5.2.8).
        """
        # (1):
        try:
            form = read_form(signature)
        except FormatError as error:
            verdict = failed(SubIndication.FORMAT_FAILURE, error.finding)
            return self._without_form(signature, role, verdict)
        # (2):
        references = [self._references.validate(each, form, self._at) for each in form.references]
        good = tuple(each for each in references if _digest_right(each))
        named = tuple(
            each.target for each in references if each.is_data and each.target is not None
        )
        verdicts = [each.verdict for each in references]
        if not any(each.is_data for each in references):
            verdicts.append(
                indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, finding("HB-S014"))
            )
        # (3):
        # Only parts of this very signature: what an enveloped transform removed from the data
        # around it is not covered.
        targets = tuple(
            each.target for each in good if each.target is not None and not each.is_data
        )
        properties = read_signed_properties(form, targets, self._algorithms)
        # (4):
        certificate, identified = self._identify(form, properties)
        verdicts.append(identified)
        if certificate is not None:
            # (5):
            verdicts.append(self._verify_value(form, certificate))
            # (6):
            verdicts.append(self._validate_certificate(form, certificate, kind))
        # (7):
        verdicts.append(self._accept(properties, certificate))
        return ValidatedSignature(
            validation=SignatureValidation(
                id=form.id,
                path=element_path(signature),
                role=role,
                verdict=worst(verdicts),
                signer=certificate.signer if certificate else None,
                claimed_signing_time=properties.claimed_signing_time,
                best_signature_time=None,
                covers=tuple(each.uri or "" for each in good if each.is_data),
                signature_algorithm=form.signature_method,
            ),
            element=signature,
            named=named,
            certificate=certificate,
        )

    def _without_form(
        self, signature: etree._Element, role: str | None, verdict: Verdict
    ) -> ValidatedSignature:
        validation = SignatureValidation(
            id=signature.get("Id"),
            path=element_path(signature),
            role=role,
            verdict=verdict,
            signer=None,
            claimed_signing_time=None,
            best_signature_time=None,
            covers=(),
            signature_algorithm=None,
        )
        return ValidatedSignature(validation, signature, (), None)

    def _identify(
        self, form: SignatureForm, properties: SignedProperties
    ) -> tuple[SigningCertificate | None, Verdict]:
        """The signing certificate; a signed reference to it decides, else its place in the path."""
        candidates: list[SigningCertificate] = []
        for der in form.certificates:
            with suppress(CertificateUnreadableError):
                candidates.append(read_certificate(der))
        if not candidates:
            code = "HB-S032" if form.certificates else "HB-S030"
            return None, _no_certificate(finding(code, line=form.element.sourceline))
        references = properties.signing_certificates
        if references is None:
            return _leaf(candidates), PASSED
        for candidate in candidates:
            if any(each.names(candidate.der) for each in references[:1]):
                return candidate, PASSED
        return _leaf(candidates), _no_certificate(finding("HB-S031", line=form.element.sourceline))

    def _verify_value(self, form: SignatureForm, certificate: SigningCertificate) -> Verdict:
        algorithm = self._algorithms.signatures.get(form.signature_method)
        method = METHODS.get(form.canonicalization.algorithm)
        if algorithm is None or form.method_has_parameters:
            return _unsupported(form.signature_method)
        if method is None or form.canonicalization.unknown_content:
            return _unsupported(form.canonicalization.algorithm)
        try:
            self._references.charge()
            octets = canonicalize(form.signed_info, method, prefixes=form.canonicalization.prefixes)
            algorithm.verify(certificate.public_key, form.value, octets)
        except CanonicalizationError as error:
            return uncanonical(error, "SignedInfo")
        except UnfitKeyError as error:
            return _unfit(error)
        except WrongSignatureValueError:
            reason = finding("HB-S020", line=form.element.sourceline)
            return failed(SubIndication.SIG_CRYPTO_FAILURE, reason)
        return self._accept_algorithm(algorithm, certificate)

    def _accept_algorithm(
        self, algorithm: SignatureAlgorithm, certificate: SigningCertificate
    ) -> Verdict:
        try:
            bits = algorithm.refuse_unfit(certificate.public_key)
        except UnfitKeyError as error:
            return _unfit(error)
        if algorithm.accepted_at(self._at, bits):
            return PASSED
        return indeterminate(
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
            finding(
                "HB-S022",
                algorithm=algorithm.uri,
                until=algorithm.accepted_until or "?",
            ),
        )

    def _validate_certificate(
        self, form: SignatureForm, certificate: SigningCertificate, kind: SignerKind | None
    ) -> Verdict:
        verdicts = []
        if not certificate.may_sign:
            subject = certificate.signer.subject
            verdicts.append(
                indeterminate(
                    SubIndication.CHAIN_CONSTRAINTS_FAILURE, finding("HB-S034", subject=subject)
                )
            )
        if self._paths is None:
            verdicts.append(
                indeterminate(SubIndication.NO_CERTIFICATE_CHAIN_FOUND, finding("HB-S040"))
            )
        else:
            material = ValidationMaterial(certificates=form.certificates)
            purpose = Purpose(kind.value) if kind else None
            verdicts.append(self._paths.validate(certificate, material, purpose, self._at).verdict)
        return worst(verdicts)

    def _accept(
        self, properties: SignedProperties, certificate: SigningCertificate | None
    ) -> Verdict:
        verdicts = [
            indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, problem)
            for problem in properties.problems
        ]
        claimed = properties.claimed_signing_time
        if claimed is not None and claimed > self._at + _CLOCK_TOLERANCE:
            verdicts.append(
                indeterminate(
                    SubIndication.SIG_CONSTRAINTS_FAILURE,
                    finding("HB-S050", claimed=claimed.isoformat(), at=self._at.isoformat()),
                )
            )
        if claimed is not None and certificate is not None:
            issued = certificate.certificate.not_valid_before_utc
            expires = certificate.certificate.not_valid_after_utc
            if not issued <= claimed <= expires:
                verdicts.append(
                    indeterminate(
                        SubIndication.SIG_CONSTRAINTS_FAILURE,
                        finding(
                            "HB-S052",
                            claimed=claimed.isoformat(),
                            since=issued.date(),
                            until=expires.date(),
                        ),
                    )
                )
        return worst([PASSED, *verdicts])


def _digest_right(reference: ReferenceValidation) -> bool:
    """Whether the octets are the signed ones, even where policy no longer accepts the digest."""
    return reference.verdict.sub_indication in (
        None,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    )


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


def _unsupported(algorithm: str) -> Verdict:
    return indeterminate(
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE, finding("HB-S021", algorithm=algorithm)
    )


def _unfit(error: UnfitKeyError) -> Verdict:
    return indeterminate(SubIndication.CRYPTO_CONSTRAINTS_FAILURE, finding("HB-S023", reason=error))
