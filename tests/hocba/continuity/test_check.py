"""What is found in one pupil's years: a pure function, so that every case is a few rows."""

from datetime import date
from typing import Any

import pytest

from hocba.continuity.check import continuity_of
from hocba.index.rows import Record
from hocba.model.record import EarlierYear, RecordStatus
from schemas.findings import Language, Severity, catalogue
from tests.support.rows import record

LAO_CAI = "Trường Tiểu học Hoà Bình"
BAC_NINH = "Trường Tiểu học Kinh Bắc"


def year(start: int, grade: int, **changes: Any) -> Record:
    """The record of one year: promoted, the level completed where it ends, no history known."""
    level = "02" if grade < 6 else "03" if grade < 10 else "04"
    last = grade in {5, 9, 12}
    told = {
        "madinhdanhhocba": f"hb-{start}",
        "namhoc": f"{start}-{start + 1}",
        "makhoi": f"{grade:02}",
        "macaphoc": level,
        "tenlop": f"{grade}A",
        "duoclenlop": True,
        "hoanthanhcap": True if last else None,
    }
    return record(**told | changes)


def codes(*records: Record, siblings: tuple[str, ...] = ()) -> list[str]:
    return [each.finding.code for each in continuity_of(records, siblings)]


def history(start: int, school: str, arrived: date | None = None) -> EarlierYear:
    return EarlierYear(f"{start}-{start + 1}", "1A", school, "Tỉnh Mẫu", arrived)


def twelve_years() -> list[Record]:
    return [year(2013 + grade, grade) for grade in range(1, 13)]


def moved(**changes: Any) -> dict[str, Any]:
    """Fields of a record of another school in another province."""
    return {"matruong": "24000009", "masogd": "24", "tentruong": BAC_NINH} | changes


class TestNothingToFind:
    def test_in_twelve_years_that_follow_each_other(self) -> None:
        assert codes(*twelve_years()) == []

    def test_in_whatever_order_they_come(self) -> None:
        assert codes(*reversed(twelve_years())) == []

    def test_in_one_year_or_none(self) -> None:
        assert codes() == []
        assert codes(year(2025, 1)) == []

    def test_where_continuing_education_follows(self) -> None:
        assert codes(year(2023, 9), year(2024, 10, macaphoc="05"), year(2025, 11)) == [
            "HB-I140"  # grade 9 is where what is held begins
        ]

    def test_in_what_definitions_do_not_say(self) -> None:
        unknown = {"duoclenlop": None, "hoanthanhcap": None, "earlier": None}
        assert codes(year(2023, 1, **unknown), year(2024, 2, **unknown)) == []

    def test_in_grades_that_are_none(self) -> None:
        assert codes(year(2024, 1, makhoi="MG"), year(2025, 1, makhoi="LA")) == []

    def test_in_school_years_that_cannot_be_read(self) -> None:
        assert codes(year(2024, 3, namhoc="năm ngoái")) == []
        assert codes(year(2024, 3, namhoc="2024-2026")) == []


class TestTheBeginning:
    def test_accuses_nobody_of_years_before_it(self) -> None:
        (found,) = continuity_of([year(2024, 8, earlier=(history(2022, "x"), history(2023, "x")))])
        assert (found.finding.code, found.finding.severity) == ("HB-I140", Severity.NOTE)
        assert dict(found.finding.parameters) == {"year": "2024-2025", "grade": "8", "told": "2"}


class TestMissingYears:
    def test_a_grade_that_must_be_there(self) -> None:
        found = continuity_of([year(2021, 1), year(2024, 4)])
        assert [each.finding.code for each in found] == ["HB-I141", "HB-I141"]
        assert [dict(each.finding.parameters) for each in found] == [
            {"year": "2022-2023", "grade": "2"},
            {"year": "2023-2024", "grade": "3"},
        ]
        assert {each.record.madinhdanhhocba for each in found} == {"hb-2024"}

    def test_one_that_a_later_record_tells_of_is_only_not_held(self) -> None:
        told = (history(2022, BAC_NINH),)
        assert codes(year(2021, 1), year(2023, 3, earlier=told)) == ["HB-I142"]

    def test_a_year_out_of_school_is_a_question(self) -> None:
        assert codes(year(2021, 1), year(2023, 2)) == ["HB-I143"]

    def test_a_recalled_record_does_not_count(self) -> None:
        recalled = year(2022, 2, status=RecordStatus.RECALLED)
        assert codes(year(2021, 1), recalled, year(2023, 3)) == ["HB-I160"]
        assert codes(year(2021, 1), recalled) == ["HB-I160"]

    def test_a_recalled_record_beside_a_valid_one_is_none_of_anybodys_business(self) -> None:
        recalled = year(2022, 2, status=RecordStatus.RECALLED, madinhdanhhocba="hb-old")
        assert codes(year(2021, 1), recalled, year(2022, 2), year(2023, 3)) == []


class TestGrades:
    @pytest.mark.parametrize(
        ("promoted", "code"), [(False, "HB-I144"), (True, "HB-I145"), (None, "HB-I146")]
    )
    def test_repeated(self, promoted: bool | None, code: str) -> None:
        assert codes(year(2021, 1), year(2022, 2, duoclenlop=promoted), year(2023, 2)) == [code]

    def test_repeating_what_was_not_passed_is_no_fault(self) -> None:
        assert catalogue()["HB-I144"].severity is Severity.NOTE
        assert catalogue()["HB-I145"].severity is not Severity.NOTE

    def test_skipped(self) -> None:
        assert codes(year(2021, 1), year(2022, 3)) == ["HB-I147"]

    def test_skipped_over_a_missing_year(self) -> None:
        assert codes(year(2021, 1), year(2023, 4)) == ["HB-I143", "HB-I147"]

    def test_fallen(self) -> None:
        assert codes(year(2021, 1), year(2022, 2), year(2023, 1)) == ["HB-I148"]

    def test_up_without_promotion(self) -> None:
        assert codes(year(2021, 1, duoclenlop=False), year(2022, 2)) == ["HB-I149"]

    def test_who_was_not_promoted_may_have_repeated_in_the_missing_year(self) -> None:
        assert codes(year(2021, 1, duoclenlop=False), year(2023, 2)) == ["HB-I143"]

    @pytest.mark.parametrize("grade", [5, 9])
    def test_up_without_completing_the_level(self, grade: int) -> None:
        before = year(2021, grade, hoanthanhcap=False)
        assert codes(before, year(2022, grade + 1)) == ["HB-I140", "HB-I150"]

    def test_the_level_and_not_the_year_is_what_is_missing_in_its_last_grade(self) -> None:
        before = year(2021, 5, hoanthanhcap=False, duoclenlop=False)
        assert codes(before, year(2022, 6)) == ["HB-I140", "HB-I150"]

    @pytest.mark.parametrize("grade", [5, 9, 12])
    def test_again_after_completing_the_level(self, grade: int) -> None:
        assert codes(year(2021, grade), year(2022, grade)) == ["HB-I140", "HB-I151"]

    def test_grade_twelve_that_was_not_completed_is_repeated(self) -> None:
        before = year(2021, 12, hoanthanhcap=False, duoclenlop=False)
        assert codes(before, year(2022, 12)) == ["HB-I140", "HB-I144"]

    def test_levels_out_of_order(self) -> None:
        assert codes(year(2021, 10), year(2022, 9)) == ["HB-I140", "HB-I152"]


class TestTwoRecordsOfOneYear:
    def test_of_one_school(self) -> None:
        assert codes(year(2024, 1), year(2024, 1, madinhdanhhocba="hb-twin")) == ["HB-I153"]

    def test_of_two_schools(self) -> None:
        other = year(2024, 1, madinhdanhhocba="hb-other", **moved())
        assert codes(year(2024, 1), other) == ["HB-I154"]

    def test_of_two_schools_that_one_of_them_tells_of(self) -> None:
        told = (history(2024, f"  {LAO_CAI.upper()} "), history(2024, BAC_NINH, date(2025, 1, 10)))
        other = year(2024, 1, madinhdanhhocba="hb-other", **moved(earlier=told))
        assert codes(year(2024, 1), other) == ["HB-I155"]

    def test_the_years_around_them_are_judged_once(self) -> None:
        twin = year(2024, 2, madinhdanhhocba="hb-twin")
        assert codes(year(2023, 1), year(2024, 2), twin, year(2025, 3)) == ["HB-I153"]


class TestTransfers:
    def test_told_by_the_new_school(self) -> None:
        told = (history(2023, LAO_CAI), history(2024, BAC_NINH, date(2024, 8, 21)))
        assert codes(year(2023, 1), year(2024, 2, **moved(earlier=told))) == []

    def test_not_told(self) -> None:
        assert codes(year(2023, 1), year(2024, 2, **moved(earlier=()))) == ["HB-I161"]

    def test_told_otherwise(self) -> None:
        told = (history(2023, "Trường khác"),)
        assert codes(year(2023, 1), year(2024, 2, **moved(earlier=told))) == ["HB-I156"]

    def test_a_record_whose_definition_has_no_history_is_not_accused(self) -> None:
        assert codes(year(2023, 1), year(2024, 2, **moved(earlier=None))) == []

    def test_everybody_comes_from_another_school_where_a_level_begins(self) -> None:
        after = year(2022, 6, **moved(earlier=()))
        assert codes(year(2021, 5), after) == ["HB-I140"]

    @pytest.mark.parametrize(
        ("day", "fits"),
        [
            (date(2024, 4, 30), False),
            (date(2024, 5, 1), True),
            (date(2025, 6, 30), True),
            (date(2025, 7, 1), False),
        ],
    )
    def test_the_day_of_arrival_lies_between_both_records(self, day: date, fits: bool) -> None:
        told = (history(2023, LAO_CAI), history(2024, BAC_NINH, day))
        found = codes(year(2023, 1), year(2024, 2, **moved(earlier=told)))
        assert found == ([] if fits else ["HB-I157"])


class TestIds:
    def test_another_personal_id_under_the_same_code(self) -> None:
        found = continuity_of([year(2023, 1), year(2024, 2, sodinhdanh="015219000009")])
        assert [each.finding.code for each in found] == ["HB-I158"]
        for language in Language:
            message = found[0].finding.message(language)
            assert "015219" not in message

    def test_another_personal_id_under_a_linked_code_is_why_it_was_linked(self) -> None:
        new = year(2024, 2, mahocsinh="1500000002", sodinhdanh="015219000009")
        assert codes(year(2023, 1), new) == []

    def test_the_same_personal_id_under_codes_that_nobody_linked(self) -> None:
        assert codes(year(2024, 1), siblings=("1500000002",)) == ["HB-I159"]


def test_a_finding_names_every_record_that_it_rests_on() -> None:
    (found,) = continuity_of([year(2021, 1), year(2022, 3, masogd="24")])
    assert [each.masogd for each in found.rests_on] == ["15", "24"]
    assert found.record.namhoc == "2022-2023"


@pytest.mark.parametrize("language", list(Language))
def test_every_finding_of_a_pupils_years_says_what_it_is_about(language: Language) -> None:
    told = (
        history(2020, "x"),
        history(2023, "Trường khác"),
        history(2024, BAC_NINH, date(2020, 1, 1)),
    )
    found = continuity_of(
        [
            year(2022, 3, earlier=(history(2020, "x"),)),
            year(2023, 5, hoanthanhcap=False),
            year(2024, 7, **moved(earlier=told, sodinhdanh="015219000009")),
        ],
        ("1500000002",),
    )
    assert len(found) >= 6
    for each in found:
        message = each.finding.message(language)
        assert "{" not in message
        assert "None" not in message
