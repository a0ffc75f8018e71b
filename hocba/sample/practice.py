"""Records for practising: of pupils who are in no batch, one at each level, newest year."""

from collections.abc import Iterator
from typing import Final

from hocba.sample.plan import PupilPlan, Step
from hocba.sample.world import World
from hocba.sample.years import SampleRecord, records_of

_LAST_NUMBER: Final = 999_999  # pupils of batches count from 0


def practice_records(
    world: World, *, offset: int = 0, grade: int | None = None
) -> Iterator[SampleRecord]:
    """One record at the first school of each level; *offset* gives other pupils.

    They are in *grade* where the level has it, else in the second one.
    """
    for number, (level, schools) in enumerate(world.schools.items(), start=offset * 10):
        there = level.grades[1] if grade is None or grade not in level.grades else grade
        step = Step(world.calendar.last, level, there, schools[0].number)
        yield from records_of(world, PupilPlan(_LAST_NUMBER - number, (step,)))
