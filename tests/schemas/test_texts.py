"""Every text a person may read exists in both languages, with the same placeholders."""

import re
from pathlib import Path
from string import Formatter

import pytest
from lxml import etree

from schemas.codes import read_code_list
from schemas.findings import Finding, Language, Severity, catalogue
from schemas.loading import load_definition
from tests.schemas.vectors import VECTORS

DEFINITIONS = Path(__file__).parents[2] / "schemas" / "definitions"
NAMES = ["tieu-hoc", "trung-hoc"]
XS = "{http://www.w3.org/2001/XMLSchema}"


def placeholders(text: str) -> set[str]:
    return {f"{name}:{spec}" for _, name, spec, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", catalogue())
def test_a_finding_says_the_same_in_both_languages(code: str) -> None:
    texts = catalogue()[code].texts
    assert placeholders(texts[Language.VI]) == placeholders(texts[Language.EN])
    assert texts[Language.VI] != texts[Language.EN]


@pytest.mark.parametrize("code", [code for code in catalogue() if re.match("HB-[EWU]", code)])
def test_a_finding_weighs_what_its_letter_says(code: str) -> None:
    warning = code.startswith("HB-W")
    assert catalogue()[code].severity is (Severity.WARNING if warning else Severity.ERROR)


def test_english_readers_get_the_english_words_of_a_parameter() -> None:
    finding = Finding(
        "HB-E014",
        Severity.ERROR,
        "a/b",
        1,
        (("label", "Họ tên"), ("label_en", "Name"), ("name", "hovaten")),
    )
    assert "Họ tên (hovaten)" in finding.message()
    assert "Name (hovaten)" in finding.message(Language.EN)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_the_xsd_has_a_label_and_every_label_a_field(name: str) -> None:
    definition = load_definition(DEFINITIONS / name)
    root = etree.parse(definition.grammar.path).getroot()
    fields = {each.get("name") for each in root.iter(f"{XS}element")}
    fields |= {f"@{each.get('name')}" for each in root.iter(f"{XS}attribute")}
    labelled = {key.rpartition("/")[2] for key in definition.texts.fields}
    assert labelled == fields


@pytest.mark.parametrize("name", NAMES)
def test_every_described_type_is_in_the_xsd(name: str) -> None:
    definition = load_definition(DEFINITIONS / name)
    root = etree.parse(definition.grammar.path).getroot()
    types = {each.get("name"): each for each in root.iter(f"{XS}simpleType")}
    assert set(definition.texts.types) <= set(types)
    patterned = {key for key, each in types.items() if each.find(f".//{XS}pattern") is not None}
    assert patterned - {"FilledText"} <= set(definition.texts.types)


@pytest.mark.parametrize("name", NAMES)
def test_a_record_can_be_read_by_people_in_full(name: str) -> None:
    definition = load_definition(DEFINITIONS / name)
    root = etree.parse(definition.grammar.path).getroot()
    by_type = {each.get("name"): each for each in root.iterfind(f"{XS}complexType")}
    rows = {
        "THONG_TIN_HOC_BA": "Information",
        "THONG_TIN_HOC_BA/QUA_TRINH_HOC_TAP": "Schooling",
        "THONG_TIN_HOC_BA/CHUNG_CHI": "Certificate",
        "THONG_TIN_HOC_BA/DIEM_TONG_KET": "SubjectResult",
    }
    shown: dict[str, list[str]] = {}
    for section in definition.reading:
        assert section.heading[Language.VI]
        shown.setdefault(section.rows.path, []).extend(section.fields)
    for path, fields in shown.items():
        children = by_type[rows[path]].iter(f"{XS}element")
        names = {each.get("name") for each in children if each.get("type")[0].isupper()}
        complex_children = {"QUA_TRINH_HOC_TAP", "CHUNG_CHI", "DIEM_TONG_KET", "GVBM"}
        expected = {each for each in names - complex_children if not each.startswith("key")}
        assert sorted(fields) == sorted(expected)


@pytest.mark.parametrize("name", NAMES)
def test_every_explained_code_is_a_field_and_the_list_explains_the_xsds_values(name: str) -> None:
    definition = load_definition(DEFINITIONS / name)
    root = etree.parse(definition.grammar.path).getroot()
    types = {each.get("name"): each for each in root.iter(f"{XS}simpleType")}
    for field, codes in definition.lists.items():
        (declared,) = {
            each.get("type") for each in root.iter(f"{XS}element") if each.get("name") == field
        }
        listed = {each.get("value") for each in types[declared].iter(f"{XS}enumeration")} - {""}
        assert all(value in codes for value in listed), field


def test_every_shared_code_list_is_used() -> None:
    used = set()
    for name in NAMES:
        text = (DEFINITIONS / name / "definition.toml").read_text("utf-8")
        used |= set(re.findall(r'"([a-z_0-9]+)"', text))
    lists = {read_code_list(path).name for path in DEFINITIONS.parent.glob("code_lists/*.csv")}
    assert lists <= used


def test_a_vector_says_something_for_every_schema_finding() -> None:
    assert all(vector.says for vector in VECTORS.values())
