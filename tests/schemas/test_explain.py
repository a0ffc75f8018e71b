"""What the XSD refuses is explained: all of it, in order, in bounded time."""

import socket
import threading
import time
from pathlib import Path

import pytest
from lxml import etree

from schemas.check import MOST_FINDINGS, check
from schemas.document import parse
from schemas.explain import MOST_ELEMENTS, Words, explain
from schemas.findings import Finding, Language
from schemas.loading import load_definition
from schemas.registry import DefinitionRegistry
from schemas.xsd import Grammar, Objection
from tests.schemas.vectors import PRIMARY, SECONDARY, SLIP
from tests.support.records import (
    line_of,
    primary_record,
    secondary_record,
    secondary_row,
    with_change,
)

REGISTRY = DefinitionRegistry.load(Path(__file__).parent / "definitions")
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def findings(data: bytes) -> tuple[Finding, ...]:
    """What the XSD and the structural rules find; the circulars have tests of their own."""
    report = check(parse(data), REGISTRY)
    return tuple(each for each in report.findings if not each.code.startswith("HB-R"))


def codes(data: bytes) -> list[str]:
    return [each.code for each in findings(data)]


def slip(content: str) -> bytes:
    """The dropped-in document with *content* where its XSD has a choice of odd types."""
    return SLIP.replace(b"</p:than>", f"{content}</p:than>".encode())


def test_every_finding_is_listed_at_once_and_by_line() -> None:
    record = secondary_record(
        hovaten=None,
        gioitinh="3",
        tenlop="x" * 11,
        canam="X",
        ngaytao="2025-02-30",
        sobuoinghi="301",
        PhienBan="0",
        trichluc="true",
    )
    found = findings(record)
    assert [each.path.rpartition("/")[2] for each in found] == [
        "PhienBan",
        "trichluc",
        "hovaten",
        "gioitinh",
        "ngaytao",
        "tenlop",
        "canam",
        "sobuoinghi",
    ]
    lines = [each.line or 0 for each in found]
    assert lines == sorted(lines)


def test_all_missing_fields_of_an_element_show_at_once() -> None:
    found = findings(secondary_record(hovaten=None, tenlop=None, renluyencanam=None))
    assert [(each.code, each.path.rpartition("/")[2]) for each in found] == [
        ("HB-E010", "hovaten"),
        ("HB-E010", "tenlop"),
        ("HB-E010", "renluyencanam"),
    ]


def test_what_is_missing_at_the_head_belongs_after_the_opening_tag() -> None:
    (finding,) = findings(primary_record(IdBanGhi=None))
    assert "ngay sau <THONG_TIN_HOC_BA>" in finding.message()


def test_a_field_that_was_moved_is_the_only_one_out_of_place() -> None:
    root = etree.fromstring(PRIMARY)
    (information,) = root.iter("THONG_TIN_HOC_BA")
    for name, place in (("tenlop", 0), ("hovaten", 60)):
        information.insert(place, information.find(name))
    found = findings(etree.tostring(root))
    assert sorted((each.code, each.path.rpartition("/")[2]) for each in found) == [
        ("HB-E012", "hovaten"),
        ("HB-E012", "tenlop"),
    ]


def test_rows_before_the_fields_are_out_of_place_once() -> None:
    root = etree.fromstring(PRIMARY)
    (information,) = root.iter("THONG_TIN_HOC_BA")
    for row in information.findall("DIEM_TONG_KET"):
        information.insert(0, row)
    assert codes(etree.tostring(root)) == ["HB-E012"]


@pytest.mark.parametrize("name", ["HOVATEN", "hoVaTen", "{urn:khac}hovaten"])
def test_a_name_in_other_letters_or_another_namespace_is_unknown_but_suggested(name: str) -> None:
    found = findings(with_change(PRIMARY, "//hovaten", name=name))
    unknown = next(each for each in found if each.code == "HB-E011")
    assert "gần giống: hovaten" in unknown.message()
    assert name in unknown.message()


def test_what_may_stand_in_a_slot_is_said() -> None:
    (finding,) = findings(PRIMARY.replace(b"<CBQL/>", b"<CBQL><chuky/></CBQL>"))
    assert finding.code == "HB-E011"
    assert "{http://www.w3.org/2000/09/xmldsig#}*" in finding.message()


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"sobuoinghi": "0"}, "HB-E019", "1 – 300"),
        ({"sobuoinghi": "1e2"}, "HB-E020", "số từ 1 đến 300"),
        ({"sobuoinghi": "NaN"}, "HB-E020", "số từ 1 đến 300"),
        ({"sobuoinghi": "ba"}, "HB-E020", "số từ 1 đến 300"),
        ({"PhienBan": "99999999999"}, "HB-E019", "1 – 2147483647"),
        ({"PhienBan": "1.5"}, "HB-E020", "1 – 2147483647"),
        ({"PhienBan": "9" * 5000}, "HB-E020", "1 – 2147483647"),
        ({"PhienBan": ""}, "HB-E014", "để trống"),
        ({"ngaythangnamsinh": "14/03/2012"}, "HB-E022", "YYYY-MM-DD"),
        ({"ngaythangnamsinh": "2012-02-30"}, "HB-E022", "YYYY-MM-DD"),
        ({"ngaytao": "2026-05-25Z"}, "HB-E022", "YYYY-MM-DD"),
        ({"ngaytao": ""}, "HB-E014", "để trống"),
        ({"thangnamsinh": "2012-13"}, "HB-E018", "YYYY-MM"),
        ({"trichluc": "có"}, "HB-E024", "0 (không)"),
        ({"renluyenhocky1": ""}, "HB-E014", "để trống"),
        ({"canam": "G"}, "HB-E017", "T (Tốt), K (Khá), Đ (Đạt), CĐ (Chưa đạt)"),
        ({"madinhdanhhocba": "../../x"}, "HB-E018", "chữ cái không dấu"),
        ({"matruong": "a/b"}, "HB-E018", "chữ cái không dấu"),
        ({"masogd": ".."}, "HB-E018", "đúng 2 ký tự"),
        ({"SuKien": "DELETE"}, "HB-E017", "CANCEL (Huỷ)"),
        ({"thongtu": "x" * 31}, "HB-E015", "tối đa 30"),
    ],
)
def test_a_wrong_value_is_told_by_its_kind(fields: dict[str, str], code: str, says: str) -> None:
    found = findings(secondary_record(**fields))
    assert found[0].code == code
    assert says in found[0].message()


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        ("<p:diem>1.25</p:diem>", "HB-E021", "tối đa – chữ số, trong đó 1"),
        ("<p:diem>x</p:diem>", "HB-E020", "0, 1, 2.5"),
        ("<p:loai>abc</p:loai>", "HB-E015", "tối đa 2"),
        ("<p:loai>a</p:loai>", "HB-E016", "ít nhất 2"),
        ("<p:ngay>mai</p:ngay>", "HB-E022", "YYYY-MM-DD"),
        ("<p:so>1.5</p:so>", "HB-E020", "0, 1, 2.5"),
        ("<p:am>0</p:am>", "HB-E019", "≤ -1"),
        ("<p:duong>0</p:duong>", "HB-E019", "≥ 1"),
        ("<p:ten>a:b</p:ten>", "HB-E018", ""),
        ("<p:ma16>xyz</p:ma16>", "HB-E029", "ma16"),
        ("<p:hoac/>", "HB-E010", "co | p:khong"),
        ("<p:hoac><p:co/><p:khong/></p:hoac>", "HB-E029", "not expected"),
        ("<p:hoac><p:co/><p:zz/></p:hoac>", "HB-E011", "co, khong"),
        ("<p:zz/>", "HB-E011", "hocsinh, truong, nam, lop, mon, …"),
        ("<p:diem>1</p:diem><p:diem>1</p:diem>", "HB-E029", "not expected"),
        ("<p:ghichu>a<p:dam>b</p:dam>c<p:x/></p:ghichu>", "HB-E011", "dam"),
    ],
)
def test_types_and_models_of_other_definitions_are_told_too(
    content: str, code: str, says: str
) -> None:
    (finding,) = findings(slip(content))
    assert finding.code == code
    assert says in finding.message()


@pytest.mark.parametrize(
    "content", ["<p:ghichu>a<p:dam>b</p:dam>c</p:ghichu>", "<p:diem>1.5</p:diem>"]
)
def test_mixed_content_and_choices_are_read_where_the_xsd_has_them(content: str) -> None:
    assert codes(slip(content)) == []


def test_a_model_with_a_choice_tells_its_first_missing_element() -> None:
    (finding,) = findings(
        SLIP.replace(b'<p:lop khoi="03">3A</p:lop>\n', b"").replace(
            "<p:mon>Toán</p:mon>".encode(), b""
        )
    )
    assert finding.code == "HB-E010"
    assert "p:lop" in finding.message() or "lop" in finding.message()


def test_an_attribute_of_a_foreign_namespace_is_left_alone_where_the_xsd_says_so() -> None:
    allowed = SLIP.replace(b"<p:hocsinh", b'<p:hocsinh xmlns:q="urn:q" q:x="1"')
    assert codes(allowed) == []
    unknown = SLIP.replace(b"<p:hocsinh", b'<p:hocsinh x="1"')
    assert codes(unknown) == ["HB-E029"]


def test_a_type_that_the_document_claims_for_itself_is_refused() -> None:
    claimed = f'<tenlop xmlns:i="{XSI}" i:type="FilledText250">{"x" * 200}</tenlop>'
    data = SECONDARY.replace(b"<tenlop>8A1</tenlop>", claimed.encode())
    assert set(codes(data)) == {"HB-E029"}


def test_what_a_document_says_about_schemas_is_never_followed(tmp_path: Path) -> None:
    """Neither a file nor a server that `xsi:schemaLocation` names is opened."""
    elsewhere = tmp_path / "elsewhere.xsd"
    elsewhere.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>', "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.xsd"
        hints = (
            f'<HOC_BA_SO xmlns:i="{XSI}" i:noNamespaceSchemaLocation="{elsewhere.as_uri()}" '
            f'i:schemaLocation="urn:x {address}">'
        )
        for record in (PRIMARY, primary_record(tenlop="")):
            codes(record.replace(b"<HOC_BA_SO>", hints.encode()))
        with pytest.raises(TimeoutError):
            server.accept()


def test_more_than_a_hundred_findings_are_cut_and_that_is_an_error() -> None:
    rows = [secondary_row("TOCC", "x" * 21) for _ in range(60)]
    found = codes(secondary_record(rows=rows))
    assert found.count("HB-E015") == MOST_FINDINGS
    assert "HB-E030" in found


def test_a_hundred_warnings_cannot_hide_what_comes_after_them() -> None:
    rows = [secondary_row("TOC", "Toán") for _ in range(200)]
    report = check(parse(secondary_record(rows=rows)), REGISTRY)
    assert not report.valid
    assert report.findings[-1].code == "HB-E030"


HOSTILE = {
    "unknown elements": SECONDARY.replace(b"<IdBanGhi>", b"<a/>" * 45_000 + b"<IdBanGhi>"),
    "as many as are explained": SECONDARY.replace(
        b"<IdBanGhi>", b"<a/>" * (MOST_ELEMENTS - 200) + b"<IdBanGhi>"
    ),
    "one id": SECONDARY.replace(b"<IdBanGhi>", b'<a Id="x"/>' * 45_000 + b"<IdBanGhi>"),
    "bad rows": secondary_record(rows=[secondary_row("TOCC", "x" * 21)] * 3_500),
    "long text": secondary_record(nxetgvcn="Đ " * 1_500_000),
    "blank text": secondary_record(nxetgvcn=" " * 4_900_000),
    "depth": SECONDARY.replace(b"<IdBanGhi>", b"<a>" * 240 + b"</a>" * 240 + b"<IdBanGhi>"),
    "instructions": SECONDARY.replace(b"<IdBanGhi>", b"<?a?>" * 45_000 + b"<IdBanGhi>"),
    "long number": secondary_record(sobuoinghi="1" * 1_000_000, PhienBan="-" + "9" * 1_000_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_document_made_to_hurt_is_refused_in_seconds(name: str) -> None:
    document = parse(HOSTILE[name])
    started = time.perf_counter()
    report = check(document, REGISTRY)
    assert time.perf_counter() - started < 10  # unguarded, the first takes half a minute
    assert not report.valid
    assert all(each.message(language) for each in report.findings for language in Language)
    assert all(len(each.message()) < 2_000 for each in report.findings)


def test_a_document_too_large_to_explain_keeps_the_reasons_of_libxml2() -> None:
    data = secondary_record(
        rows=[secondary_row("TOC", "x" * 21), *[secondary_row("TOC", "T")] * 300]
    )
    found = [each for each in findings(data) if each.code == "HB-E029"]
    assert found[0].path == "HOC_BA_SO/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA/DIEM_TONG_KET[1]/tenmonhoc"
    assert found[0].line == line_of(data, "x" * 21)
    assert "Tên môn học" in found[0].message()
    assert "20" in found[0].message()


class TestSecondOpinion:
    """The `xmlschema` library explains; it never decides."""

    definition = load_definition(Path(__file__).parents[2] / "schemas/definitions/tieu-hoc")
    words = Words(definition.texts, definition.lists)

    def explained(self, grammar: Grammar) -> list[Finding]:
        objection = Objection("HOC_BA_SO", 7, "not so")
        return list(explain(parse(PRIMARY).root, grammar, (objection,), self.words))

    def test_a_document_that_only_libxml2_refuses_is_still_an_error(self) -> None:
        (finding,) = self.explained(self.definition.grammar)
        assert (finding.code, finding.line) == ("HB-E029", 7)
        assert "not so" in finding.message()

    def test_an_xsd_that_only_libxml2_can_read_still_gives_its_reasons(
        self, tmp_path: Path
    ) -> None:
        source = self.definition.grammar.path.read_text("utf-8")
        path = tmp_path / "hoc-ba.xsd"
        path.write_text(source, "utf-8")
        grammar = Grammar(path)
        path.write_text("<", "utf-8")  # what xmlschema then reads
        (finding,) = self.explained(grammar)
        assert finding.code == "HB-E029"

    def test_nothing_to_explain_is_a_mistake_of_the_caller(self) -> None:
        with pytest.raises(ValueError, match="nothing to explain"):
            list(explain(parse(PRIMARY).root, self.definition.grammar, (), self.words))


def test_threads_check_at_the_same_time_without_mixing_their_findings() -> None:
    names = [f"{letter}{number}" for letter in "abcd" for number in range(10)]
    seen: dict[str, list[str]] = {}

    def work(name: str) -> None:
        document = parse(primary_record(gioitinh=name))
        seen[name] = [each.message() for each in check(document, REGISTRY).findings]

    threads = [threading.Thread(target=work, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == sorted(names)
    assert all(len(found) == 1 and f"“{name}”" in found[0] for name, found in seen.items())
