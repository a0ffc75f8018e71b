"""Canonical XML of one element of a parsed document, without copying the tree.

libxml2 canonicalises a sub-element with the namespaces that are in scope for it. Two things it
does not do for inclusive C14N: inherit `xml:*` attributes from ancestors (C14N 1.0 §2.4, C14N 1.1
§2.4), and keep a default namespace below its apex. Both go over a re-parsed copy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from schemas.document import UNLIMITED, parse
from schemas.errors import Unreadable
from signing.names import XML

ENVELOPED_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"


@dataclass(frozen=True, slots=True)
class CanonicalizationMethod:
    """One of the four canonicalisations, with or without comments."""

    exclusive: bool
    with_comments: bool
    inherits_xml_base: bool


_C14N_10 = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_C14N_11 = "http://www.w3.org/2006/12/xml-c14n11"
_EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"

METHODS = {
    uri + suffix: CanonicalizationMethod(
        exclusive=uri == _EXC_C14N,
        with_comments=bool(suffix),
        inherits_xml_base=uri != _C14N_11,
    )
    for uri, comments in (
        (_C14N_10, "#WithComments"),
        (_C14N_11, "#WithComments"),
        (_EXC_C14N, "WithComments"),
    )
    for suffix in ("", comments)
}
DEFAULT_METHOD_URI = _C14N_10


class CanonicalizationError(Exception):
    """The element has no canonical form that this engine can give."""


def canonicalize(
    element: etree._Element,
    method: CanonicalizationMethod,
    *,
    with_comments: bool | None = None,
    prefixes: Sequence[str] = (),
    whole_document: bool = False,
    without: etree._Element | None = None,
) -> bytes:
    """The canonical octets of *element* and all below it, *without* one element below it.

    With *whole_document*, of the document that *element* is the root of, with what stands
    beside it. *with_comments* overrides the method: a same-document reference never includes
    comments (XML-DSig 4.4.3.2). The tree stays as it is. Raises `CanonicalizationError`.
    """
    comments = method.with_comments if with_comments is None else with_comments
    apex = element
    inherited = {} if method.exclusive else _inherited_xml_attributes(element, method)
    inclusive = not method.exclusive or bool(prefixes)
    if without is not None:
        apex = _copy_without(element, without, whole_document=whole_document)
    elif not whole_document and (inherited or (inclusive and _loses_default_namespace(element))):
        apex = _reparsed(etree.tostring(element, with_tail=False, encoding="utf-8"))
    for name, value in inherited.items():
        apex.set(name, value)
    try:
        return etree.tostring(
            apex.getroottree() if whole_document else apex,
            method="c14n",
            exclusive=method.exclusive,
            with_comments=comments,
            inclusive_ns_prefixes=list(prefixes) or None,
        )
    except etree.C14NError as error:
        raise CanonicalizationError(str(error)) from error


def canonicalize_octets(
    octets: bytes, method: CanonicalizationMethod, prefixes: Sequence[str] = ()
) -> bytes:
    """The canonical form of *octets* parsed again: a canonicalisation after a canonicalisation."""
    return canonicalize(_reparsed(octets), method, prefixes=prefixes)


def _reparsed(octets: bytes) -> etree._Element:
    try:
        return parse(octets, UNLIMITED).root
    except Unreadable as error:
        raise CanonicalizationError(error.finding.code) from error


def _copy_without(
    element: etree._Element, removed: etree._Element, *, whole_document: bool
) -> etree._Element:
    """A copy of *element* that lacks *removed*, the text behind it left where it was.

    A copy, since a node that lxml takes out and puts back may come back with another prefix.
    """
    steps = []
    node = removed
    while node is not element:
        parent = node.getparent()
        if parent is None:
            raise CanonicalizationError("what is to be removed does not stand inside")
        steps.append(parent.index(node))
        node = parent
    if not steps:
        raise CanonicalizationError("nothing would be left")
    source = element.getroottree() if whole_document else element
    copy = _reparsed(etree.tostring(source, with_tail=False, encoding="utf-8"))
    node = copy
    for step in reversed(steps):
        node = node[step]
    _remove(node)
    return copy


def _remove(node: etree._Element) -> None:
    parent, before, tail = node.getparent(), node.getprevious(), node.tail or ""
    if parent is None:
        raise CanonicalizationError("nothing would be left")
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    node.tail = None
    parent.remove(node)


def _inherited_xml_attributes(
    element: etree._Element, method: CanonicalizationMethod
) -> dict[str, str]:
    inherited: dict[str, str] = {}
    for ancestor in element.iterancestors():
        for name, value in ancestor.attrib.items():
            if str(name).startswith(f"{{{XML}}}") and name not in element.attrib:
                inherited.setdefault(str(name), str(value))
    if not inherited or method.inherits_xml_base:
        return inherited
    # C14N 1.1: xml:id is not inherited, xml:base would have to be joined with the element's own.
    inherited.pop(f"{{{XML}}}id", None)
    if f"{{{XML}}}base" in inherited:
        raise CanonicalizationError("C14N 1.1 with an inherited xml:base is not supported")
    return inherited


def _loses_default_namespace(element: etree._Element) -> bool:
    """Whether libxml2 would undeclare the default namespace (`xmlns=""`) below *element*.

    It does so under every apex that is not the root and has a default namespace in scope: measured
    with libxml2 2.14 against the JDK and xmlsec. A vendor's SignedInfo and Object are of that kind.
    """
    return element.getparent() is not None and None in element.nsmap
