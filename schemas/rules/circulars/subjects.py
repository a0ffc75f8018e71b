"""Rules about the subjects of a grade: Chương trình GDPT 2018."""

from collections.abc import Iterable, Iterator

from schemas.rules.circulars.assessed import Assessed, Place
from schemas.rules.circulars.curriculum import Subject
from schemas.rules.circulars.hit import NOTHING, Check, Hit
from schemas.rules.circulars.pack_table import PackTable


def subject_of_grade(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001 -- one shape
    """A known subject is one that the grade has; an unknown code is `[[code]]`'s to report."""

    def check(view: Assessed) -> Iterator[Hit]:
        curriculum = view.curriculum
        if curriculum is None:
            return
        for row in view.rows:
            if row.subject is None and row.code in curriculum.names:
                name = curriculum.names[row.code]
                yield Hit(row.at("code"), {"subject": name, "grade": view.grade.lstrip("0")})

    return check


def compulsory_subjects(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """Every compulsory subject has a row; nothing is said where a code is unknown."""

    def check(view: Assessed) -> Iterable[Hit]:
        missing = missing_subjects(view)
        if not missing or view.unknown_codes:
            return NOTHING
        about = {
            "missing": ", ".join(each.name for each in missing),
            "missing_en": ", ".join(each.name_en for each in missing),
            "grade": view.grade.lstrip("0"),
        }
        return (Hit(Place(""), about),)

    return check


def whole_and_part(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """A subject does not stand both as a whole and as one of its parts."""

    def check(view: Assessed) -> Iterator[Hit]:
        curriculum = view.curriculum
        if curriculum is None:
            return
        for row in view.rows:
            subject = row.subject
            if subject and subject.part_of and subject.part_of in {r.code for r in view.rows}:
                about = {"subject": subject.name, "whole": curriculum.names[subject.part_of]}
                yield Hit(row.at("code"), about)

    return check


def elective_count(rule: PackTable, pack: PackTable) -> Check:  # noqa: ARG001
    """The pupil has exactly `count` electives."""
    count = rule.number("count")

    def check(view: Assessed) -> Iterable[Hit]:
        chosen = [row for row in view.rows if row.subject and row.subject.standing == "elective"]
        if len(chosen) == count or view.curriculum is None or view.unknown_codes:
            return NOTHING
        names = ", ".join(row.name for row in chosen) or "–"
        place = chosen[-1].at("code") if chosen else Place("")
        return (Hit(place, {"count": len(chosen), "expected": count, "chosen": names}),)

    return check


def missing_subjects(view: Assessed) -> tuple[Subject, ...]:
    """The compulsory subjects without a row; empty where no list is known."""
    known = view.memo.get("missing")
    if isinstance(known, tuple):
        return known
    curriculum = view.curriculum
    missing = () if curriculum is None else curriculum.missing([row.code for row in view.rows])
    view.memo["missing"] = missing
    return missing


def is_complete(view: Assessed) -> bool:
    """Whether the rows are known to be all of the pupil's subjects."""
    known = view.memo.get("complete")
    if known is None:
        listed = view.curriculum is not None and not view.unknown_codes
        view.memo["complete"] = known = listed and not missing_subjects(view)
    return known is True
