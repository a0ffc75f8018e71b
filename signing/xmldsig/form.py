"""The form of one `ds:Signature`: read strictly, in document order, nothing skipped.

XML-DSig 1.1 clause 4. What does not follow the schema's order and content is FORMAT_FAILURE.
What is made anew for every signature is a tuple: a frozen dataclass takes twice as long to make.
"""

import binascii
from functools import lru_cache
from typing import NamedTuple

from lxml import etree

from schemas.document import local_name
from schemas.findings import Finding, finding
from signing import names
from signing.xmldsig.canonicalization import ENVELOPED_SIGNATURE, METHODS

MAX_REFERENCES = 64
MAX_TRANSFORMS = 5
MAX_CERTIFICATES = 10
MAX_CERTIFICATE_BYTES = 16 * 1024
MAX_PREFIXES = 64

_SIGNED_INFO = names.SIGNED_INFO
_VALUE = names.SIGNATURE_VALUE
_CANONICALIZATION_METHOD = f"{{{names.DS}}}CanonicalizationMethod"
_SIGNATURE_METHOD = f"{{{names.DS}}}SignatureMethod"
_REFERENCE = f"{{{names.DS}}}Reference"
_TRANSFORMS = f"{{{names.DS}}}Transforms"
_TRANSFORM = f"{{{names.DS}}}Transform"
_DIGEST_METHOD = f"{{{names.DS}}}DigestMethod"
_DIGEST_VALUE = f"{{{names.DS}}}DigestValue"
_X509_DATA = f"{{{names.DS}}}X509Data"
_X509_CERTIFICATE = f"{{{names.DS}}}X509Certificate"


class FormatError(Exception):
    """The signature does not have the form that XML-DSig gives it."""

    def __init__(self, reason: Finding) -> None:
        super().__init__(reason.code)
        self.finding = reason


class Transform(NamedTuple):
    """One transform as written; `unknown_content` when it holds more than a PrefixList.

    `element` is the transform itself where its content is unknown, None elsewhere: who knows such
    content reads it there.
    """

    algorithm: str
    prefixes: tuple[str, ...]
    unknown_content: bool
    element: etree._Element | None = None


# What nearly every transform is: one object for all of them.
_BARE_TRANSFORMS = {
    uri: Transform(uri, (), unknown_content=False) for uri in (*METHODS, ENVELOPED_SIGNATURE)
}


class Reference(NamedTuple):
    """One `ds:Reference` as written."""

    uri: str | None
    type: str | None
    transforms: tuple[Transform, ...]
    digest_method: str
    digest_value: bytes


class SignatureForm(NamedTuple):
    """One `ds:Signature` as written, nothing verified; it stands in its `ancestors`."""

    element: etree._Element
    ancestors: tuple[etree._Element, ...]
    id: str | None
    signed_info: etree._Element
    canonicalization: Transform
    signature_method: str
    method_has_parameters: bool
    references: tuple[Reference, ...]
    value: bytes
    certificates: tuple[bytes, ...]
    objects: tuple[etree._Element, ...]
    key_info: etree._Element | None = None


def read_form(signature: etree._Element) -> SignatureForm:
    """The form of *signature*; raises `FormatError`."""
    children = child_elements(signature)
    if len(children) < 2 or children[0].tag != _SIGNED_INFO or children[1].tag != _VALUE:
        raise _wrong(signature, "SignedInfo, SignatureValue")
    signed_info, value, *objects = children
    key_info = objects.pop(0) if objects and objects[0].tag == names.KEY_INFO else None
    for each in objects:
        if each.tag != names.OBJECT:
            raise _wrong(signature, "KeyInfo?, Object*")
    parts = child_elements(signed_info)
    if (
        len(parts) < 2
        or parts[0].tag != _CANONICALIZATION_METHOD
        or parts[1].tag != _SIGNATURE_METHOD
    ):
        raise _wrong(signed_info, "CanonicalizationMethod, SignatureMethod")
    references = _references(signed_info, parts[2:])
    return SignatureForm(
        element=signature,
        ancestors=tuple(signature.iterancestors()),
        id=signature.get("Id"),
        signed_info=signed_info,
        canonicalization=read_transform(parts[0]),
        signature_method=_required(parts[1], "Algorithm"),
        method_has_parameters=len(parts[1]) > 0,
        references=references,
        value=strict_base64(value),
        certificates=_certificates(key_info),
        objects=tuple(objects),
        key_info=key_info,
    )


def read_manifest(manifest: etree._Element) -> tuple[Reference, ...]:
    """The members of a `ds:Manifest` as written (XML-DSig 5.1); raises `FormatError`."""
    return _references(manifest, child_elements(manifest))


def _references(holder: etree._Element, elements: list[etree._Element]) -> tuple[Reference, ...]:
    for each in elements:
        if each.tag != _REFERENCE:
            raise _wrong(holder, "Reference")
    if not elements:
        raise FormatError(finding("HB-S004", line=holder.sourceline))
    if len(elements) > MAX_REFERENCES:
        raise _too_many("Reference", len(elements), MAX_REFERENCES, holder)
    return tuple([_reference(each) for each in elements])


def _reference(element: etree._Element) -> Reference:
    children = child_elements(element)
    transforms: tuple[Transform, ...] = ()
    if children and children[0].tag == _TRANSFORMS:
        transforms = _transforms(children.pop(0), element)
    if len(children) != 2 or children[0].tag != _DIGEST_METHOD or children[1].tag != _DIGEST_VALUE:
        raise _wrong(element, "Transforms?, DigestMethod, DigestValue")
    return Reference(
        uri=element.get("URI"),
        type=element.get("Type"),
        transforms=transforms,
        digest_method=_required(children[0], "Algorithm"),
        digest_value=strict_base64(children[1]),
    )


def _transforms(holder: etree._Element, reference: etree._Element) -> tuple[Transform, ...]:
    steps = child_elements(holder)
    for each in steps:
        if each.tag != _TRANSFORM:
            raise _wrong(holder, "Transform")
    if not steps:
        raise _wrong(holder, "Transform")
    if len(steps) > MAX_TRANSFORMS:
        raise _too_many("Transform", len(steps), MAX_TRANSFORMS, reference)
    return tuple([read_transform(each) for each in steps])


def read_transform(element: etree._Element) -> Transform:
    """A transform or canonicalisation method as written; raises `FormatError`."""
    algorithm = _required(element, "Algorithm")
    text = element.text
    if not len(element) and (not text or text.isspace()):
        return _BARE_TRANSFORMS.get(algorithm) or Transform(algorithm, (), unknown_content=False)
    children = child_elements(element)
    only = children[0] if len(children) == 1 else None
    known = (
        only is not None
        and only.tag == f"{{{names.EXC_C14N}}}InclusiveNamespaces"
        and algorithm.startswith(names.EXC_C14N)
    )
    prefixes = tuple((only.get("PrefixList") or "").split()) if known and only is not None else ()
    if len(prefixes) > MAX_PREFIXES:
        raise _too_many("PrefixList", len(prefixes), MAX_PREFIXES, element)
    content = None if known else element
    return Transform(algorithm, prefixes, unknown_content=not known, element=content)


def _certificates(key_info: etree._Element | None) -> tuple[bytes, ...]:
    if key_info is None:
        return ()
    found = [
        strict_base64(each)
        for data in key_info.iterchildren(_X509_DATA)
        for each in data.iterchildren(_X509_CERTIFICATE)
    ]
    if len(found) > MAX_CERTIFICATES:
        raise _too_many("X509Certificate", len(found), MAX_CERTIFICATES, key_info)
    for der in found:
        if len(der) > MAX_CERTIFICATE_BYTES:
            largest = max(len(each) for each in found)
            raise FormatError(
                finding(
                    "HB-S005",
                    line=key_info.sourceline,
                    found=largest,
                    limit=MAX_CERTIFICATE_BYTES,
                )
            )
    return tuple(found)


def child_elements(element: etree._Element) -> list[etree._Element]:
    """Child elements; text beside them, comments and instructions raise `FormatError`."""
    children = list(element)
    text = element.text if children else None
    if text and not text.isspace():
        raise _wrong(element, "no text between elements")
    for child in children:
        tail = child.tail
        if tail and not tail.isspace():
            raise _wrong(element, "no text between elements")
        if type(child.tag) is not str:
            raise _wrong(element, "no comments or processing instructions")
    return children


def strict_base64(element: etree._Element) -> bytes:
    """Strict base64 of a leaf: a comment or child inside it could hide octets (CVE-2025-29775)."""
    if len(element):
        raise FormatError(_at(element, "HB-S002"))
    text = element.text or ""
    try:
        return _kept_base64(text) if _SHORT < len(text) <= _LONG else _base64(text)
    except ValueError as error:
        raise FormatError(_at(element, "HB-S002")) from error


def _base64(text: str) -> bytes:
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except ValueError:
        return binascii.a2b_base64("".join(text.split()), strict_mode=True)


# What is as long as a certificate comes again: one teacher signs a class, one seal a school. The
# octets, being the same object, are then found in other caches at once.
_SHORT, _LONG = 700, 4096
_kept_base64 = lru_cache(maxsize=2_048)(_base64)


def _required(element: etree._Element, attribute: str) -> str:
    value = element.get(attribute)
    if not value:
        raise _wrong(element, f"@{attribute}")
    return value


def _wrong(element: etree._Element, expected: str) -> FormatError:
    return FormatError(_at(element, "HB-S001", expected=expected))


def _too_many(name: str, found: int, limit: int, element: etree._Element) -> FormatError:
    return FormatError(
        finding("HB-S003", line=element.sourceline, element=name, found=found, limit=limit)
    )


def _at(element: etree._Element, code: str, *, expected: str = "") -> Finding:
    name = local_name(element)
    return finding(code, line=element.sourceline, element=name, expected=expected)
