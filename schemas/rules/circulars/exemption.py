"""Rules about who is not assessed, or exempt from a subject."""

from collections.abc import Iterable, Iterator

from schemas.rules.circulars.assessed import Assessed, Place, SubjectRow
from schemas.rules.circulars.hit import NOTHING, Check, Hit
from schemas.rules.circulars.pack_table import PackTable
from schemas.rules.marks import NoMark

_OUTCOME = ("study_first", "study_second", "study_year", "study_again", "result")


def not_assessed_without_results(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """A pupil who is not assessed has neither levels nor marks."""

    def check(view: Assessed) -> Iterable[Hit]:
        for field in _OUTCOME:
            if view.text(field).strip():
                return (Hit(Place(field)),)
        for row in view.rows:
            for field in ("first", "second", "year", "again", "achievement", "test"):
                if row.text(field) not in ("", "M"):
                    return (Hit(row.at(field)),)
        for trait in (*view.names.traits, *view.names.later_traits):
            if view.trait(trait):
                return (Hit(Place(trait.name)),)
        return NOTHING

    return check


def exemption_is_whole(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """An exemption holds for the year if it holds for both semesters, and not otherwise."""

    def check(view: Assessed) -> Iterator[Hit]:
        if not view.any_exempt:
            return
        for row in view.rows:
            semesters = (row.first, row.second)
            exempt = semesters.count(NoMark.EXEMPT)
            whole_year = row.year is NoMark.EXEMPT
            if (whole_year and not exempt) or (exempt == len(semesters) and not whole_year):
                yield Hit(row.at("year"), {"subject": row.name})

    return check


def exempt_test_has_no_mark(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Who is exempt from a primary subject has no mark in its test."""

    def check(view: Assessed) -> Iterator[Hit]:
        if not view.any_exempt:
            return
        for row in view.rows:
            if row.text("achievement") == "M" and row.text("test") not in ("", "M"):
                yield Hit(row.at("test"), {"subject": row.name})

    return check


def subject_can_be_exempt(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Exempt is only who may be: the subjects in `subjects`."""
    subjects = frozenset(rule.texts("subjects"))

    def check(view: Assessed) -> Iterator[Hit]:
        if not view.any_exempt:
            return
        for row in view.rows:
            if row.subject is not None and row.code not in subjects:
                field = _exempt_field(row)
                if field:
                    yield Hit(row.at(field), {"subject": row.name})

    return check


def _exempt_field(row: SubjectRow) -> str | None:
    if NoMark.EXEMPT in (row.year, row.first, row.second):
        return next(f for f in ("year", "first", "second") if row.text(f) == "M")
    return "achievement" if row.text("achievement") == "M" else None
