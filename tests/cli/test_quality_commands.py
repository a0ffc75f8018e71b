"""`hocba quality`, `hocba expected`, `hocba continuity`, as operators use them."""

import csv
import shutil
from pathlib import Path

import pytest

from hocba.home import Home
from hocba.index.rows import Record
from hocba.index.tables import continuity_findings
from hocba.quality.definitions import quality_definitions
from tests.support.command import call
from tests.support.rows import NOW, fill, record

HEADER = "matruong,namhoc,makhoi,sohocsinh"


@pytest.fixture
def own_home(home: Path, tmp_path: Path) -> Path:
    """A home to change: the sample's, copied."""
    path = tmp_path / "home"
    shutil.copytree(home, path)
    return path


@pytest.fixture
def empty_home(tmp_path: Path) -> Path:
    path = tmp_path / "empty"
    assert call("init", "--home", path).code == 0
    return path


def records_of(home: Path) -> tuple[Record, ...]:
    with Home.open(home).open_index() as index, index.reading() as tx:
        ids = tx.continuity.pupils_after("", 1000)
        return tuple(record for years in tx.continuity.years_of(ids) for record in years.records)


def gap(home: Path) -> str:
    """A pupil of whom a year is missing; judged by nobody yet."""
    rows = [
        record(madinhdanhhocba="first", mahocsinh="gap", namhoc="2023-2024", accepted_at=NOW),
        record(madinhdanhhocba="third", mahocsinh="gap", makhoi="03", accepted_at=NOW),
    ]
    with Home.open(home).open_index() as index:
        fill(index, *rows)
    return "gap"


class TestQuality:
    def test_of_a_sample_province_reads_as_a_table(self, home: Path) -> None:
        ran = call("quality", "--home", home)
        assert ran.code == 0
        for word in ("Đúng", "Đủ", "Sạch", "Sống", "docs/quality.md", "không có số liệu"):
            assert word in ran.out
        for each in quality_definitions().figures:
            assert ran.out.count(next(iter(each.name.values()))) == 1
        assert "100,0 %" in ran.out

    def test_counts_what_the_index_holds(self, home: Path) -> None:
        found = call("quality", "--home", home, "--format=json").json["units"][0]["figures"]
        by_code = {each["code"]: each for each in found}
        records = records_of(home)
        assert by_code["sach.thu-hoi"]["denominator"] == len(records)
        assert by_code["sach.lien-tuc"]["value"] == 100
        assert by_code["dung.noi-dung"]["numerator"] == sum(not each.warnings for each in records)
        assert {each.earlier is None for each in records} == {False}
        assert any(each.earlier for each in records)
        assert {each.duoclenlop for each in records} <= {True, False}

    def test_of_one_school_year_and_commune(self, home: Path) -> None:
        one = records_of(home)[0]
        asked = ("quality", "--home", home, "--format=json")
        school = call(*asked, "--school", one.matruong, "--year", one.namhoc).json
        expected = [
            each
            for each in records_of(home)
            if (each.matruong, each.namhoc) == (one.matruong, one.namhoc)
        ]
        (unit,) = school["units"]
        assert unit["name"] == one.tentruong
        assert unit["figures"][-1]["code"] == "song.dinh-chinh"
        counted = {each["code"]: each["denominator"] for each in unit["figures"]}
        assert counted["sach.thu-hoi"] == len(expected)
        with Home.open(home).open_index() as index, index.reading() as tx:
            (known,) = tx.schools.find(matruong=one.matruong)
        assert known.maxa is not None
        assert call(*asked, "--commune", known.maxa).code == 0

    def test_goes_into_a_file_for_a_spreadsheet(self, home: Path, tmp_path: Path) -> None:
        file = tmp_path / "q.csv"
        ran = call("quality", "--home", home, "--by", "school", "--csv", file)
        assert (ran.code, ran.out) == (0, "")
        data = file.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(data.decode("utf-8-sig").splitlines()))
        assert {each["matruong"] for each in rows} == {e.matruong for e in records_of(home)}

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            (("--school", "0"), "HB-I162"),
            (("--commune", "99999"), "HB-I163"),
            (("--province", "99"), "HB-I164"),
            (("--year", "2025"), "không phải năm học"),
            (("--by", "class"), "--by"),
            (("--days", "x"), "--days"),
        ],
    )
    def test_refuses_what_is_not_there(self, home: Path, asked: tuple[str, ...], said: str) -> None:
        ran = call("quality", "--home", home, *asked)
        assert ran.code == 2
        assert said in ran.err

    def test_says_that_a_year_is_empty(self, home: Path) -> None:
        ran = call("quality", "--home", home, "--year", "2031-2032")
        assert ran.code == 1
        assert "Không có số liệu" in ran.out


class TestExpected:
    def test_makes_the_figure_of_completeness(self, own_home: Path, tmp_path: Path) -> None:
        one = records_of(own_home)[0]
        file = tmp_path / "so.csv"
        lines = (HEADER, f"{one.matruong},{one.namhoc},{one.makhoi},1000")
        file.write_text("\n".join(lines), "utf-8-sig")
        ran = call("expected", file, "--home", own_home)
        assert ran.code == 0, ran.said
        assert "1 dòng: 1 trường, 1000 học sinh" in ran.out
        asked = ("--school", one.matruong, "--year", one.namhoc, "--format=json")
        figures = call("quality", "--home", own_home, *asked).json["units"][0]["figures"]
        (found,) = [each for each in figures if each["code"] == "du.hoc-ba"]
        assert found["denominator"] == 1000
        assert 0 < found["numerator"] < 1000

    def test_names_every_wrong_line_and_imports_nothing(
        self, empty_home: Path, tmp_path: Path
    ) -> None:
        file = tmp_path / "so.csv"
        file.write_text(f"{HEADER}\nA,2025-2026,01,5\nA,2025,01,5\nA,2025-2026,14,5\n", "utf-8")
        ran = call("expected", file, "--home", empty_home)
        assert ran.code == 2
        assert "Dòng 3" in ran.err
        assert "Dòng 4" in ran.err
        assert "2 lỗi, chưa nhập gì" in ran.err
        ran = call("quality", "--home", empty_home)
        assert (ran.code, "Không có số liệu" in ran.out) == (1, True)

    def test_a_file_that_is_not_there_is_said_so(self, empty_home: Path, tmp_path: Path) -> None:
        ran = call("expected", tmp_path / "none.csv", "--home", empty_home)
        assert ran.code == 2
        assert "none.csv" in ran.err


class TestContinuity:
    def test_finds_nothing_wrong_in_the_sample(self, home: Path) -> None:
        pupils = sorted({each.mahocsinh for each in records_of(home)})
        ran = call("continuity", *pupils, "--home", home)
        assert ran.code == 0, ran.out
        assert "lỗi HB" not in ran.out

    def test_says_what_is_missing_of_a_pupil(self, own_home: Path) -> None:
        ran = call("continuity", gap(own_home), "--home", own_home)
        assert ran.code == 1
        assert "lỗi HB-I141: Thiếu học bạ lớp 2, năm học 2024-2025" in ran.out
        english = call("continuity", "gap", "--home", own_home, "--lang=en", "--format=json").json
        assert english["findings"][0]["message"].startswith("The record of grade 2")
        with Home.open(own_home).open_index() as index, index.reading() as tx:
            events = tx.audit.events(madinhdanhhocba="third").rows
        assert [each.action for each in events] == ["continuity.read"] * 2

    def test_lists_what_was_found_at_a_school_once_it_was_looked_at(self, own_home: Path) -> None:
        one = next(each for each in records_of(own_home))
        unchanged = call("continuity", "--school", one.matruong, "--home", own_home)
        assert (unchanged.code, unchanged.out.strip()) == (0, "Không có gì cần xem lại.")
        rows = [
            record(
                madinhdanhhocba=f"gap-{grade}",
                mahocsinh="gap",
                matruong=one.matruong,
                masogd=one.masogd,
                namhoc=f"{2022 + grade}-{2023 + grade}",
                makhoi=f"{grade:02}",
            )
            for grade in (1, 3)
        ]
        with Home.open(own_home).open_index() as index:
            fill(index, *rows)
        refreshed = call("continuity", "--refresh", "--home", own_home)
        assert refreshed.code == 0
        assert "Đã xét lại" in refreshed.out
        ran = call("continuity", "--school", one.matruong, "--home", own_home)
        assert ran.code == 1
        assert "HB-I141" in ran.out
        assert "1 điểm cần xem lại." in ran.out
        other = ("--school", one.matruong, "--year", "2023-2024")
        assert call("continuity", *other, "--home", own_home).code == 0

    def test_refreshing_twice_changes_nothing(self, own_home: Path) -> None:
        gap(own_home)

        def kept() -> list[tuple[object, ...]]:
            with Home.open(own_home).open_index() as index, index._engine.connect() as connection:
                return [tuple(row) for row in connection.execute(continuity_findings.select())]

        call("continuity", "--refresh", "--home", own_home)
        once = kept()
        call("continuity", "--refresh", "--home", own_home)
        assert once == kept() != []

    @pytest.mark.parametrize(
        "asked",
        [(), ("1", "--school", "2"), ("--refresh", "1"), ("1", "--year", "2025-2026")],
    )
    def test_is_told_one_thing_at_a_time(self, empty_home: Path, asked: tuple[str, ...]) -> None:
        ran = call("continuity", *asked, "--home", empty_home)
        assert ran.code == 2
        assert "--school" in ran.err

    def test_says_that_it_does_not_know_somebody(self, empty_home: Path) -> None:
        ran = call("continuity", "9", "--home", empty_home)
        assert ran.code == 1
        assert "Không có học bạ nào" in ran.out
        assert call("continuity", "--school", "9", "--home", empty_home).code == 2
