"""Học tập of a semester or a year from the subjects' results (TT 22/2021 Điều 9 k2, k3)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from schemas.errors import DefinitionError
from schemas.findings import Language
from schemas.rules.circulars.pack_table import PackTable
from schemas.rules.marks import Mark, NoMark, Tenths
from schemas.texts import Translated


class Rating(IntEnum):
    """Mức of học tập and rèn luyện, lowest first."""

    NOT_ACHIEVED = 0
    ACHIEVED = 1
    FAIR = 2
    GOOD = 3

    @property
    def code(self) -> str:
        """As records write it."""
        return _CODES[self]


_CODES: Final = ("CĐ", "Đ", "K", "T")
RATINGS: Final[Mapping[str, Rating]] = {each.code: each for each in Rating}
RATING_NAMES: Final[Mapping[Rating, Translated]] = {
    Rating.GOOD: {Language.VI: "Tốt", Language.EN: "Good"},
    Rating.FAIR: {Language.VI: "Khá", Language.EN: "Fair"},
    Rating.ACHIEVED: {Language.VI: "Đạt", Language.EN: "Achieved"},
    Rating.NOT_ACHIEVED: {Language.VI: "Chưa đạt", Language.EN: "Not achieved"},
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a level asks for: all marks from `all_from`, some from `many_from`, few failed."""

    all_from: Tenths
    many_from: Tenths
    failed: int


@dataclass(frozen=True, slots=True)
class StudyLevels:
    """The levels of one circular: the requirements, and how many subjects must reach the upper."""

    many: int
    requirements: Mapping[Rating, Requirement]
    _limits: tuple[Tenths, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        limits = {0}
        for each in self.requirements.values():
            limits |= {each.all_from, each.many_from}
        object.__setattr__(self, "_limits", tuple(sorted(limits)))

    def rate(self, results: Iterable[Mark], *, complete: bool = True) -> "Rated":
        """The level of *results*; not *complete*, the highest that is still possible.

        Whoever is exempt from a subject is rated without it.
        """
        marks: list[Tenths] = []
        failed = comments = unknown = 0
        for each in results:
            if type(each) is int:
                marks.append(each)
            elif each is False:
                failed += 1
            elif each is True:
                comments += 1
            elif each is not NoMark.EXEMPT:
                unknown += 1
        if unknown or not complete:
            marks += [100] * max(unknown, self.many)
        plain = self._plain(marks, failed)
        if plain >= Rating.FAIR:
            return Rated(plain, plain, bool(unknown) or not complete)
        # Điều 9 k3: what the level would be if one subject alone, whichever, were no obstacle.
        best = self._plain(marks, failed - 1) if failed else plain
        for lowest in {self._band(each) for each in marks}:
            others = list(marks)
            others.remove(next(each for each in marks if self._band(each) == lowest))
            best = max(best, self._plain([*others, 100], failed))
        lifted = Rating(plain + 1) if best >= Rating.FAIR and plain <= best - 2 else plain
        return Rated(lifted, plain, bool(unknown) or not complete)

    def _plain(self, marks: Sequence[Tenths], failed: int) -> Rating:
        lowest = min(marks, default=100)
        for rating, needs in self.requirements.items():
            if (
                failed <= needs.failed
                and lowest >= needs.all_from
                and sum([each >= needs.many_from for each in marks]) >= self.many
            ):
                return rating
        return Rating.NOT_ACHIEVED

    def _band(self, mark: Tenths) -> int:
        return sum([mark >= limit for limit in self._limits])


@dataclass(frozen=True, slots=True)
class Rated:
    """A level with the exception of Điều 9 k3, without it, and whether it is only a bound."""

    rating: Rating
    plain: Rating
    at_most: bool


def read_study_levels(pack: PackTable) -> StudyLevels:
    """The pack's `[study]`; raises `DefinitionError`."""
    table = pack.table("study")
    requirements: dict[Rating, Requirement] = {}
    for rating in (Rating.GOOD, Rating.FAIR, Rating.ACHIEVED):
        name = rating.name.lower()
        level = table.table(name)
        requirements[rating] = Requirement(
            level.number("all_from"), level.number("many_from"), level.number("failed")
        )
        level.finish()
    levels = StudyLevels(table.number("many"), requirements)
    table.finish()
    return levels


def read_conduct(pack: PackTable) -> Mapping[tuple[Rating, Rating], Rating]:
    """The pack's `[conduct]`: rows by the first semester, columns T K Đ CĐ of the second."""
    table = pack.table("conduct")
    years: dict[tuple[Rating, Rating], Rating] = {}
    for first in Rating:
        row = table.texts(first.code)
        if len(row) != len(Rating) or not set(row) <= set(RATINGS):
            raise DefinitionError(f"{table.where}: {first.code} must be four of T, K, Đ, CĐ")
        for second, year in zip(reversed(Rating), row, strict=True):
            years[first, second] = RATINGS[year]
    table.finish()
    return years
