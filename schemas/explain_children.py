"""Which child elements are missing, unknown, surplus or in the wrong place."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

import xmlschema
from lxml import etree
from xmlschema.validators import XsdAnyElement, XsdElement, XsdGroup

from schemas.document import local_name
from schemas.findings import Finding, finding
from schemas.rules.scope import Value, quote
from schemas.texts import Texts

_SUGGESTIONS = 5


def child_findings(
    element: etree._Element,
    model: XsdGroup,
    error: xmlschema.XMLSchemaValidationError,
    texts: Texts,
) -> Iterator[Finding]:
    """What is wrong with the children of *element*, which *model* describes.

    A plain sequence is compared as a whole, so that every missing field shows at once. Of any
    other model, what the library says about its first wrong child.
    """
    sequence = _plain_sequence(model)
    if sequence is not None:
        yield from _against_sequence(element, sequence, texts)
    elif isinstance(error, xmlschema.XMLSchemaChildrenValidationError):
        yield from _as_reported(element, model, error, texts)


def _plain_sequence(model: XsdGroup) -> Mapping[str, XsdElement] | None:
    """The elements of a model that is one sequence of distinct names; None for any other."""
    particles = list(model)
    if model.model != "sequence" or model.occurs != (1, 1):
        return None
    if not all(isinstance(each, XsdElement) and each.name for each in particles):
        return None
    sequence = {str(each.name): each for each in particles if isinstance(each, XsdElement)}
    return sequence if len(sequence) == len(particles) else None


def _against_sequence(
    element: etree._Element, sequence: Mapping[str, XsdElement], texts: Texts
) -> Iterator[Finding]:
    order = {name: place for place, name in enumerate(sequence)}
    children = list(element.iterchildren(etree.Element))
    for child in children:
        if child.tag not in order:
            yield _unknown(element, child, tuple(sequence), texts)
    known = [child for child in children if child.tag in order]
    counts = Counter(str(child.tag) for child in known)
    for name, declared in sequence.items():
        if not counts[name] and declared.min_occurs:
            yield _missing(element, name, known, order, texts)
        elif declared.max_occurs is not None and counts[name] > declared.max_occurs:
            repeated = [child for child in known if child.tag == name][declared.max_occurs]
            yield _about(
                repeated, element, "HB-E013", texts, found=counts[name], limit=declared.max_occurs
            )
    yield from _out_of_place(element, known, order, texts)


def _out_of_place(
    element: etree._Element,
    known: Sequence[etree._Element],
    order: Mapping[str, int],
    texts: Texts,
) -> Iterator[Finding]:
    """One finding per name that has to move, as few as would put the sequence in order."""
    stays = _longest_ordered([order[str(child.tag)] for child in known])
    moves = {str(child.tag): child for at, child in enumerate(known) if at not in stays}
    settled = [known[at] for at in stays if known[at].tag not in moves]
    for name, child in moves.items():
        after = _before(element, settled, order, name)
        yield _about(child, element, "HB-E012", texts, after=local_name(after))


def _as_reported(
    element: etree._Element,
    model: XsdGroup,
    error: xmlschema.XMLSchemaChildrenValidationError,
    texts: Texts,
) -> Iterator[Finding]:
    expected = tuple(error.expected_tags) or tuple(_names(model))
    child: object = error.invalid_child
    if etree.iselement(child):
        if child.tag not in {getattr(each, "name", None) for each in model.iter_elements()}:
            yield _unknown(element, child, expected, texts)
        return  # known, but not here or not again: libxml2's own words say what is expected
    last = next(element.iterchildren(etree.Element, reversed=True), element)
    name = " | ".join(expected) or "…"
    value = Value(element, "", name)
    yield finding(
        "HB-E010",
        path=value.path,
        line=last.sourceline,
        **texts.labels(value.label_key),
        name=name,
        parent=local_name(element),
        after=local_name(last),
    )


def _names(model: XsdGroup) -> Iterator[str]:
    """What a model knows: its elements, `{namespace}*` for a wildcard."""
    for each in model.iter_elements():
        if isinstance(each, XsdAnyElement):
            yield from (f"{{{name}}}*" for name in each.namespace)
        else:
            yield each.local_name


def _missing(
    parent: etree._Element,
    name: str,
    present: Sequence[etree._Element],
    order: Mapping[str, int],
    texts: Texts,
) -> Finding:
    after = _before(parent, present, order, name)
    value = Value(parent, "", etree.QName(name).localname)
    return finding(
        "HB-E010",
        path=value.path,
        line=after.sourceline,
        **texts.labels(value.label_key),
        name=value.name,
        parent=local_name(parent),
        after=local_name(after),
    )


def _before(
    parent: etree._Element,
    present: Sequence[etree._Element],
    order: Mapping[str, int],
    name: str,
) -> etree._Element:
    """The last of *present* that stands before *name* in the model; the parent where none does."""
    earlier = [child for child in present if order[str(child.tag)] < order[name]]
    return max(earlier, key=lambda child: order[str(child.tag)], default=parent)


def _unknown(
    parent: etree._Element, child: etree._Element, allowed: Sequence[str], texts: Texts
) -> Finding:
    by_lower = {each.rpartition("}")[2].lower(): each for each in allowed}
    close = get_close_matches(local_name(child).lower(), by_lower, n=_SUGGESTIONS)
    shown = [by_lower[each] for each in close] or list(allowed[:_SUGGESTIONS])
    more = ", …" if len(shown) < len(allowed) and not close else ""
    return _about(
        child, parent, "HB-E011", texts, tag=True, allowed=(", ".join(shown) or "–") + more
    )


def _about(
    child: etree._Element,
    parent: etree._Element,
    code: str,
    texts: Texts,
    *,
    tag: bool = False,
    **parameters: object,
) -> Finding:
    value = Value(child, "")
    return finding(
        code,
        path=value.path,
        line=child.sourceline,
        **texts.labels(value.label_key),
        name=quote(str(child.tag)) if tag else value.name,
        parent=local_name(parent),
        **parameters,
    )


def _longest_ordered(places: Sequence[int]) -> set[int]:
    """Indexes of a longest run of *places* that never goes back: what can stay where it is."""
    tops: list[int] = []  # places that end the best run of each length
    ends: list[int] = []  # their indexes
    before: list[int | None] = []
    for index, place in enumerate(places):
        length = bisect_right(tops, place)
        before.append(ends[length - 1] if length else None)
        tops[length : length + 1] = [place]
        ends[length : length + 1] = [index]
    kept: set[int] = set()
    step = ends[-1] if ends else None
    while step is not None:
        kept.add(step)
        step = before[step]
    return kept
