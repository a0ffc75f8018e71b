"""Rules about re-tests and training over the summer (TT 22/2021 Điều 13, 14; TT 43/2021)."""

from collections.abc import Iterable, Iterator

from schemas.rules.circulars.assessed import Assessed, Place
from schemas.rules.circulars.hit import NOTHING, Check, Hit
from schemas.rules.circulars.pack_table import PackTable
from schemas.rules.circulars.ratings import (
    RATING_NAMES,
    RATINGS,
    Rating,
    read_study_levels,
)
from schemas.rules.circulars.subjects import is_complete
from schemas.rules.marks import NoMark, as_parameter
from schemas.texts import as_parameters


def retest_needed(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001 -- one shape
    """Only whose year is Chưa đạt in học tập is tested again."""

    def check(view: Assessed) -> Iterable[Hit]:
        year = RATINGS.get(view.text("study_year"))
        if not view.tested_again or year is None or year is Rating.NOT_ACHIEVED:
            return NOTHING
        names = as_parameters("year", RATING_NAMES[year])
        return [Hit(row.at("again"), {"subject": row.name, **names}) for row in view.tested_again]

    return check


def retest_of_weak_subject(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Only a subject below `passed_from`, or Chưa đạt, is tested again."""
    passed_from = rule.number("passed_from")

    def check(view: Assessed) -> Iterator[Hit]:
        for row in view.tested_again:
            if row.year is True or (type(row.year) is int and row.year >= passed_from):
                limit = as_parameter("limit", passed_from)
                yield Hit(
                    row.at("again"),
                    {"subject": row.name, **as_parameter("year", row.year), **limit},
                )

    return check


def study_after_retest(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Whether the level after re-tests is Đạt or not follows from the marks that replace others."""
    levels = read_study_levels(pack)

    def check(view: Assessed) -> Iterable[Hit]:
        stated = RATINGS.get(view.text("study_again"))
        if stated is None or not view.tested_again:
            return NOTHING
        results = [row.year if row.again is NoMark.ABSENT else row.again for row in view.rows]
        rated = levels.rate(results, complete=is_complete(view))
        failed = rated.rating is Rating.NOT_ACHIEVED
        if failed is (stated is Rating.NOT_ACHIEVED) or (rated.at_most and not failed):
            return NOTHING
        about = {
            **as_parameters("found", RATING_NAMES[stated]),
            **as_parameters("expected", RATING_NAMES[rated.rating]),
            "tested": ", ".join(row.name for row in view.tested_again),
        }
        return (Hit(Place("study_again"), about),)

    return check


def level_after_retest_needed(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """A level after re-tests stands only beside a year that is Chưa đạt and a re-test's mark."""

    def check(view: Assessed) -> Iterable[Hit]:
        if not view.text("study_again"):
            return NOTHING
        tested = len(view.tested_again)
        year = RATINGS.get(view.text("study_year"))
        if year is not None and (year is not Rating.NOT_ACHIEVED or not tested):
            about = {**as_parameters("year", RATING_NAMES[year]), "tested": tested}
            return (Hit(Place("study_again"), about),)
        return NOTHING

    return check


def training_needed(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Only whose rèn luyện of the year is Chưa đạt trains over the summer."""

    def check(view: Assessed) -> Iterable[Hit]:
        year = RATINGS.get(view.text("conduct_year"))
        if not view.text("conduct_again") or year is None or year is Rating.NOT_ACHIEVED:
            return NOTHING
        return (Hit(Place("conduct_again"), as_parameters("year", RATING_NAMES[year])),)

    return check


def training_described(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Who trained over the summer has its result written down."""

    def check(view: Assessed) -> Iterable[Hit]:
        if view.text("conduct_again") and not view.text("summer").strip():
            return (Hit(Place("summer")),)
        return NOTHING

    return check
