"""The longer list of transforms, for documents that are no records (XML-DSig 1.1, clause 6.6).

XPath is never evaluated: two idioms, which both mean "without any signature", are recognised as
fixed strings. XSLT is not on the list.
"""

import binascii
import re
from collections.abc import Mapping

from lxml import etree

from signing import names
from signing.xmldsig.canonicalization import CanonicalizationError, parse_octets
from signing.xmldsig.form import Transform
from signing.xmldsig.transforms import (
    RECORD_TRANSFORMS,
    NodeSet,
    TransformStep,
    UnsupportedTransformError,
    refuse_content,
)

BASE64 = f"{names.DS}base64"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH_FILTER_2 = "http://www.w3.org/2002/06/xmldsig-filter2"

# White space where XPath 1.0 clause 3.7 allows it between tokens, nowhere else.
_QNAME = r"([A-Za-z_][\w.\-]*):Signature"
_WITHOUT_SIGNATURES = re.compile(
    rf"\s*not\s*\(\s*ancestor-or-self\s*::\s*{_QNAME}\s*\)\s*", re.ASCII
)
_ALL_SIGNATURES = re.compile(rf"\s*(?:/\s*descendant\s*::|//)\s*{_QNAME}\s*", re.ASCII)
_TEXTS = etree.XPath("descendant-or-self::text()")


def base64_step(data: NodeSet | bytes, transform: Transform) -> bytes:
    """The octets that the text of the nodes, or the octets, encode (clause 6.6.2)."""
    refuse_content(transform)
    encoded = _text(data) if isinstance(data, NodeSet) else data
    try:
        return binascii.a2b_base64(b"".join(encoded.split()), strict_mode=True)
    except ValueError as error:
        raise CanonicalizationError(f"not base64: {error}") from error


def xpath_step(data: NodeSet | bytes, transform: Transform) -> NodeSet:
    """`not(ancestor-or-self::ds:Signature)`: everything but signatures (clause 6.6.3)."""
    expression = _only_child(transform, f"{{{names.DS}}}XPath")
    if expression.attrib or not _is(_WITHOUT_SIGNATURES, expression):
        raise UnsupportedTransformError(transform.algorithm)
    return _without_signatures(_nodes(data))


def filter_2_step(data: NodeSet | bytes, transform: Transform) -> NodeSet:
    """`subtract` of all signatures (XML-Signature XPath Filter 2.0, clause 3)."""
    expression = _only_child(transform, f"{{{XPATH_FILTER_2}}}XPath")
    if dict(expression.attrib) != {"Filter": "subtract"} or not _is(_ALL_SIGNATURES, expression):
        raise UnsupportedTransformError(transform.algorithm)
    return _without_signatures(_nodes(data))


FOREIGN_TRANSFORMS: Mapping[str, TransformStep] = {
    **RECORD_TRANSFORMS,
    BASE64: base64_step,
    XPATH: xpath_step,
    XPATH_FILTER_2: filter_2_step,
}


def _nodes(data: NodeSet | bytes) -> NodeSet:
    """Octets as the document that they are, comments and all (clause 4.4.3.2)."""
    if isinstance(data, NodeSet):
        return data
    root = parse_octets(data)
    return NodeSet(root, whole_document=True, enclosed_signature=None, with_comments=True)


def _without_signatures(nodes: NodeSet) -> NodeSet:
    if any(each.tag == names.SIGNATURE for each in nodes.target.iterancestors()):
        # Every node has a signature above it: nothing would be left to sign.
        raise CanonicalizationError("nothing would be left")
    return nodes.without(*nodes.target.iter(names.SIGNATURE))


def _text(nodes: NodeSet) -> bytes:
    """The text nodes in document order; comments and instructions are none."""
    found = []
    for text in _TEXTS(nodes.target):
        holder = text.getparent()
        above = holder.getparent() if text.is_tail else holder
        if not nodes.removed or not _is_removed(above, nodes):
            found.append(str(text))
    return "".join(found).encode("utf-8")


def _is_removed(element: etree._Element | None, nodes: NodeSet) -> bool:
    while element is not None:
        if element in nodes.removed:
            return True
        element = element.getparent()
    return False


def _only_child(transform: Transform, tag: str) -> etree._Element:
    """The one parameter element, itself without children; anything else is not supported."""
    # That nothing but elements stands there was seen when the transform was read.
    children = [] if transform.element is None else list(transform.element)
    if len(children) != 1 or children[0].tag != tag or len(children[0]):
        raise UnsupportedTransformError(transform.algorithm)
    return children[0]


def _is(idiom: re.Pattern[str], expression: etree._Element) -> bool:
    """Whether the expression is the idiom, its prefix bound to XML-DSig where it stands."""
    found = idiom.fullmatch(expression.text or "")
    return found is not None and expression.nsmap.get(found[1]) == names.DS
