"""Every finding of a definition tells the field, what was found, what is allowed, what to do.

The second half goes over every field of the two definitions that ship and spoils it in every way
that its XSD type forbids: no facet, place or number of occurrences is without an explanation.
"""

import copy
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from xmlschema.validators import XsdElement, XsdGroup, XsdSimpleType, XsdUnion

from schemas.check import check
from schemas.definition import Definition
from schemas.document import parse
from schemas.explain import Words, explain
from schemas.explanation import Explanation, explained
from schemas.findings import Finding, Language, catalogue
from schemas.loading import load_definition
from schemas.registry import DefinitionRegistry
from tests.schemas.vectors import VECTORS
from tests.support.records import primary_record, primary_row, secondary_record, secondary_row

HERE = Path(__file__).parent
REGISTRY = DefinitionRegistry.load(HERE / "definitions")
DEFINITIONS = HERE.parents[1] / "schemas" / "definitions"
NAMES = ["tieu-hoc", "trung-hoc"]
OWN_CODES = [code for code in catalogue() if re.match("HB-[EW]", code)]
TOLD = [code for code in catalogue() if re.match("HB-[EWUK]", code)]
ROWS = ("DIEM_TONG_KET", "QUA_TRINH_HOC_TAP", "CHUNG_CHI")
ACTS = re.compile(r"\b[Hh]ãy\b|Không bắt buộc|không phải làm gì")
TEMPLATE = re.compile(r"{[a-z_]+(:[a-z_]+)?}")
TRIALS = (
    "~",
    "a b",
    "x" * 9000,
    "99999",
    "-1",
    "2026-02-30",
    "1.123456",
    "50.123456",
    "0",
    "1e400",
    "",
    "301",
)


def is_whole(explanation: Explanation) -> list[str]:
    """Names of the parts that say nothing, or say a template."""
    parts = ("label", "found", "allowed", "mend", "problem")
    said = {name: str(getattr(explanation, name)) for name in parts}
    return [name for name, text in said.items() if not text.strip() or TEMPLATE.search(text)]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("code", OWN_CODES)
def test_a_finding_has_every_part_in_both_languages(code: str, language: Language) -> None:
    report = check(parse(VECTORS[code].invalid), REGISTRY)
    told = next(each for each in report.findings if each.code == code)
    in_parts = explained(told, language)
    if code == "HB-E011":  # an unknown element has no label; it is called by its name
        assert in_parts.label == in_parts.name == "hotenchaa"
    # HB-E053 is about a reference that may be empty.
    assert set(is_whole(in_parts)) <= ({"found"} if code == "HB-E053" else set())
    message = told.message(language)
    assert in_parts.problem in message
    assert in_parts.allowed in message
    assert message.endswith(in_parts.mend)
    if code != "HB-E030":
        assert f" {told.line}: " in message


@pytest.mark.parametrize("code", TOLD)
def test_every_finding_says_what_to_do(code: str) -> None:
    mend = catalogue()[code].parts["mend"]
    assert ACTS.search(mend[Language.VI])
    assert mend[Language.EN] != mend[Language.VI]
    assert mend[Language.EN].endswith((".", "…", ")"))


@pytest.mark.parametrize("code", catalogue())
def test_of_any_finding_a_table_can_say_what_to_do(code: str) -> None:
    told = Finding(code, catalogue()[code].severity)
    if placeholders := re.findall(r"{(\w+)", catalogue()[code].texts[Language.VI]):
        parameters = tuple((name, "1") for name in placeholders if name not in {"path", "line"})
        told = Finding(code, told.severity, parameters=parameters)
    for language in Language:
        assert explained(told, language).mend
        assert explained(told, language).problem


@cache
def definition(name: str) -> Definition:
    return load_definition(DEFINITIONS / name)


@cache
def record(name: str) -> etree._Element:
    """A record with a row of every kind, so that every field has a place."""
    if name == "tieu-hoc":
        rows = [primary_row("TOC", "Toán", diemkiemtradinhky="10")]
        return etree.fromstring(primary_record(rows=rows, schooling=[{}]))
    return etree.fromstring(
        secondary_record(rows=[secondary_row("TOC", "Toán")], schooling=[{}], certificates=[{}])
    )


def group_of(name: str, parent: str) -> XsdGroup:
    """The content of the element *parent* as the XSD has it."""
    model = definition(name).grammar.model
    by_path: Any = model.find(f".//{parent}") or model.find(f"//{parent}")
    return by_path.type.content


def fields(name: str) -> Iterator[tuple[str, XsdElement]]:
    """Every field that has a value: its parent's name and its declaration."""
    for parent in ("THONG_TIN_HOC_BA", *ROWS):
        if parent == "CHUNG_CHI" and name == "tieu-hoc":
            continue
        for child in group_of(name, parent):
            if isinstance(child, XsdElement) and isinstance(child.type, XsdSimpleType):
                yield parent, child


ALL = [(name, parent, str(each.name)) for name in NAMES for parent, each in fields(name)]


def with_field(
    name: str, parent: str, field: str, text: str, into: etree._Element | None = None
) -> etree._Element:
    """The record (or *into*) with *field* in its place, saying *text*."""
    root = copy.deepcopy(record(name)) if into is None else into
    where = next(root.iter(parent))
    found = where.find(field)
    if found is None:
        order = [getattr(each, "name", "") for each in group_of(name, parent)]
        place = order.index(field)
        later = [each for each in where if each.tag in order and order.index(each.tag) > place]
        found = etree.Element(field)
        where.insert(where.index(later[0]) if later else len(where), found)
    found.text = text
    return root


def findings_about(name: str, root: etree._Element, parent: str, field: str) -> list[Finding]:
    """What the XSD has against *field*, explained."""
    known = definition(name)
    document = parse(etree.tostring(root, encoding="UTF-8", xml_declaration=True))
    objections = known.grammar.objections(document.root)
    if not objections:
        return []
    words = Words(known.texts, known.lists)
    told = explain(document.root, known.grammar, objections, words)
    return [
        each for each in told if re.sub(r"\[\d+]", "", each.path).endswith(f"/{parent}/{field}")
    ]


def declared(name: str, parent: str, field: str) -> XsdElement:
    return next(each for where, each in fields(name) if (where, each.name) == (parent, field))


def tell(name: str, parent: str, field: str, found: list[Finding]) -> str:
    """The code of the one finding about a field, which says everything in both languages."""
    assert found, (name, parent, field)
    told = found[0]
    assert told.line
    for language in Language:
        in_parts = explained(told, language)
        assert is_whole(in_parts) == [], (told.code, in_parts)
        assert in_parts.label == definition(name).texts.label(f"{parent}/{field}", language)
        assert in_parts.label != field
        assert in_parts.name == field
    assert ACTS.search(explained(told, Language.VI).mend)
    return told.code


def facets(xsd_type: XsdSimpleType) -> set[str]:
    """The codes that the type's facets can give; those of the member that a value is meant for."""
    if isinstance(xsd_type, XsdUnion):
        xsd_type = next(each for each in xsd_type.member_types if not each.is_valid(""))
    if xsd_type.enumeration:
        return {"HB-E017"}
    primitive = xsd_type.primitive_type.local_name
    by_form = {"date": "HB-E022", "dateTime": "HB-E023", "boolean": "HB-E024"}
    if primitive in by_form:
        return {by_form[primitive]}
    if primitive == "decimal":
        digits = any("Digits" in str(each) for each in xsd_type.facets)
        return {"HB-E019", "HB-E020"} | ({"HB-E021"} if digits else set())
    return {"HB-E015"} if xsd_type.max_length is not None else set()


@pytest.mark.parametrize("name", NAMES)
def test_every_value_that_the_xsd_refuses_is_explained(name: str) -> None:
    seen: set[str] = set()
    for parent, field in [(where, each) for each_name, where, each in ALL if each_name == name]:
        xsd_type = declared(name, parent, field).type
        refused = [text for text in TRIALS if not xsd_type.is_valid(text)]
        assert refused, field  # every field of the two definitions is bounded
        codes = {
            tell(
                name,
                parent,
                field,
                findings_about(name, with_field(name, parent, field, text), parent, field),
            )
            for text in refused
        }
        assert "HB-E029" not in codes, field  # nothing is only passed on
        assert facets(xsd_type) <= codes, field
        seen |= codes
    assert seen | {"HB-E021"} == {*(f"HB-E0{number}" for number in (14, 15, *range(17, 25)))}


def spoilt(name: str, parent: str, field: str, how: str) -> etree._Element:
    """The record with every field of *parent* in its place, but for *field*."""
    root = copy.deepcopy(record(name))
    for other in (each for where, each in fields(name) if where == parent):
        place = next(root.iter(parent))
        if place.find(str(other.name)) is None:
            root = with_field(name, parent, str(other.name), "1", root)
    where = next(root.iter(parent))
    target = where.find(field)
    match how:
        case "missing":
            where.remove(target)
        case "repeated":
            target.addnext(copy.deepcopy(target))
        case "misplaced":
            where.insert(0 if where.index(target) else len(where), target)
        case _:
            target.tag = f"{field}x"
    return root


@pytest.mark.parametrize("name", NAMES)
def test_every_field_that_is_missing_unknown_repeated_or_misplaced_is_explained(name: str) -> None:
    seen: set[str] = set()
    for parent, field in [(where, each) for each_name, where, each in ALL if each_name == name]:
        for how, code in (
            ("missing", "HB-E010"),
            ("repeated", "HB-E013"),
            ("misplaced", "HB-E012"),
        ):
            if how == "missing" and not declared(name, parent, field).min_occurs:
                continue
            found = findings_about(name, spoilt(name, parent, field, how), parent, field)
            found = [each for each in found if each.code == code]
            seen.add(tell(name, parent, field, found))
        unknown = findings_about(name, spoilt(name, parent, field, "unknown"), parent, f"{field}x")
        for language in Language:
            in_parts = explained(unknown[0], language)
            assert is_whole(in_parts) == []
            assert field.lower() in in_parts.allowed.lower()  # the name that was meant is proposed
    assert seen == {"HB-E010", "HB-E012", "HB-E013"}
