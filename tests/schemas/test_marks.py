"""Marks and averages are exact, and levels are those of an independent reading of the circular."""

import tomllib
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocba.sample.assessment import CONTINUING, SECONDARY, Rating, conduct_of_year, study_rating
from schemas.findings import Language
from schemas.rules.circulars.pack import SHIPPED
from schemas.rules.circulars.pack_table import PackTable
from schemas.rules.circulars.ratings import RATINGS, read_conduct, read_study_levels
from schemas.rules.marks import (
    NoMark,
    Rounding,
    mark_of,
    mark_text,
    rounded,
    semester_average,
    tenths_of,
    year_average,
)

TENTHS = st.integers(0, 100)
DECIMAL_MODES = {
    Rounding.HALF_UP: ROUND_HALF_UP,
    Rounding.HALF_EVEN: ROUND_HALF_EVEN,
    Rounding.DOWN: ROUND_DOWN,
    Rounding.UP: ROUND_UP,
}


def pack_table(name: str) -> PackTable:
    return PackTable(name, tomllib.loads((SHIPPED / name / "pack.toml").read_text("utf-8")))


@given(st.integers(0, 10_000), st.integers(1, 20), st.sampled_from(Rounding))
def test_rounding_is_that_of_decimal(numerator: int, denominator: int, mode: Rounding) -> None:
    # Doubled, so that a tie is exact in decimal whatever the denominator is.
    exact = Decimal(numerator * 2) / Decimal(denominator * 2)
    whole = exact.quantize(Decimal(1), rounding=DECIMAL_MODES[mode])
    assert rounded(numerator, denominator, mode) == int(whole)


@pytest.mark.parametrize(
    ("regular", "middle", "final", "mode", "expected"),
    [
        ([80, 90], 70, 85, Rounding.HALF_UP, 81),  # 565 / 7 = 80.7
        ([75, 80, 65], 70, 75, Rounding.HALF_UP, 73),  # 585 / 8 = 73.125
        ([70, 70, 70], 70, 74, Rounding.HALF_UP, 72),  # 572 / 8 = 71.5: the modes differ
        ([70, 70, 70], 70, 74, Rounding.HALF_EVEN, 72),
        ([70, 70, 62], 70, 74, Rounding.HALF_UP, 71),  # 564 / 8 = 70.5
        ([70, 70, 62], 70, 74, Rounding.HALF_EVEN, 70),
        ([70, 70, 62], 70, 74, Rounding.DOWN, 70),
        ([100] * 4, 100, 100, Rounding.HALF_UP, 100),
    ],
)
def test_the_average_of_a_semester(
    regular: list[int], middle: int, final: int, mode: Rounding, expected: int
) -> None:
    assert semester_average(regular, middle, final, mode) == expected


def test_no_average_without_a_regular_mark() -> None:
    with pytest.raises(ValueError, match="at least one"):
        semester_average([], 50, 50)


@given(TENTHS, TENTHS)
def test_half_up_and_half_even_agree_on_every_year(first: int, second: int) -> None:
    half_up = year_average(first, second, Rounding.HALF_UP)
    assert half_up == year_average(first, second, Rounding.HALF_EVEN)
    assert abs(Decimal(first + 2 * second) / 3 - half_up) < Decimal("0.5")


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("7.5", 75), ("10", 100), ("10.0", 100), ("0", 0), ("0.0", 0), ("7", 70),
        ("Đ", True), ("CĐ", False), ("M", NoMark.EXEMPT), ("", NoMark.ABSENT),
        ("7.55", NoMark.UNREADABLE), ("10.5", NoMark.UNREADABLE), ("10,5", NoMark.UNREADABLE),
        ("bảy", NoMark.UNREADABLE), (" 7", NoMark.UNREADABLE), ("-1", NoMark.UNREADABLE),
        ("٧", NoMark.UNREADABLE),
    ],
)  # fmt: skip
def test_what_a_mark_is(text: str, mark: object) -> None:
    assert mark_of(text) is mark or mark_of(text) == mark


def test_a_mark_is_written_as_people_do() -> None:
    assert mark_text(74) == "7,4"
    assert mark_text(74, Language.EN) == "7.4"
    assert mark_text(100) == "10"
    assert mark_text(True) == "Đ"


@pytest.mark.parametrize(
    ("text", "tenths"),
    [("45", 450), ("45.5", 455), ("", 0), ("NaN", None), ("Infinity", None), ("1e9", None),
     ("bốn", None)],
)  # fmt: skip
def test_counts_are_exact_and_absurd_ones_none(text: str, tenths: int | None) -> None:
    assert tenths_of(text) == tenths


RESULTS = st.lists(st.one_of(TENTHS, st.booleans()), min_size=1, max_size=12)


@given(RESULTS)
@pytest.mark.parametrize(("name", "rules"), [("tt22-2021", SECONDARY), ("tt43-2021", CONTINUING)])
def test_levels_are_those_that_the_sample_works_out(name, rules, results) -> None:
    rated = read_study_levels(pack_table(name)).rate(results)
    assert rated.rating.code == study_rating(results, rules).code


@given(RESULTS, st.integers(0, 11))
def test_a_bound_is_never_below_what_comes_out(results: list, unknown: int) -> None:
    levels = read_study_levels(pack_table("tt22-2021"))
    known = [NoMark.UNREADABLE if n == unknown else each for n, each in enumerate(results)]
    assert levels.rate(known).rating >= levels.rate(results).rating
    assert levels.rate(results, complete=False).rating >= levels.rate(results).rating


@pytest.mark.parametrize("name", ["tt22-2021", "tt43-2021"])
def test_conduct_of_the_year_is_what_the_sample_works_out(name: str) -> None:
    years = read_conduct(pack_table(name))
    for first in Rating:
        for second in Rating:
            year = years[RATINGS[first.code], RATINGS[second.code]]
            assert year.code == conduct_of_year(first, second).code
