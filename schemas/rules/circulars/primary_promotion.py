"""Rules about completing a grade of primary school, and the level (TT 27/2020 Điều 11)."""

from collections.abc import Iterable

from schemas.rules.circulars.assessed import Assessed, Place
from schemas.rules.circulars.hit import NOTHING, Check, Hit
from schemas.rules.circulars.pack_table import PackTable
from schemas.rules.circulars.primary import RESULT_NAMES, Result, stated_result
from schemas.texts import as_parameters


def grade_completed_by_result(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Nobody completes a grade with Chưa hoàn thành."""

    def check(view: Assessed) -> Iterable[Hit]:
        failed = stated_result(view) is Result.NOT_COMPLETED
        if failed and view.text("grade_completed") == "1":
            return (Hit(Place("grade_completed")),)
        return NOTHING

    return check


def result_completes_grade(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Whose result is Hoàn thành or better has completed the grade."""

    def check(view: Assessed) -> Iterable[Hit]:
        if view.text("grade_completed") != "0":
            return NOTHING
        result = stated_result(view)
        if result is None or result is Result.NOT_COMPLETED:
            return NOTHING
        return (Hit(Place("grade_completed"), as_parameters("result", RESULT_NAMES[result])),)

    return check


def promoted_though_incomplete(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Who did not complete the grade is promoted only by the principal's decision, or not."""
    return _flags(("promoted", "1"), ("grade_completed", "0"))


def completed_and_promoted(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Who completed the grade is promoted."""
    return _flags(("promoted", "0"), ("grade_completed", "1"))


def level_completed_early(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Primary school is completed in its last grade only."""

    def check(view: Assessed) -> Iterable[Hit]:
        if view.text("level_completed") == "1":
            return (Hit(Place("level_completed"), {"grade": view.grade_number}),)
        return NOTHING

    return check


def level_completed_by_grade(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Primary school is not completed without its last grade."""
    return _flags(("level_completed", "1"), ("grade_completed", "0"))


def last_grade_completes_level(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Who completed the last grade has completed primary school."""
    return _flags(("level_completed", "0"), ("grade_completed", "1"))


def _flags(wrong: tuple[str, str], beside: tuple[str, str]) -> Check:
    """A check that one flag does not have its value beside another's."""
    place = Place(wrong[0])

    def check(view: Assessed) -> Iterable[Hit]:
        if view.text(wrong[0]) == wrong[1] and view.text(beside[0]) == beside[1]:
            return (Hit(place),)
        return NOTHING

    return check
