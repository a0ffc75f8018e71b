"""Year results as the circulars compute them, on exact numbers.

TT 27/2020/TT-BGDĐT (primary), TT 22/2021/TT-BGDĐT (THCS, THPT), TT 43/2021/TT-BGDĐT (GDTX). Marks
are whole tenths of a point: 75 is 7.5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from itertools import chain
from typing import Final, TypeAlias

Tenths: TypeAlias = int
Result: TypeAlias = int | bool
"""A mark in tenths, or Đạt (True) and Chưa đạt of a subject without marks."""
MAX_ABSENCES: Final = 45


class Rating(IntEnum):
    """Học tập and rèn luyện, lowest first (TT 22/2021 Điều 8, 9)."""

    NOT_ACHIEVED = 0
    ACHIEVED = 1
    FAIR = 2
    GOOD = 3

    @property
    def code(self) -> str:
        """As records write it."""
        return ("CĐ", "Đ", "K", "T")[self]


@dataclass(frozen=True, slots=True)
class SubjectYear:
    """One subject's results: those of both semesters."""

    first: Result
    second: Result

    @property
    def year(self) -> Result:
        """The result of the whole year (TT 22/2021 Điều 9 k1)."""
        if isinstance(self.first, bool) or isinstance(self.second, bool):
            return bool(self.second)
        return year_average(self.first, self.second)


def year_average(first: Tenths, second: Tenths) -> Tenths:
    """ĐTBmcn = (ĐTBmhkI + 2 · ĐTBmhkII) / 3, rounded half up to a tenth."""
    return (2 * (first + 2 * second) + 3) // 6


@dataclass(frozen=True, slots=True)
class StudyRules:
    """How many subjects must reach the upper mark: six, five at GDTX (TT 43/2021)."""

    many: int = 6


SECONDARY: Final = StudyRules()
CONTINUING: Final = StudyRules(many=5)


def study_rating(results: Sequence[Result], rules: StudyRules = SECONDARY) -> Rating:
    """Học tập of a semester or year with the mercy for a single subject (Điều 9 k2, k3)."""
    rating = _plain_rating(results, rules)
    without_one = max(
        (
            _plain_rating(
                [_satisfying(r) if i == spared else r for i, r in enumerate(results)], rules
            )
            for spared in range(len(results))
        ),
        default=rating,
    )
    if without_one >= Rating.FAIR and rating <= without_one - 2:
        return Rating(rating + 1)
    return rating


def _plain_rating(results: Sequence[Result], rules: StudyRules) -> Rating:
    marks = [each for each in results if not isinstance(each, bool)]
    failed_comments = sum(each is False for each in results)

    def reached(lowest: Tenths, many: Tenths) -> bool:
        return all(m >= lowest for m in marks) and sum(m >= many for m in marks) >= rules.many

    if failed_comments == 0 and reached(65, 80):
        return Rating.GOOD
    if failed_comments == 0 and reached(50, 65):
        return Rating.FAIR
    if failed_comments <= 1 and reached(35, 50):
        return Rating.ACHIEVED
    return Rating.NOT_ACHIEVED


def _satisfying(result: Result) -> Result:
    return True if isinstance(result, bool) else 100


def conduct_of_year(first: Rating, second: Rating) -> Rating:
    """Rèn luyện of the year from both semesters (Điều 8 k2)."""
    return _CONDUCT[first][second]


_N, _A, _F, _G = Rating
_CONDUCT: Final = {
    # second semester:  Chưa đạt, Đạt, Khá, Tốt
    _G: (_N, _F, _F, _G),
    _F: (_N, _A, _F, _G),
    _A: (_N, _A, _F, _F),
    _N: (_N, _A, _A, _F),
}


def is_promoted(study: Rating, conduct: Rating, absences: int) -> bool:
    """Được lên lớp (Điều 12)."""
    return study >= Rating.ACHIEVED and conduct >= Rating.ACHIEVED and absences <= MAX_ABSENCES


class Award(StrEnum):
    """Danh hiệu cuối năm."""

    EXCELLENT = "Học sinh Xuất sắc"
    GOOD = "Học sinh Giỏi"
    EXEMPLARY = "Học sinh Tiêu biểu hoàn thành tốt trong học tập và rèn luyện"


def secondary_award(study: Rating, conduct: Rating, year: Sequence[Result]) -> Award | None:
    """Điều 15: Giỏi for Tốt in both, Xuất sắc with six year averages of 9.0 and more."""
    if study is not Rating.GOOD or conduct is not Rating.GOOD:
        return None
    many = sum(not isinstance(each, bool) and each >= 90 for each in year)
    return Award.EXCELLENT if many >= 6 else Award.GOOD


class Achievement(StrEnum):
    """Mức đạt được of a primary subject."""

    COMPLETED_WELL = "T"
    COMPLETED = "H"
    NOT_COMPLETED = "C"


class Trait(StrEnum):
    """Level of a primary pupil's phẩm chất or năng lực."""

    GOOD = "T"
    ACHIEVED = "Đ"
    NEEDS_EFFORT = "C"


class PrimaryResult(StrEnum):
    """Xếp loại of a primary school year (TT 27/2020 Điều 9 k2)."""

    EXCELLENT = "Hoàn thành xuất sắc"
    WELL = "Hoàn thành tốt"
    COMPLETED = "Hoàn thành"
    NOT_COMPLETED = "Chưa hoàn thành"


def primary_result(
    subjects: Sequence[Achievement], traits: Sequence[Trait], tests: Sequence[int]
) -> PrimaryResult:
    """The year's result from subject levels, traits and the marks of the last periodic tests."""
    all_good = all(each.value == "T" for each in chain[Achievement | Trait](subjects, traits))
    lowest = min(tests, default=10)
    if all_good and lowest >= 9:
        return PrimaryResult.EXCELLENT
    if all_good and lowest >= 7:
        return PrimaryResult.WELL
    failed = Achievement.NOT_COMPLETED in subjects or Trait.NEEDS_EFFORT in traits
    if not failed and lowest >= 5:
        return PrimaryResult.COMPLETED
    return PrimaryResult.NOT_COMPLETED


def primary_award(result: PrimaryResult, *, outstanding: bool) -> Award | None:
    """Điều 13: Xuất sắc, or Tiêu biểu for a good year with something outstanding in it."""
    if result is PrimaryResult.EXCELLENT:
        return Award.EXCELLENT
    return Award.EXEMPLARY if result is PrimaryResult.WELL and outstanding else None


def mark_text(mark: Result) -> str:
    """A result as records write it: `7.5`, `10`, `Đ`, `CĐ`."""
    if isinstance(mark, bool):
        return "Đ" if mark else "CĐ"
    return "10" if mark == 100 else f"{mark // 10}.{mark % 10}"
