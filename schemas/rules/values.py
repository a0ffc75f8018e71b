"""Rules about single values and rows: school years, codes, grades, conditions, dates."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from lxml import etree

from schemas.codes import CodeList
from schemas.findings import Finding, Language, Severity
from schemas.rules.field import Field
from schemas.rules.parameters import Parameters
from schemas.rules.scope import Scope, quote
from schemas.texts import Translated, as_parameters

_SCHOOL_YEAR = re.compile(r"([0-9]{4})-([0-9]{4})")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LISTED_IN_FULL = 12
_NAMED = 5


@dataclass(frozen=True, slots=True)
class SchoolYear:
    """`school_year`: YYYY-YYYY where the second year is the first plus one.

    The form itself is the XSD's to check. Parameters: `fields`, single fields; `each`, an XPath
    of repeating ones.
    """

    fields: tuple[Field, ...]
    each: etree.XPath | None

    @classmethod
    def read(cls, parameters: Parameters) -> Self:
        """The rule as a definition states it."""
        return cls(*parameters.selection())

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """One finding per school year that is none."""
        for value in scope.wrong(self.fields, self.each, _is_no_school_year):
            expected = f"{value.text[:4]}-{int(value.text[:4]) + 1:04}"
            yield scope.finding("HB-E040", value, expected=expected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """`[[code]]`: values that are there are codes of a list.

    Parameters: `fields`, single fields; `each`, an XPath of repeating ones; `lists`, in one of
    which the code must be; `severity`, `error`, or `warning` for a list that is not official.
    """

    fields: tuple[Field, ...]
    each: etree.XPath | None
    lists: tuple[CodeList, ...]
    known: frozenset[str]
    severity: Severity

    @classmethod
    def read(cls, parameters: Parameters) -> Self:
        """The rule as a definition states it."""
        fields, each = parameters.selection()
        lists = parameters.code_lists("lists")
        return cls(
            fields=fields,
            each=each,
            lists=lists,
            known=frozenset(code for each_list in lists for code in each_list),
            severity=Severity(parameters.choice("severity", [str(one) for one in Severity])),
        )

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """An error per unknown code; one warning for all that a placeholder list lacks."""
        wrong = scope.wrong(self.fields, self.each, self._is_unknown)
        if self.severity is Severity.ERROR:
            for value in wrong:
                yield scope.finding("HB-E047", value, **self._allowed())
            return
        first = next(wrong, None)
        if first is not None:
            unknown = dict.fromkeys((quote(first.text), *(quote(each.text) for each in wrong)))
            found = ", ".join([*unknown][:_NAMED]) + (", …" if len(unknown) > _NAMED else "")
            yield scope.finding("HB-W003", first, found=found, **self._allowed())

    def _is_unknown(self, code: str) -> bool:
        return code not in self.known

    def _allowed(self) -> dict[str, str]:
        codes = [code for each in self.lists for code in each]
        listed = f": {', '.join(codes)}" if len(codes) <= _LISTED_IN_FULL else ""
        titles = {
            language: " / ".join(each.title(language) for each in self.lists) + listed
            for language in Language
        }
        return as_parameters("allowed", titles)


@dataclass(frozen=True, slots=True, kw_only=True)
class BelongsTo:
    """`belongs_to`: a code goes with another field, by a column of its list.

    Parameters: `field`, `list`, `column` (values separated by spaces), `owner`, the other field.
    A code that is not in the list is `[[code]]`'s to report.
    """

    field: Field
    codes: CodeList
    column: str
    owner: Field

    @classmethod
    def read(cls, parameters: Parameters) -> Self:
        """The rule as a definition states it."""
        codes, column = parameters.column("list", "column")
        return cls(
            field=parameters.field("field"),
            codes=codes,
            column=column,
            owner=parameters.field("owner"),
        )

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """One finding where the two do not go together."""
        code, owner = scope.text(self.field), scope.text(self.owner)
        if code in self.codes and owner.strip() and owner not in self._owners(code):
            allowed = ", ".join(each for each in self.codes if owner in self._owners(each))
            yield scope.finding(
                "HB-E046",
                scope.value(self.field),
                **scope.other(scope.value(self.owner)),
                allowed=allowed or "–",
            )

    def _owners(self, code: str) -> list[str]:
        return self.codes.entries[code][self.column].split()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequiredWhen:
    """`required_when`: fields that must have a value under a condition.

    Parameters: `fields`; `when`, an XPath that is true or false; `condition`, the key of what
    the findings call it.
    """

    fields: tuple[Field, ...]
    when: Field
    condition: Translated

    @classmethod
    def read(cls, parameters: Parameters) -> Self:
        """The rule as a definition states it."""
        return cls(
            fields=parameters.fields("fields"),
            when=parameters.condition("when"),
            condition=parameters.term("condition"),
        )

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """One finding per field without a value."""
        if scope.text(self.when) != "true":
            return
        for field in self.fields:
            if not scope.text(field).strip():
                condition = as_parameters("condition", self.condition)
                yield scope.finding("HB-E048", scope.value(field), **condition)


@dataclass(frozen=True, slots=True)
class Unique:
    """`unique`: no value stands twice. Parameter: `each`, an XPath of the values."""

    each: etree.XPath

    @classmethod
    def read(cls, parameters: Parameters) -> Self:
        """The rule as a definition states it."""
        return cls(parameters.nodes("each"))

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """One finding per repetition."""
        values = scope.each(self.each)
        if len({value.text for value in values}) == len(values):
            return
        first: dict[str, int | None] = {}
        for value in values:
            if value.text in first:
                yield scope.finding("HB-E049", value, first_line=first[value.text])
            elif value.text.strip():
                first[value.text] = value.element.sourceline


@dataclass(frozen=True, slots=True)
class NotBefore:
    """`not_before`: a warning where one date lies before another.

    Parameters: `field`, `earlier`; both YYYY-MM-DD, which the XSD checks.
    """

    field: Field
    earlier: Field

    @classmethod
    def read(cls, parameters: Parameters) -> Self:
        """The rule as a definition states it."""
        return cls(parameters.field("field"), parameters.field("earlier"))

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """At most one finding."""
        later, earlier = scope.text(self.field), scope.text(self.earlier)
        if _DAY.fullmatch(later) and _DAY.fullmatch(earlier) and later < earlier:
            other = scope.other(scope.value(self.earlier))
            yield scope.finding("HB-W005", scope.value(self.field), **other)


def _is_no_school_year(text: str) -> bool:
    years = _SCHOOL_YEAR.fullmatch(text)
    return years is not None and int(years[2]) != int(years[1]) + 1
