"""A record's content while it is being made to break one rule, and the states to start from.

A state rewrites the results so that they hang together, worked out by `assessment`, which shares
nothing with the rules that find the defect.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hocba.sample.assessment import (
    CONTINUING,
    SECONDARY,
    Achievement,
    Rating,
    Result,
    SubjectYear,
    Tenths,
    Trait,
    conduct_of_year,
    is_promoted,
    mark_text,
    primary_result,
    secondary_award,
    study_rating,
)
from hocba.sample.content import Content, Row
from hocba.sample.levels import Level
from hocba.sample.primary_results import GENERAL_SKILLS, QUALITIES, SPECIAL_SKILLS
from hocba.sample.source import words
from hocba.sample.subjects import subject_named
from hocba.sample.years import SampleRecord

TRAITS: Final = (*GENERAL_SKILLS, *SPECIAL_SKILLS, *QUALITIES)
SEMESTERS: Final = ("diemhocky1", "diemhocky2")
_TEACHER: Final = ("soddcngvbm", "gvbm", "nxetmonhoc")
YEAR: Final = "diemcanam"
AGAIN: Final = "diemkttralai"


class Draft:
    """A record's fields and rows, open to change."""

    def __init__(self, record: SampleRecord) -> None:
        self._content = record.content
        self.level = record.context.year.level
        self.grade = record.context.year.grade
        self.fields: dict[str, str | None] = dict(record.content.information)
        self.rows: dict[str, dict[str, str | None]] = {
            str(row.fields["mamonhoc"]): dict(row.fields) for row in record.content.rows
        }
        self._ids = {str(row.fields["mamonhoc"]): row for row in record.content.rows}

    @property
    def is_last_grade(self) -> bool:
        """Whether the level ends with it."""
        return self.grade in {5, 9, 12}

    def content(self) -> Content:
        """The changed content."""
        rows = tuple(
            replace(self._ids[code], fields=fields)
            if code in self._ids
            else Row(f"mon-{code}", fields)
            for code, fields in self.rows.items()
        )
        return replace(self._content, information=self.fields, rows=rows)

    def scored(self, number: int = 0) -> dict[str, str | None]:
        """The row of a compulsory subject with marks: the first, or another."""
        codes = [code for code in self.rows if subject_named(self.level, code).scored]
        return self.rows[codes[number]]

    def comment(self) -> dict[str, str | None]:
        """The row of a subject without marks; GDTX gets one, as it may have."""
        codes = [code for code in self.rows if not subject_named(self.level, code).scored]
        return self.rows[codes[-1]] if codes else self.add("HTN", passed=True)

    def add(self, code: str, *, passed: bool = False, mark: Tenths = 70) -> dict[str, str | None]:
        """A further row, like the first one but of another subject."""
        like = next(iter(self.rows.values()))
        row = {
            name: value if name.startswith("keythongtin") or name in _TEACHER else None
            for name, value in like.items()
        }
        row["mamonhoc"], row["tenmonhoc"] = code, subject_named(self.level, code).name
        key = next(iter(row))
        row[key] = f"{row[key] or ''}"[:-3] + code.lower()
        self.rows[code] = row
        if self.level is Level.PRIMARY:
            row["mucdatduoc"] = Achievement.COMPLETED_WELL.value
            row["diemkiemtradinhky"] = "8" if subject_named(self.level, code).scored else None
        else:
            self.put(row, True if passed else mark)
        return row

    def put(
        self, row: dict[str, str | None], result: Result, *, second: Result | None = None
    ) -> None:
        """One result in the first semester, the same or another in the second, and the year's."""
        results = SubjectYear(result, result if second is None else second)
        row |= {
            SEMESTERS[0]: mark_text(results.first),
            SEMESTERS[1]: mark_text(results.second),
            YEAR: mark_text(results.year),
            AGAIN: None,
        }


class SecondaryDraft(Draft):
    """A draft of THCS, THPT or GDTX."""

    def good(self) -> None:
        """8.5 in all subjects, Tốt in everything."""
        self._all(85, (Rating.GOOD, Rating.GOOD))

    def fair(self) -> None:
        """7.0 in all subjects, Khá in everything."""
        self._all(70, (Rating.FAIR, Rating.FAIR))

    def one_weak(self) -> None:
        """Good but for one subject, which pulls học tập down to Khá."""
        self.good()
        self.put(self.scored(), 40)
        self.settle()

    def failed(self, *, tested: bool) -> None:
        """Chưa đạt in học tập; *tested* again, and then Đạt."""
        self._all(60, (Rating.FAIR, Rating.FAIR))
        for number in (0, 1):
            self.put(self.scored(number), 30)
        self.settle()
        if tested:
            for number in (0, 1):
                self.scored(number)[AGAIN] = mark_text(55)
            self.fields["kqhoctaplai"] = Rating.ACHIEVED.code
            self.promote()

    def conduct_failed(self, *, trained: bool) -> None:
        """Chưa đạt in rèn luyện; *trained* over the summer, and then Đạt."""
        self._all(70, (Rating.FAIR, Rating.NOT_ACHIEVED))
        if trained:
            self.fields["renluyenlai"] = Rating.ACHIEVED.code
            self.fields["ndungkquarenluyen"] = words()["outcomes"]["summer_conduct"]
            self.promote()

    def not_assessed(self) -> None:
        """No results at all."""
        self.fair()
        for fields in self.rows.values():
            fields.update(dict.fromkeys((*SEMESTERS, YEAR, AGAIN)))
        self.fields |= dict.fromkeys(("hocky1", "hocky2", "canam"))
        self.fields["cokhuyettatkhongdanhgia"] = "1"
        self.promote()

    def settle(self) -> None:
        """Levels, award and promotion as rows and rèn luyện give them."""
        rules = CONTINUING if self.level is Level.CONTINUING else SECONDARY
        periods = zip(("hocky1", "hocky2", "canam"), (*SEMESTERS, YEAR), strict=True)
        study = {name: study_rating(self._results(field), rules) for name, field in periods}
        conduct = self._conduct("renluyencanam")
        self.fields |= {name: rating.code for name, rating in study.items()}
        award = secondary_award(study["canam"], conduct, self._results(YEAR))
        self.fields["ndungkhenthuong"] = award.value if award else None
        if is_promoted(study["canam"], conduct, 3):
            self.promote()
        else:
            self.keep_down()

    def promote(self) -> None:
        """Promoted, and the level completed in its last grade."""
        completed = {9: "completed_thcs", 12: "completed_thpt"}.get(self.grade)
        text = words()["outcomes"][completed] if completed else None
        self.fields |= {"duoclenlop": "1", "ndunghoanthanh": text}

    def keep_down(self) -> None:
        """Not promoted."""
        self.fields |= {"duoclenlop": "0", "ndunghoanthanh": None}

    def _all(self, mark: Tenths, conduct: tuple[Rating, Rating]) -> None:
        for code, row in self.rows.items():
            self.put(row, mark if subject_named(self.level, code).scored else True)
        self.fields |= {
            "cokhuyettatkhongdanhgia": "0",
            "sobuoinghi": "3",
            "renluyenhocky1": conduct[0].code,
            "renluyenhocky2": conduct[1].code,
            "renluyencanam": conduct_of_year(*conduct).code,
            "renluyenlai": None,
            "kqhoctaplai": None,
            "ndungkquarenluyen": None,
        }
        self.settle()

    def _conduct(self, field: str) -> Rating:
        return next(each for each in Rating if each.code == self.fields[field])

    def _results(self, field: str) -> list[Result]:
        read: Mapping[str | None, Result] = {
            **{mark_text(each): each for each in range(101)}, "Đ": True, "CĐ": False,
        }  # fmt: skip
        return [read[row[field]] for row in self.rows.values() if row[field] in read]


class PrimaryDraft(Draft):
    """A draft of primary school."""

    def well(self, test: int = 8) -> None:
        """Hoàn thành tốt in everything, with the same mark in every test."""
        for code, fields in self.rows.items():
            tested = subject_named(self.level, code).scored
            fields["mucdatduoc"] = Achievement.COMPLETED_WELL.value
            fields["diemkiemtradinhky"] = str(test) if tested else None
        late = ("nangluccongnghe", "nangluctinhoc") if self.grade < 3 else ()
        for name in TRAITS:
            self.fields[name] = None if name in late else Trait.GOOD.value
        self.fields["cokhuyettatkhongdanhgia"] = "0"
        self.settle()

    def failed(self) -> None:
        """Chưa hoàn thành, because of one subject."""
        self.well()
        self.scored().update(mucdatduoc=Achievement.NOT_COMPLETED.value, diemkiemtradinhky="4")
        self.settle()

    def not_assessed(self) -> None:
        """No results at all."""
        self.well()
        for fields in self.rows.values():
            fields.update(mucdatduoc=None, diemkiemtradinhky=None)
        nothing = ("xeploai", "ndungkhenthuong", *TRAITS)
        self.fields |= {**dict.fromkeys(nothing), "cokhuyettatkhongdanhgia": "1"}

    def settle(self) -> None:
        """Result, award, completion and promotion as rows and traits give them."""
        levels = [Achievement(row["mucdatduoc"] or "") for row in self.rows.values()]
        traits = [Trait(level) for name in TRAITS if (level := self.fields[name])]
        tests = [
            int(row["diemkiemtradinhky"] or 0)
            for row in self.rows.values()
            if row["diemkiemtradinhky"]
        ]
        result = primary_result(levels, traits, tests)
        done = "0" if result.value == "Chưa hoàn thành" else "1"
        self.fields |= {
            "xeploai": result.value,
            "dahthanhctrinhlophoc": done,
            "duoclenlop": done,
            "dahthanhctrinhtieuhoc": done if self.is_last_grade else "0",
            "ndunghoanthanh": None,
            "ndungkhenthuong": (
                "Học sinh Xuất sắc" if result.value == "Hoàn thành xuất sắc" else None
            ),
        }
