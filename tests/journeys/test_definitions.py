"""Documents that no shipped definition knows, of two versions, dropped into a folder: signed,
checked, validated, stored, indexed, corrected and read by the commands that everybody has.
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from hocba.home import Home
from hocba.web.app import create_app
from signing.keys.pkcs12 import write_pkcs12
from signing.roster import RosterEntry, write_roster
from tests.support import signed_records, signing_kit
from tests.support.command import ROOT, Ran, call
from tests.support.signed_home import write_believed
from tests.support.web import SETTINGS, running

DEFINITIONS = ROOT / "tests" / "vectors" / "definitions"
OLD, NEW = "xac-nhan-thcs/2025", "xac-nhan-thcs/2026"
PASSWORD = "mat-khau-mau"  # noqa: S105
HOLDERS = {
    "NGUOI_LAP": f"CCCD:{signed_records.PEOPLE['GVCN']}",
    "HIEU_TRUONG": f"CCCD:{signed_records.PEOPLE['CBQL']}",
    "CON_DAU": f"MST:{signed_records.TAX_CODE}",
}
ROLES = {OLD: ("NGUOI_LAP", "HIEU_TRUONG", "CON_DAU"), NEW: ("HIEU_TRUONG", "CON_DAU")}
PUPIL = "2500000012"

DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<XacNhan xmlns="urn:vi-du:xac-nhan-thcs">
  <NoiDung Id="noi-dung" loai="hoan-thanh">
    <soXacNhan>{number}</soXacNhan>
    <phienBan>{version}</phienBan>
    <suKien>{event}</suKien>
    <tinhTrang>{status}</tinhTrang>
    <namHoc>{year}</namHoc>
    <truong ma="{school}" so="25">Trường THCS Mẫu</truong>
    <lop>9A</lop>
    <hocSinh ma="{pupil}" dinhDanh="025211000011">Học Sinh Mẫu</hocSinh>
    {lifelong}<mon><ten>Toán</ten><diem>{mark}</diem></mon>
    <mon><ten>Ngữ văn</ten><diem>7.5</diem></mon>
    <xepLoai>{result}</xepLoai>
    {drawn_up}<hieuTruong dinhDanh="{principal}">Hiệu Trưởng Mẫu</hieuTruong>
    <ngayKy>2026-05-29</ngayKy>
  </NoiDung>
  <ChuKy>{slot}<HieuTruong/><ConDau/></ChuKy>
</XacNhan>
"""


def document(shape: str = OLD, **fields: str) -> str:
    """An unsigned confirmation in the shape of one of the two versions."""
    drawn_up = f'<nguoiLap dinhDanh="{signed_records.PEOPLE["GVCN"]}">Người Lập</nguoiLap>'
    lifelong = "<maSoHocTap>025211000011</maSoHocTap>"
    values = {
        "number": "xn-0001",
        "version": "1",
        "event": "NEW",
        "status": "1",
        "year": "2025-2026" if shape == OLD else "2026-2027",
        "mark": "8.0",
        "result": "K",
        "lifelong": lifelong if shape == NEW else "",
        "drawn_up": drawn_up if shape == OLD else "",
        "slot": "<NguoiLap/>" if shape == OLD else "",
        "school": signed_records.SCHOOL,
        "principal": signed_records.PEOPLE["CBQL"],
        "pupil": PUPIL,
    }
    return DOCUMENT.format(**(values | fields))


@dataclass(frozen=True)
class Office:
    """A school that confirms, with its keys, and what a repository believes of it."""

    folder: Path
    trust: Path
    roster: Path

    def hocba(self, *arguments: str | Path, definitions: Path | None = DEFINITIONS) -> Ran:
        """`hocba` with the dropped-in definitions."""
        env = {
            "HOCBA_DEFINITIONS": str(definitions) if definitions else None,
            "HOCBA_KEY_PASSWORD": PASSWORD,
        }
        return call(*arguments, env=env)

    def write(self, name: str, text: str) -> Path:
        """The document as a file, not signed."""
        file = self.folder / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    def sign(self, file: Path, *roles: str) -> Path:
        """*file*, signed in place by each of *roles*."""
        for role in roles:
            ran = self.hocba(
                *("sign", "--role", role, "--key", self.folder / f"{role}.p12", "--in-place"),
                *("--time", signed_records.SIGNED_AT.isoformat(), file),
            )
            assert ran.code == 0, ran.said
        return file

    def issued(self, name: str, shape: str = OLD, **fields: str) -> Path:
        """A confirmation with all the signatures that its version demands."""
        return self.sign(self.write(name, document(shape, **fields)), *ROLES[shape])

    def verify(self, *files: Path, definitions: Path | None = DEFINITIONS) -> Ran:
        """Offline, with trust and roster."""
        return self.hocba(
            *("verify", *files, "--trust", self.trust, "--roster", self.roster),
            *("--at", signed_records.NOW.isoformat(), "--format=json"),
            definitions=definitions,
        )


@pytest.fixture
def office(tmp_path: Path) -> Office:
    trust, roster = write_believed(tmp_path)
    entries = [
        RosterEntry(
            school=signed_records.SCHOOL,
            role=role,
            personal_id=None if role == "CON_DAU" else holder.removeprefix("CCCD:"),
            organization_id=signed_records.TAX_CODE if role == "CON_DAU" else None,
            name="",
            valid_from=None,
            valid_to=None,
        )
        for role, holder in HOLDERS.items()
    ]
    write_roster(roster, entries)
    for role, holder in HOLDERS.items():
        key = signing_kit.signer(holder, rsa=role == "CON_DAU")
        write_pkcs12(tmp_path / f"{role}.p12", key, PASSWORD)
    return Office(tmp_path, trust, roster)


@pytest.fixture
def home(office: Office) -> Path:
    path = office.folder / "home"
    ran = office.hocba("init", "--home", path, "--trust", office.trust, "--roster", office.roster)
    assert ran.code == 0, ran.said
    return path


def codes(ran: Ran) -> set[str]:
    """Of everything that was found in the only document."""
    return {each["code"] for each in ran.json["schema"]["findings"]}


class TestAnAuditor:
    @pytest.mark.parametrize("shape", [OLD, NEW])
    def test_validates_a_document_of_each_version(self, office: Office, shape: str) -> None:
        ran = office.verify(office.issued("a.xml", shape))
        assert ran.code == 0, ran.said
        assert ran.json["outcome"] == "accepted"
        assert ran.json["schema"]["definition"] == shape
        assert {each["role"] for each in ran.json["signatures"]} == set(ROLES[shape])
        assert ran.json["record"]["mahocsinh"] == PUPIL

    def test_finds_a_changed_mark(self, office: Office) -> None:
        file = office.issued("a.xml")
        file.write_text(file.read_text("utf-8").replace(">8.0<", ">9.0<"), "utf-8")
        ran = office.verify(file)
        assert ran.code == 1
        assert {each["sub_indication"] for each in ran.json["signatures"]} == {"HASH_FAILURE"}

    def test_misses_whoever_the_version_demands(self, office: Office) -> None:
        """The person who draws it up signs until 2026, and is asked for until then."""
        file = office.issued("a.xml")
        signed = file.read_text("utf-8")
        without = re.sub("<NguoiLap>.*?</NguoiLap>", "<NguoiLap/>", signed, flags=re.DOTALL)
        assert without != signed
        file.write_text(without, "utf-8")
        ran = office.verify(file)
        assert ran.code == 1
        assert "NGUOI_LAP" in json.dumps(ran.json)

    def test_without_the_folder_knows_no_such_document(self, office: Office) -> None:
        ran = office.verify(office.issued("a.xml"), definitions=None)
        assert ran.code == 1
        assert codes(ran) == {"HB-E001"}
        assert ran.json["record"] is None


class TestASchool:
    def test_is_told_in_the_words_of_the_definition(self, office: Office) -> None:
        file = office.write("a.xml", document(mark="10.5", result="XS"))
        ran = office.hocba("check", file)
        assert ran.code == 1
        said = " ".join(ran.out.split())
        assert "Dòng 12: Điểm cả năm (diem)" in said
        assert "10.5" in said
        assert "0 – 10" in said or "từ 0 đến 10" in said
        assert "Xếp loại (xepLoai) có mã “XS”" in said
        assert "Xếp loại tốt nghiệp: G, K, TB" in said

    @pytest.mark.parametrize(
        ("shape", "year"), [(OLD, "2026-2027"), (NEW, "2025-2026")], ids=["late", "early"]
    )
    def test_is_held_to_the_version_of_the_year(
        self, office: Office, shape: str, year: str
    ) -> None:
        """The shape of one version in the years of the other is not let through."""
        ran = office.hocba(
            "check", office.write("a.xml", document(shape, year=year)), "--format=json"
        )
        assert ran.code == 1
        assert ran.json["schema"]["definition"] == (NEW if shape == OLD else OLD)
        assert "HB-E010" in codes(ran) or "HB-E011" in codes(ran), codes(ran)

    def test_may_not_sign_in_a_role_of_another_version(self, office: Office) -> None:
        file = office.write("a.xml", document(NEW))
        key = office.folder / "NGUOI_LAP.p12"
        ran = office.hocba("sign", "--role", "NGUOI_LAP", "--key", key, "--in-place", file)
        assert ran.code == 2
        assert "NGUOI_LAP" in ran.err
        assert "HIEU_TRUONG" in ran.err


class TestARepository:
    def test_keeps_both_versions_and_a_correction(self, office: Office, home: Path) -> None:
        office.issued("batch/1.xml", OLD, number="xn-0001")
        office.issued("batch/2.xml", NEW, number="xn-0002")
        assert office.hocba("ingest", office.folder / "batch", "--home", home).code == 0
        corrected = office.issued(
            "c.xml", number="xn-0001", version="2", event="UPDATE", mark="9.0"
        )
        assert office.hocba("ingest", corrected, "--home", home).code == 0

        ran = office.hocba("history", PUPIL, "--home", home, "--format=json")
        records = {each["madinhdanhhocba"]: each for each in ran.json["records"]}
        assert [each["phienban"] for each in records["xn-0001"]["versions"]] == [1, 2]
        assert records["xn-0002"]["namhoc"] == "2026-2027"
        read = office.hocba("history", PUPIL, "--home", home, "--changes")
        assert "Toán, Điểm cả năm: 8,0 → 9,0" in read.out

    def test_takes_in_nothing_of_a_document_that_was_changed(
        self, office: Office, home: Path
    ) -> None:
        file = office.issued("a.xml")
        file.write_text(file.read_text("utf-8").replace("Học Sinh Mẫu", "Học Sinh Khác"), "utf-8")
        ran = office.hocba("ingest", file, "--home", home, "--format=json")
        assert ran.code == 1
        assert ran.json["rejected"] == 1
        assert office.hocba("history", PUPIL, "--home", home).code != 0

    def test_gives_out_what_an_auditor_can_verify(self, office: Office, home: Path) -> None:
        sent = office.issued("a.xml", NEW).read_bytes()
        assert office.hocba("ingest", office.folder / "a.xml", "--home", home).code == 0
        out = office.folder / "out"
        assert office.hocba("export", "--home", home, "--out", out).code == 0
        (given,) = out.rglob("*.xml")
        assert given.read_bytes() == sent
        assert office.verify(given).code == 0

    def test_serves_them_to_parents_and_programs(
        self, office: Office, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sent = office.issued("a.xml")
        assert office.hocba("ingest", sent, "--home", home).code == 0
        created = office.hocba(
            *("token", "create", "guardian", "--pupil", PUPIL, "--home", home, "--format=json")
        )
        monkeypatch.setenv("HOCBA_DEFINITIONS", str(DEFINITIONS))
        with running(create_app(Home.open(home), settings=SETTINGS)) as url:
            headers = {"Authorization": f"Bearer {created.json['token']}"}
            with httpx.Client(base_url=url, headers=headers) as client:
                given = client.get("/v1/records/xn-0001/versions/1/document")
            assert given.content == sent.read_bytes()
            with httpx.Client(base_url=url, follow_redirects=True) as parent:
                parent.post("/phu-huynh", data={"ma": created.json["token"]})
                page = parent.get("/phu-huynh/hoc-ba/xn-0001")
        assert page.status_code == 200, page.text
        for seen in ("Nội dung xác nhận", "Điểm cả năm", "Khá", "Người lập bản xác nhận"):
            assert seen in page.text, seen


BROKEN = {
    "xsd that is none": ("xac-nhan.xsd", "<xs:schema", "<xs:schem", "xac-nhan.xsd"),
    "XPath that does not parse": ("definition.toml", '"x:lop"', '"x:lop["', "x:lop["),
    "field of the index that is missing": ("definition.toml", 'tenlop = "x:lop"', "", "tenlop"),
    "policy that demands nobody": ("signature-policy.toml", "[[role]]", "[[rolle]]", "role"),
    "policy of another version": ("signature-policy.toml", '"2026"', '"2027"', "2027"),
    "list that nobody has": ("definition.toml", 'lists = ["xep-loai"]', 'lists = ["x"]', "'x'"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_definition_stops_every_command_before_it_begins(
    office: Office, home: Path, fault: str
) -> None:
    file, old, new, said = BROKEN[fault]
    folder = office.folder / "definitions"
    shutil.copytree(DEFINITIONS, folder)
    text = (folder / "xac-nhan-2026" / file).read_text("utf-8")
    assert old in text
    (folder / "xac-nhan-2026" / file).write_text(text.replace(old, new), "utf-8")
    document_ = office.issued("a.xml")
    key = office.folder / "HIEU_TRUONG.p12"
    for command in (
        ("check", document_),
        ("verify", document_, "--trust", office.trust, "--roster", office.roster),
        ("sign", "--role", "HIEU_TRUONG", "--key", key, "--in-place", document_),
        ("ingest", document_, "--home", home),
        ("serve", "--home", home, "--port", "0"),
    ):
        ran = office.hocba(*command, definitions=folder)
        assert ran.code == 2, (command, ran.said)
        assert said in ran.err, (command, ran.err)
        assert "Traceback" not in ran.said
    assert office.hocba("history", PUPIL, "--home", home).code != 0
