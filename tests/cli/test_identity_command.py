"""`hocba identity`: from a file of people to a queue that is worked through."""

import csv
from pathlib import Path

import pytest
from lxml import etree
from openpyxl import load_workbook

from tests.support.command import Ran, call
from tests.support.sample import Province

COLUMNS = ("sodinhdanh", "hovaten", "ngaysinh")
PAIRS = (
    ("sodinhdanh", "hovaten", "ngaythangnamsinh"),
    ("soddcngvcn", "tengvcn", ""),
    ("soddcngiamhieu", "tengiamhieu", ""),
    ("soddcngvbm", "gvbm", ""),
)


def people_of(province: Province) -> dict[str, tuple[str, str]]:
    """Everybody in the sample's records."""
    found: dict[str, tuple[str, str]] = {}
    for file in province.records:
        for parent in etree.parse(file).iter("THONG_TIN_HOC_BA", "DIEM_TONG_KET"):
            for identity, name, birth in PAIRS:
                if parent.findtext(identity):
                    told = (parent.findtext(name) or "", birth and (parent.findtext(birth) or ""))
                    found[parent.findtext(identity)] = told
    return found


def write(path: Path, people: dict[str, tuple[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(COLUMNS)
        rows.writerows((identity, *rest) for identity, rest in people.items())
    return path


@pytest.fixture
def own_home(tmp_path: Path, province: Province) -> Path:
    """A home that took the province's batch in, to be changed."""
    home = tmp_path / "kho"
    call("init", "--home", home, "--trust", province.trust, "--roster", province.roster)
    assert call("ingest", province.batch, "--home", home).code == 0
    return home


def identity(command: str, home: Path, *more: str | Path) -> Ran:
    return call("identity", command, *more, "--home", home)


def test_mismatches_are_found_listed_and_resolved(
    own_home: Path, province: Province, tmp_path: Path
) -> None:
    assert "HB-I188" in identity("check", own_home).err
    people = people_of(province)
    pupil = next(each for each, (_, birth) in sorted(people.items()) if birth)
    name, birth = people[pupil]
    people[pupil] = ("Trần Văn Khác", birth)
    ran = identity("import", own_home, write(tmp_path / "dân cư.csv", people))
    assert (ran.code, f"{len(people)} người" in ran.out) == (0, True)

    ran = identity("check", own_home)
    assert ran.code == 1
    assert f"Đã đối chiếu {len(province.records)} học bạ" in ran.out
    assert identity("check", own_home, "--format=json").json["records"] == 0

    ran = identity("list", own_home)
    assert f"khác họ tên · học sinh {name}" in ran.out
    assert "cơ sở dữ liệu dân cư ghi “Trần Văn Khác”" in ran.out
    (entry,) = identity("list", own_home, "--format=json").lines
    assert (entry["state"], entry["sodinhdanh"]) == ("open", pupil)

    table = tmp_path / "khớp.xlsx"
    identity("list", own_home, "--report", table)
    book = load_workbook(table)
    assert book.sheetnames == ["Điểm không khớp", "Hướng dẫn"]
    cells = {cell.value: cell.data_type for cell in book["Điểm không khớp"][2]}
    assert cells[pupil] == "s"  # with its leading zero
    listed = tmp_path / "q.csv"
    identity("list", own_home, "--report", listed)
    (row,) = csv.DictReader(listed.open(encoding="utf-8-sig", newline=""))
    assert (row["sodinhdanh"], row["problem"]) == (pupil, "khác họ tên")
    assert identity("list", own_home, "--report", tmp_path / "q.pdf").code == 2

    number = str(entry["id"])
    words = ("--state", "explained", "--reason", "Đã đổi tên", "--by", "Phòng GDPT")
    assert "đã giải trình" in identity("resolve", own_home, number, *words).out
    refused = identity("resolve", own_home, number, *words)
    assert (refused.code, "HB-I201" in refused.err) == (2, True)
    assert "Có 0 điểm" in identity("list", own_home).out
    shown = identity("list", own_home, "--state", "explained")
    assert "Phòng GDPT: Đã đổi tên" in shown.out


def test_every_bad_line_of_a_file_is_named_and_nothing_imported(
    own_home: Path, tmp_path: Path
) -> None:
    bad = {f"{number}": ("Lê A", "2012") for number in range(30)}
    file, report = write(tmp_path / "a.csv", bad), tmp_path / "lỗi.xlsx"
    ran = identity("import", own_home, file, "--report", report)
    assert ran.code == 1
    assert ran.out.count("HB-I182 Dòng ") == 20
    assert "… và 10 dòng lỗi khác" in ran.out
    assert "Không nhập gì; số lỗi: 30" in ran.out
    assert load_workbook(report)["Chi tiết"].max_row == 31
    assert load_workbook(report)["Tổng hợp"].max_row == 2
    found = identity("import", own_home, file, "--format=json")
    assert len(found.json["findings"]) == 30
    assert not (own_home / "identity.sqlite3").exists()
    assert identity("check", own_home).code == 2


def test_the_roster_is_checked_for_a_named_province(
    own_home: Path, province: Province, tmp_path: Path
) -> None:
    identity("import", own_home, write(tmp_path / "a.csv", people_of(province)))
    assert identity("check", own_home, "--roster").code == 2
    ran = identity("check", own_home, "--roster", "--masogd", "15", "--format=json")
    assert ran.json["people"] > 0
    assert ran.json["deferred"] == 0


def test_a_register_that_is_away_leaves_everything_open(own_home: Path) -> None:
    with (own_home / "hocba.toml").open("r+", encoding="utf-8") as file:
        text = file.read().replace(
            "[identity]",
            '[identity]\nurl = "http://127.0.0.1:9/"\nhosts = ["127.0.0.1"]\nretries = 0\n',
        )
        file.seek(0)
        file.write(text)
    ran = identity("check", own_home)
    assert ran.code == 3
    assert "không được coi là khớp" in ran.out
    assert "không trả lời" in ran.out


@pytest.mark.parametrize(
    "line", ['url = "https://x/"', "timeout = 0", 'hosts = "x"', 'url = ""', "name = 1"]
)
def test_settings_that_cannot_work_are_refused(own_home: Path, line: str) -> None:
    file = own_home / "hocba.toml"
    file.write_text(file.read_text("utf-8").replace("[identity]", f"[identity]\n{line}"), "utf-8")
    ran = identity("check", own_home)
    assert (ran.code, "identity" in ran.err) == (2, True)


def test_the_school_and_the_year_are_named_as_everywhere() -> None:
    said = call("identity", "check", "--help").out
    assert "--school MATRUONG" in said
    assert "--year YYYY-YYYY" in said
