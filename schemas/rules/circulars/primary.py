"""Rules about subjects, traits and the year's result in primary school (TT 27/2020 Điều 7, 9)."""

import re
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import Final

from schemas.findings import Language
from schemas.rules.circulars.assessed import Assessed, Place
from schemas.rules.circulars.awards import EXCELLENT, EXEMPLARY, awarded
from schemas.rules.circulars.hit import NOTHING, Check, Hit
from schemas.rules.circulars.pack_table import PackTable
from schemas.rules.circulars.subjects import is_complete
from schemas.rules.marks import MARKS, as_parameter
from schemas.texts import Translated, as_parameters

_WHOLE_MARK: Final = re.compile(r"[1-9]|10")


class Result(IntEnum):
    """Xếp loại of a primary school year, lowest first."""

    NOT_COMPLETED = 0
    COMPLETED = 1
    WELL = 2
    EXCELLENT = 3


RESULT_NAMES: Final[dict[Result, Translated]] = {
    Result.EXCELLENT: {Language.VI: "Hoàn thành xuất sắc", Language.EN: "Completed excellently"},
    Result.WELL: {Language.VI: "Hoàn thành tốt", Language.EN: "Completed well"},
    Result.COMPLETED: {Language.VI: "Hoàn thành", Language.EN: "Completed"},
    Result.NOT_COMPLETED: {Language.VI: "Chưa hoàn thành", Language.EN: "Not completed"},
}
_RESULTS: Final = {
    **{names[Language.VI].casefold(): result for result, names in RESULT_NAMES.items()},
    "htxs": Result.EXCELLENT,
    "htt": Result.WELL,
    "ht": Result.COMPLETED,
    "cht": Result.NOT_COMPLETED,
}


def stated_result(view: Assessed) -> Result | None:
    """The result as the record states it; None where it is none of the four."""
    return _RESULTS.get(" ".join(view.text("result").casefold().split()))


def whole_test_mark(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001 -- one shape
    """A periodic test has a whole mark from 1 to 10: no 0 and no decimals."""

    def check(view: Assessed) -> Iterator[Hit]:
        for row in view.rows:
            test = row.text("test")
            # What is no mark at all is the XSD's to report.
            if test and test != "M" and not _WHOLE_MARK.fullmatch(test) and _is_number(test):
                yield Hit(row.at("test"), {"subject": row.name})

    return check


def test_of_tested_subject(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """A subject without a periodic test has no mark."""

    def check(view: Assessed) -> Iterator[Hit]:
        for row in view.rows:
            if row.subject is None or row.subject.scored or row.text("achievement") == "M":
                continue
            if row.text("test") not in ("", "M"):
                yield Hit(row.at("test"), {"subject": row.name})

    return check


def test_mark_present(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """A compulsory subject with a periodic test has its mark."""

    def check(view: Assessed) -> Iterator[Hit]:
        for row in view.rows:
            tested = row.subject and row.subject.scored and row.subject.standing == "compulsory"
            if tested and not row.text("test") and row.text("achievement") != "M":
                yield Hit(row.at("test"), {"subject": row.name})

    return check


def achievement_present(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Every subject has a level."""

    def check(view: Assessed) -> Iterator[Hit]:
        for row in view.rows:
            if not row.text("achievement"):
                yield Hit(row.at("achievement"), {"subject": row.name})

    return check


def achievement_fits_test(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Hoàn thành tốt does not go with a test mark below `passed_from`."""
    passed_from = rule.number("passed_from")

    def check(view: Assessed) -> Iterator[Hit]:
        for row in view.rows:
            mark = MARKS.get(row.text("test")) if row.text("achievement") == "T" else None
            if type(mark) is int and mark < passed_from:
                about = {"subject": row.name, **as_parameter("mark", mark)}
                yield Hit(row.at("achievement"), {**about, **as_parameter("limit", passed_from)})

    return check


def known_result(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """The year's result is one of the four."""

    def check(view: Assessed) -> Iterable[Hit]:
        if view.text("result").strip() and stated_result(view) is None:
            return (Hit(Place("result")),)
        return NOTHING

    return check


def result_of_year(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """The result follows from subjects, traits and test marks (Điều 9 k2)."""
    excellent, well = rule.number("excellent_from"), rule.number("well_from")
    completed = rule.number("completed_from")

    def check(view: Assessed) -> Iterable[Hit]:
        stated = stated_result(view)
        if stated is None:
            return NOTHING
        levels = [each for row in view.rows if (each := row.text("achievement")) not in ("", "M")]
        traits = _traits(view)
        marks = [mark for row in view.rows if type(mark := MARKS.get(row.text("test"))) is int]
        lowest = min(marks, default=100)
        if levels.count("T") == len(levels) and traits.count("T") == len(traits):
            reached = Result.EXCELLENT if lowest >= excellent else Result.WELL
            fits = lowest >= well
        else:
            reached, fits = Result.COMPLETED, False
        if not fits:
            failed = "C" in levels or "C" in traits or lowest < completed
            reached = Result.NOT_COMPLETED if failed else Result.COMPLETED
        if stated is reached or (stated < reached and not _is_whole(view, traits)):
            return NOTHING
        return (Hit(Place("result"), _why(view, stated, reached, lowest)),)

    return check


def later_traits_present(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """From the grade on that teaches them, the later traits are there."""

    def check(view: Assessed) -> Iterator[Hit]:
        for trait in view.names.later_traits:
            if not view.trait(trait):
                yield Hit(Place(trait.name), {"grade": view.grade_number})

    return check


def later_traits_absent(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Before that grade they are not."""

    def check(view: Assessed) -> Iterator[Hit]:
        for trait in view.names.later_traits:
            if view.trait(trait):
                yield Hit(Place(trait.name), {"grade": view.grade_number})

    return check


def primary_award_excellent(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Học sinh Xuất sắc: Hoàn thành xuất sắc (Điều 13)."""
    return _award(EXCELLENT, (Result.EXCELLENT,))


def primary_award_exemplary(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Học sinh Tiêu biểu: Hoàn thành tốt at least."""
    return _award(EXEMPLARY, (Result.EXCELLENT, Result.WELL))


def primary_award_given(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Who completed the year excellently has the award."""

    def check(view: Assessed) -> Iterable[Hit]:
        if stated_result(view) is not Result.EXCELLENT or EXCELLENT in awarded(view):
            return NOTHING
        return (Hit(Place("award")),)

    return check


def _award(award: str, allowed: tuple[Result, ...]) -> Check:
    def check(view: Assessed) -> Iterable[Hit]:
        if not view.text("award") or award not in awarded(view):
            return NOTHING
        stated = stated_result(view)
        if stated is None or stated in allowed:
            return NOTHING
        return (Hit(Place("award"), as_parameters("result", RESULT_NAMES[stated])),)

    return check


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal()


def _traits(view: Assessed) -> list[str]:
    names = view.names
    found = [view.trait(each) for each in (*names.traits, *names.later_traits)]
    return [each for each in found if each]


def _is_whole(view: Assessed, traits: list[str]) -> bool:
    """Whether nothing is missing that could pull the result down."""
    untested = any(
        row.subject is None
        or not row.text("achievement")
        or (row.subject.scored and row.subject.standing == "compulsory" and not row.text("test"))
        for row in view.rows
        if row.text("achievement") != "M"
    )
    return is_complete(view) and not untested and len(traits) >= len(view.names.traits)


def _why(view: Assessed, stated: Result, reached: Result, lowest: int) -> dict[str, object]:
    weak = [row.name for row in view.rows if row.text("achievement") in ("H", "C")]
    traits = [t for t in (*view.names.traits, *view.names.later_traits) if view.trait(t) != "T"]
    low = [row.name for row in view.rows if MARKS.get(row.text("test")) == lowest]
    return {
        **as_parameters("found", RESULT_NAMES[stated]),
        **as_parameters("expected", RESULT_NAMES[reached]),
        "weak": ", ".join(weak) or "–",
        "traits": sum(bool(view.trait(each)) for each in traits),
        **as_parameter("lowest", lowest),
        "subject": ", ".join(low) or "–",
    }
