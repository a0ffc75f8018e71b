"""A definition: everything this system knows about one kind of document, as data.

Loaded from a folder by `schemas.loading`; nothing in here knows a field by name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from lxml import etree

from schemas.codes import CodeList
from schemas.document import ParsedDocument
from schemas.findings import Language
from schemas.record_view import RecordView
from schemas.rules.field import Field, Fields
from schemas.rules.scope import Rule
from schemas.texts import Texts, Translated
from schemas.xpath import select_text
from schemas.xsd import Grammar

INDEX_FIELDS = (
    "madinhdanhhocba",
    "mahocsinh",
    "sodinhdanh",
    "namhoc",
    "matruong",
    "tentruong",
    "masogd",
    "macaphoc",
    "makhoi",
    "tenlop",
    "hovaten",
    "phienban",
    "event",
    "status",
    "ketqua",
)
"""What every definition says where to find."""

OPTIONAL_INDEX_FIELDS = ("trichluc", "maxa", "duoclenlop", "hoanthanhcap", "ngaykyphathanh")
"""What a definition may say besides: what it does not, is not known of its records."""

EARLIER_YEAR_FIELDS = ("namhoc", "tenlop", "tentruong", "tentinh", "ngaychuyenden")
"""What `[earlier_years]` names in each row of a record's study history."""

_SCHOOL_YEAR = re.compile(r"([0-9]{4})-[0-9]{4}")
_FIRST_MONTH_OF_SCHOOL_YEAR = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Which documents a definition is for.

    `root` is the root element in Clark notation, `when` an XPath that is true for them (and as it
    was written), `told_by` the value that people tell them by; context is the root element.
    """

    root: str
    when: etree.XPath
    when_text: str
    told_by: etree.XPath

    def __call__(self, document: ParsedDocument) -> bool:
        """Whether *document* is of this kind, at whatever time."""
        return document.root.tag == self.root and self.when(document.root) is True


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """When a definition is in force; both days are included, None is open.

    `day_of` selects, with the root element as context, the school year (which counts as its 1
    September) or the day that decides.
    """

    day_of: etree.XPath
    effective_from: date
    effective_until: date | None

    def __contains__(self, day: object) -> bool:
        """Whether the definition is in force on *day*."""
        return (
            isinstance(day, date)
            and self.effective_from <= day
            and (self.effective_until is None or day <= self.effective_until)
        )

    def day(self, document: ParsedDocument) -> date | None:
        """The day that decides for *document*, None where it says none that can be read."""
        text = select_text(self.day_of, document.root) or ""
        school_year = _SCHOOL_YEAR.fullmatch(text)
        try:
            if school_year:
                year = max(int(school_year[1]), date.min.year)
                return date(year, _FIRST_MONTH_OF_SCHOOL_YEAR, 1)
            return date.fromisoformat(text)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingSection:
    """One part of a document as people read it.

    `rows` selects, relative to the content, the elements whose children `fields` are shown: one
    element for a list of fields, several for a table. Of several, `key` names the child that tells
    one from another, in whatever version and order, and `called` the one that people know it by.
    `of_version` is a section that says of the version what it is, and so differs in every one.
    """

    heading: Translated
    rows: etree.XPath
    fields: tuple[str, ...]
    key: str | None = None
    called: str | None = None
    of_version: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierYears:
    """Where a record tells of the years before: `rows` relative to the content, and in each row
    the children by the name of `EARLIER_YEAR_FIELDS`, in Clark notation.
    """

    rows: etree.XPath
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPeople:
    """Where a record names people whom a register of identities knows.

    `rows` relative to the content; in each row the children, in Clark notation, that are the
    personal id, the name, and the day, month or year of birth, the most exact first. `role` is
    `pupil`, or the role in which a teacher signs.
    """

    role: str
    rows: etree.XPath
    id: str
    name: str
    birth: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One definition.

    `content` selects, absolutely, the one element that is believed once its signatures are
    validated; `index` and `reading` are relative to it. `lists` are code lists by the field whose
    codes they explain. `policy_path` is the signature policy, which `signing` reads.
    `earlier_years` is None where records tell nothing of the years before; `people` are those
    whose identity can be checked.
    """

    name: str
    version: str
    title: Translated
    folder: Path
    match: Match
    period: Period
    content: etree.XPath
    index: Mapping[str, Field]
    policy_path: Path
    reading: tuple[ReadingSection, ...]
    texts: Texts
    lists: Mapping[str, CodeList]
    grammar: Grammar
    fields: Fields
    rules: tuple[Rule, ...]
    earlier_years: EarlierYears | None = None
    people: tuple[NamedPeople, ...] = ()

    @property
    def reference(self) -> str:
        """Name and version as every report carries them."""
        return f"{self.name}/{self.version}"

    @property
    def root(self) -> str:
        """The root element in Clark notation."""
        return self.match.root

    def label(self, field: str, language: Language = Language.VI) -> str:
        """What people call *field* (an XML name, or `PARENT/name`); the name where unknown."""
        return self.texts.label(field, language)

    def role_label(self, role: str, language: Language = Language.VI) -> str | None:
        """Who signs in *role*, as people say it; None where the definition does not say."""
        texts = self.texts.roles.get(role)
        return texts[language] if texts else None

    def contents(self, document: ParsedDocument) -> tuple[etree._Element, ...]:
        """The content elements of *document*; anything but exactly one is an error."""
        return document.select(self.content)

    def view(self, document: ParsedDocument) -> RecordView | None:
        """The one content element of *document* as plain data; None where there is not one."""
        contents = self.contents(document)
        return RecordView(contents[0], self.fields) if len(contents) == 1 else None
