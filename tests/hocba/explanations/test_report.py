"""Reports open in a spreadsheet, keep every id as it is, and run nothing."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from hocba.explanations.report import WRITERS, Report, XlsxWriter, summary_lines
from hocba.explanations.tables import (
    DETAIL_COLUMNS,
    GROUP_COLUMNS,
    SHEET_COLUMNS,
    ReportedDocument,
)
from hocba.model.outcome import Outcome
from schemas.findings import Finding, Language, finding

EVIL = '=HYPERLINK("http://evil","x")'


def wrong_year(found: str = "2025", line: int = 12) -> Finding:
    return finding(
        "HB-E018",
        path="HOC_BA_SO/namhoc",
        line=line,
        label="Năm học",
        label_en="School year",
        name="namhoc",
        found=found,
        allowed="YYYY-YYYY, ví dụ 2025-2026",
        allowed_en="YYYY-YYYY, 2025-2026 for example",
    )


def reported(file: str, *findings: Finding, record: str | None = "0012") -> ReportedDocument:
    outcome = Outcome.REJECTED if findings else Outcome.ACCEPTED
    return ReportedDocument(file=file, outcome=outcome, record=record, version=1, findings=findings)


def write(kind: str, *documents: ReportedDocument, language: Language = Language.VI) -> bytes:
    file = io.BytesIO()
    report = Report(WRITERS[kind](file, language))
    for each in documents:
        report.add(each)
    report.finish()
    return file.getvalue()


def sheet(data: bytes, name: str) -> Worksheet:
    found = load_workbook(io.BytesIO(data))[name]
    assert isinstance(found, Worksheet)
    return found


def test_a_workbook_has_a_summary_every_finding_and_a_guide() -> None:
    documents = [reported(f"{number}.xml", wrong_year()) for number in range(4)]
    data = write(".xlsx", *documents, reported("good.xml"))
    book = load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Tổng hợp", "Chi tiết", "Hướng dẫn"]
    heading, group = (list(each) for each in sheet(data, "Tổng hợp").iter_rows(values_only=True))
    assert heading[:9] == [
        "Mã phát hiện",
        "Mức độ",
        "Số lần",
        "Số tệp",
        "Mục",
        "Tên thẻ",
        "Vấn đề (theo trường hợp đầu tiên)",
        "Được phép",
        "Cách sửa",
    ]
    assert len(heading) == len(GROUP_COLUMNS)
    assert group[:6] == ["HB-E018", "Lỗi", 4, 4, "Năm học", "namhoc"]
    assert group[7] == "YYYY-YYYY, ví dụ 2025-2026"
    assert group[9:12] == [f"{number}.xml, dòng 12: 2025" for number in range(3)]
    details = list(sheet(data, "Chi tiết").iter_rows(min_row=2, values_only=True))
    assert [row[0] for row in details] == ["0.xml", "1.xml", "2.xml", "3.xml"]
    assert details[0][SHEET_COLUMNS.index("line")] == 12
    assert details[0][SHEET_COLUMNS.index("outcome")] == "không đạt"
    guide = "\n".join(
        str(cell) for row in sheet(data, "Hướng dẫn").iter_rows(values_only=True) for cell in row
    )
    assert "Số tệp đã kiểm tra\n5" in guide
    assert "không sửa tay" in guide


def test_a_workbook_stays_readable_while_one_scrolls_and_filters() -> None:
    data = write(".xlsx", reported("a.xml", wrong_year()))
    for name in ("Tổng hợp", "Chi tiết"):
        found = sheet(data, name)
        assert found.freeze_panes == "A2"
        assert str(found.auto_filter.ref).startswith("A1:")
        assert found.column_dimensions["A"].width > 10


def test_ids_stay_texts_and_formulas_stay_words() -> None:
    data = write(".xlsx", reported(EVIL, wrong_year("+1-1"), record="000012"))
    row = next(sheet(data, "Chi tiết").iter_rows(min_row=2))
    values = dict(zip(SHEET_COLUMNS, row, strict=True))
    assert values["record"].value == "000012"
    assert values["file"].value == EVIL
    assert values["found"].value == "+1-1"
    assert {cell.data_type for name, cell in values.items() if name not in {"version", "line"}} == {
        "s"
    }
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        inside = b"".join(archive.read(name) for name in archive.namelist())
    assert b"<f>" not in inside
    assert b"<hyperlink" not in inside


@pytest.mark.parametrize("odd", ["\x00\x07", "\ud800", "\ufffe", "x" * 40_000, "<&>\"'"])
@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_whatever_stands_in_a_field_a_report_can_be_opened(kind: str, odd: str) -> None:
    data = write(kind, reported(f"a{odd}.xml", wrong_year(odd)))
    match kind:
        case ".xlsx":
            assert sheet(data, "Chi tiết").max_row == 2
        case ".json":
            assert json.loads(data)["documents"] == 1
        case _:
            assert len(list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))) == 2


def test_findings_go_on_in_another_sheet_when_one_is_full() -> None:
    file = io.BytesIO()
    report = Report(XlsxWriter(file, Language.EN, most_rows=4))
    for number in range(7):
        report.add(reported(f"{number}.xml", wrong_year()))
    report.finish()
    book = load_workbook(file)
    assert book.sheetnames == ["Summary", "Details", "Details 2", "Details 3", "Guide"]
    rows = {name: book[name].max_row for name in book.sheetnames}
    assert [rows[f"Details{more}"] for more in ("", " 2", " 3")] == [4, 4, 2]
    assert [book["Details 3"].cell(1, 1).value, book["Details 3"].cell(2, 1).value] == [
        "File",
        "6.xml",
    ]


def test_a_table_has_every_column_of_an_explanation() -> None:
    text = write(".csv", reported(EVIL, wrong_year("@x"), record="007")).decode("utf-8")
    assert text.startswith("\ufeff")
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert row["file"] == "'" + EVIL
    assert (row["line"], row["name"], row["label"]) == ("12", "namhoc", "Năm học")
    assert (row["found"], row["allowed"]) == ("'@x", "YYYY-YYYY, ví dụ 2025-2026")
    assert row["mend"].startswith("Hãy ")
    assert row["message"].startswith("Dòng 12: Năm học")


def test_a_json_report_has_findings_and_groups() -> None:
    found = json.loads(write(".json", reported("a.xml", wrong_year()), reported("b.xml")))
    assert [each["file"] for each in found["findings"]] == ["a.xml"]
    assert (found["documents"], found["outcomes"]) == (2, {"accepted": 1, "rejected": 1})
    assert found["groups"][0]["files"] == 1
    assert set(found["findings"][0]) == set(DETAIL_COLUMNS)


def test_a_summary_is_one_line_for_one_mistake() -> None:
    report = Report(WRITERS[".csv"](io.BytesIO(), Language.EN))
    for number in range(3_000):
        report.add(reported(f"{number}.xml", wrong_year()))
    heading, *lines = summary_lines(report.groups, Language.EN)
    assert heading == "\ufeff" + ",".join(GROUP_COLUMNS) + "\r\n"
    (row,) = csv.reader(lines)
    assert row[:6] == ["HB-E018", "error", "3000", "3000", "School year", "namhoc"]
    assert row[9] == "0.xml, line 12: 2025"


def test_a_report_takes_no_more_memory_for_more_findings(tmp_path: Path) -> None:
    import tracemalloc

    peaks = []
    for count in (100, 1_000):
        with (tmp_path / f"{count}.xlsx").open("w+b") as file:
            report = Report(XlsxWriter(file, Language.VI))
            report.add(reported("warm.xml", wrong_year()))
            tracemalloc.start()
            for number in range(count):
                report.add(reported(f"{number}.xml", wrong_year(str(number))))
            peaks.append(tracemalloc.get_traced_memory()[0])
            tracemalloc.stop()
            report.finish()
    assert peaks[1] - peaks[0] < 100_000
