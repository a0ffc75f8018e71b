"""How a pupil of THCS, THPT or GDTX did in one year (TT 22/2021, TT 43/2021)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from hocba.sample.assessment import (
    Award,
    Rating,
    Result,
    StudyRules,
    SubjectYear,
    conduct_of_year,
    is_promoted,
    secondary_award,
    study_rating,
)
from hocba.sample.subjects import Subject

_PASS_AGAIN = 50
# Rare things happen often enough for a sample of some hundreds to show them.
_EXEMPT = 0.025
_BAD_YEAR = 0.03
_MISCONDUCT = 0.012
_CAN_BE_EXEMPT = ("TDC", "QPA")


@dataclass(frozen=True, slots=True)
class SecondarySubject:
    """A subject's results, None for who is exempt or not assessed; `again` is a re-test's."""

    subject: Subject
    results: SubjectYear | None
    again: Result | None = None
    exempt: bool = False

    @property
    def final(self) -> Result | None:
        """The result that counts in the end."""
        if self.again is not None:
            return self.again
        return None if self.results is None else self.results.year


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryYear:
    """All of a year's results: first semester, second semester, year.

    `study` is None for a pupil who is not assessed; `study_again` and `conduct_again` are the
    results after the summer, None for those who did not need one.
    """

    subjects: tuple[SecondarySubject, ...]
    study: tuple[Rating, Rating, Rating] | None
    conduct: tuple[Rating, Rating, Rating]
    absences: int
    award: Award | None
    study_again: Rating | None = None
    conduct_again: Rating | None = None

    @property
    def promoted(self) -> bool:
        """Được lên lớp, after the summer where there was one (Điều 12)."""
        if self.study is None:
            return True
        study = self.study[2] if self.study_again is None else self.study_again
        conduct = self.conduct[2] if self.conduct_again is None else self.conduct_again
        return is_promoted(study, conduct, self.absences)

    @property
    def promoted_at_once(self) -> bool:
        """Promoted without a summer."""
        return self.promoted and self.study_again is None and self.conduct_again is None


def secondary_year(
    source: Random,
    ability: float,
    subjects: Sequence[Subject],
    rules: StudyRules,
    *,
    assessed: bool = True,
    summer: bool = False,
) -> SecondaryYear:
    """A year's results; with *summer* who failed was tested again (Điều 13, 14)."""
    exempt = source.random() < _EXEMPT
    if source.random() < _BAD_YEAR:
        ability *= 0.1
    rows = tuple(_subject(source, ability, each, exempt=exempt) for each in subjects)
    first, second = _conduct(source, ability), _conduct(source, ability)
    conduct = (first, second, conduct_of_year(first, second))
    absences = min(40, int(source.expovariate(0.35))) if source.random() > 0.003 else 50
    if not assessed:
        rows = tuple(SecondarySubject(each.subject, None) for each in rows)
        return SecondaryYear(
            subjects=rows, study=None, conduct=conduct, absences=absences, award=None
        )
    known = [each.results for each in rows if each.results is not None]
    study = (
        study_rating([each.first for each in known], rules),
        study_rating([each.second for each in known], rules),
        study_rating([each.year for each in known], rules),
    )
    year = SecondaryYear(
        subjects=rows,
        study=study,
        conduct=conduct,
        absences=absences,
        award=secondary_award(study[2], conduct[2], [each.year for each in known]),
    )
    return _after_summer(source, year, rules) if summer and not year.promoted else year


def _after_summer(source: Random, year: SecondaryYear, rules: StudyRules) -> SecondaryYear:
    study_again = conduct_again = None
    rows = year.subjects
    if year.study is not None and year.study[2] is Rating.NOT_ACHIEVED:
        rows = tuple(_tested_again(source, each) for each in rows)
        finals = [each.final for each in rows if each.final is not None]
        # What is tested again can lift a year to Đạt and no further.
        study_again = min(study_rating(finals, rules), Rating.ACHIEVED)
    if year.conduct[2] is Rating.NOT_ACHIEVED:
        conduct_again = Rating.ACHIEVED
    return replace(year, subjects=rows, study_again=study_again, conduct_again=conduct_again)


def _tested_again(source: Random, row: SecondarySubject) -> SecondarySubject:
    if row.results is None:
        return row
    result = row.results.year
    if isinstance(result, bool):
        return row if result else replace(row, again=True)
    if result >= _PASS_AGAIN:
        return row
    return replace(row, again=min(70, _PASS_AGAIN + 5 * source.randint(-1, 3)))


def _subject(source: Random, ability: float, subject: Subject, *, exempt: bool) -> SecondarySubject:
    if exempt and subject.code in _CAN_BE_EXEMPT:
        return SecondarySubject(subject, None, exempt=True)
    strength = ability + source.gauss(0, 0.09)
    if not subject.scored:
        passed = strength > 0.08
        return SecondarySubject(subject, SubjectYear(passed or source.random() < 0.5, passed))
    first = _mark(38 + 62 * strength)
    second = _mark(first + source.gauss(1.5, 5))
    return SecondarySubject(subject, SubjectYear(first, second))


def _mark(value: float) -> int:
    return max(10, min(100, round(value)))


def _conduct(source: Random, ability: float) -> Rating:
    if source.random() < _MISCONDUCT:
        return Rating.NOT_ACHIEVED
    strength = ability + source.gauss(0.25, 0.15)
    limits = ((0.62, Rating.GOOD), (0.32, Rating.FAIR), (0.08, Rating.ACHIEVED))
    return next((rating for limit, rating in limits if strength > limit), Rating.NOT_ACHIEVED)
