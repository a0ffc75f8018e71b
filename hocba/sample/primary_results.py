"""How a primary pupil did in one year (TT 27/2020/TT-BGDĐT)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from hocba.sample.assessment import (
    Achievement,
    Award,
    PrimaryResult,
    Trait,
    primary_award,
    primary_result,
)
from hocba.sample.subjects import Subject

# Năng lực chung, năng lực đặc thù, phẩm chất, in the dictionary's order.
GENERAL_SKILLS: Final = ("nangluctuhoc", "nanglucgiaotiep", "nanglucgiaiquyet")
SPECIAL_SKILLS: Final = (
    "nanglucngonngu", "nangluctinhtoan", "nangluckhoahoc", "nangluccongnghe", "nangluctinhoc",
    "nanglucthammi", "nanglucthechat",
)  # fmt: skip
QUALITIES: Final = (
    "phamchatyeunuoc", "phamchatnhanai", "phamchatchamchi", "phamchattrungthuc",
    "phamchattrachnhiem",
)  # fmt: skip
_FROM_GRADE_3: Final = ("nangluccongnghe", "nangluctinhoc")


@dataclass(frozen=True, slots=True)
class PrimarySubject:
    """A subject's level and, where it is tested, the mark of the last periodic test.

    Exempt pupils, and those who are not assessed, have neither.
    """

    subject: Subject
    achievement: Achievement | None
    test: int | None
    exempt: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryYear:
    """All of a year's results. `result` is None for a pupil who is not assessed."""

    subjects: tuple[PrimarySubject, ...]
    traits: Mapping[str, Trait]
    result: PrimaryResult | None
    award: Award | None
    excused: int
    unexcused: int

    @property
    def promoted(self) -> bool:
        """Whether the pupil completed the grade (Điều 11)."""
        return self.result is not PrimaryResult.NOT_COMPLETED


def primary_year(
    source: Random,
    ability: float,
    grade: int,
    subjects: Sequence[Subject],
    *,
    assessed: bool = True,
    after_summer: bool = False,
) -> PrimaryYear:
    """A year's results; with *after_summer* who failed has caught up."""
    exempt = source.random() < 0.025
    rows = tuple(_subject(source, ability, each, exempt=exempt) for each in subjects)
    traits = {name: _trait(source, ability) for name in _traits_of(grade)}
    excused = min(20, int(source.expovariate(0.5)))
    unexcused = min(5, int(source.expovariate(2.5)))
    if not assessed:
        rows = tuple(PrimarySubject(each.subject, None, None) for each in rows)
        return PrimaryYear(
            subjects=rows, traits={}, result=None, award=None, excused=excused, unexcused=unexcused
        )
    if after_summer:
        rows, traits = tuple(map(_caught_up, rows)), {n: _raised(t) for n, t in traits.items()}
    levels = [each.achievement for each in rows if each.achievement]
    result = primary_result(
        levels, list(traits.values()), [each.test for each in rows if each.test is not None]
    )
    return PrimaryYear(
        subjects=rows,
        traits=traits,
        result=result,
        award=primary_award(result, outstanding=any(each.test == 10 for each in rows)),
        excused=excused,
        unexcused=unexcused,
    )


def _subject(source: Random, ability: float, subject: Subject, *, exempt: bool) -> PrimarySubject:
    if exempt and subject.code == "TDC":
        return PrimarySubject(subject, None, None, exempt=True)
    strength = ability + source.gauss(0, 0.1)
    if not subject.scored:
        level = _level(strength > 0.58, failed=strength < 0.02)
        return PrimarySubject(subject, level, None)
    test = max(1, min(10, round(4.4 + 6.4 * strength)))
    return PrimarySubject(subject, _level(test >= 8, failed=test < 5), test)


def _level(well: bool, *, failed: bool) -> Achievement:  # noqa: FBT001 -- a result, not a flag
    if failed:
        return Achievement.NOT_COMPLETED
    return Achievement.COMPLETED_WELL if well else Achievement.COMPLETED


def _trait(source: Random, ability: float) -> Trait:
    strength = ability + source.gauss(0.08, 0.08)
    if strength > 0.62:
        return Trait.GOOD
    return Trait.ACHIEVED if strength > 0.1 else Trait.NEEDS_EFFORT


def _traits_of(grade: int) -> tuple[str, ...]:
    special = [each for each in SPECIAL_SKILLS if grade >= 3 or each not in _FROM_GRADE_3]
    return (*GENERAL_SKILLS, *special, *QUALITIES)


def _caught_up(row: PrimarySubject) -> PrimarySubject:
    if row.achievement is not Achievement.NOT_COMPLETED:
        return row
    test = None if row.test is None else max(row.test, 5)
    return PrimarySubject(row.subject, Achievement.COMPLETED, test)


def _raised(trait: Trait) -> Trait:
    return Trait.ACHIEVED if trait is Trait.NEEDS_EFFORT else trait
