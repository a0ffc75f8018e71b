"""Unsigned properties: time-stamps and validation data that came along (EN 319 132-1 V1.2.1).

No signature protects them: anybody may have put them there, or taken them away. So what is odd is
named and not used, and takes nothing from the signature; what is used proves itself (a token by
its TSA's signature, a certificate, CRL or OCSP response by its issuer's).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from schemas.document import local_name
from schemas.findings import Finding, finding
from signing import names
from signing.certificates.path import ValidationMaterial
from signing.xades.signed_properties import is_covered
from signing.xades.timestamp_elements import (
    ContentTimestamp,
    SignatureTimestamp,
    encapsulated,
    read_content_timestamp,
    read_signature_timestamp,
)
from signing.xmldsig.form import MAX_CERTIFICATE_BYTES, FormatError, SignatureForm, child_elements

MAX_SIGNATURE_TIMESTAMPS = 8
MAX_CONTENT_TIMESTAMPS = 8
MAX_COUNTER_SIGNATURES = 16
# Of one signature, in all its containers: more than signer, TSA and responders need.
MAX_VALUES = 64
MAX_CRL_BYTES = 2 * 1024 * 1024
MAX_OCSP_BYTES = 64 * 1024
_MOST_LISTED = 20

_X = f"{{{names.XADES}}}"
_X141 = f"{{{names.XADES_141}}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedProperties:
    """What stands in one signature's UnsignedProperties, as written, believed in nothing.

    `certificate_values`, `crl_values` and `ocsp_values` are DER, those of the signature and those
    of its time-stamps (TimeStampValidationData) together. `problems` names what is not used.
    """

    signature_timestamps: tuple[SignatureTimestamp, ...] = ()
    certificate_values: tuple[bytes, ...] = ()
    crl_values: tuple[bytes, ...] = ()
    ocsp_values: tuple[bytes, ...] = ()
    counter_signatures: tuple[etree._Element, ...] = ()
    problems: tuple[Finding, ...] = ()

    @property
    def material(self) -> ValidationMaterial:
        """The values as hints for building and checking paths."""
        return ValidationMaterial(
            certificates=self.certificate_values,
            crls=self.crl_values,
            ocsp_responses=self.ocsp_values,
        )


NO_UNSIGNED_PROPERTIES = UnsignedProperties()


def read_unsigned_properties(form: SignatureForm) -> UnsignedProperties:
    """The unsigned properties of the signature *form*; never raises."""
    found = [
        each
        for each in form.element.iter(names.UNSIGNED_PROPERTIES)
        if next(each.iterancestors(names.SIGNATURE)) is form.element
    ]
    if not found:
        return NO_UNSIGNED_PROPERTIES
    if len(found) > 1 or not _in_place(found[0], form):
        return UnsignedProperties(problems=(finding("HB-S082", line=found[-1].sourceline),))
    reader = _Reader()
    reader.read(found[0])
    return UnsignedProperties(
        signature_timestamps=tuple(reader.timestamps),
        certificate_values=tuple(dict.fromkeys(reader.certificates)),
        crl_values=tuple(dict.fromkeys(reader.crls)),
        ocsp_values=tuple(dict.fromkeys(reader.ocsp)),
        counter_signatures=tuple(reader.counter_signatures),
        problems=tuple(reader.problems[:_MOST_LISTED]),
    )


def read_content_timestamps(
    form: SignatureForm, covered: tuple[etree._Element, ...]
) -> tuple[tuple[ContentTimestamp, ...], tuple[Finding, ...]]:
    """The time-stamps on the content among the *covered* signed properties, and what is wrong.

    EN 319 132-1 clause 5.2.8. They are signed: what is not covered is not read.
    """
    if next(form.element.iter(*_CONTENT_TIMESTAMPS), None) is None:
        return (), ()
    found: list[ContentTimestamp] = []
    problems: list[Finding] = []
    for properties in _signed_properties(form, covered):
        for element in _content_timestamps(properties):
            try:
                _refuse_when_full(found, MAX_CONTENT_TIMESTAMPS, element)
                individual = _CONTENT_TIMESTAMPS[str(element.tag)]
                found.append(read_content_timestamp(element, individual=individual))
            except FormatError as error:
                problems.append(_malformed(element, error))
    return tuple(found), tuple(problems[:_MOST_LISTED])


def _content_timestamps(properties: etree._Element) -> Iterator[etree._Element]:
    for holder in properties.iterchildren(_SIGNED_DATA_OBJECT_PROPERTIES):
        yield from holder.iterchildren(*_CONTENT_TIMESTAMPS)


_SIGNED_DATA_OBJECT_PROPERTIES = f"{_X}SignedDataObjectProperties"
_CONTENT_TIMESTAMPS = {
    f"{_X}AllDataObjectsTimeStamp": False,
    f"{_X}IndividualDataObjectsTimeStamp": True,
}


def _signed_properties(
    form: SignatureForm, covered: tuple[etree._Element, ...]
) -> Iterable[etree._Element]:
    """The SignedProperties in their place that a reference of this signature covers."""
    for element in form.element.iter(names.SIGNED_PROPERTIES):
        if is_covered(element, covered) and _in_place(element, form):
            yield element


def _in_place(properties: etree._Element, form: SignatureForm) -> bool:
    """In Object/QualifyingProperties whose Target is this very signature (4.4.1, 5.1)."""
    qualifying = properties.getparent()
    return (
        qualifying is not None
        and qualifying.tag == names.QUALIFYING_PROPERTIES
        and qualifying.getparent() in form.objects
        and form.id is not None
        and qualifying.get("Target") == f"#{form.id}"
    )


@dataclass(slots=True)
class _Reader:
    """Collects; each property that is malformed becomes a problem of its own."""

    timestamps: list[SignatureTimestamp] = field(default_factory=list)
    certificates: list[bytes] = field(default_factory=list)
    crls: list[bytes] = field(default_factory=list)
    ocsp: list[bytes] = field(default_factory=list)
    counter_signatures: list[etree._Element] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)

    def read(self, properties: etree._Element) -> None:
        """Every property below *properties*."""
        try:
            for group in child_elements(properties):
                if group.tag == f"{_X}UnsignedSignatureProperties":
                    for each in child_elements(group):
                        self._property(each)
                else:
                    self._unknown(group)
        except FormatError as error:
            self.problems.append(_malformed(properties, error))

    def _property(self, element: etree._Element) -> None:
        try:
            if element.tag == f"{_X}SignatureTimeStamp":
                _refuse_when_full(self.timestamps, MAX_SIGNATURE_TIMESTAMPS, element)
                self.timestamps.append(read_signature_timestamp(element))
            elif element.tag == f"{_X}CounterSignature":
                self._counter_signature(element)
            elif element.tag in _VALIDATION_DATA:
                for each in child_elements(element):
                    self._values(each)
            else:
                self._values(element)
        except FormatError as error:
            self.problems.append(_malformed(element, error))

    def _counter_signature(self, element: etree._Element) -> None:
        children = child_elements(element)
        if [each.tag for each in children] != [names.SIGNATURE]:
            raise _wrong(element, "ds:Signature")
        _refuse_when_full(self.counter_signatures, MAX_COUNTER_SIGNATURES, element)
        self.counter_signatures.append(children[0])

    def _values(self, element: etree._Element) -> None:
        """CertificateValues or RevocationValues (5.4), wherever they stand."""
        if element.tag == f"{_X}CertificateValues":
            for each in child_elements(element):
                if each.tag == f"{_X}EncapsulatedX509Certificate":
                    self._value(each, self.certificates, MAX_CERTIFICATE_BYTES)
                else:
                    self._unknown(each)
        elif element.tag == f"{_X}RevocationValues":
            for each in child_elements(element):
                self._revocation_values(each)
        else:
            self._unknown(element)

    def _revocation_values(self, holder: etree._Element) -> None:
        if holder.tag not in _REVOCATION_VALUES:
            self._unknown(holder)
            return
        tag, limit = _REVOCATION_VALUES[holder.tag]
        kept = self.crls if tag == f"{_X}EncapsulatedCRLValue" else self.ocsp
        for each in child_elements(holder):
            if each.tag != tag:
                raise _wrong(each, tag)
            self._value(each, kept, limit)

    def _value(self, element: etree._Element, kept: list[bytes], limit: int) -> None:
        found = [*self.certificates, *self.crls, *self.ocsp]
        _refuse_when_full(found, MAX_VALUES, element)
        kept.append(encapsulated(element, limit))

    def _unknown(self, element: etree._Element) -> None:
        name = local_name(element)
        self.problems.append(finding("HB-S081", line=element.sourceline, element=name))


# The latter is of V1.2.1 and of the same type.
_VALIDATION_DATA = frozenset({f"{_X141}TimeStampValidationData", f"{_X141}AnyValidationData"})
_REVOCATION_VALUES = {
    f"{_X}CRLValues": (f"{_X}EncapsulatedCRLValue", MAX_CRL_BYTES),
    f"{_X}OCSPValues": (f"{_X}EncapsulatedOCSPValue", MAX_OCSP_BYTES),
}


def _refuse_when_full(found: Sequence[object], limit: int, element: etree._Element) -> None:
    if len(found) >= limit:
        raise _wrong(element, f"<= {limit}")


def _malformed(element: etree._Element, error: FormatError) -> Finding:
    values = dict(error.finding.parameters)
    reason = f"{values['element']}: {values['expected'] or 'Base64'}"
    return finding("HB-S080", line=element.sourceline, element=local_name(element), reason=reason)


def _wrong(element: etree._Element, expected: str) -> FormatError:
    name = local_name(element)
    return FormatError(finding("HB-S001", line=element.sourceline, element=name, expected=expected))
