"""The code lists say what they are, agree with each other, and fit the fields they are for."""

from pathlib import Path

import pytest

from schemas.codes import CodeList, read_code_list
from schemas.findings import Language

SCHEMAS = Path(__file__).parents[2] / "schemas"
FILES = sorted([*SCHEMAS.glob("code_lists/*.csv"), *SCHEMAS.glob("definitions/*/codes/*.csv")])
PRIMARY_GRADES = {"01", "02", "03", "04", "05"}
LOWER_SECONDARY_GRADES = {"06", "07", "08", "09"}
UPPER_SECONDARY_GRADES = {"10", "11", "12"}


def shared(name: str) -> CodeList:
    return read_code_list(SCHEMAS / "code_lists" / f"{name}.csv")


def subjects(definition: str) -> CodeList:
    return read_code_list(SCHEMAS / "definitions" / definition / "codes" / "subjects.csv")


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_list_says_where_it_comes_from_and_whether_it_is_official(path: Path) -> None:
    codes = read_code_list(path)
    assert len(codes.about["source"]) > 10
    assert codes.about["confidence"]
    assert codes.title(Language.VI) != codes.title(Language.EN)
    assert all(codes.meaning(code, Language.VI) for code in codes)


@pytest.mark.parametrize("name", ["ethnic_groups", "countries"])
def test_a_placeholder_says_so(name: str) -> None:
    assert "placeholder" in shared(name).about["official"]


@pytest.mark.parametrize("definition", ["tieu-hoc", "trung-hoc"])
def test_the_subject_codes_say_that_they_are_placeholders(definition: str) -> None:
    assert subjects(definition).about["official"] == "placeholder, not official"


def test_63_provinces_became_34() -> None:
    new, old = shared("provinces"), shared("provinces_before_2025")
    assert (len(new.entries), len(old.entries)) == (34, 63)
    merged = {
        former: code
        for code, entry in new.entries.items()
        for former in entry["merged_from"].split()
    }
    assert merged == {code: entry["successor"] for code, entry in old.entries.items()}
    assert sum(len(entry["merged_from"].split()) == 1 for entry in new.entries.values()) == 11


def test_there_are_54_ethnic_groups_in_order() -> None:
    assert list(shared("ethnic_groups")) == [f"{number:02}" for number in range(1, 55)]


def test_every_grade_belongs_to_levels_that_exist() -> None:
    grades, levels = shared("grades"), shared("levels")
    taught = {
        level: {
            grade for grade, entry in grades.entries.items() if level in entry["levels"].split()
        }
        for level in levels
    }
    assert taught == {
        "01": set(),
        "02": PRIMARY_GRADES,
        "03": LOWER_SECONDARY_GRADES,
        "04": UPPER_SECONDARY_GRADES,
        "05": LOWER_SECONDARY_GRADES | UPPER_SECONDARY_GRADES,
    }


@pytest.mark.parametrize(
    ("definition", "name", "longest"), [("tieu-hoc", "name", 50), ("trung-hoc", "short_name", 20)]
)
def test_a_subject_fits_into_its_fields(definition: str, name: str, longest: int) -> None:
    for code, entry in subjects(definition).entries.items():
        assert len(code) == 3
        assert 0 < len(entry[name]) <= longest
        assert entry["assessment"] in {"mark", "comment"}
        assert set(entry["grades"].split()) <= set(shared("grades"))


def test_a_grade_of_primary_school_has_the_subjects_of_the_curriculum() -> None:
    taught = {
        grade: {
            code
            for code, entry in subjects("tieu-hoc").entries.items()
            if grade in entry["grades"].split()
        }
        for grade in PRIMARY_GRADES
    }
    always = {"TVN", "TOC", "TAH", "DDC", "TDC", "NTT", "ANC", "MTT", "HTN", "TDT"}
    informatics = {"TCN", "THC", "CNE"}
    assert taught["01"] == taught["02"] == always | {"TXH"}
    assert taught["03"] == always | {"TXH"} | informatics
    assert taught["04"] == taught["05"] == always | {"LDL", "KHC"} | informatics


def test_lower_secondary_has_eight_subjects_with_marks() -> None:
    marked = [
        code
        for code, entry in subjects("trung-hoc").entries.items()
        if "03" in entry["levels"].split()
        and "06" in entry["grades"].split()
        and entry["assessment"] == "mark"
        and code not in {"TDT", "NN2"}  # optional
    ]
    assert sorted(marked) == ["CNE", "GCD", "KHT", "LDL", "NVN", "TAH", "THC", "TOC"]


def test_a_list_without_english_names_gives_the_vietnamese_ones() -> None:
    codes = shared("provinces")
    assert codes.meaning("25", Language.EN) == codes.meaning("25", Language.VI) == "Phú Thọ"
    assert codes.meaning("99", Language.EN) is None
    assert "25" in codes
    assert "99" not in codes


def test_a_mark_of_the_encoding_is_no_part_of_the_list(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    head = "# title: x\n# title_en: x\n# source: x\n# confidence: x\n# official: no\n"
    path.write_text(f"\ufeff{head}code,name\na,A\n", "utf-8")
    assert list(read_code_list(path)) == ["a"]
