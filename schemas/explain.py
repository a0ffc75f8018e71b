"""Why a document does not follow its XSD, so that whoever wrote it can mend it.

libxml2 has given the verdict. The `xmlschema` library says which elements fail; what exactly is
wrong with such an element is read off the XSD's own components, and worded as findings. Where
nothing better is known, libxml2's reason is passed on.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import xmlschema
from lxml import etree
from xmlschema.validators import XsdAttribute, XsdElement, XsdGroup, XsdSimpleType

from schemas.codes import CodeList
from schemas.document import local_name, text_of
from schemas.explain_children import child_findings
from schemas.explain_value import value_finding
from schemas.findings import Finding, finding
from schemas.rules.scope import LONGEST_REASON, Value, quote
from schemas.texts import Texts
from schemas.xsd import Grammar, Objection

# The library's time grows with the square of the number of children: 49,000 unknown ones in
# 200 KB took 33 s. A record has a few hundred elements, with sixteen signatures about a thousand.
MOST_ELEMENTS = 2_500

_COUNT = etree.XPath("count(//*)")
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"

# What the library was seen to raise, or may by its nature, on documents made to hurt it. The
# explanation decides nothing, so that failing here must not fail the check.
_GIVES_UP = (xmlschema.XMLSchemaException, ArithmeticError, LookupError, RecursionError, TypeError)


@dataclass(frozen=True, slots=True)
class Words:
    """What an explanation is worded with: labels, and code lists by the field they explain."""

    texts: Texts
    lists: Mapping[str, CodeList]


def explain(
    root: etree._Element, grammar: Grammar, objections: tuple[Objection, ...], words: Words
) -> Iterator[Finding]:
    """Findings for a document that libxml2 refuses for *objections*; at least one.

    Lazy: who takes only the first hundred pays for no more.
    """
    if not objections:
        raise ValueError("a document without objections has nothing to explain")
    explained = False
    if _COUNT(root) <= MOST_ELEMENTS:
        try:
            for each in _explained(root, grammar, objections, words):
                explained = True
                yield each
        except (*_GIVES_UP, ValueError):
            explained = False
    if not explained:
        yield from (_passed_on(each, words.texts) for each in objections)


def _explained(
    root: etree._Element, grammar: Grammar, objections: tuple[Objection, ...], words: Words
) -> Iterator[Finding]:
    reasons = {each.line: each.reason for each in reversed(objections)}
    seen: set[etree._Element] = set()
    for element, error in _failures(root, grammar.model):
        if element in seen:
            continue
        seen.add(element)
        worded = False
        for each in _element(element, _declaration(element, grammar.model), error, words):
            worded = True
            yield each
        if not worded:
            child: object = error.invalid_child
            where = child if etree.iselement(child) else element
            reason = reasons.get(where.sourceline or 0) or error.reason or ""
            yield _about(where, words.texts, "HB-E029", reason=quote(reason, LONGEST_REASON))


def _failures(
    root: etree._Element, model: xmlschema.XMLSchema
) -> Iterator[tuple[etree._Element, xmlschema.XMLSchemaValidationError]]:
    """The library's errors, each with the element that it is about."""
    source: Any = root  # takes lxml elements, though its annotations do not say so
    for error in model.iter_errors(source, use_location_hints=False):
        about: object = error.elem
        yield (about if etree.iselement(about) else root), error


def _declaration(element: etree._Element, model: xmlschema.XMLSchema) -> XsdElement | None:
    """How the XSD declares *element* at its place; None where it does not, or a type is overridden.

    A declaration is looked up by name from the root down: an XSD gives all children of one name
    in one parent the same type (XSD 1.0, Element Declarations Consistent).
    """
    chain = [element, *element.iterancestors()]
    if any(each.get(f"{_XSI}type") or each.get(f"{_XSI}nil") for each in chain):
        return None
    found = model.maps.elements.get(str(chain.pop().tag))
    while found is not None and chain:
        name = str(chain.pop().tag)
        content = _content(found)
        children = content.iter_elements() if isinstance(content, XsdGroup) else ()
        named = (each for each in children if isinstance(each, XsdElement) and each.name == name)
        found = next(named, None)
    return found


def _content(declaration: XsdElement) -> XsdSimpleType | XsdGroup:
    xsd_type = declaration.type
    return xsd_type if isinstance(xsd_type, XsdSimpleType) else xsd_type.content


def _element(
    element: etree._Element,
    declaration: XsdElement | None,
    error: xmlschema.XMLSchemaValidationError,
    words: Words,
) -> Iterator[Finding]:
    """What is wrong with *element*, as far as its declaration tells."""
    if declaration is None:
        return
    yield from _attributes(element, declaration, words)
    content = _content(declaration)
    if isinstance(content, XsdGroup):
        if not content.mixed:
            yield from _stray_text(element, words.texts)
        yield from child_findings(element, content, error, words.texts)
        return
    inner = next(element.iterchildren(etree.Element), None)
    if inner is not None:
        yield _about(element, words.texts, "HB-E028", found=quote(local_name(inner)))
        return
    value = Value(element, text_of(element))
    worded = value_finding(value, content, words.texts, words.lists.get(value.name))
    if worded is not None:
        yield worded


def _attributes(
    element: etree._Element, declaration: XsdElement, words: Words
) -> Iterator[Finding]:
    known: Mapping[str | None, object] = declaration.attributes
    for name, attribute in known.items():
        required = isinstance(attribute, XsdAttribute) and attribute.use == "required"
        if required and name not in element.attrib:
            yield _about(element, words.texts, "HB-E025", attribute=name)
    for name, text in element.attrib.items():
        attribute = known.get(str(name))
        if isinstance(attribute, XsdAttribute):
            local = f"@{attribute.local_name}"
            value = Value(element, str(text), local)
            worded = value_finding(value, attribute.type, words.texts, words.lists.get(local))
            if worded is not None:
                yield worded
        elif None not in known and not str(name).startswith(_XSI):
            allowed = ", ".join(str(each) for each in known) or "–"
            yield _about(
                element, words.texts, "HB-E026", attribute=quote(str(name)), allowed=allowed
            )


def _stray_text(element: etree._Element, texts: Texts) -> Iterator[Finding]:
    parts = [element.text, *(child.tail for child in element)]
    stray = " ".join(part.strip() for part in parts if part and part.strip())
    if stray:
        yield _about(element, texts, "HB-E027", found=quote(stray))


def _passed_on(objection: Objection, texts: Texts) -> Finding:
    *_, name = objection.path.split("/")
    name = name.partition("[")[0]
    return finding(
        "HB-E029",
        path=objection.path,
        line=objection.line,
        **texts.labels(name),
        name=name,
        reason=quote(objection.reason, LONGEST_REASON),
    )


def _about(element: etree._Element, texts: Texts, code: str, **parameters: object) -> Finding:
    value = Value(element, "")
    return finding(
        code,
        path=value.path,
        line=element.sourceline,
        **texts.labels(value.label_key),
        name=value.name,
        **parameters,
    )
