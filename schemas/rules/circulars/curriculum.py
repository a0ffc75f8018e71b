"""Which subjects a grade has: the lists of Chương trình GDPT 2018, from CSV files of the packs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from schemas.codes import read_code_list
from schemas.errors import DefinitionError

_STANDINGS = ("compulsory", "elective", "optional")
_ASSESSMENTS = ("mark", "comment")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One subject in one grade: `mark` or `comment`, and compulsory, elective or optional."""

    code: str
    name: str
    name_en: str
    scored: bool
    standing: str
    part_of: str


@dataclass(frozen=True, slots=True)
class Curriculum:
    """The subjects of one grade.

    `known` has the codes of all grades; a compulsory subject may stand as all of its parts.
    """

    subjects: Mapping[str, Subject]
    known: frozenset[str]
    parts: Mapping[str, tuple[str, ...]]
    names: Mapping[str, str]

    def missing(self, present: Sequence[str]) -> tuple[Subject, ...]:
        """The compulsory subjects that *present* lacks."""
        have = set(present)
        return tuple(
            each
            for each in self.subjects.values()
            if each.standing == "compulsory"
            and each.code not in have
            and not (each.code in self.parts and have.issuperset(self.parts[each.code]))
        )


def read_curricula(path: Path) -> Mapping[str, Curriculum]:
    """The curriculum of each grade that the file names; raises `DefinitionError`."""
    listed = read_code_list(path)
    grades: dict[str, dict[str, Subject]] = {}
    parts: dict[str, tuple[str, ...]] = {}
    for code, entry in listed.entries.items():
        if entry.get("assessment") not in _ASSESSMENTS:
            raise DefinitionError(f"{path.name}: {code}: assessment is none of {_ASSESSMENTS}")
        whole = entry.get("part_of", "")
        if whole:
            if whole not in listed:
                raise DefinitionError(f"{path.name}: {code} is part of unknown {whole}")
            parts[whole] = (*parts.get(whole, ()), code)
        for standing in _STANDINGS:
            for grade in entry.get(standing, "").split():
                grades.setdefault(grade, {})[code] = Subject(
                    code=code,
                    name=entry["name"],
                    name_en=entry.get("name_en") or entry["name"],
                    scored=entry["assessment"] == "mark",
                    standing=standing,
                    part_of=whole,
                )
    names = {code: entry["name"] for code, entry in listed.entries.items()}
    return {
        grade: Curriculum(subjects, frozenset(listed.entries), parts, names)
        for grade, subjects in grades.items()
    }
