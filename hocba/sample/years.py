"""A pupil's planned years as they came out, each with the content of its record.

Who is not promoted repeats the grade, and from then on stays a step behind the plan.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from hocba.sample.assessment import CONTINUING, SECONDARY
from hocba.sample.calendar import signing_days
from hocba.sample.content import Content, RecordIdentity
from hocba.sample.levels import Level
from hocba.sample.plan import PupilPlan
from hocba.sample.primary_record import primary_content
from hocba.sample.primary_results import PrimaryYear, primary_year
from hocba.sample.pupils import EarlierYear, PupilYear, make_pupil
from hocba.sample.record_fields import RecordContext
from hocba.sample.secondary_record import secondary_content
from hocba.sample.secondary_results import SecondaryYear, secondary_year
from hocba.sample.source import chance, words
from hocba.sample.subjects import class_subjects
from hocba.sample.world import School, World


@dataclass(frozen=True, slots=True)
class SampleRecord:
    """One record before it is signed."""

    context: RecordContext
    content: Content

    @property
    def record_id(self) -> str:
        """madinhdanhhocba."""
        return self.context.identity.record_id


def records_of(world: World, plan: PupilPlan) -> Iterator[SampleRecord]:
    """The records of one pupil, oldest first."""
    pupil = make_pupil(world.seed, plan)
    schools = {school.number: school for school in world.all_schools()}
    earlier = _elsewhere(world, plan)
    repeats = 0
    for index, planned in enumerate(plan.steps):
        step = plan.steps[max(0, index - repeats)]
        school = schools[step.school]
        year = PupilYear(
            pupil=pupil,
            year=planned.year,
            level=step.level,
            grade=step.grade,
            class_index=plan.number % school.classes,
        )
        arrival = _arrival(year, school, earlier)
        promoted, record = _record(world, replace(year, earlier=(*earlier, *arrival)), school)
        yield record
        repeats += 0 if promoted else 1
        earlier = (*earlier, *(arrival or (_line(year, school),)))


def _record(world: World, year: PupilYear, school: School) -> tuple[bool, SampleRecord]:
    """One year's record, and whether it led to the next grade.

    Who failed and could be tested again in the summer is signed after it.
    """
    window = world.calendar.window(year.year)
    summer = world.calendar.summer_window(year.year)
    results = _results(world, year, school, summer=False)
    if not results.promoted and summer is not None:
        window, results = summer, _results(world, year, school, summer=True)
    context = RecordContext(
        year=year,
        school=school,
        days=signing_days(
            chance(world.seed, "class", school.number, year.class_name, year.year, window.first),
            chance(world.seed, "signing", year.pupil.number, year.year),
            window,
        ),
        extract=window.extract,
        identity=RecordIdentity(world.seed, year.pupil.code, year.year),
        source=chance(world.seed, "words", year.pupil.number, year.year),
    )
    if isinstance(results, PrimaryYear):
        content = primary_content(context, results)
    else:
        content = secondary_content(context, results)
    return results.promoted, SampleRecord(context, content)


def _results(
    world: World, year: PupilYear, school: School, *, summer: bool
) -> PrimaryYear | SecondaryYear:
    """The year's results; the same chance with and without the summer."""
    source = chance(world.seed, "results", year.pupil.number, year.year)
    subjects = class_subjects(year.level, year.grade, school.number, year.class_index)
    ability, assessed = year.pupil.ability, not year.pupil.not_assessed
    if year.level is Level.PRIMARY:
        return primary_year(
            source, ability, year.grade, subjects, assessed=assessed, after_summer=summer
        )
    rules = CONTINUING if year.level is Level.CONTINUING else SECONDARY
    return secondary_year(source, ability, subjects, rules, assessed=assessed, summer=summer)


def _line(year: PupilYear, school: School, arrived: date | None = None) -> EarlierYear:
    province: str = words()["province"]["name"]
    return EarlierYear(year.year, year.class_name, school.name, province, arrived)


def _arrival(
    year: PupilYear, school: School, earlier: tuple[EarlierYear, ...]
) -> tuple[EarlierYear, ...]:
    """This year's own line, for a pupil who came from another school of the level."""
    same_level = year.grade > year.level.grades.start
    if not (earlier and same_level and earlier[-1].school != school.name):
        return ()
    return (_line(year, school, date(year.year, 8, 20 + year.pupil.number % 10)),)


def _elsewhere(world: World, plan: PupilPlan) -> tuple[EarlierYear, ...]:
    """The year before the sample, of a pupil who came from another province."""
    first = plan.steps[0]
    if not plan.from_elsewhere or first.grade == first.level.grades.start:
        return ()
    source = chance(world.seed, "elsewhere", plan.number)
    province: str = source.choice(words()["province"]["other_provinces"])
    school: str = words()["schools"]["kinds"][first.level.value]
    return (EarlierYear(first.year - 1, f"{first.grade - 1}A", f"{school} Mẫu", province),)
