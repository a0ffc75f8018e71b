"""A signature augmented with its validation data: XAdES-LT (EN 319 132-1 clauses 5.4, 6.3).

The certificates and revocation data of the signer and of the time-stamping authority, as they
stood when it was signed: with them a record validates offline when nobody serves them any more.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256

from lxml import etree

from schemas.findings import Finding, Language, finding
from signing import names
from signing.certificates.certificate import SigningCertificate, read_certificate
from signing.certificates.path import CertificateValidation, PathValidator, ValidationMaterial
from signing.certificates.trust import Purpose
from signing.creation.timestamping import own_qualifying_properties, unsigned_signature_properties
from signing.errors import SigningRefused
from signing.report import Indication
from signing.timestamps.authority_certificate import identify_authority
from signing.timestamps.token import TimestampToken, TokenFormatError, read_token
from signing.xades.unsigned_properties import read_unsigned_properties
from signing.xmldsig.form import read_form

_X = f"{{{names.XADES}}}"
_X141 = f"{{{names.XADES_141}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTermSource:
    """Where validation data comes from: *material* is what the *paths* may rest on, as octets.

    `purpose` is what the signer's certificate must be trusted for; `at` the time of signing.
    """

    paths: PathValidator
    material: ValidationMaterial
    purpose: Purpose | None
    at: datetime


def add_long_term_values(signature: etree._Element, source: LongTermSource) -> None:
    """Add to *signature* the validation data of its signer and of its time-stamps.

    Raises `SigningRefused` where the path of one of them is not settled: half of what is needed
    would look like all of it. The signature is as it was then.
    """
    qualifying = own_qualifying_properties(signature)
    form = read_form(signature)
    timestamps = read_unsigned_properties(form).signature_timestamps
    tokens = [_read(token) for each in timestamps for token in each.tokens]
    # The signer's certificate stands first where this package signed.
    signer = _settled(
        read_certificate(form.certificates[0]), source.material, source, source.purpose
    )
    authorities = [_authority(token, source) for token in tokens]
    values = _Values(source.material)
    values.present.update(form.certificates)
    values.present.update(der for token in tokens for der in token.certificates)
    properties = unsigned_signature_properties(qualifying)
    values.add_to(properties, [signer])
    data = etree.Element(f"{_X141}TimeStampValidationData", nsmap={"xades141": names.XADES_141})
    values.add_to(data, authorities)
    if len(data):
        properties.append(data)


def _read(token: bytes) -> TimestampToken:
    try:
        return read_token(token)
    except TokenFormatError as error:
        raise _unsettled("TSA", finding("HB-S084", reason=error)) from error


def _authority(token: TimestampToken, source: LongTermSource) -> CertificateValidation:
    known = (*token.certificates, *source.material.certificates)
    certificate = identify_authority(token, known)
    if certificate is None:
        raise _unsettled("TSA", finding("HB-S088"))
    material = replace(source.material, certificates=known)
    return _settled(certificate, material, source, Purpose.TIMESTAMP)


def _settled(
    certificate: SigningCertificate,
    material: ValidationMaterial,
    source: LongTermSource,
    purpose: Purpose | None,
) -> CertificateValidation:
    validation = source.paths.validate(certificate, material, purpose, source.at)
    if validation.verdict.indication is not Indication.TOTAL_PASSED:
        subject = certificate.signer.subject
        reasons = (*validation.verdict.findings, finding("HB-S041", subject=subject))
        raise _unsettled(subject, reasons[0])
    return validation


def _unsettled(subject: str, reason: Finding) -> SigningRefused:
    return SigningRefused(
        finding(
            "HB-K028",
            subject=subject,
            reason=reason.message(Language.VI),
            reason_en=reason.message(Language.EN),
        )
    )


@dataclass(slots=True)
class _Values:
    """Writes validation data out, nothing twice in one signature (EN 319 132-1 clause 6.3)."""

    material: ValidationMaterial
    present: set[bytes] = field(default_factory=set)

    def add_to(self, parent: etree._Element, validations: Sequence[CertificateValidation]) -> None:
        """CertificateValues and RevocationValues of all *validations*."""
        used = {one.sha256 for each in validations for one in each.revocation}
        chain = self._new(der for each in validations for der in each.chain)
        lists, answers = (
            self._new(der for der in objects if sha256(der).hexdigest() in used)
            for objects in (self.material.crls, self.material.ocsp_responses)
        )
        if chain:
            values = etree.SubElement(parent, f"{_X}CertificateValues")
            _encapsulate(values, "EncapsulatedX509Certificate", chain)
        if not (lists or answers):
            return
        values = etree.SubElement(parent, f"{_X}RevocationValues")
        for holder, name, objects in (
            ("CRLValues", "EncapsulatedCRLValue", lists),
            ("OCSPValues", "EncapsulatedOCSPValue", answers),
        ):
            if objects:
                _encapsulate(etree.SubElement(values, f"{_X}{holder}"), name, objects)

    def _new(self, objects: Iterable[bytes]) -> list[bytes]:
        found = [each for each in dict.fromkeys(objects) if each not in self.present]
        self.present.update(found)
        return found


def _encapsulate(parent: etree._Element, name: str, objects: Iterable[bytes]) -> None:
    for each in objects:
        etree.SubElement(parent, f"{_X}{name}").text = base64.b64encode(each).decode("ascii")
