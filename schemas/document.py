"""Bytes become a parsed document: once, hardened, keeping the bytes.

Trust: the bytes come from anyone. What leaves `parse` is well-formed UTF-8 XML without a document
type, inside the limits that keep every later step (canonicalisation above all) linear.
"""

import re
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from typing import Any, cast
from xml.parsers import expat

from lxml import etree

from schemas.errors import Unreadable
from schemas.findings import Finding, finding

_DECLARED_ENCODING = re.compile(rb"""^<\?xml\s[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_UTF8_BOM = b"\xef\xbb\xbf"
_FOREIGN_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")

_LIBXML2_MAX_DEPTH = 256
_FEW_NAMESPACES = 12
_ENCODINGS = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_ErrorTypes = etree.ErrorTypes

_POSITION = re.compile(r",? line \d+, column \d+$")
_MISMATCHED_TAGS = re.compile(r"mismatch: (\S+) line (\d+) and (\S+)")

_COUNT = etree.XPath("count(/descendant::*)")
_COUNT_ASIDES = etree.XPath(
    "count(/descendant::comment()) + count(/descendant::processing-instruction())"
)
# Id under every spelling that some XML-DSig library accepts: Id, ID, id, xml:id, x:Id.
_ID_ATTRIBUTES = etree.XPath(
    "/descendant::*/@*[contains(' Id ID id iD ', local-name())][string-length(local-name()) = 2]"
)


@dataclass(frozen=True, slots=True)
class ParserLimits:
    """Bounds on one document; inclusive C14N is super-quadratic beyond them."""

    max_bytes: int = 5 * 1024 * 1024
    max_elements: int = 50_000
    max_namespaces: int = 64
    max_attributes: int = 128


DEFAULT_LIMITS = ParserLimits()
UNLIMITED = ParserLimits(
    max_bytes=sys.maxsize,
    max_elements=sys.maxsize,
    max_namespaces=sys.maxsize,
    max_attributes=sys.maxsize,
)
"""For what this program itself made of a document that was inside the limits."""


@dataclass(frozen=True)
class ParsedDocument:
    """One XML document: the bytes as received and the tree they parse to, which nobody changes."""

    data: bytes = field(repr=False)
    root: etree._Element
    _selected: dict[etree.XPath, tuple[etree._Element, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _paths: dict[etree._Element, str] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def path(self, element: etree._Element) -> str:
        """The `element_path` of *element*, every step of it looked up once."""
        known = self._paths.get(element)
        if known is None:
            parent, step = element.getparent(), _step(element)
            known = step if parent is None else f"{self.path(parent)}/{step}"
            self._paths[element] = known
        return known

    def select(self, expression: etree.XPath) -> tuple[etree._Element, ...]:
        """The elements that an absolute *expression* selects, in document order; looked up once."""
        found = self._selected.get(expression)
        if found is None:
            result = expression(self.root)
            nodes = result if isinstance(result, list) else ()
            found = tuple(each for each in nodes if etree.iselement(each))
            self._selected[expression] = found
        return found

    @cached_property
    def sha256(self) -> str:
        """Digest of the bytes as received, lower-case hex."""
        return sha256(self.data).hexdigest()

    @cached_property
    def namespace_declarations(self) -> int:
        """At least as many as there are namespace declarations, and quickly told."""
        return self.data.count(b"xmlns")

    @cached_property
    def namespace_depth(self) -> int:
        """The most namespace declarations in force at any element, redeclared ones again.

        Redeclarations count: canonicalisation walks the whole chain of them for every element.
        Where there are few in all, their number stands for their depth: an upper bound, no walk.
        """
        if self.namespace_declarations <= _FEW_NAMESPACES:
            return self.namespace_declarations
        depth = deepest = 0
        walk = etree.iterwalk(self.root, events=cast("Any", ("start-ns", "end-ns")))
        for event, _ in walk:
            if event == "start-ns":
                depth += 1
                deepest = max(deepest, depth)
            else:
                depth -= 1
        return deepest

    @cached_property
    def size(self) -> int:
        """The number of elements."""
        return int(_COUNT(self.root))

    @cached_property
    def asides(self) -> int:
        """The number of comments and processing instructions."""
        return int(_COUNT_ASIDES(self.root))

    @cached_property
    def ids(self) -> Mapping[str, Sequence[etree._Element]]:
        """Elements by the value of their Id, every spelling of the attribute together."""
        found: dict[str, list[etree._Element]] = {}
        for value in _ID_ATTRIBUTES(self.root):
            found.setdefault(value, []).append(value.getparent())
        return found


def parse(data: bytes, limits: ParserLimits = DEFAULT_LIMITS) -> ParsedDocument:
    """The document that *data* is.

    Raises `Unreadable` with the one finding that says why it is none.
    """
    _refuse_size(data, limits)
    _refuse_encoding(data)
    _refuse_document_type(data)
    try:
        root = etree.fromstring(data, _PARSER.xml)
    except etree.XMLSyntaxError as error:
        raise Unreadable(_syntax_finding(data, error)) from error
    document = ParsedDocument(data, root)
    _refuse_shape(document, limits)
    return document


def element_path(element: etree._Element) -> str:
    """Where *element* stands: local names from the root, `name[2]` for the second of its kind."""
    steps = [_step(element)]
    steps.extend(_step(ancestor) for ancestor in element.iterancestors())
    return "/".join(reversed(steps))


def local_name(element: etree._Element) -> str:
    """The element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def text_of(element: etree._Element) -> str:
    """All character data of *element* in order: a comment inside it cannot shorten the value."""
    if not len(element):
        return element.text or ""
    return "".join(str(part) for part in element.itertext(with_tail=True, tag=etree.Element))


def is_instruction(node: etree._Element) -> bool:
    """Whether *node* is a processing instruction."""
    tag: object = node.tag
    return tag is etree.ProcessingInstruction


class _Parser(threading.local):
    """The parser of a thread, which lxml does not share between threads."""

    def __init__(self) -> None:
        self.xml = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            huge_tree=False,
            remove_blank_text=False,
        )


_PARSER = _Parser()


def _refuse_size(data: bytes, limits: ParserLimits) -> None:
    if not data.strip():
        raise Unreadable(finding("HB-U001"))
    if len(data) > limits.max_bytes:
        raise Unreadable(finding("HB-U002", found=len(data), limit=limits.max_bytes))


def _refuse_encoding(data: bytes) -> None:
    if data.startswith(_FOREIGN_BOMS):
        raise Unreadable(finding("HB-U003", line=1, found="UTF-16"))
    declared = _DECLARED_ENCODING.match(data.removeprefix(_UTF8_BOM)[:256])
    name = declared.group(1).decode("ascii", "replace") if declared else "UTF-8"
    if name.lower() not in _ENCODINGS:
        raise Unreadable(finding("HB-U003", line=1, found=name))
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        octet = f"0x{data[error.start]:02X}"
        raise Unreadable(finding("HB-U004", line=line, found=octet)) from error


def _refuse_document_type(data: bytes) -> None:
    """Refuse a document type before any parser acts on it: entities, external subsets, defaults.

    The marker may also stand in a comment or a CDATA section; expat tells, and stops at the
    declaration itself.
    """
    if b"<!DOCTYPE" not in data:
        return
    parser = expat.ParserCreate()
    found: list[int] = []

    def stop(*_: object) -> None:
        found.append(parser.CurrentLineNumber)
        raise _DocumentTypeSeen

    parser.StartDoctypeDeclHandler = stop
    try:
        parser.Parse(data, True)  # noqa: FBT003 -- expat's own signature
    except _DocumentTypeSeen:
        raise Unreadable(finding("HB-U005", line=found[0])) from None
    except expat.ExpatError:
        return  # not well-formed: the real parser words the finding


class _DocumentTypeSeen(Exception):  # noqa: N818 -- a signal to leave expat, not an error
    pass


def _refuse_shape(document: ParsedDocument, limits: ParserLimits) -> None:
    information = document.root.getroottree().docinfo
    if information.doctype:
        raise Unreadable(finding("HB-U005", line=1))
    # What the parser took the bytes for, whatever the declaration was made to look like.
    if (information.encoding or "UTF-8").lower() not in _ENCODINGS:
        raise Unreadable(finding("HB-U003", line=1, found=information.encoding))
    if information.xml_version not in {None, "1.0"}:
        raise Unreadable(finding("HB-U014", line=1, found=information.xml_version))
    if document.size > limits.max_elements:
        raise Unreadable(finding("HB-U010", found=document.size, limit=limits.max_elements))
    for surplus in _surplus_attributes(limits.max_attributes)(document.root):
        raise Unreadable(_too_many_attributes(surplus.getparent(), limits))
    # Few declarations in all need no walk to tell how many are in force at once.
    if document.namespace_declarations > limits.max_namespaces:
        _refuse_namespaces(document, limits)


@cache
def _surplus_attributes(most: int) -> etree.XPath:
    """The attribute of each element that is one too many."""
    return etree.XPath(f"/descendant::*/@*[{most + 1}]")


def _too_many_attributes(element: etree._Element, limits: ParserLimits) -> Finding:
    return finding(
        "HB-U008",
        path=element_path(element),
        line=element.sourceline,
        found=len(element.attrib),
        limit=limits.max_attributes,
    )


def _refuse_namespaces(document: ParsedDocument, limits: ParserLimits) -> None:
    if document.namespace_depth <= limits.max_namespaces:
        return
    depth = 0
    events = cast("Any", ("start", "start-ns", "end-ns"))
    for event, node in cast("Any", etree.iterwalk(document.root, events=events)):
        if event == "start-ns":
            depth += 1
        elif event == "end-ns":
            depth -= 1
        elif depth > limits.max_namespaces:
            raise Unreadable(
                finding(
                    "HB-U009",
                    path=element_path(node),
                    line=node.sourceline,
                    found=depth,
                    limit=limits.max_namespaces,
                )
            )


def _syntax_finding(data: bytes, error: etree.XMLSyntaxError) -> Finding:
    reason = _POSITION.sub("", error.msg or "").replace("\n", " ").strip()
    line = error.lineno or 1
    match error.code:
        case _ErrorTypes.ERR_DOCUMENT_EMPTY:
            return finding("HB-U001", line=line)
        case _ErrorTypes.ERR_UNDECLARED_ENTITY:
            return finding("HB-U012", line=line, reason=reason)
        case _ErrorTypes.ERR_RESOURCE_LIMIT if "depth" in reason:
            return finding("HB-U007", line=line, limit=_LIBXML2_MAX_DEPTH)
        case _ErrorTypes.ERR_TAG_NAME_MISMATCH if names := _MISMATCHED_TAGS.search(reason):
            return finding(
                "HB-U013", line=line, opened=names[1], opened_line=names[2], closed=names[3]
            )
        case _ErrorTypes.ERR_TAG_NOT_FINISHED:
            return finding("HB-U011", line=line, reason=reason)
        case _:
            ends_early = not data.rstrip().endswith(b">")
            return finding("HB-U011" if ends_early else "HB-U006", line=line, reason=reason)


def _step(element: etree._Element) -> str:
    tag = str(element.tag)
    name = tag.rpartition("}")[2]
    before = element.itersiblings(tag, preceding=True)
    if next(before, None) is not None:
        return f"{name}[{sum(1 for _ in before) + 2}]"
    if next(element.itersiblings(tag), None) is not None:
        return f"{name}[1]"
    return name
