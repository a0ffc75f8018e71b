"""The schools of a sample province and the people who sign there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from hocba.sample.calendar import SampleCalendar
from hocba.sample.levels import SINGLE_LEVELS, Level
from hocba.sample.people import Person, birthday, make_person
from hocba.sample.source import chance, words
from hocba.sample.subjects import teaching_posts
from signing.creation.styles import VENDOR_STYLES, XADES
from signing.mandate import Engagement, RosterEntry

_CLASS_SIZE: Final = 35
_SCHOOL_SIZE: Final = 400  # records of all years at one school
_SECOND_SCHOOL_FROM: Final = 60

_ENGAGEMENTS: Final = (Engagement.PERMANENT, Engagement.CONTRACT, Engagement.VISITING)

# A school has one tool, and so one style; the order makes any few schools differ.
_STYLE_NAMES: Final = {
    "xades": (XADES.name,),
    "vendor": tuple(style.name for style in VENDOR_STYLES),
    "mix": tuple(name for style in VENDOR_STYLES for name in (style.name, XADES.name)),
}


@dataclass(frozen=True, slots=True)
class Tenure:
    """One person in an office from *start* to *end*, both inclusive; None is still."""

    person: Person
    start: date
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """One school with its staff. `teachers` by subject code, `homerooms` by grade and class."""

    number: int
    level: Level
    code: str
    name: str
    commune: str
    commune_code: str
    tax_code: str
    style: str
    classes: int
    heads: tuple[Tenure, ...]
    homerooms: Mapping[tuple[int, int], Tenure]
    teachers: Mapping[str, tuple[Tenure, ...]]
    former: tuple[Tenure, ...]

    def head(self, day: date) -> Person:
        """The principal (at GDTX: director) in office on *day*."""
        for tenure in self.heads:
            if tenure.start <= day and (tenure.end is None or day <= tenure.end):
                return tenure.person
        raise LookupError(f"school {self.code} has no principal on {day}")

    def homeroom(self, grade: int, class_index: int) -> Person:
        """The homeroom teacher of a class."""
        return self.homerooms[grade, class_index % self.classes].person

    def teacher(self, subject: str, class_index: int) -> Person:
        """The teacher of a subject in a class."""
        teachers = self.teachers[subject]
        return teachers[class_index % len(teachers)].person

    def people(self) -> Iterator[Person]:
        """Everybody who has a key, each once."""
        tenures = [
            *self.heads,
            *self.homerooms.values(),
            *(each for teachers in self.teachers.values() for each in teachers),
            *self.former,
        ]
        yield from {tenure.person.personal_id: tenure.person for tenure in tenures}.values()

    def roster(self) -> Iterator[RosterEntry]:
        """The mandates of this school, the seal's last."""
        by_role = {
            "CBQL": self.heads,
            "GVCN": (*self.homerooms.values(), *self.former),
            "GVBM": tuple(t for teachers in self.teachers.values() for t in teachers),
        }
        for role, tenures in by_role.items():
            for number, tenure in enumerate(dict.fromkeys(tenures)):
                engagement = self._engagement(role, number)
                yield RosterEntry(
                    school=self.code,
                    role=role,
                    personal_id=tenure.person.personal_id,
                    organization_id=None,
                    name=tenure.person.name,
                    valid_from=tenure.start,
                    valid_to=tenure.end,
                    engagement=engagement,
                    governing_body=words()["province"]["college"]
                    if engagement is Engagement.VISITING
                    else "",
                )
        yield RosterEntry(
            school=self.code,
            role="KY_PHAT_HANH",
            personal_id=None,
            organization_id=self.tax_code,
            name=self.name,
            valid_from=date(2020, 1, 1),
            valid_to=None,
        )

    def _engagement(self, role: str, number: int) -> Engagement | None:
        """At a GDTX centre many teach by contract, or come from a college to teach."""
        if self.level is not Level.CONTINUING or role != "GVBM":
            return None
        return _ENGAGEMENTS[number % len(_ENGAGEMENTS)]


@dataclass(frozen=True, slots=True)
class World:
    """All schools of the sample by level, and which people have an RSA key."""

    seed: int
    calendar: SampleCalendar
    schools: Mapping[Level, tuple[School, ...]]
    rsa_holders: frozenset[str]

    def all_schools(self) -> Iterator[School]:
        """The schools, level by level."""
        for level in SINGLE_LEVELS:
            yield from self.schools.get(level, ())


def make_world(
    seed: int, calendar: SampleCalendar, expected: Mapping[Level, int], style: str
) -> World:
    """The province for about *expected* records at each level; levels with none have no school."""
    schools: dict[Level, tuple[School, ...]] = {}
    number = 0
    for level in SINGLE_LEVELS:
        records = expected.get(level, 0)
        if not records:
            continue
        count = _school_count(records)
        classes = _parallel_classes(level, records // count)
        made = []
        for _ in range(count):
            names = _STYLE_NAMES[style]
            made.append(
                _make_school(seed, calendar, level, number, names[number % len(names)], classes)
            )
            number += 1
        schools[level] = tuple(made)
    return World(seed, calendar, schools, frozenset(_rsa_holders(schools)))


def _school_count(records: int) -> int:
    if records < _SECOND_SCHOOL_FROM:
        return 1
    return max(2, -(-records // _SCHOOL_SIZE))


def _parallel_classes(level: Level, records: int) -> int:
    return max(1, min(9, records // (len(level.grades) * _CLASS_SIZE)))


def _rsa_holders(schools: Mapping[Level, tuple[School, ...]]) -> Iterator[str]:
    """Principals and seals all, teachers every other one."""
    for school in (each for level in schools.values() for each in level):
        yield school.tax_code
        heads = {tenure.person.personal_id for tenure in school.heads}
        yield from heads
        teachers = [p.personal_id for p in school.people() if p.personal_id not in heads]
        yield from teachers[::2]


def _make_school(
    seed: int, calendar: SampleCalendar, level: Level, number: int, style: str, classes: int
) -> School:
    source = chance(seed, "school", number)
    staff = _Staff(source, number, calendar)
    lists = words()
    commune = lists["commune"][number % len(lists["commune"])]
    teachers = {
        code: staff.teachers(post, classes)
        for post in teaching_posts(source, level)
        for code in post
    }
    return School(
        number=number,
        level=level,
        code=f"{lists['province']['code']}{commune['code']}{number + 1:04d}",
        name=_school_name(level, number, commune["name"]),
        commune=commune["name"],
        commune_code=commune["code"],
        tax_code=f"99{seed % 1000:03d}{number + 1:05d}",
        style=style,
        classes=classes,
        heads=staff.heads(changed=number % 3 == 1),
        homerooms=staff.homerooms(level, classes, teachers),
        teachers=teachers,
        former=(staff.former(), staff.left_in_march()),
    )


def _school_name(level: Level, number: int, commune: str) -> str:
    schools = words()["schools"]
    names = schools["names"]
    name = f"{schools['kinds'][level.value]} {names[number % len(names)]}"
    if number < len(names):
        return name
    return f"{name} số {number // len(names) + 1} ({commune})"


class _Staff:
    """Makes the people of one school; numbers are this school's own."""

    def __init__(self, source: Random, school: int, calendar: SampleCalendar) -> None:
        self._source = source
        self._number = school * 200
        self._calendar = calendar
        self._by_post: dict[tuple[str, ...], tuple[Tenure, ...]] = {}

    def heads(self, *, changed: bool) -> tuple[Tenure, ...]:
        """The principal; with *changed*, one before and one after the change of staff."""
        start = date(self._source.randint(2015, 2021), 8, 15)
        if not changed:
            return (Tenure(self._person(1968, 1980), start),)
        day = self._calendar.staff_change
        before = Tenure(self._person(1963, 1968), start, day)
        return (before, Tenure(self._person(1972, 1984), day + timedelta(days=1)))

    def teachers(self, post: tuple[str, ...], classes: int) -> tuple[Tenure, ...]:
        """Those who hold a teaching post: one for every four parallel classes."""
        if post not in self._by_post:
            count = -(-classes // 4)
            self._by_post[post] = tuple(self._teacher() for _ in range(count))
        return self._by_post[post]

    def homerooms(
        self, level: Level, classes: int, teachers: Mapping[str, tuple[Tenure, ...]]
    ) -> Mapping[tuple[int, int], Tenure]:
        """A homeroom teacher for each class; above primary school one of the subject teachers."""
        places = [(grade, index) for grade in level.grades for index in range(classes)]
        if level is Level.PRIMARY:
            return {place: self._teacher() for place in places}
        staff = list(dict.fromkeys(each for held in teachers.values() for each in held))
        self._source.shuffle(staff)
        return {place: staff[i % len(staff)] for i, place in enumerate(places)}

    def former(self) -> Tenure:
        """A homeroom teacher who left before any record of the sample was signed."""
        return Tenure(self._person(1960, 1964), date(2012, 8, 15), date(2022, 8, 31))

    def left_in_march(self) -> Tenure:
        """A homeroom teacher who left two months before the last year's records were signed."""
        signed = self._calendar.window(self._calendar.last).first
        person = self._person(1975, 1990)
        return Tenure(person, date(2019, 8, 15), signed.replace(month=3, day=31))

    def _teacher(self) -> Tenure:
        return Tenure(self._person(1975, 1997), date(self._source.randint(2019, 2021), 8, 15))

    def _person(self, first: int, last: int) -> Person:
        self._number += 1
        born = birthday(self._source, self._source.randint(first, last))
        return make_person(self._source, self._number, born)
