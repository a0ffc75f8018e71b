"""One `ds:Signature` written into a tree: XML-DSig 1.1, XAdES baseline B (EN 319 132-1).

What is signed is never serialised or copied: references are canonicalised where they stand, so
that one tree takes any number of signatures in a row.
"""

import base64
import hashlib
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from schemas.findings import finding
from schemas.vietnam import VIETNAM_TIME
from signing import names
from signing.creation.styles import SignatureStyle
from signing.errors import SigningRefused
from signing.keys.key import SigningKey
from signing.xmldsig.canonicalization import (
    DEFAULT_METHOD_URI,
    ENVELOPED_SIGNATURE,
    METHODS,
    CanonicalizationError,
    canonicalize,
    canonicalize_octets,
)

SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"

_BASE64_LINE = 76


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequest:
    """What one signature is to say.

    `identifier` becomes the signature's Id and the stem of every Id inside it: the caller sees to
    it that no Id of the document starts like it. `targets` and `earlier_values` carry an `Id` that
    is unique in the document, and none of them contains the slot.
    """

    identifier: str
    targets: tuple[etree._Element, ...]
    signing_time: datetime
    earlier_values: tuple[etree._Element, ...] = ()

    def __post_init__(self) -> None:
        """A signature over nothing, or at no certain time, is none."""
        if not self.targets:
            raise ValueError("a signature without a target")
        if self.signing_time.tzinfo is None:
            raise ValueError("signing time without a zone")


@dataclass(frozen=True, slots=True)
class PreparedSignature:
    """A `ds:Signature` in its *slot* that lacks nothing but its value; *digest* is to be signed."""

    slot: etree._Element
    element: etree._Element
    digest: bytes


def prepare_signature(
    slot: etree._Element, request: SignatureRequest, key: SigningKey, style: SignatureStyle
) -> PreparedSignature:
    """Append a signature without value to *slot*; existing ones stay.

    When that fails, the slot is as it was. Raises `SigningRefused` for content without a canonical
    form.
    """
    signature = etree.SubElement(
        slot, names.SIGNATURE, {"Id": request.identifier}, nsmap={style.prefix: names.DS}
    )
    try:
        return PreparedSignature(slot, signature, _fill(signature, request, key, style))
    except BaseException as error:
        slot.remove(signature)
        if isinstance(error, CanonicalizationError):
            raise SigningRefused(finding("HB-K015")) from error
        raise


def put_value(signature: etree._Element, octets: bytes, style: SignatureStyle) -> None:
    """Give a prepared signature its value."""
    (value,) = signature.iterchildren(names.SIGNATURE_VALUE)
    value.text = _base64(octets, wrapped=style.wrapped_base64)


def _fill(
    signature: etree._Element, request: SignatureRequest, key: SigningKey, style: SignatureStyle
) -> bytes:
    """Write everything but the value; returns the digest of the SignedInfo."""
    signed_info = etree.SubElement(signature, names.SIGNED_INFO)
    value = etree.SubElement(signature, names.SIGNATURE_VALUE)
    if style.covers_earlier_values:
        value.set("Id", f"{request.identifier}-value")
    _key_info(signature, key, style)
    # The properties stand before the references are written: these digest them.
    data = (*request.targets, *request.earlier_values)
    if style.qualifying_properties:
        properties = _qualifying_properties(signature, request, key.certificate, len(data))
    else:
        properties = _signature_properties(signature, request, style)
    _child(signed_info, "CanonicalizationMethod", Algorithm=style.canonicalization)
    _child(signed_info, "SignatureMethod", Algorithm=key.signature_algorithm)
    for number, target in enumerate(data):
        reference = _reference(signed_info, target, style.transforms)
        if style.qualifying_properties:
            reference.set("Id", f"{request.identifier}-ref-{number}")
    if style.qualifying_properties:
        reference = _reference(signed_info, properties, (names.EXC_C14N,))
        reference.set("Type", names.TYPE_SIGNED_PROPERTIES)
    else:
        _reference(signed_info, properties, ())
    octets = canonicalize(signed_info, METHODS[style.canonicalization])
    return hashlib.new(key.digest_algorithm, octets).digest()


def _reference(
    signed_info: etree._Element, target: etree._Element, transforms: Sequence[str]
) -> etree._Element:
    reference = _child(signed_info, "Reference", URI=f"#{target.get('Id')}")
    if transforms:
        steps = _child(reference, "Transforms")
        for algorithm in transforms:
            _child(steps, "Transform", Algorithm=algorithm)
    _digest(reference, _transformed(target, transforms))
    return reference


def _transformed(target: etree._Element, transforms: Iterable[str]) -> bytes:
    """The octets that *transforms* make of *target* (XML-DSig 4.4.3.2).

    `enveloped-signature` removes nothing, as the signature stands outside its target.
    """
    octets: bytes | None = None
    for algorithm in transforms:
        if algorithm == ENVELOPED_SIGNATURE:
            continue
        method = METHODS[algorithm]
        octets = (
            canonicalize(target, method, with_comments=False)
            if octets is None
            else canonicalize_octets(octets, method)
        )
    return canonicalize(target, METHODS[DEFAULT_METHOD_URI]) if octets is None else octets


def _key_info(signature: etree._Element, key: SigningKey, style: SignatureStyle) -> None:
    data = _child(_child(signature, "KeyInfo"), "X509Data")
    if style.subject_name:
        _child(data, "X509SubjectName", key.certificate.subject.rfc4514_string())
    chain = key.chain if style.with_chain else ()
    for certificate in (key.certificate, *chain):
        der = certificate.public_bytes(Encoding.DER)
        _child(data, "X509Certificate", _base64(der, wrapped=style.wrapped_base64))


def _qualifying_properties(
    signature: etree._Element,
    request: SignatureRequest,
    certificate: x509.Certificate,
    data_references: int,
) -> etree._Element:
    """The `xades:SignedProperties` of baseline B (EN 319 132-1 clause 6.3)."""
    identifier = request.identifier
    qualifying = etree.SubElement(
        _child(signature, "Object"),
        names.QUALIFYING_PROPERTIES,
        {"Target": f"#{identifier}"},
        nsmap={"xades": names.XADES},
    )
    signed = _xades(qualifying, "SignedProperties", Id=f"{identifier}-props")
    about_signature = _xades(signed, "SignedSignatureProperties")
    time = request.signing_time.astimezone(UTC)
    _xades(about_signature, "SigningTime").text = time.strftime("%Y-%m-%dT%H:%M:%SZ")
    cert = _xades(_xades(about_signature, "SigningCertificateV2"), "Cert")
    _digest(_xades(cert, "CertDigest"), certificate.public_bytes(Encoding.DER))
    about_data = _xades(signed, "SignedDataObjectProperties")
    for number in range(data_references):
        form = _xades(about_data, "DataObjectFormat", ObjectReference=f"#{identifier}-ref-{number}")
        _xades(form, "MimeType").text = "text/xml"
    return signed


def _signature_properties(
    signature: etree._Element, request: SignatureRequest, style: SignatureStyle
) -> etree._Element:
    """The `ds:Object` with the local time: what vendors' tools sign as second reference."""
    identifier = request.identifier
    container = _child(signature, "Object", Id=f"{identifier}-time")
    properties = _child(container, "SignatureProperties")
    signature_property = _child(
        properties, "SignatureProperty", Id=f"{identifier}-property", Target=f"#{identifier}"
    )
    namespace = style.time_namespace
    time = etree.SubElement(
        signature_property, f"{{{namespace}}}SigningTime", nsmap={None: namespace}
    )
    local = request.signing_time.astimezone(VIETNAM_TIME)
    time.text = local.strftime("%Y-%m-%dT%H:%M:%S")
    return container


def _digest(parent: etree._Element, octets: bytes) -> None:
    _child(parent, "DigestMethod", Algorithm=SHA256)
    _child(parent, "DigestValue", _base64(hashlib.sha256(octets).digest()))


def _child(
    parent: etree._Element, name: str, text: str | None = None, **attributes: str
) -> etree._Element:
    child = etree.SubElement(parent, f"{{{names.DS}}}{name}", attributes)
    child.text = text
    return child


def _xades(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{names.XADES}}}{name}", attributes)


def _base64(octets: bytes, *, wrapped: bool = False) -> str:
    text = base64.b64encode(octets).decode("ascii")
    if not wrapped:
        return text
    return "\n" + "\n".join(textwrap.wrap(text, _BASE64_LINE)) + "\n"
