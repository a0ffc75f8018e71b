"""One vector per finding code: a document that has the finding, one that lacks only the cause.

`says` is what the Vietnamese message must contain: the label, what was found, the limit.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.support.records import (
    PRIMARY_ROWS,
    line_of,
    primary_record,
    primary_row,
    secondary_record,
    secondary_row,
    signature,
    with_change,
    with_signature,
)

GVCN = "//DANH_SACH_THONG_TIN_KY/GVCN"
CBQL = "//PHAT_HANH_HOC_BA/CBQL"
SEAL = "//PHAT_HANH_HOC_BA/KY_PHAT_HANH"
TEN_CHARACTERS = "0123456789"


@dataclass(frozen=True, slots=True)
class Vector:
    """A document with the finding, one without, and where and how the finding says it."""

    invalid: bytes
    valid: bytes
    path: str
    says: tuple[str, ...]


def _in(name: str) -> str:
    return f"HOC_BA_SO/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA/{name}"


def _with(data: bytes, old: str, new: str) -> bytes:
    assert data.count(old.encode()) == 1, old
    return data.replace(old.encode(), new.encode())


PRIMARY = primary_record()
SECONDARY = secondary_record()

# The definition that `tests/schemas/definitions` drops in: for what no shipped XSD has.
SLIP = """<?xml version="1.0" encoding="UTF-8"?>
<p:phieu xmlns:p="urn:mau:phieu" ma="P-001">
  <p:than Id="than">
    <p:hocsinh ten="Nguyễn Văn Mẫu" ma="2500000011" cccd="025217000011"/>
    <p:truong ma="2500001001" so="25"><p:ten>Trường Mẫu</p:ten></p:truong>
    <p:nam>2025-2026</p:nam>
    <p:lop khoi="03">3A</p:lop>
    <p:mon>Toán</p:mon>
  </p:than>
  <p:ky/>
</p:phieu>
""".encode()

VECTORS: Mapping[str, Vector] = {
    # which definition
    "HB-E001": Vector(
        b'<?xml version="1.0"?>\n<HOA_DON/>', PRIMARY, "HOA_DON", ("<HOA_DON>", "tieu-hoc/1.0")
    ),
    "HB-E002": Vector(
        primary_record(macaphoc="07"), PRIMARY, "HOC_BA_SO", ("HOC_BA_SO", "“07”", "trung-hoc/1.0")
    ),
    "HB-E003": Vector(
        primary_record(namhoc="2012-2013"),
        primary_record(namhoc="2020-2021"),
        "HOC_BA_SO",
        ("“2012-2013”", "tieu-hoc/1.0", "2020-09-01"),
    ),
    "HB-E004": Vector(
        _with(SECONDARY, "<PHAT_HANH_HOC_BA>", '<DU_LIEU_HOC_BA Id="x"/><PHAT_HANH_HOC_BA>'),
        SECONDARY,
        "HOC_BA_SO",
        ("2 phần", "/HOC_BA_SO/DU_LIEU_HOC_BA"),
    ),
    "HB-E005": Vector(
        _with(PRIMARY, "<tenlop>3A", "<tenlop>3<!-- lén -->A"),
        PRIMARY,
        _in("tenlop"),
        ("chú thích", "<!-- lén -->"),
    ),
    "HB-W001": Vector(
        PRIMARY + b"<?in lien1?>", PRIMARY, "", ("bên ngoài thẻ gốc", "<?in lien1?>")
    ),
    # what the XSD says
    "HB-E010": Vector(
        primary_record(hovaten=None),
        PRIMARY,
        _in("hovaten"),
        ("Họ và tên học sinh", "<hovaten>", "<macaphoc>"),
    ),
    "HB-E011": Vector(
        with_change(PRIMARY, "//hotencha", name="hotenchaa"),
        PRIMARY,
        _in("hotenchaa"),
        ("<hotenchaa>", "<THONG_TIN_HOC_BA>", "hotencha,"),
    ),
    "HB-E012": Vector(
        _with(
            _with(PRIMARY, "<quoctich>VN</quoctich>", ""),
            "<tenlop>",
            "<quoctich>VN</quoctich><tenlop>",
        ),
        PRIMARY,
        _in("quoctich"),
        ("Quốc tịch", "<quoctich>", "<dantoc>"),
    ),
    "HB-E013": Vector(
        _with(PRIMARY, "<tenlop>", "<tenlop>3B</tenlop><tenlop>"),
        PRIMARY,
        _in("tenlop[2]"),
        ("Tên lớp", "2 lần", "tối đa 1"),
    ),
    "HB-E014": Vector(
        primary_record(hovaten=" \n "), PRIMARY, _in("hovaten"), ("Họ và tên học sinh", "để trống")
    ),
    "HB-E015": Vector(
        primary_record(tenlop=f"{TEN_CHARACTERS}a"),
        primary_record(tenlop=TEN_CHARACTERS),
        _in("tenlop"),
        ("Tên lớp", "“0123456789a”", "11 ký tự", "tối đa 10"),
    ),
    "HB-E016": Vector(
        SLIP.replace(b'ma="P-001"', b'ma="P-1"'),
        SLIP,
        "phieu/@ma",
        ("Mã phiếu", "“P-1”", "3 ký tự", "ít nhất 5"),
    ),
    "HB-E017": Vector(
        primary_record(gioitinh="3"),
        primary_record(gioitinh="0"),
        _in("gioitinh"),
        ("Giới tính", "“3”", "1 (Nam), 2 (Nữ)"),
    ),
    "HB-E018": Vector(
        primary_record(namhoc="2025"), PRIMARY, _in("namhoc"), ("Năm học", "“2025”", "YYYY-YYYY")
    ),
    "HB-E019": Vector(
        primary_record(chieucao="301"),
        primary_record(chieucao="300"),
        _in("chieucao"),
        ("Chiều cao", "301", "10 – 300"),
    ),
    "HB-E020": Vector(
        primary_record(nghicophep="hai"),
        primary_record(nghicophep="2"),
        _in("nghicophep"),
        ("Số buổi nghỉ có phép", "“hai”", "0 – 200"),
    ),
    "HB-E021": Vector(
        primary_record(cannang="24.12345"),
        primary_record(cannang="24.1234"),
        _in("cannang"),
        ("Cân nặng", "24.12345", "18 chữ số", "4 chữ số thập phân"),
    ),
    "HB-E022": Vector(
        primary_record(ngaytao="2026-02-29"),
        primary_record(ngaytao="2024-02-29"),
        _in("ngaytao"),
        ("Ngày tạo học bạ", "“2026-02-29”", "YYYY-MM-DD"),
    ),
    "HB-E023": Vector(
        primary_record(ThoiGianCapNhat="2026-06-01T08:00:00Z"),
        PRIMARY,
        _in("ThoiGianCapNhat"),
        ("Thời gian cập nhật", "“2026-06-01T08:00:00Z”", "YYYY-MM-DDTHH:mm:ss"),
    ),
    "HB-E024": Vector(
        primary_record(duoclenlop="true"),
        PRIMARY,
        _in("duoclenlop"),
        ("Được lên lớp", "“true”", "1 (có)"),
    ),
    "HB-E025": Vector(
        with_change(PRIMARY, "//DU_LIEU_HOC_BA", Id=None),
        PRIMARY,
        "HOC_BA_SO/DU_LIEU_HOC_BA",
        ("Dữ liệu học bạ", "<DU_LIEU_HOC_BA>", "thuộc tính Id"),
    ),
    "HB-E026": Vector(
        with_change(PRIMARY, "//DIEM_TONG_KET[1]", khoa="1"),
        PRIMARY,
        _in("DIEM_TONG_KET[1]"),
        ("Kết quả môn học", "khoa", "Được phép: Id."),
    ),
    "HB-E027": Vector(
        _with(PRIMARY, '<DU_LIEU_HOC_BA Id="data">', '<DU_LIEU_HOC_BA Id="data">ghi chú tay'),
        PRIMARY,
        "HOC_BA_SO/DU_LIEU_HOC_BA",
        ("Dữ liệu học bạ", "“ghi chú tay”"),
    ),
    "HB-E028": Vector(
        _with(PRIMARY, "<tenlop>3A", "<tenlop>3A<b/>"), PRIMARY, _in("tenlop"), ("Tên lớp", "<b>")
    ),
    "HB-E029": Vector(
        _with(
            PRIMARY,
            "<HOC_BA_SO>",
            '<HOC_BA_SO xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true">',
        ),
        PRIMARY,
        "HOC_BA_SO",
        ("Học bạ số", "<HOC_BA_SO>", "nillable"),
    ),
    "HB-E030": Vector(
        _with(PRIMARY, "<IdBanGhi>", "<x/>" * 101 + "<IdBanGhi>"),
        _with(PRIMARY, "<IdBanGhi>", "<x/>" * 100 + "<IdBanGhi>"),
        "",
        ("100",),
    ),
    # what no XSD can say
    "HB-E040": Vector(
        primary_record(namhoc="2025-2027"),
        PRIMARY,
        _in("namhoc"),
        ("Năm học", "“2025-2027”", "“2025-2026”"),
    ),
    "HB-E041": Vector(
        secondary_record(soddcngvcn="02518500002"),
        secondary_record(soddcngvcn=None),
        _in("soddcngvcn"),
        ("Số định danh của giáo viên chủ nhiệm", "“02518500002”", "12 chữ số"),
    ),
    "HB-E042": Vector(
        primary_record(gioitinh="2"),
        primary_record(gioitinh="0"),
        _in("sodinhdanh"),
        ("Số định danh của học sinh", "025217000011", "nam", "Giới tính", "2 (nữ)"),
    ),
    "HB-E043": Vector(
        primary_record(ngaythangnamsinh="2016-03-14"),
        PRIMARY,
        _in("sodinhdanh"),
        ("Số định danh của học sinh", "025217000011", "217", "2017", "Ngày tháng năm sinh", "2016"),
    ),
    "HB-E044": Vector(
        primary_record(ngaythangnamsinh=None),
        primary_record(ngaythangnamsinh=None, namsinh="2017"),
        _in("ngaythangnamsinh"),
        ("ngày sinh", "Tháng năm sinh (thangnamsinh)", "Năm sinh (namsinh)"),
    ),
    "HB-E045": Vector(
        primary_record(thangnamsinh="2017-04"),
        primary_record(thangnamsinh="2017-03", namsinh="2017"),
        _in("thangnamsinh"),
        ("Tháng năm sinh", "“2017-04”", "Ngày tháng năm sinh", "“2017-03-14”"),
    ),
    "HB-E046": Vector(
        secondary_record(makhoi="10"),
        secondary_record(makhoi="10", macaphoc="04"),
        _in("makhoi"),
        ("Mã khối", "“10”", "Mã cấp học", "“03”", "06, 07, 08, 09"),
    ),
    "HB-E047": Vector(
        primary_record(noisinh_matinh="03"),
        primary_record(noisinh_matinh="02"),
        _in("noisinh_matinh"),
        ("Mã tỉnh nơi sinh", "“03”", "Tỉnh, thành phố từ 01/7/2025"),
    ),
    "HB-E048": Vector(
        primary_record(xeploai=None),
        primary_record(xeploai=None, cokhuyettatkhongdanhgia="1"),
        _in("xeploai"),
        ("Kết quả xếp loại", "xeploai", "học sinh được đánh giá"),
    ),
    "HB-E049": Vector(
        primary_record(rows=[*PRIMARY_ROWS, primary_row("TOC", "Toán", Id="x")]),
        PRIMARY,
        _in("DIEM_TONG_KET[10]/mamonhoc"),
        ("Mã môn học", "“TOC”", f"dòng {line_of(PRIMARY, '<mamonhoc>TOC')}"),
    ),
    "HB-E050": Vector(
        with_change(
            with_signature(PRIMARY, CBQL, signature("#data")), "//DIEM_TONG_KET[1]", Id="data"
        ),
        with_signature(PRIMARY, CBQL, signature("#data")),
        _in("DIEM_TONG_KET[1]"),
        ("“data”", "2 lần", "3, "),
    ),
    "HB-E051": Vector(
        with_signature(PRIMARY, SEAL, signature("#dataa")),
        with_signature(PRIMARY, SEAL, signature("#data")),
        "HOC_BA_SO/PHAT_HANH_HOC_BA/KY_PHAT_HANH/Signature/SignedInfo/Reference",
        ("KY_PHAT_HANH", "“dataa”"),
    ),
    "HB-E052": Vector(
        with_signature(PRIMARY, GVCN, signature("#diem-TOC")),
        with_signature(PRIMARY, GVCN, signature("#thongtinhocba")),
        "HOC_BA_SO/DU_LIEU_HOC_BA/DANH_SACH_THONG_TIN_KY/GVCN/Signature/SignedInfo/Reference",
        ("GVCN", "“diem-TOC”", "DIEM_TONG_KET[2]", "/HOC_BA_SO/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA"),
    ),
    "HB-E053": Vector(
        with_signature(PRIMARY, CBQL, signature("")),
        with_signature(PRIMARY, CBQL, signature("#data")),
        "HOC_BA_SO/PHAT_HANH_HOC_BA/CBQL/Signature/SignedInfo/Reference",
        ("CBQL", "“”", "#Id"),
    ),
    "HB-W002": Vector(
        primary_record(sodinhdanh="003217000011"),
        primary_record(sodinhdanh="102217000011"),
        _in("sodinhdanh"),
        ("Số định danh của học sinh", "003217000011", "003"),
    ),
    "HB-W003": Vector(
        primary_record(dantoc="99"),
        PRIMARY,
        _in("dantoc"),
        ("Dân tộc", "“99”", "danh mục tạm Dân tộc"),
    ),
    "HB-W004": Vector(
        secondary_record(
            rows=[
                secondary_row("NVN", "Ngữ văn", GVBM="gv-1"),
                secondary_row("TOC", "Toán", GVBM="gv-1"),
            ]
        ),
        secondary_record(rows=[secondary_row("NVN", "Ngữ văn", GVBM="gv-1")]),
        _in("DIEM_TONG_KET[2]/GVBM"),
        ("1 giá trị Id", "gv-1"),
    ),
    "HB-W005": Vector(
        primary_record(ngaykyphathanh="2026-05-24"),
        primary_record(ngaykyphathanh="2026-05-25"),
        _in("ngaykyphathanh"),
        ("Ngày phát hành", "“2026-05-24”", "Ngày tạo học bạ", "“2026-05-25”"),
    ),
}
