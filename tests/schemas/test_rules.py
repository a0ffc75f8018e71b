"""Rules beyond the XSD: the cases around their vectors."""

from pathlib import Path

import pytest
from lxml import etree

from schemas.check import check
from schemas.document import parse
from schemas.findings import Finding
from schemas.record_view import RecordView
from schemas.registry import DefinitionRegistry
from schemas.rules.field import Expressions
from schemas.rules.scope import Scope, located
from schemas.texts import Texts
from tests.schemas.vectors import CBQL, GVCN, PRIMARY, SEAL, SECONDARY, SLIP
from tests.support.records import (
    DS,
    primary_record,
    primary_row,
    secondary_record,
    secondary_row,
    signature,
    with_change,
    with_signature,
)

REGISTRY = DefinitionRegistry.load(Path(__file__).parent / "definitions")
GVBM = "//DANH_SACH_GVBM"


def found(data: bytes) -> list[Finding]:
    """What the structural rules find; those of the circulars have tests of their own."""
    findings = check(parse(data), REGISTRY).findings
    return [each for each in findings if not each.code.startswith("HB-R")]


def codes(data: bytes) -> list[str]:
    return [each.code for each in found(data)]


def messages(data: bytes) -> list[str]:
    return [each.message() for each in found(data)]


@pytest.mark.parametrize(
    ("sodinhdanh", "gioitinh", "born", "expected"),
    [
        ("025099000011", "1", "1999-01-01", []),
        ("025199000011", "2", "1999-01-01", []),
        ("025217000011", "1", "2017-01-01", []),
        ("025317000011", "2", "2017-01-01", []),
        ("025417000011", "1", "2117-01-01", []),
        ("025917000011", "2", "2317-01-01", []),
        ("025317000011", "1", "2017-01-01", ["HB-E042"]),
        ("025017000011", "1", "2017-01-01", ["HB-E043"]),
        ("025218000011", "2", "2017-01-01", ["HB-E042", "HB-E043"]),
        ("000217000011", "1", "2017-01-01", ["HB-W002"]),
        ("001217000011", "1", "2017-01-01", []),
        ("099217000011", "1", "2017-01-01", ["HB-W002"]),
        ("100217000011", "1", "2017-01-01", []),
        ("02521700001", "1", "2017-01-01", ["HB-E041"]),
        ("02521700001x", "1", "2017-01-01", ["HB-E041"]),
        ("02521700001 ", "1", "2017-01-01", ["HB-E041"]),
        ("٠٢٥٢١٧٠٠٠٠١١", "1", "2017-01-01", ["HB-E041"]),
    ],
)
def test_a_personal_id_agrees_with_sex_and_year_of_birth(
    sodinhdanh: str, gioitinh: str, born: str, expected: list[str]
) -> None:
    record = primary_record(sodinhdanh=sodinhdanh, gioitinh=gioitinh, ngaythangnamsinh=born)
    assert codes(record) == expected


@pytest.mark.parametrize(
    ("day", "month", "year", "expected"),
    [
        ("2017-03-14", None, None, []),
        (None, "2017-03", None, []),
        (None, None, "2017", []),
        ("", "", "2017", []),
        ("2017-03-14", "2017-03", "2017", []),
        ("2017-03-14", None, "2017", []),
        ("2017-03-14", "2017-04", "2017", ["HB-E045"]),
        ("2017-03-14", "2017-04", "2018", ["HB-E045", "HB-E045"]),
        (None, "2017-03", "2016", ["HB-E045"]),
        (None, "2016-03", None, ["HB-E043"]),
        (None, None, "2016", ["HB-E043"]),
        (None, None, None, ["HB-E044"]),
        ("", "", "", ["HB-E044"]),
    ],
)
def test_the_forms_of_a_date_of_birth_agree(
    day: str | None, month: str | None, year: str | None, expected: list[str]
) -> None:
    record = primary_record(ngaythangnamsinh=day, thangnamsinh=month, namsinh=year)
    assert codes(record) == expected


def test_a_year_of_birth_that_cannot_be_read_is_the_xsds_to_report() -> None:
    record = primary_record(ngaythangnamsinh=None, thangnamsinh=None, namsinh="năm")
    assert codes(record) == ["HB-E018"]


def test_every_earlier_school_year_is_checked_too() -> None:
    def schooling(namhoc: str) -> dict[str, str]:
        return {
            "keythongtinsohocbasotieuhoc_quatrinhhoctap": "q",
            "keythongtinsohocbasotieuhoc": "k1",
            "namhoc": namhoc,
            "tenlop": "2A",
            "tentruong": "Trường Mẫu",
            "tentinh": "Tỉnh Mẫu",
        }

    record = primary_record(schooling=[schooling("2024-2025"), schooling("2023-2025")])
    (message,) = messages(record)
    assert "Năm học đã qua" in message
    assert "“2023-2025”" in message


def test_every_teacher_of_a_subject_is_checked() -> None:
    rows = [
        secondary_row("NVN", "Ngữ văn", soddcngvbm="1"),
        secondary_row("TOC", "Toán", soddcngvbm="2"),
    ]
    assert codes(secondary_record(rows=rows)) == ["HB-E041", "HB-E041"]


@pytest.mark.parametrize(
    ("macaphoc", "makhoi", "expected"),
    [
        ("03", "06", []),
        ("03", "09", []),
        ("03", "10", ["HB-E046"]),
        ("04", "12", []),
        ("04", "09", ["HB-E046"]),
        ("05", "06", []),
        ("05", "12", []),
        ("05", "05", ["HB-E046"]),
        ("03", "13", ["HB-E047"]),
        ("03", "8", ["HB-E047"]),
    ],
)
def test_a_grade_belongs_to_the_level(macaphoc: str, makhoi: str, expected: list[str]) -> None:
    assert codes(secondary_record(macaphoc=macaphoc, makhoi=makhoi)) == expected


@pytest.mark.parametrize("exempt", ["0", " 0 ", "false", "", None])
def test_whoever_is_not_explicitly_exempt_is_assessed(exempt: str | None) -> None:
    record = secondary_record(hocky1=None, hocky2="", cokhuyettatkhongdanhgia=exempt)
    assert codes(record).count("HB-E048") == 2


@pytest.mark.parametrize("exempt", ["1", " 1 "])
def test_whoever_is_exempt_needs_no_results(exempt: str) -> None:
    record = secondary_record(hocky1=None, hocky2="", canam=None, cokhuyettatkhongdanhgia=exempt)
    assert codes(record) == []


def test_unknown_codes_of_a_placeholder_list_are_one_warning() -> None:
    rows = [secondary_row(f"X{number:02}", "Môn") for number in range(7)]
    (message,) = messages(secondary_record(rows=rows))
    assert "“X00, X01, X02, X03, X04, …”" in message


def test_an_empty_optional_code_is_no_unknown_code() -> None:
    assert codes(primary_record(noisinh_matinh="", quequan_matinh=None)) == []


@pytest.mark.parametrize(
    ("created", "issued", "expected"),
    [
        ("2026-05-25", "2026-05-25", []),
        ("2026-05-26", "2026-05-25", ["HB-W005"]),
        ("hôm qua", "2026-05-25", ["HB-E022"]),
    ],
)
def test_a_record_is_not_issued_before_it_is_created(
    created: str, issued: str, expected: list[str]
) -> None:
    assert codes(primary_record(ngaytao=created, ngaykyphathanh=issued)) == expected


@pytest.mark.parametrize(
    ("slot", "uri", "expected"),
    [
        (GVCN, "#thongtinhocba", []),
        (GVCN, "#data", ["HB-E052"]),
        (CBQL, "#data", []),
        (CBQL, "#thongtinhocba", ["HB-E052"]),
        (SEAL, "#data", []),
        (SEAL, "#diem-TOC", ["HB-E052"]),
        (SEAL, "#none", ["HB-E051"]),
        (SEAL, "", ["HB-E053"]),
        (SEAL, None, ["HB-E053"]),
        (SEAL, "#", ["HB-E053"]),
        (SEAL, "http://127.0.0.1/data", ["HB-E053"]),
        (SEAL, "data", ["HB-E053"]),
        (SEAL, "#xpointer(id('data'))", ["HB-E053"]),
        (SEAL, "#xpointer(/)", ["HB-E053"]),
    ],
)
def test_a_reference_names_what_its_role_has_to_sign(
    slot: str, uri: str | None, expected: list[str]
) -> None:
    assert codes(with_signature(PRIMARY, slot, signature(uri))) == expected


def gvbm(data: bytes, *uris: str) -> bytes:
    slot = etree.Element("GVBM", Id="gv-1")
    slot.append(signature(*uris))
    return with_signature(data, GVBM, slot)


def test_a_subject_teacher_signs_rows_and_nothing_else() -> None:
    assert codes(gvbm(SECONDARY, "#diem-NVN", "#diem-TOC")) == []
    assert codes(gvbm(SECONDARY, "#diem-NVN", "#thongtinhocba")) == ["HB-E052"]


def test_a_signature_may_reference_parts_of_itself_but_not_of_another() -> None:
    own = signature("#data", "#props")
    etree.SubElement(etree.SubElement(own, f"{{{DS}}}Object"), "SignedProperties", Id="props")
    assert codes(with_signature(PRIMARY, CBQL, own)) == []
    both = with_signature(with_signature(PRIMARY, CBQL, own), SEAL, signature("#data", "#props"))
    assert codes(both) == ["HB-E052"]


def test_the_seal_may_sign_the_principals_signature_value_and_no_other() -> None:
    def with_value_id(slot: str, value_id: str) -> bytes:
        signed = signature("#data" if slot == CBQL else "#thongtinhocba")
        signed.find(f"{{{DS}}}SignatureValue").set("Id", value_id)
        return with_signature(PRIMARY, slot, signed)

    allowed = with_signature(with_value_id(CBQL, "v"), SEAL, signature("#data", "#v"))
    assert codes(allowed) == []
    of_the_teacher = with_signature(with_value_id(GVCN, "v"), SEAL, signature("#data", "#v"))
    assert codes(of_the_teacher) == ["HB-E052"]


@pytest.mark.parametrize("spelling", ["Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id"])
def test_a_referenced_id_is_unique_under_every_spelling(spelling: str) -> None:
    signed = with_signature(PRIMARY, CBQL, signature("#data"))
    doubled = with_change(signed, "//tenlop", **{spelling: "data"})
    assert "HB-E050" in codes(doubled)


def test_an_ambiguous_id_is_reported_once_and_not_taken_for_the_right_place() -> None:
    signed = with_signature(PRIMARY, CBQL, signature("#data"))
    signed = with_signature(signed, SEAL, signature("#data"))
    rows = with_change(signed, "//DIEM_TONG_KET[1]", Id="data")
    assert codes(rows) == ["HB-E050"]


def test_many_places_of_an_ambiguous_id_are_shortened() -> None:
    rows = [primary_row(code, "Môn", Id="x") for code in ("TVN", "TOC", "DDC", "TDC", "ANC", "MTT")]
    (message,) = messages(with_signature(primary_record(rows=rows), GVCN, signature("#x")))
    assert "6 lần" in message
    assert ", …" in message


def test_a_teachers_id_in_row_and_slot_is_legal() -> None:
    record = secondary_record(rows=[secondary_row("NVN", "Ngữ văn", GVBM="gv-1")])
    report = check(parse(gvbm(record, "#diem-NVN")), REGISTRY)
    assert codes(gvbm(record, "#diem-NVN")) == ["HB-W004"]
    assert report.valid


def test_many_harmless_ids_are_one_warning() -> None:
    rows = []
    for number in range(6):
        rows += [secondary_row(f"A{number}", "Môn", GVBM=f"gv-{number}")]
        rows += [secondary_row(f"B{number}", "Môn", GVBM=f"gv-{number}")]
    found = messages(secondary_record(rows=rows))
    (message,) = [each for each in found if "giá trị Id" in each]
    assert "6 giá trị Id" in message
    assert "gv-4, …" in message


def test_a_signature_outside_every_slot_is_not_this_checks_to_read() -> None:
    data = with_signature(PRIMARY, "//DANH_SACH_THONG_TIN_KY", signature("#none"))
    assert "HB-E051" not in codes(data)


def test_a_value_that_contains_the_separator_of_fields_hides_nothing() -> None:
    record = primary_record(tenhuyen="\ue000", sosodangbo="\ue000\ue000", gioitinh="2")
    assert codes(record) == ["HB-E042"]
    shifted = primary_record(namhoc="2025-2027", ngaytao="\ue000")
    assert "HB-E040" in codes(shifted)


def test_a_subject_without_a_code_is_empty_not_repeated() -> None:
    rows = [primary_row("", "Toán", Id="a"), primary_row("", "Tiếng Việt", Id="b")]
    assert codes(primary_record(rows=rows)) == ["HB-E014", "HB-E014"]


def test_attributes_and_texts_are_values_where_they_stand() -> None:
    root = etree.fromstring('<a x="1" xmlns:n="urn:n" n:y="2">t<b>u</b></a>')
    found = located(etree.XPath("@* | text() | b | namespace::*"), root)
    assert [(each.name, each.text, each.path) for each in found] == [
        ("@x", "1", "a/@x"),
        ("@y", "2", "a/@y"),
        ("a", "t", "a"),
        ("b", "u", "a/b"),
    ]


def test_a_field_that_is_computed_is_reported_at_the_content() -> None:
    expressions = Expressions("here", {})
    field = expressions.field("concat(., '-1')")
    document = parse(b"<a>2025</a>")
    view = RecordView(document.root, expressions.fields())
    scope = Scope(document, view, Texts({}, {}, {}, {}))
    assert scope.text(field) == "2025-1"
    assert scope.value(field).element is document.root


def test_values_in_attributes_are_checked_and_located() -> None:
    report = check(parse(SLIP.replace(b'cccd="025217000011"', b'cccd="1"')), REGISTRY)
    (finding,) = report.findings
    assert (finding.code, finding.path) == ("HB-E041", "phieu/than/hocsinh/@cccd")
    assert "Số định danh (@cccd) là “1”" in finding.message()


def test_a_rule_of_a_dropped_in_definition_reports_with_the_bare_name_where_it_has_no_label() -> (
    None
):
    changed = SLIP.replace("<p:mon>Toán</p:mon>".encode(), "<p:mon>Toán</p:mon>".encode() * 2)
    (message,) = messages(changed)
    assert "mon (mon) “Toán”" in message
