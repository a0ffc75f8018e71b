"""A signature augmented with a time-stamp on its value: XAdES-T (EN 319 132-1 clauses 5.3, 6.3).

It belongs to the moment of signing: once somebody else has signed the place where the signature
stands, nothing can be added to it.
"""

import base64

from lxml import etree

from schemas.findings import finding
from signing import names
from signing.errors import SigningRefused
from signing.timestamps.authority import TimestampAuthority
from signing.xmldsig.canonicalization import METHODS, canonicalize

_X = f"{{{names.XADES}}}"
_CANONICALIZATION = names.EXC_C14N


def add_signature_timestamp(signature: etree._Element, authority: TimestampAuthority) -> None:
    """Add to *signature* a `SignatureTimeStamp` of *authority* over its SignatureValue.

    Raises `TimestampError`, or `SigningRefused` for a signature without QualifyingProperties; the
    signature is as it was then.
    """
    qualifying = own_qualifying_properties(signature)
    (value,) = signature.iterchildren(names.SIGNATURE_VALUE)
    token = authority.timestamp(canonicalize(value, METHODS[_CANONICALIZATION]))
    properties = unsigned_signature_properties(qualifying)
    number = len(properties.findall(f"{_X}SignatureTimeStamp")) + 1
    timestamp = etree.SubElement(
        properties, f"{_X}SignatureTimeStamp", {"Id": f"{signature.get('Id')}-timestamp-{number}"}
    )
    etree.SubElement(
        timestamp, f"{{{names.DS}}}CanonicalizationMethod", {"Algorithm": _CANONICALIZATION}
    )
    encapsulated = etree.SubElement(timestamp, f"{_X}EncapsulatedTimeStamp")
    encapsulated.text = base64.b64encode(token).decode("ascii")


def own_qualifying_properties(signature: etree._Element) -> etree._Element:
    """The QualifyingProperties whose Target is *signature*; raises `SigningRefused`."""
    target = f"#{signature.get('Id')}"
    for holder in signature.iterchildren(names.OBJECT):
        for qualifying in holder.iterchildren(names.QUALIFYING_PROPERTIES):
            if qualifying.get("Target") == target:
                return qualifying
    raise SigningRefused(finding("HB-K020", style="XML-DSig"))


def unsigned_signature_properties(qualifying: etree._Element) -> etree._Element:
    """The UnsignedSignatureProperties of *qualifying*, made where there are none."""
    node = qualifying
    for name in ("UnsignedProperties", "UnsignedSignatureProperties"):
        found = node.find(f"{_X}{name}")
        # UnsignedSignatureProperties come first, UnsignedProperties last (the schema's order).
        node = etree.SubElement(node, f"{_X}{name}") if found is None else found
    return node
