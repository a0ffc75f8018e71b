"""One `ds:Signature` from its form to its verdict: ETSI EN 319 102-1 V1.3.1.

Format checking first; then what basic validation and, where there is anything to prove a time by,
validation with time make of it.
"""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from lxml import etree

from schemas.document import ParsedDocument
from signing.certificates.certificate import SigningCertificate
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.certificates.trust import Purpose
from signing.constraints import ValidationConstraints
from signing.policy import SignerKind
from signing.report import SignatureValidation, SubIndication, Verdict, failed
from signing.validation.basic import BasicValidation, BasicValidator
from signing.validation.proof import ProofReader, Proofs
from signing.validation.with_time import Timed, validate_with_time
from signing.xades.unsigned_properties import (
    NO_UNSIGNED_PROPERTIES,
    UnsignedProperties,
    read_unsigned_properties,
)
from signing.xmldsig.algorithms import AlgorithmPolicy
from signing.xmldsig.form import FormatError, SignatureForm, read_form
from signing.xmldsig.references import ReferenceValidator


class ValidatedSignature(NamedTuple):
    """A signature's validation together with the nodes that it proved, for the record step.

    `named` are the data elements that its references name, whether or not their digest is right:
    a wrong digest is this signature's own failure. They are believed only as far as the verdict
    goes.
    """

    validation: SignatureValidation
    element: etree._Element
    named: tuple[etree._Element, ...]
    certificate: SigningCertificate | None


_PURPOSES = {kind: Purpose(kind.value) for kind in SignerKind}


class SignatureValidator:
    """Validates the signatures of one document at one time.

    *references* brings rules of its own for what a reference may do; None: those of records.
    """

    def __init__(
        self,
        document: ParsedDocument,
        *,
        algorithms: AlgorithmPolicy,
        constraints: ValidationConstraints,
        paths: PathValidator | None,
        at: datetime,
        references: ReferenceValidator | None = None,
    ) -> None:
        self._constraints = constraints
        self._paths = paths
        self._at = at
        self._algorithms = algorithms
        references = references or ReferenceValidator(document, algorithms)
        self._basic = BasicValidator(references, algorithms=algorithms, paths=paths, at=at)
        self._proofs = ProofReader(
            references=references,
            paths=paths,
            algorithms=algorithms,
            constraints=constraints,
            at=at,
        )

    def validate(
        self, signature: etree._Element, role: str | None, kind: SignerKind | None
    ) -> ValidatedSignature:
        """The validation of *signature*; never raises.

        (1) format checking (5.2.2), (2) what came along to build and check paths with, (3) basic
        validation (5.3), (4) time-stamps (5.4), (5) validation with time (5.5, 5.6.2).
        """
        # (1):
        try:
            form = read_form(signature)
        except FormatError as error:
            verdict = failed(SubIndication.FORMAT_FAILURE, error.finding)
            return _without_form(signature, role, verdict)
        purpose = None if kind is None else _PURPOSES[kind]
        # (2):
        unsigned = read_unsigned_properties(form)
        material = _material(form, unsigned)
        # (3):
        basic = self._basic.validate(form, material, purpose)
        # (4):
        proofs = self._proofs.read(basic, unsigned, material)
        # (5):
        timed = validate_with_time(
            basic,
            proofs.timestamps,
            material,
            purpose,
            constraints=self._constraints,
            paths=self._paths,
            at=self._at,
        )
        return _validated(basic, proofs, timed, role)


def _material(form: SignatureForm, unsigned: UnsignedProperties) -> ValidationMaterial:
    """What came along with the signature, in KeyInfo and among its unsigned properties."""
    if unsigned is NO_UNSIGNED_PROPERTIES:
        return ValidationMaterial(certificates=form.certificates)
    values = unsigned.material
    return replace(values, certificates=(*form.certificates, *values.certificates))


@lru_cache(maxsize=8_192)
def _fingerprint(der: bytes) -> str:
    """Kept: path validation gives one object for equal octets, and chains share their ends."""
    return sha256(der).hexdigest()


def _validated(
    basic: BasicValidation, proofs: Proofs, timed: Timed, role: str | None
) -> ValidatedSignature:
    data = [each for each in basic.references if each.is_data]
    form, certificate = basic.form, basic.certificate
    verdict = timed.verdict
    if proofs.problems:
        verdict = replace(verdict, findings=(*verdict.findings, *proofs.problems))
    return ValidatedSignature(
        validation=SignatureValidation(
            id=form.id,
            role=role,
            verdict=verdict,
            signer=certificate.signer if certificate else None,
            claimed_signing_time=basic.properties.claimed_signing_time,
            best_signature_time=timed.best_signature_time,
            covers=tuple([each.uri or "" for each in data if each.algorithm is not None]),
            signature_algorithm=form.signature_method,
            timestamps=proofs.timestamps,
            revocation=timed.x509.revocation,
            chain=tuple([_fingerprint(der) for der in timed.x509.chain]),
            certificate_stated=bool(basic.properties.signing_certificates),
            revoked_at=timed.x509.revoked_at,
        ),
        element=form.element,
        named=tuple([each.target for each in data if each.target is not None]),
        certificate=certificate,
    )


def _without_form(
    signature: etree._Element, role: str | None, verdict: Verdict
) -> ValidatedSignature:
    validation = SignatureValidation(
        id=signature.get("Id"),
        role=role,
        verdict=verdict,
        signer=None,
        claimed_signing_time=None,
        best_signature_time=None,
        covers=(),
        signature_algorithm=None,
    )
    return ValidatedSignature(validation, signature, (), None)
