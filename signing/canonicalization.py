"""Canonical XML of one element of a parsed document, without copying the tree.

libxml2 canonicalises a sub-element with the namespaces that are in scope for it. Two things it
does not do for inclusive C14N: inherit `xml:*` attributes from ancestors (C14N 1.0 §2.4, C14N 1.1
§2.4), and keep a default namespace below its apex. Both go over a re-parsed copy.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from lxml import etree

from schemas.document import parse
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
) -> bytes:
    """The canonical octets of *element* and all below it.

    With *whole_document*, of the document that *element* is the root of, with what stands
    beside it. *with_comments* overrides the method: a same-document reference never includes
    comments (XML-DSig 4.4.3.2). Raises `CanonicalizationError`.
    """
    comments = method.with_comments if with_comments is None else with_comments
    apex: etree._Element | etree._ElementTree = element.getroottree() if whole_document else element
    if not whole_document and (prefixes or not method.exclusive):
        inherited = {} if method.exclusive else _inherited_xml_attributes(element, method)
        if inherited or _loses_default_namespace(element):
            apex = _copy_with_attributes(element, inherited)
    try:
        return etree.tostring(
            apex,
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
    return canonicalize(parse(octets).root, method, prefixes=prefixes)


@contextmanager
def detached(node: etree._Element) -> Iterator[None]:
    """Take *node* out of its tree for a while, its tail text left where it was."""
    parent = node.getparent()
    if parent is None:
        raise CanonicalizationError("the signature is the document itself")
    position = parent.index(node)
    tail, node.tail = node.tail, None
    before = parent[position - 1] if position else None
    text = parent.text if before is None else before.tail
    parent.remove(node)
    joined = (text or "") + (tail or "") or None
    _set_text(parent, before, joined)
    try:
        yield
    finally:
        _set_text(parent, before, text)
        parent.insert(position, node)
        node.tail = tail


def _set_text(parent: etree._Element, before: etree._Element | None, text: str | None) -> None:
    if before is None:
        parent.text = text
    else:
        before.tail = text


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


def _copy_with_attributes(element: etree._Element, attributes: dict[str, str]) -> etree._Element:
    copy = parse(etree.tostring(element, with_tail=False, encoding="utf-8")).root
    for name, value in attributes.items():
        copy.set(name, value)
    return copy
