"""A record of THCS, THPT or GDTX: definition `trung-hoc`, table `thongtinsohocbasothcsthpt`."""

from typing import Final

from hocba.sample.assessment import Rating, Result, mark_text
from hocba.sample.content import Content, Fields, Row
from hocba.sample.levels import Level
from hocba.sample.record_fields import (
    RecordContext,
    envelope,
    header,
    issue,
    joined,
    places,
    pupil_fields,
    schooling,
)
from hocba.sample.secondary_results import SecondarySubject, SecondaryYear
from hocba.sample.source import words
from signing.creation.styles import XADES

TABLE: Final = "thongtinsohocbasothcsthpt"


def secondary_content(context: RecordContext, year: SecondaryYear) -> Content:
    """The record of *year*; vendors' tools link each row to the slot of its signer."""
    continuing = context.year.level is Level.CONTINUING
    circular = "43/2021/TT-BGDĐT" if continuing else "22/2021/TT-BGDĐT"
    return Content(
        information=joined(
            (
                envelope(context),
                {f"key{TABLE}": context.identity.key(TABLE)},
                header(context, circular),
                pupil_fields(context),
                places(context),
                _parents(context),
                issue(context),
                _outcome(context, year),
                _ratings(year),
            )
        ),
        schooling=schooling(context, TABLE),
        certificates=_certificates(context, year),
        rows=tuple(
            _row(context, number, each) for number, each in enumerate(year.subjects, start=1)
        ),
    )


def _parents(context: RecordContext) -> Fields:
    pupil = context.pupil
    return {
        "hotencha": pupil.father,
        "nghenghiepcha": pupil.father_work,
        "hotenme": pupil.mother,
        "nghenghiepme": pupil.mother_work,
    }


def _outcome(context: RecordContext, year: SecondaryYear) -> Fields:
    """duoclenlop to nxetgvcn."""
    outcomes: dict[str, str] = words()["outcomes"]
    summer = year.study_again is not None or year.conduct_again is not None
    if year.promoted_at_once:
        said = "promoted"
    elif summer:
        said = "promoted_after_summer" if year.promoted else "repeats"
    else:
        said = "summer"
    completed = {9: "completed_thcs", 12: "completed_thpt"}.get(context.year.grade)
    study = year.study[2] if year.study else Rating.ACHIEVED
    return {
        "duoclenlop": "1" if year.promoted else "0",
        "ndungduoclenlop": outcomes[said],
        "ndunghoanthanh": outcomes[completed] if completed and year.promoted else None,
        "kquathamgiacuocthi": _contest(context, year),
        "ndungkquarenluyen": outcomes["summer_conduct"] if year.conduct_again is not None else None,
        "ndungkhenthuong": year.award.value if year.award else None,
        "nxetgvcn": context.comment("homeroom", min(study, year.conduct[2]).code),
    }


def _contest(context: RecordContext, year: SecondaryYear) -> str | None:
    if year.award is None or context.source.random() > 0.25:
        return None
    best = max(
        (each for each in year.subjects if each.subject.scored and each.results is not None),
        key=lambda each: each.results.year if each.results else 0,
    )
    choice: str = context.source.choice(words()["lists"]["contests"])
    return choice.format(subject=best.subject.name)


def _ratings(year: SecondaryYear) -> Fields:
    """hocky1 to kqhoctaplai. No absence is no field: the dictionary's least value is 1."""
    study = [each.code for each in year.study] if year.study else [None] * 3
    conduct = [each.code for each in year.conduct]
    return {
        "hocky1": study[0],
        "hocky2": study[1],
        "canam": study[2],
        "sobuoinghi": str(year.absences) if year.absences else None,
        "renluyenhocky1": conduct[0],
        "renluyenhocky2": conduct[1],
        "renluyencanam": conduct[2],
        "renluyenlai": year.conduct_again.code if year.conduct_again is not None else None,
        "kqhoctaplai": year.study_again.code if year.study_again is not None else None,
    }


def _certificates(context: RecordContext, year: SecondaryYear) -> tuple[Fields, ...]:
    if context.year.grade < 9 or not year.promoted or context.source.random() > 0.08:
        return ()
    name, kind = context.source.choice(words()["lists"]["certificates"])
    return (
        {
            f"key{TABLE}_chungchi": context.identity.key("chungchi", 1),
            f"key{TABLE}": context.identity.key(TABLE),
            "tenchungchi": name,
            "loaichungchi": kind,
        },
    )


def _row(context: RecordContext, number: int, row: SecondarySubject) -> Row:
    teacher = context.school.teacher(row.subject.code, context.year.class_index)
    results = row.results
    exempt = "M" if row.exempt else None
    return Row(
        f"mon-{row.subject.code}",
        {
            f"key{TABLE}_bangdiem": context.identity.key("bangdiem", number),
            f"key{TABLE}": context.identity.key(TABLE),
            "mamonhoc": row.subject.code,
            "tenmonhoc": row.subject.name,
            "diemhocky1": mark_text(results.first) if results else exempt,
            "diemhocky2": mark_text(results.second) if results else exempt,
            "diemcanam": mark_text(results.year) if results else exempt,
            "diemkttralai": None if row.again is None else mark_text(row.again),
            "nxetmonhoc": _comment(context, row),
            "soddcngvbm": teacher.personal_id,
            "gvbm": teacher.name,
        },
        None
        if context.school.style == XADES.name
        else (_slot_id(teacher.personal_id), teacher.name),
    )


def _slot_id(personal_id: str) -> str:
    """What vendors' tools call a teacher: a number of their own database."""
    return f"gv-{int(personal_id) % 99_991:05d}"


def _comment(context: RecordContext, row: SecondarySubject) -> str | None:
    if row.exempt:
        return None
    result = row.final
    return context.comment("subject", "Đ" if result is None else _band(result), row.subject.name)


def _band(result: Result) -> str:
    if isinstance(result, bool):
        return "passed" if result else "failed"
    return next((b for least, b in ((80, "T"), (65, "K"), (50, "Đ")) if result >= least), "CĐ")
