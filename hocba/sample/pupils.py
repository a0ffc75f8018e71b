"""One pupil's years: who it is, how it did each year, and where that led."""

from dataclasses import dataclass, field
from datetime import date
from random import Random

from hocba.sample.levels import Level
from hocba.sample.people import Person, Sex, birthday, make_person, relative_name
from hocba.sample.plan import PupilPlan
from hocba.sample.source import chance, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Pupil:
    """What stays the same over a pupil's years. `ability` is from 0 to 1."""

    number: int
    person: Person
    code: str
    father: str
    mother: str
    father_work: str
    mother_work: str
    policy: str | None
    hamlet: str
    not_assessed: bool
    ability: float


@dataclass(frozen=True, slots=True)
class EarlierYear:
    """A line of QUA_TRINH_HOC_TAP."""

    year: int
    class_name: str
    school: str
    province: str
    arrived: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PupilYear:
    """One year as it came: the grade after all repeats, and what the record needs besides."""

    pupil: Pupil
    year: int
    level: Level
    grade: int
    class_index: int
    earlier: tuple[EarlierYear, ...] = field(default=())

    @property
    def class_name(self) -> str:
        """tenlop."""
        return f"{self.grade}{'ABCDEGHIK'[self.class_index]}"


def make_pupil(seed: int, plan: PupilPlan) -> Pupil:
    """The pupil of *plan*."""
    source = chance(seed, "pupil", plan.number)
    first = plan.steps[0]
    born = birthday(source, first.year - first.grade - 5)
    person = make_person(source, plan.number, born)
    lists = words()["lists"]
    surname = person.name.partition(" ")[0]
    return Pupil(
        number=plan.number,
        person=person,
        code=f"{words()['province']['code']}{plan.number + 1:08d}",
        father=relative_name(source, Sex.MALE, person.ethnic, surname),
        mother=relative_name(source, Sex.FEMALE, person.ethnic),
        father_work=source.choice(lists["occupations"]),
        mother_work=source.choice(lists["occupations"]),
        policy=source.choice(lists["policies"]) if source.random() < 0.15 else None,
        hamlet=f"Thôn {source.randint(1, 9)}",
        not_assessed=source.random() < 0.015,
        ability=_ability(source),
    )


def _ability(source: Random) -> float:
    """Most pupils manage well, few badly: mean 0.68."""
    return source.betavariate(4.2, 2.0)
