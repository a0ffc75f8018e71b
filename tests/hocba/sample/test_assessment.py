"""The year's results against the tables of TT 27/2020, TT 22/2021 and TT 43/2021."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocba.sample.assessment import (
    CONTINUING,
    Achievement,
    Award,
    PrimaryResult,
    Rating,
    SubjectYear,
    Trait,
    conduct_of_year,
    is_promoted,
    mark_text,
    primary_award,
    primary_result,
    secondary_award,
    study_rating,
    year_average,
)

N, A, F, G = Rating
COMMENTS = [True] * 4

marks = st.integers(0, 100)


@given(first=marks, second=marks)
def test_year_average_is_the_exact_mean_rounded_half_up(first: int, second: int) -> None:
    exact = Fraction(first + 2 * second, 30)
    tenths = Decimal(exact.numerator) / Decimal(exact.denominator)
    expected = tenths.quantize(Decimal("0.1"), ROUND_HALF_UP)
    # A third never lies exactly between two tenths, so the decimal's precision decides nothing.
    assert Decimal(year_average(first, second)) / 10 == expected


@pytest.mark.parametrize(
    ("first", "second", "year"),
    [(65, 80, 75), (70, 71, 71), (70, 72, 71), (0, 0, 0), (100, 100, 100)],
)
def test_year_average_by_hand(first: int, second: int, year: int) -> None:
    assert year_average(first, second) == year


def test_a_comment_subject_follows_the_second_semester() -> None:
    assert SubjectYear(first=False, second=True).year is True
    assert SubjectYear(first=True, second=False).year is False
    assert SubjectYear(first=65, second=80).year == 75


@pytest.mark.parametrize(
    ("scored", "comments", "rating"),
    [
        # Tốt: all ≥ 6.5, six ≥ 8.0, every comment Đạt
        ([80] * 6 + [65, 65], COMMENTS, G),
        ([80] * 5 + [79, 65, 65], COMMENTS, F),
        ([80] * 6 + [64, 65], COMMENTS, F),
        # Khá: all ≥ 5.0, six ≥ 6.5
        ([65] * 6 + [50, 50], COMMENTS, F),
        ([65] * 5 + [64, 50, 50], COMMENTS, A),
        # Đạt: six ≥ 5.0, none < 3.5, at most one Chưa đạt
        ([50] * 6 + [35, 35], COMMENTS, A),
        ([50] * 6 + [35, 35], [True, True, True, False], A),
        ([50] * 6 + [35, 35], [True, True, False, False], N),
        ([50] * 6 + [35, 34], COMMENTS, N),
        ([50] * 5 + [49, 35, 35], COMMENTS, N),
    ],
)
def test_study_rating_by_the_table(scored: list[int], comments: list[bool], rating: Rating) -> None:
    assert study_rating([*scored, *comments]) is rating


@pytest.mark.parametrize(
    ("scored", "comments", "rating"),
    [
        # one subject alone pulls Tốt down to Đạt: Khá
        ([90] * 7 + [49], COMMENTS, F),
        # … or to Chưa đạt: Đạt
        ([90] * 7 + [20], COMMENTS, A),
        # … a comment subject alone pulls Tốt down to Đạt: Khá
        ([90] * 8, [True, True, True, False], F),
        # … pulls Khá down to Chưa đạt: Đạt
        ([65] * 7 + [20], COMMENTS, A),
        # two subjects: no mercy
        ([90] * 6 + [49, 49], COMMENTS, A),
        ([90] * 6 + [20, 20], COMMENTS, N),
        # only one level lost: no mercy
        ([80] * 7 + [60], COMMENTS, F),
    ],
)
def test_one_subject_alone_costs_one_level_less(
    scored: list[int], comments: list[bool], rating: Rating
) -> None:
    assert study_rating([*scored, *comments]) is rating


def test_continuing_education_asks_for_five_subjects() -> None:
    scored = [80] * 5 + [65, 65]
    assert study_rating(scored, CONTINUING) is G
    assert study_rating(scored) is F


def test_no_subjects_are_no_achievement() -> None:
    assert study_rating([]) is N


def test_conduct_of_the_year_is_the_table_of_article_8() -> None:
    table = {
        G: {G: G, F: F, A: F, N: N},
        F: {G: G, F: F, A: A, N: N},
        A: {G: F, F: F, A: A, N: N},
        N: {G: F, F: A, A: A, N: N},
    }
    for first, row in table.items():
        for second, year in row.items():
            assert conduct_of_year(first, second) is year


@pytest.mark.parametrize(
    ("study", "conduct", "absences", "promoted"),
    [(A, A, 45, True), (N, G, 0, False), (G, N, 0, False), (G, G, 46, False)],
)
def test_promotion(study: Rating, conduct: Rating, absences: int, *, promoted: bool) -> None:
    assert is_promoted(study, conduct, absences) is promoted


@pytest.mark.parametrize(
    ("study", "conduct", "year", "award"),
    [
        (G, G, [90] * 6 + [65] * 2 + [True], Award.EXCELLENT),
        (G, G, [90] * 5 + [89] * 3 + [True] * 4, Award.GOOD),
        (G, F, [90] * 8, None),
        (F, G, [90] * 8, None),
    ],
)
def test_secondary_award(
    study: Rating, conduct: Rating, year: list[int | bool], award: Award | None
) -> None:
    assert secondary_award(study, conduct, year) is award


@pytest.mark.parametrize(
    ("subjects", "traits", "tests", "result"),
    [
        ("TTT", "TTT", [9, 10], PrimaryResult.EXCELLENT),
        ("TTT", "TTT", [9, 8], PrimaryResult.WELL),
        ("TTT", "TTT", [7], PrimaryResult.WELL),
        ("TTT", "TTT", [6], PrimaryResult.COMPLETED),
        ("TTH", "TTT", [10], PrimaryResult.COMPLETED),
        ("TTT", "TTĐ", [10], PrimaryResult.COMPLETED),
        ("HHH", "ĐĐĐ", [5], PrimaryResult.COMPLETED),
        ("HHH", "ĐĐĐ", [4], PrimaryResult.NOT_COMPLETED),
        ("HHC", "ĐĐĐ", [5], PrimaryResult.NOT_COMPLETED),
        ("TTT", "TTC", [10], PrimaryResult.NOT_COMPLETED),
    ],
)
def test_primary_result_by_article_9(
    subjects: str, traits: str, tests: list[int], result: PrimaryResult
) -> None:
    levels = [Achievement(each) for each in subjects]
    assert primary_result(levels, [Trait(each) for each in traits], tests) is result


def test_primary_awards_need_their_result() -> None:
    assert primary_award(PrimaryResult.EXCELLENT, outstanding=False) is Award.EXCELLENT
    assert primary_award(PrimaryResult.WELL, outstanding=True) is Award.EXEMPLARY
    assert primary_award(PrimaryResult.WELL, outstanding=False) is None
    assert primary_award(PrimaryResult.COMPLETED, outstanding=True) is None


@pytest.mark.parametrize(
    ("mark", "text"),
    [(100, "10"), (75, "7.5"), (70, "7.0"), (0, "0.0"), (True, "Đ"), (False, "CĐ")],
)
def test_results_as_records_write_them(mark: int | bool, text: str) -> None:
    assert mark_text(mark) == text
