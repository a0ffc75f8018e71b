"""A primary record: definition `tieu-hoc`, table `thongtinsohocbasotieuhoc`."""

from random import Random
from typing import Final

from hocba.sample.assessment import PrimaryResult, Trait
from hocba.sample.content import Content, Fields, Row
from hocba.sample.primary_results import (
    GENERAL_SKILLS,
    QUALITIES,
    SPECIAL_SKILLS,
    PrimarySubject,
    PrimaryYear,
)
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
from hocba.sample.source import words

TABLE: Final = "thongtinsohocbasotieuhoc"
CIRCULAR: Final = "27/2020"

_HOMEROOM_COMMENT: Final = {
    PrimaryResult.EXCELLENT: "T",
    PrimaryResult.WELL: "T",
    PrimaryResult.COMPLETED: "K",
    PrimaryResult.NOT_COMPLETED: "CĐ",
    None: "Đ",
}


def primary_content(context: RecordContext, year: PrimaryYear) -> Content:
    """The record of *year*."""
    return Content(
        information=joined(
            (
                envelope(context),
                {f"key{TABLE}": context.identity.key(TABLE)},
                header(context, CIRCULAR),
                pupil_fields(context),
                _body(context.source, context, year),
                places(context),
                {"hotencha": context.pupil.father, "hotenme": context.pupil.mother},
                issue(context),
                _results(context, year),
                _traits(context, year),
            )
        ),
        schooling=schooling(context, TABLE),
        certificates=(),
        rows=tuple(
            _row(context, number, each) for number, each in enumerate(year.subjects, start=1)
        ),
    )


def _body(source: Random, context: RecordContext, year: PrimaryYear) -> Fields:
    """cannang to nghikhongphep: weight and height as usual for the grade."""
    grade = context.year.grade
    return {
        "cannang": f"{round(16 + 3.1 * grade + source.gauss(0, 2), 1)}",
        "chieucao": f"{round(108 + 5.6 * grade + source.gauss(0, 4), 1)}",
        "nghicophep": str(year.excused),
        "nghikhongphep": str(year.unexcused),
    }


def _results(context: RecordContext, year: PrimaryYear) -> Fields:
    """xeploai to nxetgvcn."""
    outcomes: dict[str, str] = words()["outcomes"]
    grade = context.year.grade
    finished = year.promoted and grade == 5
    done = None
    if year.promoted:
        done = outcomes["completed_primary"] if finished else outcomes["completed_grade"]
    praise = None
    if year.promoted and context.source.random() < 0.03:
        praise = context.source.choice(words()["lists"]["sudden_praise"])
    return {
        "xeploai": year.result.value if year.result else None,
        "duoclenlop": "1" if year.promoted else "0",
        "ndunghoanthanh": done.format(grade=grade) if done else None,
        "dahthanhctrinhlophoc": "1" if year.promoted else "0",
        "dahthanhctrinhtieuhoc": "1" if finished else "0",
        "ndungkhenthuong": year.award.value if year.award else None,
        "ndungkhenthuongdotxuat": praise,
        "nxetgvcn": context.comment("homeroom", _HOMEROOM_COMMENT[year.result]),
    }


def _traits(context: RecordContext, year: PrimaryYear) -> Fields:
    """nangluctuhoc to nxetnanglucdacthu."""
    traits = {
        name: year.traits[name].value if name in year.traits else None
        for name in (*GENERAL_SKILLS, *SPECIAL_SKILLS, *QUALITIES)
    }

    def comment(kind: str, names: tuple[str, ...]) -> str:
        return context.comment(kind, _typical([year.traits[n] for n in names if n in year.traits]))

    return {
        **traits,
        "nxetphamchat": comment("qualities", QUALITIES),
        "nxetnanglucchung": comment("general", GENERAL_SKILLS),
        "nxetnanglucdacthu": comment("special", SPECIAL_SKILLS),
    }


def _typical(traits: list[Trait]) -> str:
    """The lowest trait, which a comment should not sound better than."""
    if not traits or Trait.ACHIEVED in traits:
        return "C" if Trait.NEEDS_EFFORT in traits else "Đ"
    return "C" if Trait.NEEDS_EFFORT in traits else "T"


def _row(context: RecordContext, number: int, row: PrimarySubject) -> Row:
    achievement = row.achievement.value if row.achievement else None
    test = None if row.test is None else str(row.test)
    return Row(
        f"mon-{row.subject.code}",
        {
            f"key{TABLE}_dsbangdiem": context.identity.key("dsbangdiem", number),
            f"key{TABLE}": context.identity.key(TABLE),
            "mamonhoc": row.subject.code,
            "tenmonhoc": row.subject.name,
            "mucdatduoc": "M" if row.exempt else achievement,
            "diemkiemtradinhky": "M" if row.exempt and row.subject.scored else test,
        },
    )
