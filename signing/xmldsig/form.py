"""The form of one `ds:Signature`: read strictly, in document order, nothing skipped.

XML-DSig 1.1 clause 4. What does not follow the schema's order and content is FORMAT_FAILURE.
"""

import binascii
from dataclasses import dataclass

from lxml import etree

from schemas.document import local_name
from schemas.findings import Finding, finding
from signing import names

MAX_REFERENCES = 64
MAX_TRANSFORMS = 5
MAX_CERTIFICATES = 10
MAX_CERTIFICATE_BYTES = 16 * 1024
MAX_PREFIXES = 64

_DS = f"{{{names.DS}}}"


class FormatError(Exception):
    """The signature does not have the form that XML-DSig gives it."""

    def __init__(self, reason: Finding) -> None:
        super().__init__(reason.code)
        self.finding = reason


@dataclass(frozen=True, slots=True)
class Transform:
    """One transform as written; `unknown_content` when it holds more than a PrefixList.

    `element` is the transform itself where its content is unknown, None elsewhere: who knows such
    content reads it there.
    """

    algorithm: str
    prefixes: tuple[str, ...]
    unknown_content: bool
    element: etree._Element | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """One `ds:Reference` as written."""

    uri: str | None
    type: str | None
    transforms: tuple[Transform, ...]
    digest_method: str
    digest_value: bytes


@dataclass(frozen=True, slots=True)
class SignatureForm:
    """One `ds:Signature` as written, nothing verified."""

    element: etree._Element
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
    expected = (names.SIGNED_INFO, names.SIGNATURE_VALUE)
    if tuple(child.tag for child in children[:2]) != expected:
        raise _wrong(signature, "SignedInfo, SignatureValue")
    rest = children[2:]
    key_info = rest[0] if rest and rest[0].tag == names.KEY_INFO else None
    objects = rest[1:] if key_info is not None else rest
    if any(each.tag != names.OBJECT for each in objects):
        raise _wrong(signature, "KeyInfo?, Object*")
    canonicalization, method, references = _signed_info(children[0])
    return SignatureForm(
        element=signature,
        id=signature.get("Id"),
        signed_info=children[0],
        canonicalization=canonicalization,
        signature_method=_required(method, "Algorithm"),
        method_has_parameters=len(method) > 0,
        references=references,
        value=strict_base64(children[1]),
        certificates=_certificates(key_info),
        objects=tuple(objects),
        key_info=key_info,
    )


def _signed_info(
    signed_info: etree._Element,
) -> tuple[Transform, etree._Element, tuple[Reference, ...]]:
    children = child_elements(signed_info)
    head = [child.tag for child in children[:2]]
    if head != [f"{_DS}CanonicalizationMethod", f"{_DS}SignatureMethod"]:
        raise _wrong(signed_info, "CanonicalizationMethod, SignatureMethod")
    references = _references(signed_info, children[2:])
    return read_transform(children[0]), children[1], references


def read_manifest(manifest: etree._Element) -> tuple[Reference, ...]:
    """The members of a `ds:Manifest` as written (XML-DSig 5.1); raises `FormatError`."""
    return _references(manifest, child_elements(manifest))


def _references(holder: etree._Element, elements: list[etree._Element]) -> tuple[Reference, ...]:
    if any(each.tag != f"{_DS}Reference" for each in elements):
        raise _wrong(holder, "Reference")
    if not elements:
        raise FormatError(finding("HB-S004", line=holder.sourceline))
    if len(elements) > MAX_REFERENCES:
        raise _too_many("Reference", len(elements), MAX_REFERENCES, holder)
    return tuple(_reference(each) for each in elements)


def _reference(element: etree._Element) -> Reference:
    children = child_elements(element)
    transforms: tuple[Transform, ...] = ()
    if children and children[0].tag == f"{_DS}Transforms":
        steps = child_elements(children[0])
        if not steps or any(step.tag != f"{_DS}Transform" for step in steps):
            raise _wrong(children[0], "Transform")
        if len(steps) > MAX_TRANSFORMS:
            raise _too_many("Transform", len(steps), MAX_TRANSFORMS, element)
        transforms = tuple(read_transform(step) for step in steps)
        children = children[1:]
    if [child.tag for child in children] != [f"{_DS}DigestMethod", f"{_DS}DigestValue"]:
        raise _wrong(element, "Transforms?, DigestMethod, DigestValue")
    return Reference(
        uri=element.get("URI"),
        type=element.get("Type"),
        transforms=transforms,
        digest_method=_required(children[0], "Algorithm"),
        digest_value=strict_base64(children[1]),
    )


def read_transform(element: etree._Element) -> Transform:
    """A transform or canonicalisation method as written; raises `FormatError`."""
    children = child_elements(element)
    if not children and not (element.text or "").strip():
        return Transform(_required(element, "Algorithm"), (), unknown_content=False)
    algorithm = _required(element, "Algorithm")
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
        for data in key_info.iterchildren(f"{_DS}X509Data")
        for each in data.iterchildren(f"{_DS}X509Certificate")
    ]
    if len(found) > MAX_CERTIFICATES:
        raise _too_many("X509Certificate", len(found), MAX_CERTIFICATES, key_info)
    if any(len(der) > MAX_CERTIFICATE_BYTES for der in found):
        largest = max(len(der) for der in found)
        raise FormatError(
            finding("HB-S005", line=key_info.sourceline, found=largest, limit=MAX_CERTIFICATE_BYTES)
        )
    return tuple(found)


def child_elements(element: etree._Element) -> list[etree._Element]:
    """Child elements; text beside them, comments and instructions raise `FormatError`."""
    children = list(element)
    if children and _is_text(element.text):
        raise _wrong(element, "no text between elements")
    for child in children:
        if _is_text(child.tail):
            raise _wrong(element, "no text between elements")
        if not isinstance(child.tag, str):
            raise _wrong(element, "no comments or processing instructions")
    return children


def _is_text(text: str | None) -> bool:
    return bool(text) and not str(text).isspace()


def strict_base64(element: etree._Element) -> bytes:
    """Strict base64 of a leaf: a comment or child inside it could hide octets (CVE-2025-29775)."""
    if len(element):
        raise FormatError(_at(element, "HB-S002"))
    try:
        return binascii.a2b_base64("".join((element.text or "").split()), strict_mode=True)
    except ValueError as error:
        raise FormatError(_at(element, "HB-S002")) from error


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
