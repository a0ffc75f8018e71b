"""Rules about awards at the end of the year (TT 27/2020 Điều 13, TT 22/2021 Điều 15)."""

import re
from collections.abc import Iterable
from functools import lru_cache

from schemas.rules.circulars.assessed import Assessed, Place
from schemas.rules.circulars.hit import NOTHING, Check, Hit
from schemas.rules.circulars.pack_table import PackTable
from schemas.rules.circulars.ratings import RATING_NAMES, RATINGS, Rating
from schemas.rules.circulars.subjects import is_complete
from schemas.rules.marks import as_parameter
from schemas.texts import as_parameters

_BETWEEN = re.compile(r"[;,.\n]")
_SAID_BEFORE = re.compile(r"(?:đạt )?(?:danh hiệu )?")
EXCELLENT = "học sinh xuất sắc"
GOOD = "học sinh giỏi"
EXEMPLARY = "học sinh tiêu biểu"


def awarded(view: Assessed) -> frozenset[str]:
    """The awards that the record names, worked out once."""
    known = view.memo.get("awarded")
    if isinstance(known, frozenset):
        return known
    text = view.text("award")
    view.memo["awarded"] = found = awards_in(text) if text else frozenset()
    return found


@lru_cache(maxsize=256)
def awards_in(text: str) -> frozenset[str]:
    """The awards in a free text: whole parts of it, so that a contest's prize is none."""
    parts = (" ".join(part.casefold().split()) for part in _BETWEEN.split(text))
    names = {_SAID_BEFORE.sub("", part.strip('"“” '), count=1) for part in parts}
    return frozenset(
        award
        for award in (EXCELLENT, GOOD, EXEMPLARY)
        if award in names or (award == EXEMPLARY and any(n.startswith(award) for n in names))
    )


def award_excellent(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001 -- one shape
    """Học sinh Xuất sắc: Tốt in both, and `many` year averages from `many_from`."""
    many, many_from = rule.number("many"), rule.number("many_from")

    def check(view: Assessed) -> Iterable[Hit]:
        if not _is_rated(view) or EXCELLENT not in awarded(view):
            return NOTHING
        reached, good = _reached(view, many_from), _is_good(view)
        if good and (reached >= many or not is_complete(view)):
            return NOTHING
        about = {"reached": reached, "many": many, **as_parameter("many_from", many_from)}
        return (Hit(Place("award"), {**about, **_levels(view)}),)

    return check


def award_good(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Học sinh Giỏi: Tốt in both."""

    def check(view: Assessed) -> Iterable[Hit]:
        if not _is_rated(view) or _is_good(view) or GOOD not in awarded(view):
            return NOTHING
        return (Hit(Place("award"), _levels(view)),)

    return check


def award_given(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Who reached an award has it."""
    many, many_from = rule.number("many"), rule.number("many_from")

    def check(view: Assessed) -> Iterable[Hit]:
        if not _is_good(view):
            return NOTHING
        reached = _reached(view, many_from)
        given = awarded(view)
        excellent = reached >= many
        if EXCELLENT in given or (not excellent and GOOD in given):
            return NOTHING
        expected = "Học sinh Xuất sắc" if excellent else "Học sinh Giỏi"
        about = {"expected": expected, "reached": reached, **as_parameter("many_from", many_from)}
        return (Hit(Place("award"), {**about, **_levels(view)}),)

    return check


def _is_rated(view: Assessed) -> bool:
    """Whether there is an award, and the levels that it depends on."""
    return (
        view.text("award") != ""
        and view.text("study_year") in RATINGS
        and view.text("conduct_year") in RATINGS
    )


def _is_good(view: Assessed) -> bool:
    return view.text("study_year") == "T" and view.text("conduct_year") == "T"


def _reached(view: Assessed, many_from: int) -> int:
    return sum([type(row.year) is int and row.year >= many_from for row in view.rows])


def _levels(view: Assessed) -> dict[str, str]:
    study = RATINGS.get(view.text("study_year"), Rating.NOT_ACHIEVED)
    conduct = RATINGS.get(view.text("conduct_year"), Rating.NOT_ACHIEVED)
    return {
        **as_parameters("study", RATING_NAMES[study]),
        **as_parameters("conduct", RATING_NAMES[conduct]),
    }
