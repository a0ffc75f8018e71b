"""Rules about completing a level: THCS in grade 9, THPT in grade 12."""

import re
from collections.abc import Iterable

from schemas.rules.circulars.assessed import Assessed, Place
from schemas.rules.circulars.hit import NOTHING, Check, Hit
from schemas.rules.circulars.pack_table import PackTable

_OF_A_LEVEL = re.compile(
    r"chương trình (?:giáo dục )?(?:thcs|thpt|gdtx|trung học|thường xuyên)", re.IGNORECASE
)


def completion_stated(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001 -- one shape
    """The last grade's record of who is promoted says that the level is completed."""

    def check(view: Assessed) -> Iterable[Hit]:
        if view.text("promoted") == "1" and not view.text("completed").strip():
            return (Hit(Place("completed"), {"grade": view.grade_number}),)
        return NOTHING

    return check


def completed_without_promotion(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Who is not promoted has not completed the level."""

    def check(view: Assessed) -> Iterable[Hit]:
        if view.text("promoted") == "0" and _OF_A_LEVEL.search(view.text("completed")):
            return (Hit(Place("completed")),)
        return NOTHING

    return check


def completed_in_last_grade(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """No level is completed before its last grade."""

    def check(view: Assessed) -> Iterable[Hit]:
        text = view.text("completed")
        if text and _OF_A_LEVEL.search(text):
            return (Hit(Place("completed"), {"grade": view.grade_number}),)
        return NOTHING

    return check
