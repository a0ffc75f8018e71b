"""Time-stamp elements of XAdES as written: their tokens, and the octets that those stamp.

EN 319 132-1 V1.2.1 clause 5.1.4 (the types), 5.3 (SignatureTimeStamp) and 5.2.8 (time-stamps on
the content). Nothing here is verified: a token is octets until `timestamps/` has validated it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lxml import etree

from schemas.document import local_name
from schemas.findings import finding
from signing import names
from signing.xmldsig.canonicalization import (
    DEFAULT_METHOD_URI,
    ENVELOPED_SIGNATURE,
    METHODS,
    CanonicalizationError,
    canonicalize,
)
from signing.xmldsig.form import (
    FormatError,
    Reference,
    SignatureForm,
    Transform,
    child_elements,
    read_transform,
    strict_base64,
)

MAX_TOKENS = 8
MAX_TOKEN_BYTES = 128 * 1024
_X = f"{{{names.XADES}}}"
_DER = (None, "", "http://uri.etsi.org/01903/v1.2.2#DER")
# EN 319 132-1 clause 4.5 and XML-DSig 4.4.3.2: where no method is named, C14N 1.0.
DEFAULT_CANONICALIZATION = Transform(DEFAULT_METHOD_URI, (), unknown_content=False)


@dataclass(frozen=True, slots=True)
class SignatureTimestamp:
    """One `SignatureTimeStamp`: tokens (DER), each over the canonical SignatureValue."""

    tokens: tuple[bytes, ...]
    canonicalization: Transform


@dataclass(frozen=True, slots=True)
class ContentTimestamp:
    """One time-stamp on what is signed: tokens (DER), each over the data of some references.

    `includes` holds the URIs of `ds:Reference` elements as written (`#Id`), None where the
    time-stamp is on all data objects.
    """

    tokens: tuple[bytes, ...]
    canonicalization: Transform
    includes: tuple[str, ...] | None


class NothingStampedError(Exception):
    """The octets that a time-stamp stands for cannot be had."""


def read_signature_timestamp(element: etree._Element) -> SignatureTimestamp:
    """The `SignatureTimeStamp` in *element*; raises `FormatError`."""
    tokens, canonicalization, includes = _timestamp(element)
    if includes:
        raise _wrong(element, "no Include")  # it stamps SignatureValue and nothing else (5.3)
    return SignatureTimestamp(tokens, canonicalization)


def read_content_timestamp(element: etree._Element, *, individual: bool) -> ContentTimestamp:
    """The `AllDataObjectsTimeStamp` or *individual* one in *element*; raises `FormatError`."""
    tokens, canonicalization, includes = _timestamp(element)
    if bool(includes) is not individual:
        raise _wrong(element, "Include" if individual else "no Include")
    return ContentTimestamp(tokens, canonicalization, includes if individual else None)


def stamped_octets(form: SignatureForm, canonicalization: Transform) -> bytes:
    """What a signature time-stamp stamps: the canonical `ds:SignatureValue` (5.3).

    Raises `NothingStampedError`.
    """
    element = form.signed_info.getnext()
    method = METHODS.get(canonicalization.algorithm)
    if method is None or canonicalization.unknown_content or element is None:
        raise NothingStampedError(canonicalization.algorithm)
    try:
        return canonicalize(element, method, prefixes=canonicalization.prefixes)
    except CanonicalizationError as error:
        raise NothingStampedError(str(error)) from error


def stamped_content(
    form: SignatureForm,
    timestamp: ContentTimestamp,
    octets_of: Callable[[Reference, tuple[Transform, ...]], bytes],
) -> bytes:
    """What a time-stamp on the content stamps: the data of its references, one after another.

    5.2.8.1: every reference but the one to the SignedProperties, in order; 5.2.8.2: those that it
    includes, in its order. *octets_of* gives what a chain of transforms makes of a reference's
    target, or raises `NothingStampedError`.
    """
    if timestamp.includes is None:
        chosen = [each for each in form.references if each.type != names.TYPE_SIGNED_PROPERTIES]
    else:
        chosen = list(_included(form, timestamp.includes))
    if not chosen:
        raise NothingStampedError("no reference")
    return b"".join(
        octets_of(each, _to_octets(each.transforms, timestamp.canonicalization)) for each in chosen
    )


def _included(form: SignatureForm, includes: Iterable[str]) -> Iterable[Reference]:
    """The references whose Id is named; one that stands nowhere, or twice, stamps nothing."""
    elements = [each for each in form.signed_info if each.tag == f"{{{names.DS}}}Reference"]
    for uri in includes:
        found = [
            reference
            for element, reference in zip(elements, form.references, strict=True)
            if uri == f"#{element.get('Id')}"
        ]
        if len(found) != 1:
            raise NothingStampedError(uri)
        yield found[0]


def _to_octets(
    transforms: tuple[Transform, ...], canonicalization: Transform
) -> tuple[Transform, ...]:
    """A chain that ends in nodes is canonicalised as the time-stamp says (5.2.8.1)."""
    if all(each.algorithm == ENVELOPED_SIGNATURE for each in transforms):
        return (*transforms, canonicalization)
    return transforms


def encapsulated(element: etree._Element, limit: int) -> bytes:
    """The octets of an EncapsulatedPKIDataType (5.1.3); raises `FormatError`.

    Strict base64 of DER: an encoding that is named otherwise is not guessed at.
    """
    if element.get("Encoding") not in _DER:
        raise _wrong(element, "@Encoding DER")
    octets = strict_base64(element)
    if not 0 < len(octets) <= limit:
        raise _wrong(element, f"1..{limit} byte, {len(octets)}")
    return octets


def _timestamp(
    element: etree._Element,
) -> tuple[tuple[bytes, ...], Transform, tuple[str, ...]]:
    """XAdESTimeStampType: Include*, CanonicalizationMethod?, EncapsulatedTimeStamp+."""
    children = child_elements(element)
    includes = []
    while children and children[0].tag == f"{_X}Include":
        include = children.pop(0)
        if include.get("referencedData", "false") not in ("true", "1"):
            raise _wrong(include, "@referencedData true")
        includes.append(include.get("URI") or "")
    canonicalization = DEFAULT_CANONICALIZATION
    if children and children[0].tag == f"{{{names.DS}}}CanonicalizationMethod":
        canonicalization = read_transform(children.pop(0))
    if not children or any(each.tag != f"{_X}EncapsulatedTimeStamp" for each in children):
        raise _wrong(element, "Include*, CanonicalizationMethod?, EncapsulatedTimeStamp+")
    if len(children) > MAX_TOKENS:
        raise _wrong(element, f"EncapsulatedTimeStamp 1..{MAX_TOKENS}, {len(children)}")
    tokens = tuple(encapsulated(each, MAX_TOKEN_BYTES) for each in children)
    return tokens, canonicalization, tuple(includes)


def _wrong(element: etree._Element, expected: str) -> FormatError:
    name = local_name(element)
    return FormatError(finding("HB-S001", line=element.sourceline, element=name, expected=expected))
