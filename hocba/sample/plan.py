"""Which pupils a sample has and which of their years: exactly as many records as asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from hocba.sample.calendar import HISTORY_YEARS, SampleCalendar
from hocba.sample.levels import FIRST_YEAR, SINGLE_LEVELS, Level
from hocba.sample.source import chance

# Shares of records in a mixed province, near to those of pupils in the country.
_MIX: Final[Mapping[Level, float]] = {
    Level.PRIMARY: 0.4,
    Level.LOWER: 0.3,
    Level.UPPER: 0.2,
    Level.CONTINUING: 0.1,
}
_TRANSFERS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Step:
    """One school year as planned: the grade if the pupil always moves up, the school it is at."""

    year: int
    level: Level
    grade: int
    school: int


@dataclass(frozen=True, slots=True)
class PupilPlan:
    """One pupil: a number, and the years that become records, oldest first.

    `from_elsewhere` says that the pupil came from another province before the last year.
    """

    number: int
    steps: tuple[Step, ...]
    from_elsewhere: bool = False


def level_shares(level: Level) -> Mapping[Level, float]:
    """The shares of records by level."""
    return _MIX if level is Level.MIX else {level: 1.0}


def expected_records(level: Level, records: int) -> Mapping[Level, int]:
    """About how many records each level will have; no level of the mix is left without any."""
    return {each: max(1, round(share * records)) for each, share in level_shares(level).items()}


def plan_pupils(
    seed: int,
    level: Level,
    records: int,
    calendar: SampleCalendar,
    schools: Mapping[Level, int],
) -> Iterator[PupilPlan]:
    """Pupils whose years add up to *records*; *schools* is how many each level has."""
    planner = _Planner(seed, level, calendar, schools)
    made = 0
    while made < records:
        plan = planner.next_pupil(records - made)
        made += len(plan.steps)
        yield plan


class _Planner:
    """Keeps count of what each level still lacks."""

    def __init__(
        self, seed: int, level: Level, calendar: SampleCalendar, schools: Mapping[Level, int]
    ) -> None:
        self._seed = seed
        self._mixed = level is Level.MIX
        self._shares = level_shares(level)
        self._made = dict.fromkeys(self._shares, 0)
        self._calendar = calendar
        self._number = 0
        # School numbers run through the levels, as in the world.
        self._schools: dict[Level, range] = {}
        first = 0
        for each in SINGLE_LEVELS:
            count = schools.get(each, 0)
            self._schools[each] = range(first, first + count)
            first += count

    def next_pupil(self, room: int) -> PupilPlan:
        """The next pupil, with no more than *room* years."""
        number = self._number
        self._number += 1
        source = chance(self._seed, "plan", number)
        level, grade, years, transfer = self._wish(source, number)
        steps = self._steps(source, level, grade, years)[-room:]
        transfer = transfer and len(steps) > 1 and steps[-2].level is steps[-1].level
        elsewhere = False
        if transfer:
            steps, elsewhere = self._transferred(source, steps)
        for step in steps:
            self._made[step.level] += 1
        return PupilPlan(number, tuple(steps), elsewhere)

    def _wish(self, source: Random, number: int) -> tuple[Level, int, int, bool]:
        """Level and grade in the last year, number of years, and whether the pupil changes school.

        A mixed province begins with one pupil of each kind that a timeline has to cope with.
        """
        if self._mixed:
            kinds = (
                (Level.LOWER, 6, 2, False),
                (Level.UPPER, 10, 2, False),
                (Level.CONTINUING, 10, 2, False),
                (Level.PRIMARY, 4, 2, True),
            )
            if number < len(kinds):
                return kinds[number]
        total = sum(self._made.values()) + 1
        level = max(self._shares, key=lambda each: self._shares[each] * total - self._made[each])
        years = source.choices(range(1, HISTORY_YEARS + 1), (3, 3, 2, 2))[0]
        return level, source.choice(level.grades), years, source.random() < _TRANSFERS

    def _steps(self, source: Random, level: Level, grade: int, years: int) -> list[Step]:
        """The last *years* years up to *grade*, as far as the grade had its form of học bạ then.

        In a single-level sample the history ends where the level begins.
        """
        homes = {each: source.choice(s) for each, s in self._schools.items() if s}
        steps: list[Step] = []
        for back in range(years):
            then, year = grade - back, self._calendar.last - back
            at = level if then in level.grades else _level_below(then)
            if at not in homes or then < 1 or FIRST_YEAR[then] > year:
                break
            steps.append(Step(year, at, then, homes[at]))
        return steps[::-1]

    def _transferred(self, source: Random, steps: list[Step]) -> tuple[list[Step], bool]:
        """The last year at another school of the level; where there is none, from elsewhere."""
        *before, last = steps
        others = [each for each in self._schools[last.level] if each != last.school]
        if not others:
            return steps[-1:], True
        moved = Step(last.year, last.level, last.grade, source.choice(others))
        return [*before, moved], False


def _level_below(grade: int) -> Level:
    return Level.PRIMARY if grade in Level.PRIMARY.grades else Level.LOWER
