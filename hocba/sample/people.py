"""Invented people: names by ethnic group, personal ids of the right structure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from random import Random
from typing import Any

from hocba.sample.source import words

_SPREAD = 617_363  # coprime to 1,000,000: neighbours get numbers far apart, none twice


class Sex(StrEnum):
    """gioitinh."""

    MALE = "1"
    FEMALE = "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody invented."""

    name: str
    sex: Sex
    born: date
    ethnic: str
    personal_id: str


def make_person(
    source: Random, number: int, born: date, *, sex: Sex | None = None, ethnic: str | None = None
) -> Person:
    """A person; *number* is nobody else's of the same birth year."""
    sex = sex or source.choice(list(Sex))
    group = _group(source, ethnic)
    return Person(
        name=person_name(source, sex, group),
        sex=sex,
        born=born,
        ethnic=str(group["ethnic"]),
        personal_id=_personal_id(source, number, born, sex),
    )


def relative_name(source: Random, sex: Sex, ethnic: str, surname: str | None = None) -> str:
    """The name of a parent of that ethnic group."""
    name = person_name(source, sex, _group(source, ethnic))
    return name if surname is None else f"{surname} {name.partition(' ')[2]}"


def person_name(source: Random, sex: Sex, group: dict[str, Any]) -> str:
    """Họ, đệm, tên."""
    key = "male" if sex is Sex.MALE else "female"
    surname, middle = source.choice(group["surnames"]), source.choice(group[f"{key}_middle"])
    given = source.choice([each for each in group[key] if each != middle])
    return f"{surname} {middle} {given}"


def birthday(source: Random, year: int) -> date:
    """A day of *year*; 29 to 31 are left out."""
    return date(year, source.randint(1, 12), source.randint(1, 28))


def _group(source: Random, ethnic: str | None) -> dict[str, Any]:
    groups: list[dict[str, Any]] = words()["people"]
    if ethnic is not None:
        return next(group for group in groups if group["ethnic"] == ethnic)
    return source.choices(groups, [group["weight"] for group in groups])[0]


def _personal_id(source: Random, number: int, born: date, sex: Sex) -> str:
    """Province of birth, century and sex, year of birth, six digits (TT 59/2021/TT-BCA)."""
    province = source.choice(words()["province"]["old_codes"])
    century = (born.year // 100 - 19) * 2 + (1 if sex is Sex.FEMALE else 0)
    serial = (number * _SPREAD + 104_729) % 1_000_000
    return f"{province}{century}{born.year % 100:02d}{serial:06d}"
