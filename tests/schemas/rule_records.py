"""Whole records of every level and grade, for the vectors of the circulars' rules.

Each is one that no rule has anything to say about, until its fields or rows are changed.
"""

from collections.abc import Callable, Mapping, Sequence

from tests.support.records import (
    PASSED,
    Fields,
    primary_record,
    primary_row,
    secondary_record,
    secondary_row,
)

Changes = Mapping[str, Fields | None]
"""Fields of a row to change by the subject's code; None takes the row out."""

COMMENT = ("TDC", "NTT", "ANC", "MTT", "HTN", "DPG", "DDC", "TXH")
LOWER = ("NVN", "TOC", "TDC", "TAH", "GCD", "LDL", "KHT", "CNE", "THC", "NTT", "HTN", "DPG")
UPPER = ("NVN", "TOC", "TDC", "TAH", "LSU", "QPA", "HTN", "DPG", "VLY", "HOA", "SHC", "THC")
CONTINUING = ("NVN", "TOC", "LSU", "VLY", "HOA", "DLY", "KPL", "HTN")
GRADE_1 = ("TVN", "TOC", "TDC", "DDC", "TXH", "NTT", "HTN")
GRADE_3 = ("TVN", "TOC", "TDC", "TAH", "DDC", "TXH", "TCN", "NTT", "HTN")
GRADE_5 = ("TVN", "TOC", "TDC", "TAH", "DDC", "LDL", "KHC", "TCN", "NTT", "HTN")
TRAITS = (
    "nangluctuhoc", "nanglucgiaotiep", "nanglucgiaiquyet", "nanglucngonngu", "nangluctinhtoan",
    "nangluckhoahoc", "nangluccongnghe", "nangluctinhoc", "nanglucthammi", "nanglucthechat",
    "phamchatyeunuoc", "phamchatnhanai", "phamchatchamchi", "phamchattrungthuc",
    "phamchattrachnhiem",
)  # fmt: skip

EXEMPT: Fields = {"diemhocky1": "M", "diemhocky2": "M", "diemcanam": "M"}
NO_MARKS: Fields = {"diemhocky1": None, "diemhocky2": None, "diemcanam": None}


def marks(first: str, second: str, year: str, again: str | None = None) -> Fields:
    """The fields of a secondary row's results."""
    return {
        "diemhocky1": first,
        "diemhocky2": second,
        "diemcanam": year,
        "diemkttralai": again,
    }


def same(mark: str, again: str | None = None) -> Fields:
    """A row with one mark throughout."""
    return marks(mark, mark, mark, again)


def primary(grade: int = 3, rows: Changes | None = None, **fields: str | None) -> bytes:
    """A record of grade 1, 3 or 5: completed well, lowest test mark 8."""
    codes = {1: GRADE_1, 3: GRADE_3, 5: GRADE_5}[grade]
    tests = {"TVN": "8", "TOC": "10", "TAH": "9", "TCN": "9", "LDL": "9", "KHC": "9"}
    table = {code: primary_row(code, code, diemkiemtradinhky=tests.get(code)) for code in codes}
    level: Fields = {"makhoi": f"0{grade}", "tenlop": f"{grade}A"}
    if grade == 1:
        level = {**level, "nangluccongnghe": None, "nangluctinhoc": None}
    if grade == 5:
        level = {**level, "dahthanhctrinhtieuhoc": "1"}
    return primary_record(
        rows=_changed(table, rows, lambda code: primary_row(code, code)), **{**level, **fields}
    )


def primary_not_completed(
    grade: int = 3, rows: Changes | None = None, **fields: str | None
) -> bytes:
    """A record of a pupil who did not complete Tiếng Việt, and stays in the grade."""
    failed: Changes = {"TVN": {"mucdatduoc": "C", "diemkiemtradinhky": "4"}, **(rows or {})}
    result = {
        "xeploai": "Chưa hoàn thành",
        "dahthanhctrinhlophoc": "0",
        "dahthanhctrinhtieuhoc": "0",
        "duoclenlop": "0",
        "ndunghoanthanh": None,
    }
    return primary(grade, failed, **{**result, **fields})


def primary_not_assessed(**fields: str | None) -> bytes:
    """A record of a pupil with a disability who is not assessed."""
    rows: Changes = {code: {"mucdatduoc": None, "diemkiemtradinhky": None} for code in GRADE_3}
    nothing = {**dict.fromkeys(TRAITS), "xeploai": None, "cokhuyettatkhongdanhgia": "1"}
    return primary(3, rows, **{**nothing, **fields})


def lower(rows: Changes | None = None, **fields: str | None) -> bytes:
    """A THCS record of grade 8: 8.8 in all subjects, Tốt in everything."""
    return _secondary(LOWER, rows, fields)


def upper(rows: Changes | None = None, **fields: str | None) -> bytes:
    """A THPT record of grade 11."""
    return _secondary(UPPER, rows, {"macaphoc": "04", "makhoi": "11", **fields})


def continuing(rows: Changes | None = None, **fields: str | None) -> bytes:
    """A GDTX record of grade 11."""
    level = {"macaphoc": "05", "makhoi": "11", "thongtu": "43/2021/TT-BGDĐT"}
    return _secondary(CONTINUING, rows, {**level, **fields})


def _secondary(codes: Sequence[str], rows: Changes | None, fields: Fields) -> bytes:
    return secondary_record(
        rows=_changed({code: _row(code) for code in codes}, rows, _row), **fields
    )


def _row(code: str) -> Fields:
    return secondary_row(code, code, **(PASSED if code in COMMENT else {}))


def _changed(
    table: Mapping[str, Fields], rows: Changes | None, make: Callable[[str], Fields]
) -> list[Fields]:
    changes = dict(rows or {})
    kept = [
        {**row, **(changes.get(code) or {})}
        for code, row in table.items()
        if changes.get(code, {}) is not None
    ]
    more = ((code, each) for code, each in changes.items() if code not in table)
    return kept + [{**make(code), **change} for code, change in more if change is not None]
