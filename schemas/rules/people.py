"""Rules about persons: số định danh cá nhân and dates of birth."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from lxml import etree

from schemas.codes import CodeList
from schemas.findings import Finding, Language
from schemas.rules.field import Field
from schemas.rules.parameters import Parameters
from schemas.rules.scope import Scope
from schemas.texts import Translated, as_parameters

_TWELVE_DIGITS = re.compile(r"[0-9]{12}")
_YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True)
class TwelveDigits:
    """`twelve_digits`: personal ids that are there have twelve digits.

    Parameters: `fields`, single fields; `each`, an XPath of repeating ones.
    """

    fields: tuple[Field, ...]
    each: etree.XPath | None

    @classmethod
    def read(cls, parameters: Parameters) -> Self:
        """The rule as a definition states it."""
        return cls(*parameters.selection())

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """One finding per personal id of another form."""
        for value in scope.wrong(self.fields, self.each, _is_no_personal_id):
            yield scope.finding("HB-E041", value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalId:
    """`personal_id`: the pupil's số định danh against sex and date of birth.

    Twelve digits: three for the place of birth registration, one for century and sex, two for the
    year of birth, six at random. Parameters: `field`; `sex` with the values `male` and `female`
    (any other says nothing); `born`, fields that begin with the year; `places`, code lists of
    two-digit provinces; `male_term` and `female_term`, what the findings call them.
    """

    field: Field
    sex: Field
    sexes: tuple[tuple[str, Translated], tuple[str, Translated]]
    born: tuple[Field, ...]
    places: tuple[CodeList, ...]

    @classmethod
    def read(cls, parameters: Parameters) -> Self:
        """The rule as a definition states it."""
        return cls(
            field=parameters.field("field"),
            sex=parameters.field("sex"),
            sexes=(
                (parameters.text("male"), parameters.term("male_term")),
                (parameters.text("female"), parameters.term("female_term")),
            ),
            born=parameters.fields("born"),
            places=parameters.code_lists("places"),
        )

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """Errors for form, sex and year, a warning for an unknown place."""
        text = scope.text(self.field)
        if not text.strip():
            return
        if _is_no_personal_id(text):
            yield scope.finding("HB-E041", scope.value(self.field))
            return
        yield from self._against_sex(scope, text[3])
        yield from self._against_birth(scope, text[3:6])
        if not self._known_place(text[:3]):
            yield scope.finding("HB-W002", scope.value(self.field), digits=text[:3])

    def _against_sex(self, scope: Scope, digit: str) -> Iterator[Finding]:
        stated, stated_term = self.sexes[int(digit) % 2]
        sex = scope.text(self.sex)
        terms = dict(self.sexes)
        if sex == stated or sex not in terms:
            return
        said = {each: f"{sex} ({terms[sex][each]})" for each in Language}
        yield scope.finding(
            "HB-E042",
            scope.value(self.field),
            digit=digit,
            **as_parameters("stated", stated_term),
            **{**scope.other(scope.value(self.sex)), **as_parameters("other", said)},
        )

    def _against_birth(self, scope: Scope, digits: str) -> Iterator[Finding]:
        stated = str(1900 + 100 * (int(digits[0]) // 2) + int(digits[1:]))
        for field in self.born:
            year = scope.text(field)[:4]
            if not _YEAR.fullmatch(year):
                continue
            if year != stated:
                yield scope.finding(
                    "HB-E043",
                    scope.value(self.field),
                    digits=digits,
                    stated=stated,
                    **scope.other(scope.value(field)),
                )
            return

    def _known_place(self, digits: str) -> bool:
        if digits.startswith("0"):
            return any(digits[1:] in places for places in self.places)
        return True  # born abroad: a country code, no list of them is known


@dataclass(frozen=True, slots=True, kw_only=True)
class BirthDate:
    """`birth_date`: at least one of day, month and year of birth, and all that are there agree.

    Parameters: `day` (YYYY-MM-DD), `month` (YYYY-MM), `year` (YYYY).
    """

    forms: tuple[Field, Field, Field]

    @classmethod
    def read(cls, parameters: Parameters) -> Self:
        """The rule as a definition states it."""
        return cls(
            forms=(parameters.field("day"), parameters.field("month"), parameters.field("year"))
        )

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """One finding where none is filled, or one per form that contradicts a finer one."""
        filled = [field for field in self.forms if scope.text(field).strip()]
        if not filled:
            names = {
                each: ", ".join(
                    f"{scope.texts.label(form.name, each)} ({form.name})" for form in self.forms
                )
                for each in Language
            }
            value = scope.value(self.forms[0])
            yield scope.finding("HB-E044", value, **as_parameters("allowed", names))
            return
        finest = scope.text(filled[0])
        for field in filled[1:]:
            if not finest.startswith(scope.text(field)):
                other = scope.other(scope.value(filled[0]))
                yield scope.finding("HB-E045", scope.value(field), **other)


def _is_no_personal_id(text: str) -> bool:
    return _TWELVE_DIGITS.fullmatch(text) is None
