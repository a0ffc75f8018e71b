"""One vector per rule of a circular: a record that it objects to, and one that it does not.

`invalid` has this one finding of all the circulars' rules, `valid` none. `says` is what the
Vietnamese message must contain: the numbers that led to it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.schemas.rule_records import (
    EXEMPT,
    NO_MARKS,
    Changes,
    continuing,
    lower,
    marks,
    primary,
    primary_not_assessed,
    primary_not_completed,
    same,
    upper,
)


@dataclass(frozen=True, slots=True)
class RuleVector:
    """A record with exactly one finding of the circulars, one with none, and what it says."""

    invalid: bytes
    valid: bytes
    path: str
    says: tuple[str, ...]


Build = Callable[..., bytes]
NO_AWARD = {"ndungkhenthuong": None}
FAILED: Changes = {"NVN": same("3.0", "5.5"), "TOC": same("3.0", "5.5")}
FAILED_AND_NOT_TESTED: Changes = {"NVN": same("3.0"), "TOC": same("3.0")}
SIX = same("6.0")
NOT_ACHIEVED = {"hocky1": "CĐ", "hocky2": "CĐ", "canam": "CĐ", **NO_AWARD}
CONDUCT_FAILED = {"renluyenhocky2": "CĐ", "renluyencanam": "CĐ", **NO_AWARD}
TRAINED = {**CONDUCT_FAILED, "renluyenlai": "Đ", "ndungkquarenluyen": "Đạt sau rèn luyện trong hè."}


def _others(build: Build) -> Changes:
    """6.0 in the scored subjects beside Ngữ văn and Toán."""
    codes = ("TAH", "GCD", "LDL", "KHT", "CNE", "THC")
    return dict.fromkeys(codes if build is lower else ("LSU", "VLY", "HOA", "DLY", "KPL"), SIX)


def _secondary(prefix: str, build: Build) -> dict[str, RuleVector]:
    """The vectors of the rules that TT 22/2021 and TT 43/2021 share."""
    base, others = build(), _others(build)
    retested = build({**others, **FAILED}, kqhoctaplai="Đ", **NOT_ACHIEVED)
    last, level = ("09", "THCS") if build is lower else ("12", "GDTX cấp THPT")
    weak: Changes = {"TOC": same("6.0")}
    fair = {"hocky1": "K", "hocky2": "K", "canam": "K", **NO_AWARD}
    row2 = "DIEM_TONG_KET[2]/"
    comment = "DIEM_TONG_KET[11]/" if build is lower else "DIEM_TONG_KET[8]/"
    vectors = {
        "01": RuleVector(
            build({"TOC": marks("8.5", "9.0", "8.75")}),
            base,
            f"{row2}diemcanam",
            ("“8.75”", "một chữ số thập phân"),
        ),
        "02": RuleVector(
            build({"HTN": {"diemhocky1": "8.0"}}),
            base,
            f"{comment}diemhocky1",
            ("“8.0”", "nhận xét (Đ, CĐ)"),
        ),
        "03": RuleVector(
            build({"TOC": {"diemcanam": None}}), base, f"{row2}diemcanam", ("Toán", "còn trống")
        ),
        "04": RuleVector(
            build({"TOC": marks("7.8", "7.5", "7.4")}),
            build({"TOC": marks("7.8", "7.5", "7.6")}),
            f"{row2}diemcanam",
            ("7,4", "7,8", "7,5", "7,6"),
        ),
        "05": RuleVector(
            build({"HTN": marks("Đ", "Đ", "CĐ")}, canam="K", **NO_AWARD),
            build({"HTN": marks("Đ", "CĐ", "CĐ")}, hocky2="K", canam="K", **NO_AWARD),
            f"{comment}diemcanam",
            ("“CĐ”", "học kì II là Đ"),
        ),
        "06": RuleVector(
            build({"TOC": marks("6.4", "9.0", "8.1")}, hocky1="T"),
            build({"TOC": marks("6.4", "9.0", "8.1")}, hocky1="K"),
            "hocky1",
            ("“Tốt”", "“Khá”", "6,5", "6,4 (Toán)", "8,0"),
        ),
        "08": RuleVector(
            build({"TOC": same("4.0")}, **{**fair, "canam": "Đ"}),
            build({"TOC": same("4.0")}, **fair),
            "canam",
            ("“Đạt”", "“Khá”", "4,0 (Toán)"),
        ),
        "09": RuleVector(
            build(renluyencanam="K", **NO_AWARD),
            base,
            "renluyencanam",
            ("“Khá”", "học kì I “Tốt”", "học kì II “Tốt”"),
        ),
        "11": RuleVector(
            build({"TOC": same("4.0", "6.0")}, **fair),
            retested,
            f"{row2}diemkttralai",
            ("Toán", "“6.0”", "“Khá”"),
        ),
        "12": RuleVector(
            build(
                {**others, **FAILED, "VLY" if build is continuing else "TAH": same("6.0", "7.0")},
                kqhoctaplai="Đ",
                **NOT_ACHIEVED,
            ),
            retested,
            "DIEM_TONG_KET[4]/diemkttralai",
            ("“7.0”", "6,0", "5,0"),
        ),
        "13": RuleVector(
            build({**others, **FAILED}, kqhoctaplai="CĐ", duoclenlop="0", **NOT_ACHIEVED),
            retested,
            "kqhoctaplai",
            ("“Chưa đạt”", "Ngữ văn, Toán", "“Đạt”"),
        ),
        "14": RuleVector(build(kqhoctaplai="Đ"), retested, "kqhoctaplai", ("“Tốt”", "0 môn")),
        "15": RuleVector(
            build(renluyenlai="Đ", ndungkquarenluyen="Đạt."),
            build(**TRAINED),
            "renluyenlai",
            ("“Đ”", "“Tốt”"),
        ),
        "16": RuleVector(
            build(**{**TRAINED, "ndungkquarenluyen": None}),
            build(**TRAINED),
            "ndungkquarenluyen",
            ("còn trống",),
        ),
        "20": RuleVector(
            build({**others, **FAILED_AND_NOT_TESTED}, **NOT_ACHIEVED),
            build({**others, **FAILED_AND_NOT_TESTED}, duoclenlop="0", **NOT_ACHIEVED),
            "duoclenlop",
            ("học tập cả năm là Chưa đạt",),
        ),
        "21": RuleVector(
            build(**CONDUCT_FAILED),
            build(duoclenlop="0", **CONDUCT_FAILED),
            "duoclenlop",
            ("rèn luyện cả năm là Chưa đạt",),
        ),
        "22": RuleVector(
            build(sobuoinghi="46"), build(sobuoinghi="45"), "duoclenlop", ("46", "quá 45 buổi")
        ),
        "23": RuleVector(
            build(duoclenlop="0"),
            build(duoclenlop="0", sobuoinghi="45.5"),
            "duoclenlop",
            ("học tập “Tốt”", "rèn luyện “Tốt”", "nghỉ 3 buổi"),
        ),
        "30": RuleVector(
            build(ndungkhenthuong="Học sinh Xuất sắc"),
            build(
                dict.fromkeys(("NVN", "TOC", *others), marks("9.0", "9.2", "9.1")),
                ndungkhenthuong="Danh hiệu Học sinh Xuất sắc",
            ),
            "ndungkhenthuong",
            ("0 môn từ 9,0", "ít nhất 6" if build is lower else "ít nhất 5"),
        ),
        "31": RuleVector(
            build(weak, **{**fair, "ndungkhenthuong": "Học sinh Giỏi"}),
            build(weak, **{**fair, "ndungkhenthuong": "Đạt giải Nhì, Học sinh giỏi cấp tỉnh"}),
            "ndungkhenthuong",
            ("học tập “Khá”", "rèn luyện “Tốt”"),
        ),
        "32": RuleVector(build(**NO_AWARD), base, "ndungkhenthuong", ("Học sinh Giỏi",)),
        "40": RuleVector(
            build(makhoi=last),
            build(makhoi=last, ndunghoanthanh=f"Hoàn thành chương trình {level}"),
            "ndunghoanthanh",
            (f"lớp {last.lstrip('0')}", "hoàn thành chương trình cấp học"),
        ),
        "41": RuleVector(
            build(
                makhoi=last,
                duoclenlop="0",
                sobuoinghi="50",
                ndunghoanthanh=f"Hoàn thành chương trình {level}",
            ),
            build(makhoi=last, duoclenlop="0", sobuoinghi="50"),
            "ndunghoanthanh",
            ("Hoàn thành chương trình", "ghi 0"),
        ),
        "42": RuleVector(
            build(ndunghoanthanh=f"Hoàn thành chương trình {level}"),
            build(ndunghoanthanh="Hoàn thành chương trình lớp học"),
            "ndunghoanthanh",
            ("không phải lớp cuối cấp",),
        ),
        "50": RuleVector(
            _not_assessed(build, hocky1="Đ"),
            _not_assessed(build),
            "hocky1",
            ("“Đ”", "không được đánh giá"),
        ),
    }
    return {f"HB-R{prefix}{number}": vector for number, vector in vectors.items()}


def _not_assessed(build: Build, **fields: str | None) -> bytes:
    codes = (
        "NVN TOC TDC TAH GCD LDL KHT CNE THC NTT HTN DPG"
        if build is lower
        else "NVN TOC LSU VLY HOA DLY KPL HTN"
    )
    nothing = {"hocky1": None, "hocky2": None, "canam": None, "cokhuyettatkhongdanhgia": "1"}
    return build(dict.fromkeys(codes.split(), NO_MARKS), **{**nothing, **NO_AWARD, **fields})


_FAIR_MARKS: Changes = dict.fromkeys(("VLY", "HOA", "DLY"), same("5.5"))
_FAIR_MARKS = {**_FAIR_MARKS, **dict.fromkeys(("NVN", "TOC", "LSU", "KPL"), same("7.0"))}
_ACHIEVED = {"hocky1": "Đ", "hocky2": "Đ", "canam": "Đ", **NO_AWARD}
_FAIR = {"hocky1": "K", "hocky2": "K", "canam": "K", **NO_AWARD}

_ONLY_LOWER_AND_UPPER: Mapping[str, RuleVector] = {
    "HB-R2207": RuleVector(
        lower({"TOC": SIX}, hocky1="K", hocky2="K"),
        lower({"TOC": SIX}, **_FAIR),
        "canam",
        ("“Tốt”", "“Khá”", "6,5", "6,0 (Toán)", "7 môn từ 8,0"),
    ),
    "HB-R2251": RuleVector(
        lower({"TDC": marks("M", "M", "Đ")}),
        lower({"TDC": EXEMPT}),
        "DIEM_TONG_KET[3]/diemcanam",
        ("Giáo dục thể chất", "“Đ”", "miễn"),
    ),
    "HB-R2252": RuleVector(
        lower({"TOC": EXEMPT}),
        lower({"NTT": EXEMPT}),
        "DIEM_TONG_KET[2]/diemcanam",
        ("Toán", "M (miễn)"),
    ),
    "HB-R2260": RuleVector(
        lower({"VLY": {}}),
        lower({"NN2": {}}),
        "DIEM_TONG_KET[13]/mamonhoc",
        ("“VLY”", "Vật lí", "lớp 8"),
    ),
    "HB-R2261": RuleVector(
        lower({"DPG": None}), lower(), "", ("Nội dung giáo dục của địa phương",)
    ),
    "HB-R2262": RuleVector(
        lower({"ANC": {}}),
        lower({"NTT": None, "ANC": {}, "MTT": {}}),
        "DIEM_TONG_KET[13]/mamonhoc",
        ("Âm nhạc", "Nghệ thuật"),
    ),
    "HB-R2270": RuleVector(
        upper({"LDL": {}}),
        upper({"TDT": {}}),
        "DIEM_TONG_KET[13]/mamonhoc",
        ("Lịch sử và Địa lí", "lớp 11"),
    ),
    "HB-R2271": RuleVector(upper({"LSU": None}), upper(), "", ("Lịch sử", "lớp 11")),
    "HB-R2272": RuleVector(
        upper({"THC": None}),
        upper({"THC": None, "MTT": {}}),
        "DIEM_TONG_KET[11]/mamonhoc",
        ("có 3 môn lựa chọn (Vật lí, Hoá học, Sinh học)", "đúng 4 môn"),
    ),
}

_ONLY_CONTINUING: Mapping[str, RuleVector] = {
    "HB-R4307": RuleVector(
        continuing(_FAIR_MARKS, **{**_ACHIEVED, "canam": "K"}),
        continuing(_FAIR_MARKS, **_ACHIEVED),
        "canam",
        ("“Khá”", "“Đạt”", "ít nhất 5 môn từ 6,5", "4 môn từ 6,5"),
    ),
    "HB-R4351": RuleVector(
        continuing({"HTN": marks("M", "M", "Đ")}),
        continuing({"HTN": EXEMPT}),
        "DIEM_TONG_KET[8]/diemcanam",
        ("“Đ”", "miễn"),
    ),
    "HB-R4370": RuleVector(
        continuing({"QPA": {}}),
        continuing({"TAH": {}}),
        "DIEM_TONG_KET[9]/mamonhoc",
        ("“QPA”", "lớp 11"),
    ),
    "HB-R4371": RuleVector(continuing({"LSU": None}), continuing(), "", ("Lịch sử", "lớp 11")),
    "HB-R4372": RuleVector(
        continuing({"SHC": {}}),
        continuing({"KPL": None, "SHC": {}}),
        "DIEM_TONG_KET[9]/mamonhoc",
        ("có 5 môn lựa chọn", "đúng 4 môn"),
    ),
}

_GOOD_TESTS: Changes = {"TVN": {"diemkiemtradinhky": "9"}}
_EXCELLENT = {"xeploai": "Hoàn thành xuất sắc", "ndungkhenthuong": "Học sinh Xuất sắc"}
_PLAIN: Changes = {"DDC": {"mucdatduoc": "H"}}

_PRIMARY: Mapping[str, RuleVector] = {
    "HB-R2701": RuleVector(
        primary(rows={"TVN": {"diemkiemtradinhky": "8.5"}}),
        primary(),
        "DIEM_TONG_KET[1]/diemkiemtradinhky",
        ("Tiếng Việt", "“8.5”", "từ 1 đến 10"),
    ),
    "HB-R2702": RuleVector(
        primary(rows={"DDC": {"diemkiemtradinhky": "9"}}),
        primary(rows={"TDT": {"diemkiemtradinhky": "9"}}),
        "DIEM_TONG_KET[5]/diemkiemtradinhky",
        ("Đạo đức", "“9”"),
    ),
    "HB-R2703": RuleVector(
        primary(rows={"TAH": {"diemkiemtradinhky": None}}),
        primary(1, {"TAH": {}}),
        "DIEM_TONG_KET[4]/diemkiemtradinhky",
        ("Ngoại ngữ 1", "còn trống"),
    ),
    "HB-R2704": RuleVector(
        primary(rows={"DDC": {"mucdatduoc": None}}),
        primary(),
        "DIEM_TONG_KET[5]/mucdatduoc",
        ("Đạo đức", "còn trống"),
    ),
    "HB-R2705": RuleVector(
        primary_not_completed(rows={"TVN": {"mucdatduoc": "T", "diemkiemtradinhky": "4"}}),
        primary_not_completed(),
        "DIEM_TONG_KET[1]/mucdatduoc",
        ("Tiếng Việt", "“T”", "4,0", "5,0"),
    ),
    "HB-R2706": RuleVector(primary(xeploai="Giỏi"), primary(), "xeploai", ("“Giỏi”",)),
    "HB-R2707": RuleVector(
        primary(**_EXCELLENT),
        primary(rows=_GOOD_TESTS, **_EXCELLENT),
        "xeploai",
        ("“Hoàn thành xuất sắc”", "“Hoàn thành tốt”", "8,0 (Tiếng Việt)"),
    ),
    "HB-R2708": RuleVector(
        primary(nangluccongnghe=None), primary(), "nangluccongnghe", ("lớp 3", "còn trống")
    ),
    "HB-R2709": RuleVector(
        primary(1, nangluctinhoc="T"), primary(1), "nangluctinhoc", ("“T”", "lớp 1")
    ),
    "HB-R2710": RuleVector(
        primary_not_completed(dahthanhctrinhlophoc="1", duoclenlop="1"),
        primary_not_completed(),
        "dahthanhctrinhlophoc",
        ("ghi 1", "Chưa hoàn thành"),
    ),
    "HB-R2711": RuleVector(
        primary(dahthanhctrinhlophoc="0", duoclenlop="0"),
        primary(),
        "dahthanhctrinhlophoc",
        ("ghi 0", "Hoàn thành tốt"),
    ),
    "HB-R2712": RuleVector(
        primary_not_completed(duoclenlop="1"),
        primary_not_completed(),
        "duoclenlop",
        ("hiệu trưởng",),
    ),
    "HB-R2713": RuleVector(primary(duoclenlop="0"), primary(), "duoclenlop", ("ghi 0",)),
    "HB-R2714": RuleVector(
        primary_not_completed(5, duoclenlop="1"),
        primary_not_completed(5),
        "duoclenlop",
        ("lớp 6", "chưa hoàn thành chương trình lớp 5"),
    ),
    "HB-R2715": RuleVector(
        primary(dahthanhctrinhtieuhoc="1"), primary(5), "dahthanhctrinhtieuhoc", ("lớp 3",)
    ),
    "HB-R2716": RuleVector(
        primary_not_completed(5, dahthanhctrinhtieuhoc="1"),
        primary_not_completed(5),
        "dahthanhctrinhtieuhoc",
        ("chưa hoàn thành chương trình lớp 5",),
    ),
    "HB-R2717": RuleVector(
        primary(5, dahthanhctrinhtieuhoc="0"), primary(5), "dahthanhctrinhtieuhoc", ("ghi 0",)
    ),
    "HB-R2720": RuleVector(
        primary(ndungkhenthuong="Học sinh Xuất sắc"),
        primary(rows=_GOOD_TESTS, **_EXCELLENT),
        "ndungkhenthuong",
        ("“Hoàn thành tốt”",),
    ),
    "HB-R2721": RuleVector(
        primary(rows=_PLAIN, xeploai="Hoàn thành", ndungkhenthuong="Học sinh tiêu biểu về Toán"),
        primary(ndungkhenthuong="Học sinh Tiêu biểu hoàn thành tốt trong học tập và rèn luyện"),
        "ndungkhenthuong",
        ("“Hoàn thành”",),
    ),
    "HB-R2722": RuleVector(
        primary(rows=_GOOD_TESTS, **{**_EXCELLENT, "ndungkhenthuong": None}),
        primary(rows=_GOOD_TESTS, **_EXCELLENT),
        "ndungkhenthuong",
        ("Học sinh Xuất sắc",),
    ),
    "HB-R2730": RuleVector(
        primary_not_assessed(xeploai="Hoàn thành"),
        primary_not_assessed(),
        "xeploai",
        ("“Hoàn thành”", "không được đánh giá"),
    ),
    "HB-R2731": RuleVector(
        primary(rows={"TDC": {"mucdatduoc": "M", "diemkiemtradinhky": "8"}}),
        primary(rows={"TDC": {"mucdatduoc": "M"}}),
        "DIEM_TONG_KET[3]/diemkiemtradinhky",
        ("Giáo dục thể chất", "“8”"),
    ),
    "HB-R2732": RuleVector(
        primary(rows={"TOC": {"mucdatduoc": "M", "diemkiemtradinhky": "M"}}),
        primary(rows={"NTT": {"mucdatduoc": "M"}}),
        "DIEM_TONG_KET[2]/mucdatduoc",
        ("Toán", "M (miễn)"),
    ),
    "HB-R2740": RuleVector(
        primary(rows={"LDL": {"diemkiemtradinhky": "9"}}),
        primary(5),
        "DIEM_TONG_KET[10]/mamonhoc",
        ("“LDL”", "Lịch sử và Địa lí", "lớp 3"),
    ),
    "HB-R2741": RuleVector(primary(rows={"HTN": None}), primary(), "", ("Hoạt động trải nghiệm",)),
    "HB-R2742": RuleVector(
        primary(rows={"ANC": {}}),
        primary(rows={"NTT": None, "ANC": {}, "MTT": {}}),
        "DIEM_TONG_KET[10]/mamonhoc",
        ("Âm nhạc", "Nghệ thuật"),
    ),
}

RULE_VECTORS: Mapping[str, RuleVector] = {
    "HB-R0001": RuleVector(
        lower(namhoc="2022-2023"),
        lower(namhoc="2023-2024"),
        "makhoi",
        ("“08”", "2022-2023", "Thông tư 22/2021/TT-BGDĐT"),
    ),
    "HB-R0002": RuleVector(
        lower(thongtu="58/2011/TT-BGDĐT"),
        lower(thongtu="22/2021"),
        "thongtu",
        ("“58/2011/TT-BGDĐT”", "Thông tư 22/2021/TT-BGDĐT"),
    ),
    **_PRIMARY,
    **_secondary("22", lower),
    **_ONLY_LOWER_AND_UPPER,
    **_secondary("43", continuing),
    **_ONLY_CONTINUING,
}
