"""A record as people read it: headings, labels and meanings, as its definition lays them out."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

from lxml import etree

from hocba.wording import in_words
from schemas.definition import Definition, ReadingSection
from schemas.document import local_name, parse, text_of
from schemas.findings import Language
from schemas.registry import DefinitionRegistry
from schemas.xpath import select


@dataclass(frozen=True, slots=True)
class Entry:
    """One field: what people call it and what it says, in their words."""

    label: str
    value: str

    @property
    def is_long(self) -> bool:
        """Whether it reads as a paragraph rather than as a value."""
        return len(self.value) > 60 or "\n" in self.value


@dataclass(frozen=True, slots=True)
class ListSection:
    """Fields of one element; never empty."""

    heading: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class TableSection:
    """Fields of several elements of one kind, a row for each; empty columns are left out."""

    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Section: TypeAlias = ListSection | TableSection


@dataclass(frozen=True, slots=True)
class Reading:
    """A record in words; `technical` is what only administrations ask for."""

    sections: tuple[Section, ...]
    technical: tuple[Entry, ...]


def read_document(data: bytes, definitions: DefinitionRegistry, language: Language) -> Reading:
    """A stored document in words; empty where no definition says how to read it.

    Reads the one content element only, which is what was signed and believed. *data* must be
    proved to be what was accepted.
    """
    document = parse(data)
    definition = definitions.find(document)
    contents = definition.contents(document) if definition else ()
    if definition is None or len(contents) != 1:
        return Reading((), ())
    reader = _Reader(definition, language, contents[0])
    ordered = sorted(definition.reading, key=_place)
    sections = tuple(each for part in ordered if (each := reader.section(part)))
    return Reading(sections, tuple(reader.technical()))


def _place(section: ReadingSection) -> int:
    """Where a section comes: sorting keeps the order of those that have no place."""
    places = [_LEAD.index(each) for each in section.fields if each in _LEAD]
    return min(places, default=len(_LEAD))


@dataclass(frozen=True, slots=True)
class _Reader:
    definition: Definition
    language: Language
    content: etree._Element

    def section(self, part: ReadingSection) -> Section | None:
        """One section, None where there is nothing to read in it."""
        shown = [each for each in part.fields if each not in _TECHNICAL | _LEFT_OUT]
        fields = sorted(shown, key=lambda each: each in _LAST)  # sorting keeps the order else
        rows = select(part.rows, self.content)
        heading = part.heading[self.language]
        if not rows or not fields:
            return None
        if len(rows) == 1 and not self._repeats(rows[0]):
            entries = tuple(self.entries(rows[0], fields))
            return ListSection(heading, entries) if entries else None
        return self.table(heading, rows, fields)

    def technical(self) -> Iterator[Entry]:
        """What administrations ask for, of the whole record."""
        for part in self.definition.reading:
            rows = select(part.rows, self.content)
            if len(rows) == 1:
                yield from self.entries(rows[0], [e for e in part.fields if e in _TECHNICAL])

    def entries(self, row: etree._Element, fields: Sequence[str]) -> Iterator[Entry]:
        """The fields of one element that say something."""
        for field in fields:
            raw = self.raw(row, field)
            if raw and raw != _UNLESS.get(field):
                yield Entry(
                    self.label(row, field), in_words(self.definition, field, raw, self.language)
                )

    def table(
        self, heading: str, rows: Sequence[etree._Element], fields: Sequence[str]
    ) -> TableSection:
        """The fields of several elements, without columns in which nothing stands."""
        cells = [[self.value(row, field) for field in fields] for row in rows]
        used = [n for n in range(len(fields)) if any(row[n] for row in cells)]
        return TableSection(
            heading,
            tuple(self.label(rows[0], fields[n]) for n in used),
            tuple(tuple(row[n] for n in used) for row in cells),
        )

    def label(self, row: etree._Element, field: str) -> str:
        """What people call a field."""
        return label(self.definition, f"{local_name(row)}/{field}", self.language)

    def value(self, row: etree._Element, field: str) -> str:
        """What a field says, in words."""
        return in_words(self.definition, field, self.raw(row, field), self.language)

    def raw(self, row: etree._Element, field: str) -> str:
        """What stands in a field; empty where it stands nowhere, or twice."""
        found = [each for each in row.iterchildren(etree.Element) if local_name(each) == field]
        return text_of(found[0]).strip() if len(found) == 1 else ""

    def _repeats(self, row: etree._Element) -> bool:
        """Whether *row* is of a kind that may stand several times: it lies below the fields."""
        return row is not self.content and row.getparent() is not self.content


def label(definition: Definition, field: str, language: Language) -> str:
    """What people call a field (`name` or `PARENT/name`), in words fit for parents."""
    own = _LABELS.get(field.rpartition("/")[2])
    return own[language] if own is not None else definition.label(field, language)


def result_in_words(
    definition: Definition | None, result: str, language: Language
) -> tuple[Entry, ...]:
    """The result of a year as the index keeps it: each part with its label, or as it is."""
    parts = result.split("/")
    if definition is None or len(parts) != len(_RESULT):
        return ()
    named = tuple(zip(_RESULT, parts, strict=True))
    if not all(part in definition.lists.get(field, ()) for field, part in named):
        return ()
    return tuple(
        Entry(label(definition, field, language), in_words(definition, field, part, language))
        for field, part in named
    )


@cache
def _presentation() -> Mapping[str, Any]:
    path = resources.files("hocba.web").joinpath("presentation.toml")
    return tomllib.loads(path.read_text("utf-8"))


_LEAD: Sequence[str] = _presentation()["lead"]
_RESULT: Sequence[str] = _presentation()["result"]
_TECHNICAL: frozenset[str] = frozenset(_presentation()["technical"])
_LAST: frozenset[str] = frozenset(_presentation()["last"])
_LEFT_OUT: frozenset[str] = frozenset(_presentation()["left_out"])
_UNLESS: Mapping[str, str] = _presentation()["unless"]
_LABELS: Mapping[str, Mapping[str, str]] = _presentation()["labels"]
