"""Rules about promotion (TT 22/2021 Điều 12; TT 43/2021 Điều 11)."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from schemas.rules.circulars.assessed import Assessed, Place
from schemas.rules.circulars.hit import NOTHING, Check, Hit
from schemas.rules.circulars.pack_table import PackTable
from schemas.rules.circulars.ratings import RATING_NAMES, RATINGS, Rating
from schemas.rules.marks import Tenths, tenths_of
from schemas.texts import as_parameters

_NO = Rating.NOT_ACHIEVED


class _Standing(NamedTuple):
    """What promotion depends on: after the summer where there was one; None is not known."""

    study: Rating | None
    conduct: Rating | None
    absences: Tenths


def promoted_without_study(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Nobody is promoted with a học tập of Chưa đạt."""
    return _promoted_although(lambda each: each.study is _NO, "study")


def promoted_without_conduct(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Nobody is promoted with a rèn luyện of Chưa đạt."""
    return _promoted_although(lambda each: each.conduct is _NO, "conduct")


def promoted_despite_absences(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Nobody is promoted with more than `most` absences."""
    most = rule.number("most")

    def check(view: Assessed) -> Iterable[Hit]:
        if view.text("promoted") != "1" or not view.text("absences"):
            return NOTHING
        absences = tenths_of(view.text("absences"))
        if absences is None or absences <= most * 10:
            return NOTHING
        return (Hit(Place("promoted"), {"absences": view.text("absences"), "most": most}),)

    return check


def kept_down_without_reason(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Who has all that promotion asks for is promoted."""
    most = rule.number("most")

    def check(view: Assessed) -> Iterable[Hit]:
        if view.text("promoted") != "0":
            return NOTHING
        standing = _standing(view)
        if standing.study in (None, _NO) or standing.conduct in (None, _NO):
            return NOTHING
        if standing.absences > most * 10:
            return NOTHING
        return (Hit(Place("promoted"), {**_about(standing), "most": most}),)

    return check


def _promoted_although(fails: Callable[[_Standing], bool], which: str) -> Check:
    def check(view: Assessed) -> Iterable[Hit]:
        if view.text("promoted") != "1":
            return NOTHING
        standing = _standing(view)
        if not fails(standing):
            return NOTHING
        again = bool(view.text(f"{which}_again"))
        about = {
            "when": "sau đánh giá lại trong hè" if again else "cả năm",
            "when_en": "after the summer" if again else "of the year",
        }
        return (Hit(Place("promoted"), about),)

    return check


def _standing(view: Assessed) -> _Standing:
    known = view.memo.get("standing")
    if isinstance(known, _Standing):
        return known
    view.memo["standing"] = standing = _Standing(
        RATINGS.get(view.text("study_again") or view.text("study_year")),
        RATINGS.get(view.text("conduct_again") or view.text("conduct_year")),
        tenths_of(view.text("absences")) or 0,
    )
    return standing


def _about(standing: _Standing) -> dict[str, str]:
    study, conduct = standing.study or _NO, standing.conduct or _NO
    whole, part = divmod(standing.absences, 10)
    return {
        **as_parameters("study", RATING_NAMES[study]),
        **as_parameters("conduct", RATING_NAMES[conduct]),
        "absences": f"{whole},{part}" if part else str(whole),
        "absences_en": f"{whole}.{part}" if part else str(whole),
    }
