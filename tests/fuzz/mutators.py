"""Documents made from genuine ones by changes of structure and of bytes, as a Random decides.

Given Hypothesis' own Random a failure shrinks; given a seeded one it can be made again.
"""

from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Final

from lxml import etree

Mutator = Callable[[etree._Element, Random], None]

_MAX_CHANGES = 4
_NAMES: Final = (
    "http://www.w3.org/2000/09/xmldsig#",
    "http://uri.etsi.org/01903/v1.3.2#",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "urn:x",
    "tuong-doi",
    "",
)
_ALGORITHMS: Final = (
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "http://www.w3.org/2000/09/xmldsig#sha1",
    "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
)
_TEXTS: Final = ("", " ", "\t", "0", "AAAA", "-1", "9999-12-31T23:59:59Z", "#data", "\u202e", "é")
_ATTRIBUTES: Final = ("Id", "ID", "id", "URI", "Type", "Algorithm", "Target", "PrefixList")
_MARKUP: Final = (
    b"<!-- -->",
    b"<?x y?>",
    b"<![CDATA[x]]>",
    b"<x/>",
    b"&#0;",
    b"&#x10FFFF;",
    b"&x;",
    b"<!DOCTYPE x>",
    b"\xef\xbb\xbf",
    b"\x00",
    b"]]>",
    b' xmlns="urn:x"',
    b" xmlns:ds='urn:y'",
)


def mutated(seeds: Sequence[bytes], source: Random) -> bytes:
    """One of *seeds* after some changes; often still well-formed."""
    data = source.choice(seeds)
    if source.random() < 0.75:
        data = _structurally(data, seeds, source)
    if source.random() < 0.4:
        for _ in range(source.randint(1, _MAX_CHANGES)):
            data = _bytewise(data, source)
    return data


def _structurally(data: bytes, seeds: Sequence[bytes], source: Random) -> bytes:
    root = etree.fromstring(data)
    for _ in range(source.randint(1, _MAX_CHANGES)):
        if source.random() < 0.15:
            _transplant(root, etree.fromstring(source.choice(seeds)), source)
        else:
            source.choice(_MUTATORS)(root, source)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)


def _bytewise(data: bytes, source: Random) -> bytes:
    at = source.randint(0, len(data))
    match source.randrange(5):
        case 0:
            return data[:at] + bytes([source.randrange(256)]) + data[at + 1 :]
        case 1:
            return data[:at] + data[at + source.randint(1, 40) :]
        case 2:
            return data[:at] + source.choice(_MARKUP) + data[at:]
        case 3:
            return data[:at] + data[at : at + source.randint(1, 400)] + data[at:]
        case _:
            return data[:at]


def _element(root: etree._Element, source: Random) -> etree._Element:
    """Any element but the root; half of the time one inside a signature."""
    chosen = list(root.iterdescendants(etree.Element))
    signed = [
        each
        for signature in root.iter(f"{{{_NAMES[0]}}}Signature")
        for each in signature.iter(etree.Element)
        if each is not root
    ]
    pool = signed if signed and source.random() < 0.5 else chosen
    return source.choice(pool) if pool else etree.SubElement(root, "x")


def _inside(element: etree._Element, other: etree._Element) -> bool:
    return element is other or any(each is other for each in element.iterancestors())


def _transplant(root: etree._Element, other: etree._Element, source: Random) -> None:
    """A part of another document in the place of one here, of the same name if there is one."""
    target = _element(root, source)
    same = list(other.iter(target.tag)) or [_element(other, source)]
    target.getparent().replace(target, deepcopy(source.choice(same)))


def _remove(root: etree._Element, source: Random) -> None:
    element = _element(root, source)
    element.getparent().remove(element)


def _duplicate(root: etree._Element, source: Random) -> None:
    element = _element(root, source)
    element.addnext(deepcopy(element))


def _move(root: etree._Element, source: Random) -> None:
    element, target = _element(root, source), _element(root, source)
    if not _inside(target, element):
        target.append(element)


def _swap(root: etree._Element, source: Random) -> None:
    one, other = _element(root, source), _element(root, source)
    if not _inside(one, other) and not _inside(other, one):
        mark = etree.Element("mark")
        one.getparent().replace(one, mark)
        other.getparent().replace(other, one)
        mark.getparent().replace(mark, other)


def _wrap(root: etree._Element, source: Random) -> None:
    element = _element(root, source)
    wrapper = etree.Element(source.choice((element.tag, "x", f"{{{_NAMES[0]}}}Object")))
    element.getparent().replace(element, wrapper)
    wrapper.append(element)


def _rename(root: etree._Element, source: Random) -> None:
    element = _element(root, source)
    local, namespace = etree.QName(element).localname, source.choice(_NAMES)
    element.tag = f"{{{namespace}}}{local}" if namespace else local


def _retext(root: etree._Element, source: Random) -> None:
    element = _element(root, source)
    text = element.text or ""
    at = source.randint(0, len(text))
    element.text = text[:at] + source.choice(_TEXTS) + text[at + source.randint(0, 2) :]


def _attribute(root: etree._Element, source: Random) -> None:
    element = _element(root, source)
    names = [*element.attrib, *_ATTRIBUTES]
    name = str(source.choice(names))
    values = ["", "#data", "data", "#x", "#xpointer(/)", *_ALGORITHMS]
    values += [str(each) for each in root.xpath("//@*")[:40]]
    if source.random() < 0.2:
        element.attrib.pop(name, None)
    else:
        element.set(name, source.choice(values))


def _algorithm(root: etree._Element, source: Random) -> None:
    methods = [each for each in root.iter(etree.Element) if "Algorithm" in each.attrib]
    if methods:
        source.choice(methods).set("Algorithm", source.choice(_ALGORITHMS))


def _node(root: etree._Element, source: Random) -> None:
    element = _element(root, source)
    node = etree.Comment("x") if source.random() < 0.5 else etree.ProcessingInstruction("x")
    node.tail = source.choice(_TEXTS)
    element.insert(source.randint(0, len(element)), node)


def _child(root: etree._Element, source: Random) -> None:
    element = _element(root, source)
    namespace = source.choice(_NAMES)
    kind = source.choice(("x", "Signature", "Manifest", "Object", "SignatureTimeStamp", "Id"))
    etree.SubElement(element, f"{{{namespace}}}{kind}" if namespace else kind)


def _nest(root: etree._Element, source: Random) -> None:
    element = _element(root, source)
    for _ in range(source.choice((3, 60, 300))):
        element = etree.SubElement(element, "x")


def _crowd(root: etree._Element, source: Random) -> None:
    element = _element(root, source)
    for _ in range(source.choice((5, 70, 130))):
        element.addnext(deepcopy(element)) if len(element) < 20 else etree.SubElement(element, "x")


_MUTATORS: Final[tuple[Mutator, ...]] = (
    _remove,
    _duplicate,
    _move,
    _swap,
    _wrap,
    _rename,
    _retext,
    _retext,
    _attribute,
    _attribute,
    _algorithm,
    _node,
    _child,
    _nest,
    _crowd,
)
