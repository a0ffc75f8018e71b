"""Canonical XML of one element of a parsed document, without copying the tree.

libxml2 canonicalises a sub-element with the namespaces that are in scope for it. Two things it
does not do for inclusive C14N: inherit `xml:*` attributes from ancestors (C14N 1.0 §2.4; C14N 1.1
§2.4, which joins `xml:base`), and keep a default namespace below its apex. Both go over a
re-parsed copy.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from schemas.document import UNLIMITED, parse
from schemas.errors import Unreadable
from signing.names import XML
from signing.xmldsig.xml_base import joined_base

ENVELOPED_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"


@dataclass(frozen=True, slots=True)
class CanonicalizationMethod:
    """One of the four canonicalisations, with or without comments."""

    exclusive: bool
    with_comments: bool
    joins_xml_base: bool


_C14N_10 = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
_C14N_11 = "http://www.w3.org/2006/12/xml-c14n11"
_EXC_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"

METHODS = {
    uri + suffix: CanonicalizationMethod(
        exclusive=uri == _EXC_C14N,
        with_comments=bool(suffix),
        joins_xml_base=uri == _C14N_11,
    )
    for uri, comments in (
        (_C14N_10, "#WithComments"),
        (_C14N_11, "#WithComments"),
        (_EXC_C14N, "WithComments"),
    )
    for suffix in ("", comments)
}
DEFAULT_METHOD_URI = _C14N_10

_DEFAULT = "#default"
_XML = f"{{{XML}}}"
_BASE = f"{_XML}base"
# C14N 1.1 §2.4: any other attribute of that namespace, xml:id above all, is its own element's.
_SIMPLE_INHERITABLE = frozenset({f"{_XML}lang", f"{_XML}space"})


class CanonicalizationError(Exception):
    """The element has no canonical form that this engine can give."""


def canonicalize(
    element: etree._Element,
    method: CanonicalizationMethod,
    *,
    with_comments: bool | None = None,
    prefixes: Sequence[str] = (),
    whole_document: bool = False,
    without: Sequence[etree._Element] = (),
) -> bytes:
    """The canonical octets of *element* and all below it, *without* some elements below it.

    With *whole_document*, of the document that *element* is the root of, with what stands
    beside it. *with_comments* overrides the method: a same-document reference never includes
    comments (XML-DSig 4.4.3.2). The tree stays as it is. Raises `CanonicalizationError`.
    """
    comments = method.with_comments if with_comments is None else with_comments
    apex = element
    inherited = {} if method.exclusive else _inherited(element, method)
    inclusive = not method.exclusive or bool(prefixes)
    if without:
        apex = _copy_without(element, without, whole_document=whole_document)
    elif _DEFAULT in prefixes or (
        not whole_document and (inherited or (inclusive and _loses_default_namespace(element)))
    ):
        apex = _copy(element, whole_document=whole_document)
    for name, value in inherited.items():
        apex.set(name, value)
    try:
        return etree.tostring(
            apex.getroottree() if whole_document else apex,
            method="c14n",
            exclusive=method.exclusive,
            with_comments=comments,
            inclusive_ns_prefixes=_prefix_list(prefixes),
        )
    except etree.C14NError as error:
        raise CanonicalizationError(str(error)) from error


def canonicalize_octets(
    octets: bytes, method: CanonicalizationMethod, prefixes: Sequence[str] = ()
) -> bytes:
    """The canonical form of *octets* parsed again: a canonicalisation after a canonicalisation.

    Octets are a document: what stands beside the root element belongs to it.
    """
    root = parse_octets(octets)
    return canonicalize(root, method, prefixes=prefixes, whole_document=True)


def parse_octets(octets: bytes) -> etree._Element:
    """The root of the document that *octets* are; raises `CanonicalizationError`."""
    try:
        return parse(octets, UNLIMITED).root
    except Unreadable as error:
        raise CanonicalizationError(error.finding.code) from error


def _copy(element: etree._Element, *, whole_document: bool) -> etree._Element:
    source = element.getroottree() if whole_document else element
    return parse_octets(etree.tostring(source, with_tail=False, encoding="utf-8"))


def _prefix_list(prefixes: Sequence[str]) -> list[str] | None:
    """*prefixes* as lxml takes them over to libxml2.

    lxml leaves out what is not in the dictionary of names that this thread's documents share:
    right for a prefix that no document has, wrong for `#default`. libxml2 takes the empty prefix
    for the same, and that one is in the dictionary once a document undeclares a default namespace.
    """
    if not prefixes:
        return None
    if _DEFAULT in prefixes:
        etree.fromstring(b'<a xmlns=""/>')
    return ["" if each == _DEFAULT else each for each in prefixes]


def _copy_without(
    element: etree._Element, removed: Sequence[etree._Element], *, whole_document: bool
) -> etree._Element:
    """A copy of *element* that lacks all *removed*, the text behind each left where it was.

    A copy, since a node that lxml takes out and puts back may come back with another prefix.
    """
    # Every place is looked up before anything moves.
    paths = [_steps(element, each) for each in dict.fromkeys(removed)]
    copy = _copy(element, whole_document=whole_document)
    places = [(_at(copy, steps[:-1]), _at(copy, steps)) for steps in paths]
    for parent, node in places:
        _remove(parent, node)
    return copy


def _steps(element: etree._Element, below: etree._Element) -> list[int]:
    """The way from *element* to an element *below* it, by position among all siblings."""
    steps = []
    node = below
    while node is not element:
        parent = node.getparent()
        if parent is None:
            raise CanonicalizationError("what is to be removed does not stand inside")
        steps.append(parent.index(node))
        node = parent
    if not steps:
        raise CanonicalizationError("nothing would be left")
    return steps[::-1]


def _at(element: etree._Element, steps: Sequence[int]) -> etree._Element:
    for step in steps:
        element = element[step]
    return element


def _remove(parent: etree._Element, node: etree._Element) -> None:
    before, tail = node.getprevious(), node.tail or ""
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    node.tail = None
    parent.remove(node)


def _inherited(element: etree._Element, method: CanonicalizationMethod) -> dict[str, str]:
    """The `xml:*` attributes that *element* takes over from its ancestors."""
    inherited: dict[str, str] = {}
    bases = []
    for ancestor in element.iterancestors():
        for name, value in ancestor.attrib.items():
            if not str(name).startswith(_XML):
                continue
            if method.joins_xml_base and name == _BASE:
                bases.append(str(value))
            elif name not in element.attrib and (
                not method.joins_xml_base or name in _SIMPLE_INHERITABLE
            ):
                inherited.setdefault(str(name), str(value))
    if bases:
        own = element.get(_BASE)
        joined = joined_base([*reversed(bases), *([] if own is None else [own])])
        if joined is None:
            raise CanonicalizationError("C14N 1.1: xml:base cannot be joined in one way only")
        inherited[_BASE] = joined
    return inherited


def _loses_default_namespace(element: etree._Element) -> bool:
    """Whether libxml2 would undeclare the default namespace (`xmlns=""`) below *element*.

    It does so under every apex that is not the root and has a default namespace in scope: measured
    with libxml2 2.14 against the JDK and xmlsec. A vendor's SignedInfo and Object are of that kind.
    """
    return element.getparent() is not None and None in element.nsmap
