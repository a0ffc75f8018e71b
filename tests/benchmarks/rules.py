"""What the rules of the circulars cost a record, beside the floor of one XSD validation.

Measured is what they add to the check: all checks of the definition with them, and without; the
record is parsed once before. The floor is libxml2's validation of the same tree, which nothing
that checks records can be without.
"""

from collections.abc import Callable
from dataclasses import replace

from schemas.definition import Definition
from schemas.document import ParsedDocument, parse
from schemas.registry import DefinitionRegistry
from schemas.rules.assessment import Assessment
from schemas.rules.scope import Scope
from tests.benchmarks.measure import Figure, interleaved
from tests.schemas import rule_records

GOAL = 150  # µs a record


def figures(*, rounds: int, documents: int) -> list[Figure]:
    """The cost for the records with most rows, of primary school and of THPT."""
    registry = DefinitionRegistry.load()
    return [
        _figure(name, parse(data), registry, rounds, documents)
        for name, data in (
            ("primary, 10 subjects", rule_records.primary(5)),
            ("THPT, 12 subjects", rule_records.upper()),
        )
    ]


def _figure(
    name: str, document: ParsedDocument, registry: DefinitionRegistry, rounds: int, documents: int
) -> Figure:
    definition = registry.find(document)
    assert definition is not None
    assert findings(document, definition) == []
    others = tuple(each for each in definition.rules if not isinstance(each, Assessment))
    assert len(others) == len(definition.rules) - 1
    without = replace(definition, rules=others)
    timings = interleaved(
        {
            "with": _repeated(lambda: findings(document, definition), documents),
            "without": _repeated(lambda: findings(document, without), documents),
            "floor": _repeated(lambda: definition.grammar.objections(document.root), documents),
        },
        documents,
        rounds,
    )
    # The lowest of each: a difference of medians would be that of whatever else the machine does.
    cost = timings["with"].lowest - timings["without"].lowest
    floor = timings["floor"].lowest
    return Figure(
        what=f"rules of the circulars, {name}",
        measured=f"{cost * 1e6:.0f} µs",
        reference=f"one XSD validation {floor * 1e6:.0f} µs",
        ratio=floor / cost if cost > 0 else None,
        goal=f"< {GOAL} µs",
        reached=cost * 1e6 < GOAL,
    )


def findings(document: ParsedDocument, definition: Definition) -> list[object]:
    """What the checks of *definition* beyond its XSD say."""
    view = definition.view(document)
    assert view is not None
    scope = Scope(document, view, definition.texts)
    return [finding for rule in definition.rules for finding in rule(scope)]


def _repeated(work: Callable[[], object], times: int) -> Callable[[], object]:
    return lambda: [work() for _ in range(times)]
