"""Ways to break each rule of the circulars: one of them, and no other.

A function brings a draft into a state that fits and then writes one wrong thing into it. What the
rule says stands in `schemas/rule_packs/`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from hocba.sample.content import Content
from hocba.sample.levels import Level
from hocba.sample.rule_draft import (
    AGAIN,
    SEMESTERS,
    YEAR,
    PrimaryDraft,
    SecondaryDraft,
)
from hocba.sample.years import SampleRecord

_LOWER_AND_UPPER: Final = (Level.LOWER, Level.UPPER)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSpoiler:
    """How to break the rule *code*, in records of *levels* and *grades*."""

    code: str
    levels: tuple[Level, ...]
    grades: tuple[int, ...]
    spoil: Callable[[Any], object]

    def fits(self, level: Level, grade: int) -> bool:
        """Whether a record of *level* and *grade* can break it."""
        return level in self.levels and grade in self.grades

    def spoilt(self, record: SampleRecord) -> Content:
        """The content of *record* with the rule broken."""
        primary = record.context.year.level is Level.PRIMARY
        draft = PrimaryDraft(record) if primary else SecondaryDraft(record)
        self.spoil(draft)
        return draft.content()


# ------------------------------------------------------------------- THCS, THPT, GDTX


def _mark_form(draft: SecondaryDraft) -> None:
    draft.fair()
    draft.scored()[SEMESTERS[0]] = "7.05"


def _mark_kind(draft: SecondaryDraft) -> None:
    draft.fair()
    draft.scored()[SEMESTERS[0]] = "Đ"


def _result_present(draft: SecondaryDraft) -> None:
    draft.fair()
    draft.scored()[YEAR] = None


def _average(draft: SecondaryDraft) -> None:
    draft.fair()
    draft.scored(1)[YEAR] = "7.1" if draft.grade % 2 else "6.9"


def _comment_of_year(draft: SecondaryDraft) -> None:
    draft.fair()
    row = draft.comment()
    draft.put(row, True, second=False)  # noqa: FBT003 -- Đạt, then Chưa đạt
    draft.settle()
    row[SEMESTERS[1]] = "Đ"
    draft.fields["hocky2"] = "K"


def _field(draft: SecondaryDraft, *, state: str, **fields: str | None) -> None:
    getattr(draft, state)()
    draft.fields |= fields


def _exception(draft: SecondaryDraft) -> None:
    draft.one_weak()
    draft.fields["canam"] = "Đ"


def _retest_not_needed(draft: SecondaryDraft) -> None:
    draft.one_weak()
    draft.scored()[AGAIN] = "6.0"


def _retest_of_passed(draft: SecondaryDraft) -> None:
    draft.failed(tested=True)
    draft.scored(2)[AGAIN] = "7.0"


def _after_retest(draft: SecondaryDraft) -> None:
    draft.failed(tested=True)
    draft.keep_down()
    draft.fields["kqhoctaplai"] = "CĐ"


def _training_not_described(draft: SecondaryDraft) -> None:
    draft.conduct_failed(trained=True)
    draft.fields["ndungkquarenluyen"] = None


def _promoted_without_study(draft: SecondaryDraft) -> None:
    draft.failed(tested=False)
    draft.promote()


def _promoted_without_conduct(draft: SecondaryDraft) -> None:
    draft.conduct_failed(trained=False)
    draft.promote()


def _kept_down(draft: SecondaryDraft) -> None:
    draft.fair()
    draft.keep_down()


def _completed_not_promoted(draft: SecondaryDraft) -> None:
    draft.fair()
    draft.fields |= {"duoclenlop": "0", "sobuoinghi": "50"}


def _not_assessed(draft: SecondaryDraft) -> None:
    draft.not_assessed()
    draft.fields["hocky1"] = "Đ"


def _exemption(draft: SecondaryDraft) -> None:
    draft.fair()
    if draft.level is Level.CONTINUING:
        draft.scored(-1).update(dict.fromkeys(SEMESTERS, "M"))
    else:
        draft.rows["TDC"].update(dict.fromkeys(SEMESTERS, "M"))


def _not_exemptable(draft: SecondaryDraft) -> None:
    draft.fair()
    draft.scored(1).update(dict.fromkeys((*SEMESTERS, YEAR), "M"))


def _with(draft: SecondaryDraft, *, code: str) -> None:
    draft.fair()
    draft.add(code, passed=code == "ANC")


def _without(draft: SecondaryDraft, *, code: str) -> None:
    draft.fair()
    del draft.rows[code]


def _without_elective(draft: SecondaryDraft) -> None:
    draft.fair()
    draft.rows.popitem()


_SECONDARY: Final[Mapping[str, Callable[[SecondaryDraft], object]]] = {
    "01": _mark_form,
    "02": _mark_kind,
    "03": _result_present,
    "04": _average,
    "05": _comment_of_year,
    "06": partial(_field, state="fair", hocky1="T"),
    "07": partial(_field, state="fair", canam="Đ"),
    "08": _exception,
    "09": partial(_field, state="fair", renluyencanam="T"),
    "11": _retest_not_needed,
    "12": _retest_of_passed,
    "13": _after_retest,
    "14": partial(_field, state="fair", kqhoctaplai="Đ"),
    "15": partial(_field, state="fair", renluyenlai="Đ", ndungkquarenluyen="Đạt yêu cầu"),
    "16": _training_not_described,
    "20": _promoted_without_study,
    "21": _promoted_without_conduct,
    "22": partial(_field, state="fair", sobuoinghi="46"),
    "30": partial(_field, state="good", ndungkhenthuong="Học sinh Xuất sắc"),
    "31": partial(_field, state="fair", ndungkhenthuong="Học sinh Giỏi"),
    "32": partial(_field, state="good", ndungkhenthuong=None),
    "50": _not_assessed,
    "51": _exemption,
}
_LAST: Final[Mapping[str, Callable[[SecondaryDraft], object]]] = {
    "40": partial(_field, state="fair", ndunghoanthanh=None),
    "41": _completed_not_promoted,
}
_BEFORE_THE_LAST: Final[Mapping[str, Callable[[SecondaryDraft], object]]] = {
    "23": _kept_down,
    "42": partial(
        _field, state="fair", ndunghoanthanh="Hoàn thành chương trình trung học phổ thông"
    ),
}

# ------------------------------------------------------------------- primary school


def _primary(
    draft: PrimaryDraft,
    *,
    state: str = "well",
    row: Mapping[str, str | None] | None = None,
    comment: bool = False,
    **fields: str | None,
) -> None:
    getattr(draft, state)()
    if row is not None:
        (draft.comment() if comment else draft.scored()).update(row)
    draft.fields |= fields


def _excellent(draft: PrimaryDraft) -> None:
    draft.well(test=9)
    draft.fields["ndungkhenthuong"] = None


def _exemplary(draft: PrimaryDraft) -> None:
    draft.well()
    draft.comment()["mucdatduoc"] = "H"
    draft.settle()
    draft.fields["ndungkhenthuong"] = "Học sinh Tiêu biểu hoàn thành tốt trong học tập và rèn luyện"


def _exempt_with_mark(draft: PrimaryDraft) -> None:
    draft.well()
    draft.rows["TDC"] |= {"mucdatduoc": "M", "diemkiemtradinhky": "8"}


def _primary_foreign(draft: PrimaryDraft) -> None:
    draft.well()
    draft.add("TXH" if draft.grade > 3 else "LDL")


def _primary_missing(draft: PrimaryDraft) -> None:
    draft.well()
    del draft.rows["HTN"]


def _whole_and_part(draft: PrimaryDraft) -> None:
    draft.well()
    draft.add("ANC" if "NTT" in draft.rows else "NTT")
    if "MTT" in draft.rows:
        del draft.rows["MTT"]


_NOT_DONE: Final = {"mucdatduoc": "T"}
_PRIMARY: Final[Mapping[str, tuple[tuple[int, ...], Callable[[PrimaryDraft], object]]]] = {
    "01": ((1, 2, 3, 4, 5), partial(_primary, row={"diemkiemtradinhky": "8.5"})),
    "02": ((1, 2, 3, 4, 5), partial(_primary, row={"diemkiemtradinhky": "9"}, comment=True)),
    "03": ((1, 2, 3, 4, 5), partial(_primary, row={"diemkiemtradinhky": None})),
    "04": ((1, 2, 3, 4, 5), partial(_primary, row={"mucdatduoc": None}, comment=True)),
    "05": ((1, 2, 3, 4, 5), partial(_primary, state="failed", row=_NOT_DONE)),
    "06": ((1, 2, 3, 4, 5), partial(_primary, xeploai="Giỏi")),
    "07": ((1, 2, 3, 4, 5), partial(_primary, xeploai="Hoàn thành")),
    "08": ((3, 4, 5), partial(_primary, nangluctinhoc=None)),
    "09": ((1, 2), partial(_primary, nangluctinhoc="T")),
    "10": (
        (1, 2, 3, 4),
        partial(_primary, state="failed", dahthanhctrinhlophoc="1", duoclenlop="1"),
    ),
    "11": ((1, 2, 3, 4), partial(_primary, dahthanhctrinhlophoc="0", duoclenlop="0")),
    "12": ((1, 2, 3, 4), partial(_primary, state="failed", duoclenlop="1")),
    "13": ((1, 2, 3, 4), partial(_primary, duoclenlop="0")),
    "14": ((5,), partial(_primary, state="failed", duoclenlop="1")),
    "15": ((1, 2, 3, 4), partial(_primary, dahthanhctrinhtieuhoc="1")),
    "16": ((5,), partial(_primary, state="failed", dahthanhctrinhtieuhoc="1")),
    "17": ((5,), partial(_primary, dahthanhctrinhtieuhoc="0")),
    "20": ((1, 2, 3, 4, 5), partial(_primary, ndungkhenthuong="Học sinh Xuất sắc")),
    "21": ((1, 2, 3, 4, 5), _exemplary),
    "22": ((1, 2, 3, 4, 5), _excellent),
    "30": ((1, 2, 3, 4, 5), partial(_primary, state="not_assessed", xeploai="Hoàn thành")),
    "31": ((1, 2, 3, 4, 5), _exempt_with_mark),
    "32": (
        (1, 2, 3, 4, 5),
        partial(_primary, row={"mucdatduoc": "M", "diemkiemtradinhky": "M"}),
    ),
    "40": ((1, 2, 3, 4, 5), _primary_foreign),
    "41": ((1, 2, 3, 4, 5), _primary_missing),
    "42": ((1, 2, 3, 4, 5), _whole_and_part),
}


def _before_any_pack(draft: Any) -> None:
    draft.fields["namhoc"] = "2020-2021" if draft.level is Level.PRIMARY else "2021-2022"


def _older_circular(draft: Any) -> None:
    draft.fields["thongtu"] = "22/2016" if draft.level is Level.PRIMARY else "58/2011/TT-BGDĐT"


def _shared(prefix: str, levels: tuple[Level, ...]) -> tuple[RuleSpoiler, ...]:
    """The rules that TT 22/2021 and TT 43/2021 share."""
    grades: tuple[tuple[Mapping[str, Callable[[SecondaryDraft], object]], tuple[int, ...]], ...] = (
        (_SECONDARY, tuple(range(6, 13))),
        (_LAST, (9, 12)),
        (_BEFORE_THE_LAST, (6, 7, 8, 10, 11)),
    )
    return tuple(
        RuleSpoiler(code=f"HB-R{prefix}{number}", levels=levels, grades=allowed, spoil=spoil)
        for spoilers, allowed in grades
        for number, spoil in spoilers.items()
    )


def _of(code: str, level: Level, spoil: Callable[[SecondaryDraft], object]) -> RuleSpoiler:
    return RuleSpoiler(code=code, levels=(level,), grades=tuple(level.grades), spoil=spoil)


RULE_SPOILERS: Final = (
    RuleSpoiler(
        code="HB-R0001",
        levels=(Level.PRIMARY, Level.LOWER, Level.UPPER, Level.CONTINUING),
        grades=(2, 3, 4, 5, 7, 8, 9, 10, 11, 12),
        spoil=_before_any_pack,
    ),
    RuleSpoiler(
        code="HB-R0002",
        levels=(Level.PRIMARY, Level.LOWER, Level.UPPER, Level.CONTINUING),
        grades=tuple(range(1, 13)),
        spoil=_older_circular,
    ),
    *(
        RuleSpoiler(code=f"HB-R27{number}", levels=(Level.PRIMARY,), grades=grades, spoil=spoil)
        for number, (grades, spoil) in _PRIMARY.items()
    ),
    *_shared("22", _LOWER_AND_UPPER),
    RuleSpoiler(
        code="HB-R2252",
        levels=_LOWER_AND_UPPER,
        grades=tuple(range(6, 13)),
        spoil=_not_exemptable,
    ),
    _of("HB-R2260", Level.LOWER, partial(_with, code="VLY")),
    _of("HB-R2261", Level.LOWER, partial(_without, code="DPG")),
    _of("HB-R2262", Level.LOWER, partial(_with, code="ANC")),
    _of("HB-R2270", Level.UPPER, partial(_with, code="LDL")),
    _of("HB-R2271", Level.UPPER, partial(_without, code="DPG")),
    _of("HB-R2272", Level.UPPER, _without_elective),
    *_shared("43", (Level.CONTINUING,)),
    _of("HB-R4370", Level.CONTINUING, partial(_with, code="QPA")),
    _of("HB-R4371", Level.CONTINUING, partial(_without, code="LSU")),
    _of("HB-R4372", Level.CONTINUING, _without_elective),
)
