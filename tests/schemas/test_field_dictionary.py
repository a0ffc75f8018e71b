"""Both XSDs against the official field dictionary, field by field, in both directions."""

import csv
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from lxml import etree

SCHEMAS = Path(__file__).parents[2] / "schemas"
DICTIONARY = Path(__file__).parent / "field_dictionary.tsv"
XS = "{http://www.w3.org/2001/XMLSchema}"

# Table of the dictionary: definition and the complex type that holds its fields.
TABLES = {
    "thongtinsohocbasotieuhoc": ("tieu-hoc", "Information"),
    "thongtinsohocbasotieuhoc_quatrinhhoctap": ("tieu-hoc", "Schooling"),
    "thongtinsohocbasotieuhoc_dsbangdiem": ("tieu-hoc", "SubjectResult"),
    "thongtinsohocbasothcsthpt": ("trung-hoc", "Information"),
    "thongtinsohocbasothcsthpt_quatrinhhoctap": ("trung-hoc", "Schooling"),
    "thongtinsohocbasothcsthpt_chungchi": ("trung-hoc", "Certificate"),
    "thongtinsohocbasothcsthpt_bangdiem": ("trung-hoc", "SubjectResult"),
}
# What the XSD has around the fields of a table.
ENVELOPE = ["IdBanGhi", "SuKien", "PhienBan", "ThoiGianCapNhat"]
SUB_TABLES = {"QUA_TRINH_HOC_TAP", "CHUNG_CHI", "DIEM_TONG_KET", "GVBM"}
BASES = {
    "varchar": "string",
    "boolean": "boolean",
    "date": "date",
    "decimal": "decimal",
    "double": "double",
}
# The bounds and value lists that the dictionary's meaning column states.
BOUNDS = {
    "cannang": ("1", "300"),
    "chieucao": ("10", "300"),
    "nghicophep": ("0", "200"),
    "nghikhongphep": ("0", "200"),
    "sobuoinghi": ("1", "300"),
}
VALUES = {
    "trangthaithongtinhocba": {"1", "2"},
    "gioitinh": {"0", "1", "2"},
    "mucdatduoc": {"T", "H", "C", "M"},
    "nangluctuhoc": {"T", "Đ", "C"},
}
RATED = {
    "hocky1",
    "hocky2",
    "canam",
    "renluyenhocky1",
    "renluyenhocky2",
    "renluyencanam",
    "renluyenlai",
    "kqhoctaplai",
}
VALUES |= {field: {"T", "K", "Đ", "CĐ"} for field in RATED}


class Entry(NamedTuple):
    """A row of the dictionary."""

    field: str
    type: str
    length: str
    required: str


class Declared(NamedTuple):
    """A field as an XSD declares it, its type followed down to the built-in one."""

    field: str
    base: str
    required: bool
    may_be_empty: bool
    facets: dict[str, set[str]]


def dictionary() -> dict[str, list[Entry]]:
    lines = [line for line in DICTIONARY.read_text("utf-8").splitlines() if line[0] != "#"]
    tables: dict[str, list[Entry]] = {}
    for row in csv.DictReader(lines, delimiter="\t"):
        kind, length = re.fullmatch(r"(\w+)\(([\d,]*)\)", row["type"]).groups()
        entry = Entry(row["field"], kind, length, row["required"])
        tables.setdefault(row["table"], []).append(entry)
    return tables


DICTIONARY_TABLES = dictionary()


def xsd(definition: str) -> etree._Element:
    return etree.parse(SCHEMAS / "definitions" / definition / "hoc-ba.xsd").getroot()


def declared(definition: str, complex_type: str) -> list[Declared]:
    root = xsd(definition)
    types = {each.get("name"): each for each in root.iterfind(f"{XS}simpleType")}
    (parent,) = (
        each for each in root.iterfind(f"{XS}complexType") if each.get("name") == complex_type
    )
    return [
        followed(each, types)
        for each in parent.find(f"{XS}sequence")
        if each.tag == f"{XS}element" and each.get("name") not in SUB_TABLES
    ]


def followed(element: etree._Element, types: dict[str, etree._Element]) -> Declared:
    name = element.get("type")
    facets: dict[str, set[str]] = {}
    may_be_empty = False
    while name in types:
        union = types[name].find(f"{XS}union")
        if union is not None:
            name, nothing = union.get("memberTypes").split()
            assert nothing == "Nothing"
            may_be_empty = True
            continue
        restriction = types[name].find(f"{XS}restriction")
        for facet in restriction:
            facets.setdefault(etree.QName(facet).localname, set()).add(facet.get("value"))
        name = restriction.get("base")
    base = name.removeprefix("xs:")
    if base == "string":
        patterns = [*facets.get("pattern", ())]
        listed = facets.get("enumeration")
        may_be_empty = all(re.fullmatch(each, "") for each in patterns) and (
            listed is None or "" in listed
        )
    return Declared(
        field=element.get("name"),
        base=base,
        required=element.get("minOccurs", "1") == "1",
        may_be_empty=may_be_empty,
        facets=facets,
    )


@pytest.mark.parametrize("table", TABLES)
def test_the_xsd_has_the_fields_of_the_dictionary_and_no_others_in_its_order(table: str) -> None:
    names = [each.field for each in declared(*TABLES[table])]
    envelope = ENVELOPE if TABLES[table][1] == "Information" else []
    assert names == envelope + [each.field for each in DICTIONARY_TABLES[table]]


def test_every_table_of_the_dictionary_is_in_an_xsd() -> None:
    assert sorted(DICTIONARY_TABLES) == sorted(TABLES)
    assert sum(len(each) for each in DICTIONARY_TABLES.values()) == 186


FIELDS = [
    pytest.param(
        entry,
        next(each for each in declared(*TABLES[table]) if each.field == entry.field),
        id=f"{table}/{entry.field}",
    )
    for table, entries in DICTIONARY_TABLES.items()
    for entry in entries
]


@pytest.mark.parametrize(("entry", "field"), FIELDS)
def test_a_field_has_the_type_of_the_dictionary(entry: Entry, field: Declared) -> None:
    assert field.base == BASES[entry.type]
    if entry.type == "decimal":
        assert field.facets["totalDigits"] == {"18"}
        assert field.facets["fractionDigits"] == {"4"}
    if entry.type == "boolean":
        assert field.facets["pattern"] == {"0|1"}
    if entry.field in BOUNDS:
        low, high = BOUNDS[entry.field]
        assert (field.facets["minInclusive"], field.facets["maxInclusive"]) == ({low}, {high})


@pytest.mark.parametrize(("entry", "field"), FIELDS)
def test_a_text_is_as_long_as_the_dictionary_allows(entry: Entry, field: Declared) -> None:
    if entry.type != "varchar":
        assert "maxLength" not in field.facets
        return
    listed = field.facets.get("enumeration")
    if listed:
        assert max(len(each) for each in listed) <= int(entry.length)
    else:
        assert field.facets["maxLength"] == {entry.length}


@pytest.mark.parametrize(("entry", "field"), FIELDS)
def test_a_required_field_must_be_there_and_filled(entry: Entry, field: Declared) -> None:
    required = entry.required == "x"  # a condition (x*, *) is a rule's to check
    assert field.required is required
    assert field.may_be_empty is not required


@pytest.mark.parametrize(("entry", "field"), FIELDS)
def test_a_value_list_is_that_of_the_dictionary(entry: Entry, field: Declared) -> None:
    listed = field.facets.get("enumeration")
    key = "nangluctuhoc" if entry.field.startswith(("nangluc", "phamchat")) else entry.field
    if entry.field == "macaphoc":
        assert listed in ({"02"}, {"03", "04", "05"})
    else:
        assert (listed - {""} if listed else None) == VALUES.get(key)


@pytest.mark.parametrize("definition", ["tieu-hoc", "trung-hoc"])
def test_no_attribute_is_an_xml_id(definition: str) -> None:
    assert b"xs:ID" not in etree.tostring(xsd(definition)).replace(b"with xs:ID", b"")


def test_what_the_dictionary_demands_under_a_condition_is_a_rule() -> None:
    for definition, table in (
        ("tieu-hoc", "thongtinsohocbasotieuhoc"),
        ("trung-hoc", "thongtinsohocbasothcsthpt"),
    ):
        text = (SCHEMAS / "definitions" / definition / "definition.toml").read_text("utf-8")
        (rule,) = (each for each in tomllib.loads(text)["check"] if each["name"] == "required_when")
        conditional = [each.field for each in DICTIONARY_TABLES[table] if "*" in each.required]
        assert [each.rpartition("/")[2] for each in rule["fields"]] == conditional
