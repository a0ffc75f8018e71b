"""`--report` and `--summary`: what a school opens in a spreadsheet to work through it."""

import csv
import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tests.support import records as made
from tests.support.command import call
from tests.support.sample import Province

MANY = 60


@pytest.fixture
def spoilt(tmp_path: Path) -> Path:
    """A folder of records with one mistake in common."""
    folder = tmp_path / "hồ sơ"
    folder.mkdir()
    for number in range(MANY):
        (folder / f"{number:04}.xml").write_bytes(made.primary_record(gioitinh=f"{number % 7 + 3}"))
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_one_mistake_in_many_files_is_one_line(spoilt: Path, tmp_path: Path) -> None:
    report, summary = tmp_path / "bao-cao.csv", tmp_path / "tong-hop.csv"
    ran = call("check", spoilt, "--report", report, "--summary", summary)
    assert ran.code == 1
    shown = ran.out[ran.out.index("Phát hiện, gộp theo loại") :]
    assert f"HB-E017 · Giới tính – {MANY} lần trong {MANY} tệp" in shown
    assert "  Được phép: 0 (Chưa rõ), 1 (Nam), 2 (Nữ)" in shown or "1 (Nam), 2 (Nữ)" in shown
    assert f"… và {MANY - 3} tệp khác" in shown
    assert ran.err.count("Đã ghi báo cáo") == 2
    found = [each for each in rows(report) if each["code"] == "HB-E017"]
    assert len(found) == MANY
    line = (spoilt / "0000.xml").read_text("utf-8").splitlines()[int(found[0]["line"]) - 1]
    assert f"<gioitinh>{found[0]['found']}</gioitinh>" in line
    assert found[0]["label"] == "Giới tính"
    (group,) = (each for each in rows(summary) if each["code"] == "HB-E017")
    assert (group["count"], group["files"]) == (str(MANY), str(MANY))
    assert group["example3"].startswith(f"{spoilt}/0002.xml, dòng ")


def test_a_workbook_is_written_beside_the_verdicts(spoilt: Path, tmp_path: Path) -> None:
    report = tmp_path / "bao-cao.xlsx"
    ran = call("check", spoilt, "--report", report, "--format=json")
    assert len(ran.lines) == MANY  # the verdicts stay what they are for programs
    book = load_workbook(report)
    assert book["Chi tiết"].max_row > MANY
    assert str(book["Tổng hợp"]["D2"].value) == str(MANY)


def test_verify_reports_on_signatures_too(province: Province, tmp_path: Path) -> None:
    report, summary = tmp_path / "r.json", tmp_path / "s.json"
    ran = call("verify", province.batch, "--report", report, "--summary", summary, "--lang=en")
    assert ran.code == 3
    found = json.loads(report.read_text("utf-8"))
    assert found["documents"] == len(province.records)
    assert {each["code"] for each in found["groups"]} >= {"HB-S040", "HB-S107"}
    assert all(each["mend"] and each["files"] for each in found["groups"])
    assert {each["record"] for each in found["findings"]} > {None} or found["findings"][0]["record"]
    assert json.loads(summary.read_text("utf-8"))["groups"] == found["groups"]


def test_ingest_reports_what_became_of_the_batch(bad_province: Province, tmp_path: Path) -> None:
    home, report, summary = tmp_path / "home", tmp_path / "r.xlsx", tmp_path / "s.csv"
    call("init", "--home", home, "--trust", bad_province.trust, "--roster", bad_province.roster)
    records = bad_province.folder / "records"
    ran = call("ingest", records, "--home", home, "--report", report, "--summary", summary)
    assert ran.code == 1
    details = list(load_workbook(report)["Chi tiết"].iter_rows(min_row=2, values_only=True))
    assert {row[0] for row in details} >= {each["file"] for each in bad_province.bad[:5]}
    assert sum(int(each["count"]) for each in rows(summary)) == len(details)


def test_a_report_of_an_unknown_kind_is_refused_before_any_work(
    spoilt: Path, tmp_path: Path
) -> None:
    for option, name in (("--report", "a.pdf"), ("--summary", "a.xlsx")):
        ran = call("check", spoilt, option, tmp_path / name)
        assert (ran.code, ran.out) == (2, "")
        assert name in ran.err
        assert ".csv" in ran.err


def test_a_report_that_cannot_be_written_is_said_and_leaves_nothing(
    spoilt: Path, tmp_path: Path
) -> None:
    ran = call("check", spoilt, "--report", tmp_path / "nowhere" / "a.xlsx")
    assert (ran.code, ran.out) == (2, "")
    assert "nowhere" in ran.err
    assert [each.name for each in tmp_path.iterdir()] == [spoilt.name]


def test_a_report_that_cannot_be_written_names_the_file_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("<a/>", "utf-8")
    ran = call("check", tmp_path / "a.xml", "--report", tmp_path / "nowhere" / "rep.csv")
    assert ran.code == 2
    assert f"{tmp_path}/nowhere/rep.csv: không có tệp hoặc thư mục này" in ran.err
