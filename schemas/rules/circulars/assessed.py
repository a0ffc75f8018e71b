"""What the rules of the circulars see of a record: results by the names that the rules know.

A rule never touches the tree. Where a value stands is looked up only for a finding.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from lxml import etree

from schemas.rules.circulars.curriculum import Curriculum, Subject
from schemas.rules.field import Field
from schemas.rules.marks import MARKS, Mark, NoMark
from schemas.rules.scope import Scope, Value

SINGLE: Final = (
    "circular", "school_year", "level", "grade", "not_assessed", "promoted", "award", "completed",
    "study_first", "study_second", "study_year", "study_again", "conduct_first", "conduct_second",
    "conduct_year", "conduct_again", "summer", "absences", "result", "grade_completed",
    "level_completed",
)  # fmt: skip
"""Fields of the record that a definition can name for the rules."""
PER_SUBJECT: Final = ("code", "first", "second", "year", "again", "achievement", "test")
"""Fields of one subject's row."""

_UNREADABLE: Final = NoMark.UNREADABLE
_NO_CODES: Final = frozenset[str]()


class Place(NamedTuple):
    """Where a finding stands: a field of the record, or of subject row *row*; "" is the record."""

    field: str
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """Which fields of a definition are the ones that rules know.

    `record` selects the element that they are in, `rows` those of the subjects; `traits` are the
    competences and qualities, `later_traits` those that begin in a later grade.
    """

    record: etree.XPath
    rows: etree.XPath
    fields: Mapping[str, Field]
    row_tags: Mapping[str, str]
    traits: tuple[Field, ...]
    later_traits: tuple[Field, ...]
    tags: tuple[str, ...] = field(init=False)
    columns: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tags", tuple(self.row_tags.values()))
        columns = tuple(self.row_tags.get(each, "") for each in PER_SUBJECT[:5])
        object.__setattr__(self, "columns", columns)


class SubjectRow:
    """One subject's row; `subject` is None where the curriculum of the grade lacks the code."""

    __slots__ = ("_tags", "_texts", "again", "code", "first", "number", "second", "subject", "year")

    def __init__(
        self, number: int, texts: Mapping[str, str], names: Names, subjects: Mapping[str, Subject]
    ) -> None:
        read = texts.get
        code, first, second, year, again = names.columns
        self.number = number
        self._texts = texts
        self._tags = names.row_tags
        self.code = read(code, "")
        self.subject = subjects.get(self.code)
        self.first: Mark = MARKS.get(read(first, ""), _UNREADABLE)
        self.second: Mark = MARKS.get(read(second, ""), _UNREADABLE)
        self.year: Mark = MARKS.get(read(year, ""), _UNREADABLE)
        self.again: Mark = MARKS.get(read(again, ""), _UNREADABLE)

    def text(self, field: str) -> str:
        """The text of *field*; empty where it is absent."""
        return self._texts.get(self._tags.get(field, ""), "")

    def at(self, field: str) -> Place:
        """Where *field* of this row stands."""
        return Place(field, self.number)

    @property
    def name(self) -> str:
        """What people call the subject."""
        return self.code if self.subject is None else self.subject.name


class Assessed:
    """One record; `curriculum` is that of its grade, None where no list is known.

    `any_exempt` and `any_unreadable` tell of the subjects' results, `tested_again` has the rows
    with a re-test; `memo` keeps what several rules work out.
    """

    __slots__ = (
        "_scope", "_single", "any_exempt", "any_unreadable", "curriculum", "grade", "memo",
        "names", "rows", "tested_again",
    )  # fmt: skip

    def __init__(self, scope: Scope, names: Names, curriculum: Curriculum | None) -> None:
        self._scope = scope
        self.names = names
        self.curriculum = curriculum
        read = scope.text
        self._single = {name: read(each) for name, each in names.fields.items()}
        self.grade = self._single.get("grade", "")
        subjects = {} if curriculum is None else curriculum.subjects
        columns = scope.view.columns(names.rows, names.tags)
        self.rows = tuple(
            [SubjectRow(number, row, names, subjects) for number, row in enumerate(columns)]
        )
        kinds: set[Mark] = set()
        for row in self.rows:
            kinds.update((row.first, row.second, row.year))
        self.any_exempt = NoMark.EXEMPT in kinds or (
            "achievement" in names.row_tags
            and "M" in [row.text("achievement") for row in self.rows]
        )
        self.any_unreadable = _UNREADABLE in kinds
        self.tested_again = tuple([row for row in self.rows if row.again is not NoMark.ABSENT])
        self.memo: dict[str, object] = {}

    def text(self, field: str) -> str:
        """The text of a field of the record; empty where it is absent or nobody names it."""
        return self._single.get(field, "")

    def trait(self, field: Field) -> str:
        """The text of one of the traits."""
        return self._scope.text(field)

    @property
    def grade_number(self) -> str:
        """The grade as people say it."""
        return self.grade.lstrip("0")

    @property
    def unknown_codes(self) -> bool:
        """Whether a subject's code is in no list, so that nobody knows what is missing."""
        known = self.curriculum.known if self.curriculum else _NO_CODES
        return not known.issuperset([row.code for row in self.rows])

    def locate(self, place: Place) -> Value:
        """The value at *place*, or where it would stand."""
        if place.row is not None:
            row = self._scope.rows(self.names.rows)[place.row]
            return self._scope.value_in(row, self.names.row_tags[place.field])
        if place.field:
            return self._scope.value(self.names.fields[place.field])
        return self._scope.whole(self.names.record)
