"""Whether a person's data agree with the register: names as Vietnamese writes them, partial dates.

A name is compared in NFC with single spaces. What then differs in marks or letter case alone is a
mismatch of a kind of its own: `Hoà` and `Hòa` are one name written in two ways, `Hoa` and `Hoà` may
be two people. Where one side is written in capitals only, its case says nothing.
"""

import re
import unicodedata
from datetime import date
from functools import lru_cache

from hocba.identity.model import (
    Answer,
    NoAnswer,
    NotRegistered,
    Person,
    Problem,
    Registered,
    Verdict,
)
from schemas.findings import Finding, finding
from schemas.rules.scope import quote

_PERSONAL_ID = re.compile(r"[0-9]{12}\Z")
_TEMPORARY = re.compile(r"TAM-[0-9A-Za-z._-]{1,32}\Z", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?\Z")
_WITHOUT_MARK = str.maketrans("đĐ", "dD")


def verdict_without_register(person: Person) -> Verdict | None:
    """What can be said of *person* without asking anybody; None where the register decides."""
    if _PERSONAL_ID.match(person.id):
        return None
    if _TEMPORARY.match(person.id):
        return Verdict(Problem.TEMPORARY, (finding("HB-I194", found=quote(person.id)),))
    return Verdict(Problem.MALFORMED, (finding("HB-I195", found=quote(person.id)),))


def verdict(person: Person, answer: Answer) -> Verdict | None:
    """What *answer* says of *person*; None where it says nothing, which is never agreement."""
    match answer:
        case NoAnswer():
            return None
        case NotRegistered():
            return Verdict(Problem.UNKNOWN, (finding("HB-I190", found=person.id),))
        case Registered():
            return _compared(person, answer)


def _compared(person: Person, known: Registered) -> Verdict:
    problems: list[tuple[Problem, Finding]] = []
    differs = name_problem(person.name, known.name)
    if differs is not None:
        code = "HB-I191" if differs is Problem.NAME else "HB-I192"
        said, other = quote(person.name), quote(known.name)
        problems.append((differs, finding(code, id=person.id, found=said, other=other)))
    if person.birth and known.birth and not same_birth(person.birth, known.birth):
        said, other = quote(person.birth), quote(known.birth)
        told = finding("HB-I193", id=person.id, found=said, other=other)
        problems.append((Problem.BIRTH, told))
    if not problems:
        return Verdict(None)
    order = list(Problem)
    gravest = min((problem for problem, _ in problems), key=order.index)
    return Verdict(gravest, tuple(each for _, each in problems))


def name_problem(said: str, known: str) -> Problem | None:
    """How two names differ; None where they are the same. An empty name equals nothing."""
    mine, theirs = tidy_name(said), tidy_name(known)
    if not mine or not theirs:
        return Problem.NAME
    if mine == theirs:
        return None
    if mine.isupper() or theirs.isupper():
        mine, theirs = mine.casefold(), theirs.casefold()
        if mine == theirs:
            return None
    return Problem.ALMOST if _bare(mine) == _bare(theirs) else Problem.NAME


@lru_cache(maxsize=4096)
def _bare_letter(letter: str) -> str:
    return "".join(
        each for each in unicodedata.normalize("NFD", letter) if not unicodedata.combining(each)
    )


def _bare(name: str) -> str:
    """*name* without marks and case."""
    plain = name.translate(_WITHOUT_MARK).casefold()
    return "".join(_bare_letter(each) for each in plain)


def tidy_name(name: str) -> str:
    """*name* in NFC with single spaces: what is the same in every program."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def same_birth(said: str, known: str) -> bool:
    """Whether two dates agree as far as both of them go; what is no date agrees with nothing."""
    if not is_birth(said) or not is_birth(known):
        return False
    shorter = min(len(said), len(known))
    return said[:shorter] == known[:shorter]


def is_birth(text: str) -> bool:
    """Whether *text* is an existing day, month or year in ISO 8601."""
    parts = _DATE.match(text)
    if parts is None:
        return False
    year, month, day = parts.groups()
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return False
    return True
