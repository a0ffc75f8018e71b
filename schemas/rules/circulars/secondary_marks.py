"""Rules about marks and averages of THCS, THPT, GDTX (TT 22/2021 Điều 5, 9; TT 43/2021)."""

import re
from collections.abc import Iterator
from typing import Final

from schemas.rules.circulars.assessed import Assessed, SubjectRow
from schemas.rules.circulars.hit import Check, Hit
from schemas.rules.circulars.pack_table import PackTable
from schemas.rules.marks import NoMark, Rounding, as_parameter, year_average

_TWO_DECIMALS: Final = re.compile(r"[0-9]\.[0-9]{2}")


def mark_form(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001 -- one shape
    """A mark has at most one decimal; what is no mark at all is the XSD's to report."""

    def check(view: Assessed) -> Iterator[Hit]:
        if not view.any_unreadable and not view.tested_again:
            return
        for row in view.rows:
            for field, mark in _marks(row):
                if mark is NoMark.UNREADABLE and _TWO_DECIMALS.fullmatch(row.text(field)):
                    yield Hit(row.at(field), {"subject": row.name})

    return check


def mark_kind(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """A subject assessed by marks has numbers, one assessed by comments Đ or CĐ."""

    def check(view: Assessed) -> Iterator[Hit]:
        for row in view.rows:
            if row.subject is None:
                continue
            scored = row.subject.scored
            wrong = bool if scored else int
            if wrong not in {type(row.first), type(row.second), type(row.year), type(row.again)}:
                continue
            for field, mark in _marks(row):
                if type(mark) is wrong:
                    kind = "điểm số" if scored else "nhận xét (Đ, CĐ)"
                    kind_en = "marks" if scored else "comments (Đ, CĐ)"
                    about = {"subject": row.name, "kind": kind, "kind_en": kind_en}
                    yield Hit(row.at(field), about)

    return check


def result_present(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """A subject has a result of the year, and of at least one semester."""

    def check(view: Assessed) -> Iterator[Hit]:
        for row in view.rows:
            if row.year is NoMark.ABSENT:
                yield Hit(row.at("year"), {"subject": row.name})
            elif row.first is NoMark.ABSENT and row.second is NoMark.ABSENT:
                yield Hit(row.at("second"), {"subject": row.name})

    return check


def average_of_year(rule: PackTable, pack: PackTable) -> Check:
    """ĐTBmcn follows from the semesters; with one semester only it is that one's."""
    mode = rounding_mode(rule, pack)

    def check(view: Assessed) -> Iterator[Hit]:
        for row in view.rows:
            first, second, year = row.first, row.second, row.year
            if type(year) is not int:
                continue
            if type(first) is int and type(second) is int:
                expected = year_average(first, second, mode)
                if year != expected:
                    yield _average(row, expected)
            elif type(first) is int and second is NoMark.ABSENT and year != first:
                yield _average(row, first)
            elif type(second) is int and first is NoMark.ABSENT and year != second:
                yield _average(row, second)

    return check


def _average(row: SubjectRow, expected: int) -> Hit:
    about = {
        "subject": row.name,
        **as_parameter("found", row.year),
        **as_parameter("expected", expected),
        **as_parameter("first", row.first),
        **as_parameter("second", row.second),
    }
    return Hit(row.at("year"), about)


def comment_of_year(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """The year's result of a subject without marks is that of the second semester."""

    def check(view: Assessed) -> Iterator[Hit]:
        for row in view.rows:
            last = row.first if row.second is NoMark.ABSENT else row.second
            if type(row.year) is bool and type(last) is bool and row.year is not last:
                about = {"subject": row.name, "expected": "Đ" if last else "CĐ"}
                yield Hit(row.at("year"), about)

    return check


def rounding_mode(rule: PackTable, pack: PackTable) -> Rounding:
    """The pack's rounding mode, or the rule's own."""
    modes = [each.value for each in Rounding]
    if rule.has("rounding"):
        return Rounding(rule.choice("rounding", modes))
    return Rounding(pack.choice("rounding", modes))


def _marks(row: SubjectRow) -> tuple[tuple[str, object], ...]:
    return (
        ("first", row.first),
        ("second", row.second),
        ("year", row.year),
        ("again", row.again),
    )
