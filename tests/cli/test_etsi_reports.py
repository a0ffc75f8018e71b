"""`hocba verify --etsi-report`: one valid report a document, and none ever overwritten."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from cli.etsi_reports import report_name
from hocba.examine import examine, judgement
from schemas.registry import DefinitionRegistry
from tests.support import signed_records
from tests.support.command import call
from tests.support.etsi_schema import etsi_schema
from tests.support.sample import Province

N = {"vr": "http://uri.etsi.org/19102/v1.4.1#"}


def trusted(province: Province) -> tuple[object, ...]:
    return ("--trust", province.folder / "trust", "--roster", province.folder / "roster.csv")


@pytest.fixture
def few(province: Province, tmp_path: Path) -> Path:
    """A folder with two records, one of them altered, and something that is no record."""
    folder = tmp_path / "few"
    folder.mkdir()
    for number, each in enumerate(province.records[:2]):
        shutil.copy(each, folder / f"học bạ {number}.xml")
    altered = folder / "học bạ 1.xml"
    data = altered.read_bytes()
    assert b"<hovaten>" in data
    altered.write_bytes(data.replace(b"<hovaten>", b"<hovaten>X", 1))
    (folder / "hong.xml").write_bytes(b"<HOC_BA_SO>")
    return folder


def test_writes_one_valid_report_for_each_document(
    few: Path, province: Province, tmp_path: Path
) -> None:
    reports = tmp_path / "new" / "reports"
    ran = call("verify", few, *trusted(province), "--etsi-report", reports, "--format=json")
    assert ran.code == 1
    written = {each.name[: len("h_c_b_0")]: etree.parse(each) for each in reports.iterdir()}
    assert sorted(written) == ["h_c_b_0", "h_c_b_1"]
    for line in ran.lines:
        if line["outcome"] == "unreadable":
            continue
        report = written[f"h_c_b_{Path(line['file']).stem[-1]}"]
        assert etsi_schema().validate(report), etsi_schema().error_log
        told = [
            each.text.rpartition(":")[2].upper()
            for each in report.iterfind(
                "vr:SignatureValidationReport/vr:SignatureValidationStatus/vr:MainIndication", N
            )
        ]
        assert told == [each["indication"] for each in line["signatures"]]


def test_overwrites_no_report(few: Path, province: Province, tmp_path: Path) -> None:
    (tmp_path / "a-report.xml").write_text("mine", "utf-8")
    ran = call("verify", few, *trusted(province), "--etsi-report", tmp_path, "--lang", "en")
    assert ran.code == 2
    assert "not empty" in ran.err
    assert (tmp_path / "a-report.xml").read_text("utf-8") == "mine"


def test_an_interrupted_run_goes_on_with_its_reports(
    few: Path, province: Province, tmp_path: Path
) -> None:
    reports, journal = tmp_path / "reports", tmp_path / "journal"
    options = (*trusted(province), "--etsi-report", reports, "--resume", journal, "--format=json")
    call("verify", few / "học bạ 0.xml", *options)
    (first,) = reports.iterdir()
    before = first.stat()
    assert call("verify", few, *options).code == 1
    assert len(list(reports.iterdir())) == 2
    assert first.stat().st_mtime_ns == before.st_mtime_ns
    other = call("verify", few, *trusted(province), "--resume", journal)
    assert other.code == 2
    assert "etsi-report" in other.err


def test_is_not_for_any_xml(few: Path, tmp_path: Path) -> None:
    ran = call("verify", "--any-xml", few / "học bạ 0.xml", "--etsi-report", tmp_path / "reports")
    assert ran.code == 2
    assert "--etsi-report" in ran.err


@pytest.mark.parametrize(
    ("file_name", "safe"),
    [
        ("a.xml", "a"),
        ("batch.zip/lop 5A/học bạ.xml", "h_c_b"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot"),
        ("học.xml", "h_c"),
        ("\x1b]0;x\x07.xml", "0_x"),
        ("....xml", "document"),
        ("x" * 500, "x" * 80),
    ],
)
def test_names_a_report_safely(file_name: str, safe: str) -> None:
    by = judgement(DefinitionRegistry.load(), None, None)
    examined = examine(signed_records.signed_primary(), "a.xml", by, signed_records.NOW)
    name = report_name(replace(examined, file_name=file_name))
    assert name == f"{safe}-{examined.sha256[:16]}.xml"
