"""Which subjects a class has, and how a school divides them among its teachers.

Subjects of Chương trình GDPT 2018; codes and names are the definitions' code lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from random import Random
from typing import Final

from hocba.sample.levels import Level
from schemas.codes import CodeList, read_code_list

_PRIMARY: Final = {
    1: ("TVN", "TOC", "DDC", "TXH", "TDC", "NTT", "HTN"),
    2: ("TVN", "TOC", "DDC", "TXH", "TDC", "NTT", "HTN"),
    3: ("TVN", "TOC", "TAH", "DDC", "TXH", "TCN", "TDC", "ANC", "MTT", "HTN"),
    4: ("TVN", "TOC", "TAH", "DDC", "LDL", "KHC", "TCN", "TDC", "ANC", "MTT", "HTN"),
    5: ("TVN", "TOC", "TAH", "DDC", "LDL", "KHC", "TCN", "TDC", "ANC", "MTT", "HTN"),
}
_LOWER: Final = (
    "NVN", "TOC", "TAH", "GCD", "LDL", "KHT", "CNE", "THC", "TDC", "NTT", "HTN", "DPG",
)  # fmt: skip
_UPPER: Final = ("NVN", "TOC", "TAH", "LSU", "TDC", "QPA", "HTN", "DPG")
_UPPER_ELECTIVES: Final = (
    ("VLY", "HOA", "SHC", "THC"),
    ("VLY", "HOA", "CNE", "THC"),
    ("DLY", "KPL", "THC", "CNE"),
    ("DLY", "KPL", "SHC", "MTT"),
)
_CONTINUING: Final = ("NVN", "TOC", "LSU")
_CONTINUING_ELECTIVES: Final = (("VLY", "HOA", "DLY", "KPL"), ("DLY", "KPL", "THC", "SHC"))

# One inner tuple is one teacher: small schools join subjects.
_JOINED_POSTS: Final = {
    Level.LOWER: (
        ("NVN", "GCD"), ("TOC", "THC"), ("TAH",), ("LDL", "DPG"), ("KHT", "CNE"), ("TDC", "HTN"),
        ("NTT",),
    ),
    Level.UPPER: (
        ("NVN", "DPG"), ("TOC",), ("TAH",), ("LSU", "KPL"), ("TDC", "QPA"), ("HTN", "CNE"),
        ("VLY", "THC"), ("HOA", "SHC"), ("DLY",), ("MTT",),
    ),
    Level.CONTINUING: (
        ("NVN",), ("TOC", "THC"), ("LSU", "DLY", "KPL"), ("VLY",), ("HOA", "SHC"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject as rows name it; `scored` has marks, else Đạt and Chưa đạt (primary: level)."""

    code: str
    name: str
    scored: bool


def class_subjects(level: Level, grade: int, school: int, class_index: int) -> tuple[Subject, ...]:
    """The subjects of one class; electives are the class's choice."""
    choice = school + class_index
    match level:
        case Level.PRIMARY:
            codes: Sequence[str] = _PRIMARY[grade]
        case Level.LOWER:
            codes = _LOWER
        case Level.UPPER:
            codes = (*_UPPER, *_UPPER_ELECTIVES[choice % len(_UPPER_ELECTIVES)])
        case Level.CONTINUING:
            codes = (*_CONTINUING, *_CONTINUING_ELECTIVES[choice % len(_CONTINUING_ELECTIVES)])
        case Level.MIX:
            raise ValueError("a class has one level")
    return tuple(_subject(level, code) for code in codes)


def teaching_posts(source: Random, level: Level) -> tuple[tuple[str, ...], ...]:
    """The posts of a school, each with its subjects; none at primary school, where nobody signs.

    Half of the schools have a teacher for every subject, the others join subjects.
    """
    if level is Level.PRIMARY:
        return ()
    joined = _JOINED_POSTS[level]
    if source.random() < 0.5:
        return joined
    return tuple((code,) for post in joined for code in post)


def subject_named(level: Level, code: str) -> Subject:
    """The subject that *code* stands for at *level*, whether a class has it or not."""
    return _subject(level, code)


def _subject(level: Level, code: str) -> Subject:
    entry = _code_list(level.definition).entries[code]
    name = entry.get("short_name") or entry["name"]
    return Subject(code, name, entry["assessment"] == "mark")


@cache
def _code_list(definition: str) -> CodeList:
    folder = resources.files("schemas") / "definitions" / definition / "codes"
    return read_code_list(Path(str(folder / "subjects.csv")))
