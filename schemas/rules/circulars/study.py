"""Rules about học tập and rèn luyện (TT 22/2021 Điều 8, 9; TT 43/2021)."""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from schemas.findings import Language
from schemas.rules.circulars.assessed import Assessed, Place
from schemas.rules.circulars.hit import NOTHING, Check, Hit
from schemas.rules.circulars.pack_table import PackTable
from schemas.rules.circulars.ratings import (
    RATING_NAMES,
    RATINGS,
    Rated,
    Rating,
    StudyLevels,
    read_conduct,
    read_study_levels,
)
from schemas.rules.circulars.subjects import is_complete
from schemas.rules.marks import Mark, NoMark, as_parameter
from schemas.texts import as_parameters

_PERIODS: Final = {"semester": ("study_first", "study_second"), "year": ("study_year",)}
_OF: Final = {"study_first": "first", "study_second": "second", "study_year": "year"}


class Deviation(NamedTuple):
    """A stated level that is not what the subjects give."""

    field: str
    stated: Rating
    rated: Rated

    @property
    def not_lifted(self) -> bool:
        """Whether only the exception of Điều 9 k3 was forgotten."""
        return self.stated is self.rated.plain and not self.rated.at_most

    @property
    def decisive(self) -> Rating:
        """The level whose conditions explain the difference."""
        return max(self.stated, self.rated.rating)


def study_level(rule: PackTable, pack: PackTable) -> Check:
    """Học tập is what the subjects give.

    `of`: `semester` or `year`; with `about`, only where the conditions of `good` decide, or of
    the `other` levels. What only forgets the exception is `study_exception`'s.
    """
    levels = read_study_levels(pack)
    fields = tuple(name for of in rule.texts("of", tuple(_PERIODS)) for name in _PERIODS[of])
    about = rule.choice("about", ("any", "good", "other"), "any")

    def check(view: Assessed) -> Iterator[Hit]:
        for each in deviations(view, levels):
            good = each.decisive is Rating.GOOD
            if (
                each.not_lifted
                or each.field not in fields
                or about == ("other" if good else "good")
            ):
                continue
            yield _hit(view, levels, each)

    return check


def study_exception(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001 -- one shape
    """A level that one subject alone pulled down by two or more is lifted by one."""
    levels = read_study_levels(pack)

    def check(view: Assessed) -> Iterator[Hit]:
        return (_hit(view, levels, e) for e in deviations(view, levels) if e.not_lifted)

    return check


def deviations(view: Assessed, levels: StudyLevels) -> tuple[Deviation, ...]:
    """Where a stated học tập differs; worked out once a record."""
    known = view.memo.get("study")
    if isinstance(known, tuple):
        return known
    found = []
    for name in _OF:
        stated = RATINGS.get(view.text(name))
        if stated is None:
            continue
        rated = levels.rate(_results(view, name), complete=is_complete(view))
        if stated > rated.rating or (stated < rated.rating and not rated.at_most):
            found.append(Deviation(name, stated, rated))
    view.memo["study"] = tuple(found)
    return tuple(found)


def _results(view: Assessed, name: str) -> list[Mark]:
    """Every subject's result of the period; one of the wrong kind is as good as unknown."""
    match _OF[name]:
        case "first":
            marks = [row.first for row in view.rows]
        case "second":
            marks = [row.second for row in view.rows]
        case _:
            marks = [row.year for row in view.rows]
    for number, row in enumerate(view.rows):
        subject = row.subject
        if subject is not None and type(marks[number]) is (bool if subject.scored else int):
            marks[number] = NoMark.UNREADABLE
    return marks


def _hit(view: Assessed, levels: StudyLevels, deviation: Deviation) -> Hit:
    """The finding's numbers: what the deciding level needs, and what is there."""
    needs = levels.requirements[max(deviation.decisive, Rating.ACHIEVED)]
    results = list(zip(_results(view, deviation.field), view.rows, strict=True))
    marks = [(mark, row) for mark, row in results if type(mark) is int]
    lowest, subject = min(
        ((mark, row.name) for mark, row in marks), default=(100, "–"), key=lambda each: each[0]
    )
    rated = deviation.rated.rating
    return Hit(
        Place(deviation.field),
        {
            **as_parameters("found", RATING_NAMES[deviation.stated]),
            "expected": ("cao nhất là " if deviation.rated.at_most else "") + _vi(rated),
            "expected_en": ("at most " if deviation.rated.at_most else "") + _en(rated),
            "plain": _vi(deviation.rated.plain),
            "plain_en": _en(deviation.rated.plain),
            **as_parameters("about", RATING_NAMES[max(deviation.decisive, Rating.ACHIEVED)]),
            "many": levels.many,
            "failed_allowed": needs.failed,
            **as_parameter("all_from", needs.all_from),
            **as_parameter("many_from", needs.many_from),
            **as_parameter("lowest", lowest),
            "subject": subject,
            "reached": sum(mark >= needs.many_from for mark, _ in marks),
            "failed": sum(mark is False for mark, _ in results),
        },
    )


def conduct_of_year(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Rèn luyện of the year follows from both semesters by the table."""
    years = read_conduct(pack)

    def check(view: Assessed) -> Iterable[Hit]:
        first, second = (
            RATINGS.get(view.text("conduct_first")),
            RATINGS.get(view.text("conduct_second")),
        )
        year = RATINGS.get(view.text("conduct_year"))
        if first is None or second is None or year is None or years[first, second] is year:
            return NOTHING
        about = {
            **as_parameters("found", RATING_NAMES[year]),
            **as_parameters("expected", RATING_NAMES[years[first, second]]),
            **as_parameters("first", RATING_NAMES[first]),
            **as_parameters("second", RATING_NAMES[second]),
        }
        return (Hit(Place("conduct_year"), about),)

    return check


def _vi(rating: Rating) -> str:
    return RATING_NAMES[rating][Language.VI]


def _en(rating: Rating) -> str:
    return RATING_NAMES[rating][Language.EN]
