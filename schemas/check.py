"""The check of one document against its definition (design §2, step 2a).

Collects and never raises, whatever the document is.
"""

from collections.abc import Iterator
from itertools import chain, islice

from lxml import etree

from schemas.definition import Definition
from schemas.document import ParsedDocument, element_path
from schemas.findings import Finding, finding
from schemas.record_view import RecordView
from schemas.registry import DefinitionRegistry
from schemas.report import SchemaReport
from schemas.rules.scope import Scope, quote

MOST_FINDINGS = 100

_BESIDE_ELEMENTS = (etree.Comment, etree.ProcessingInstruction)


def check(document: ParsedDocument, registry: DefinitionRegistry) -> SchemaReport:
    """What the definition of *document* says of it, every finding at once."""
    # (1): Find the definition. Without one nothing can be checked.
    definition = registry.find(document)
    if definition is None:
        return SchemaReport(None, (registry.why_unknown(document),))
    return check_against(document, definition, definition.view(document))


def check_against(
    document: ParsedDocument, definition: Definition, view: RecordView | None
) -> SchemaReport:
    """What *definition* says of *document*, whose one content *view* shows; None: there is none."""
    findings = (
        # (2): Nothing beside elements and text: canonicalisation drops comments, so that no
        # signature covers them.
        *_capped(_beside_elements(document.root)),
        # (3): The XSD.
        *_capped(_grammar(document, definition)),
        # (4): What the XSD cannot say.
        *_capped(_rules(document, definition, view)),
    )
    return SchemaReport(definition.reference, findings)


def _capped(findings: Iterator[Finding]) -> Iterator[Finding]:
    """The first hundred, by line.

    That there are more is an error in itself: what is not listed is not forgiven.
    """
    yield from sorted(islice(findings, MOST_FINDINGS), key=lambda each: each.line or 0)
    if next(findings, None) is not None:
        yield finding("HB-E030", limit=MOST_FINDINGS)


def _beside_elements(root: etree._Element) -> Iterator[Finding]:
    for node in root.iter(*_BESIDE_ELEMENTS):
        parent = node.getparent()
        path = "" if parent is None else element_path(parent)
        yield finding("HB-E005", path=path, line=node.sourceline, found=quote(_source(node)))
    for node in chain(root.itersiblings(preceding=True), root.itersiblings()):
        yield finding("HB-W001", line=node.sourceline, found=quote(_source(node)))


def _source(node: etree._Element) -> str:
    return etree.tostring(node, encoding="unicode", with_tail=False)


def _grammar(document: ParsedDocument, definition: Definition) -> Iterator[Finding]:
    objections = definition.grammar.objections(document.root)
    if objections:
        from schemas.explain import Words, explain

        words = Words(definition.texts, definition.lists)
        yield from explain(document.root, definition.grammar, objections, words)


def _rules(
    document: ParsedDocument, definition: Definition, view: RecordView | None
) -> Iterator[Finding]:
    if view is None:
        yield finding(
            "HB-E004",
            path=element_path(document.root),
            line=document.root.sourceline,
            found=len(definition.contents(document)),
            expected=definition.content.path,
        )
        return
    scope = Scope(document, view, definition.texts)
    for rule in definition.rules:
        yield from rule(scope)
