"""Minimal valid records of both definitions, unsigned, and ways to spoil them.

Every value is made up. A builder takes the fields to change by name; None leaves a field out.
"""

from collections.abc import Mapping, Sequence

from lxml import etree

Fields = Mapping[str, str | None]

CONTENT_ID = "data"
INFORMATION_ID = "thongtinhocba"
DS = "http://www.w3.org/2000/09/xmldsig#"

_ENVELOPE: dict[str, str | None] = {
    "IdBanGhi": "ban-ghi-1",
    "SuKien": "NEW",
    "PhienBan": "1",
    "ThoiGianCapNhat": "2026-06-01T08:00:00",
}

_HEADER: dict[str, str | None] = {
    "trangthaithongtinhocba": "1",
    "trichluc": "0",
    "tenhuyen": None,
    "phienbanthongtinhocba": "1",
    "thongtu": "27/2020",
    "madinhdanhhocba": "00000000-0000-4000-8000-000000000001",
    "namhoc": "2025-2026",
    "masogd": "25",
    "tensogd": "Sở Giáo dục và Đào tạo tỉnh Mẫu",
    "matruong": "2500001001",
    "tentruong": "Trường Tiểu học Mẫu",
    "thongtintruong_diachi_tenxa": "Xã Mẫu",
    "thongtintruong_diachi_tentinh": "Tỉnh Mẫu",
    "thongtintruong_diachi_maxa": "00001",
    "thongtintruong_diachi_matinh": "25",
    "macaphoc": "02",
    "sosodangbo": None,
    "hovaten": "Nguyễn Văn Mẫu",
    "sodinhdanh": "025217000011",
    "mahocsinh": "2500000011",
    "gioitinh": "1",
    "ngaythangnamsinh": "2017-03-14",
    "thangnamsinh": None,
    "namsinh": None,
}

_PLACES: dict[str, str | None] = {
    "noisinh_diachichitiet": "Xã Mẫu, Tỉnh Mẫu",
    "noisinh_maxa": None,
    "noisinh_matinh": "25",
    "quequan_diachichitiet": "Xã Mẫu, Tỉnh Mẫu",
    "quequan_maxa": None,
    "quequan_matinh": None,
    "noiohiennay_diachichitiet": "Thôn 1, Xã Mẫu, Tỉnh Mẫu",
    "noiohiennay_maxa": "00001",
    "noiohiennay_matinh": "25",
    "dantoc": "01",
    "quoctich": "VN",
    "doituongchinhsach": None,
    "cokhuyettatkhongdanhgia": "0",
}

_ISSUE: dict[str, str | None] = {
    "tengiamhieu": "Lê Thị Mẫu Hiệu",
    "soddcngiamhieu": "025175000033",
    "diadanhphathanh": "Xã Mẫu",
    "ngaykyphathanh": "2026-05-30",
    "ngaytao": "2026-05-25",
    "chucvugiamhieu": "Hiệu trưởng",
    "tengvcn": "Trần Thị Mẫu Lớp",
    "soddcngvcn": "025185000022",
}

_TRAITS = (
    "nangluctuhoc",
    "nanglucgiaotiep",
    "nanglucgiaiquyet",
    "nanglucngonngu",
    "nangluctinhtoan",
    "nangluckhoahoc",
    "nangluccongnghe",
    "nangluctinhoc",
    "nanglucthammi",
    "nanglucthechat",
    "phamchatyeunuoc",
    "phamchatnhanai",
    "phamchatchamchi",
    "phamchattrungthuc",
    "phamchattrachnhiem",
)

_PRIMARY: dict[str, str | None] = {
    **_ENVELOPE,
    "keythongtinsohocbasotieuhoc": "k1",
    **_HEADER,
    "cannang": "24.5",
    "chieucao": "128",
    "nghicophep": "2",
    "nghikhongphep": "0",
    **_PLACES,
    "hotencha": "Nguyễn Văn Mẫu Cha",
    "hotenme": None,
    "hotennguoigiamho": None,
    **_ISSUE,
    "makhoi": "03",
    "tenlop": "3A",
    "xeploai": "Hoàn thành tốt",
    "duoclenlop": "1",
    "ndunghoanthanh": "Hoàn thành chương trình lớp 3",
    "dahthanhctrinhlophoc": "1",
    "dahthanhctrinhtieuhoc": "0",
    "ndungkhenthuong": None,
    "ndungkhenthuongdotxuat": None,
    "nxetgvcn": "Em chăm chỉ, hoà đồng với bạn.",
    **dict.fromkeys(_TRAITS, "T"),
    "nxetphamchat": None,
    "nxetnanglucchung": "Em biết tự học.",
    "nxetnanglucdacthu": "Em đọc lưu loát, tính toán nhanh.",
}

_SECONDARY: dict[str, str | None] = {
    **_ENVELOPE,
    "keythongtinsohocbasothcsthpt": "k1",
    **_HEADER,
    "thongtu": "22/2021/TT-BGDĐT",
    "tentruong": "Trường THCS Mẫu",
    "macaphoc": "03",
    "sodinhdanh": "025312000012",
    "mahocsinh": "2500000012",
    "gioitinh": "2",
    "ngaythangnamsinh": "2012-09-02",
    **_PLACES,
    "hotencha": None,
    "nghenghiepcha": None,
    "hotenme": "Phạm Thị Mẫu Mẹ",
    "nghenghiepme": "Nông dân",
    "hotennguoigiamho": None,
    "nghenghiepnguoigiamho": None,
    **_ISSUE,
    "makhoi": "08",
    "tenlop": "8A1",
    "duoclenlop": "1",
    "ndungduoclenlop": "Được lên lớp",
    "ndunghoanthanh": None,
    "kquathamgiacuocthi": None,
    "ndungkquarenluyen": None,
    "ndungkhenthuong": "Học sinh Giỏi",
    "nxetgvcn": "Em học tốt, có trách nhiệm với lớp.",
    "hocky1": "T",
    "hocky2": "T",
    "canam": "T",
    "sobuoinghi": "3",
    "renluyenhocky1": "T",
    "renluyenhocky2": "T",
    "renluyencanam": "T",
    "renluyenlai": None,
    "kqhoctaplai": None,
}


def primary_row(code: str, name: str, **fields: str | None) -> Fields:
    """One DIEM_TONG_KET of a tieu-hoc record; the field `Id` is its attribute."""
    return {
        "Id": f"diem-{code}",
        "keythongtinsohocbasotieuhoc_dsbangdiem": f"k1-{code}",
        "keythongtinsohocbasotieuhoc": "k1",
        "mamonhoc": code,
        "tenmonhoc": name,
        "mucdatduoc": "T",
        "diemkiemtradinhky": None,
        **fields,
    }


def secondary_row(code: str, name: str, **fields: str | None) -> Fields:
    """One DIEM_TONG_KET of a trung-hoc record; `Id` is its attribute, `GVBM` the vendors' link."""
    return {
        "Id": f"diem-{code}",
        "keythongtinsohocbasothcsthpt_bangdiem": f"k1-{code}",
        "keythongtinsohocbasothcsthpt": "k1",
        "mamonhoc": code,
        "tenmonhoc": name,
        "diemhocky1": "8.5",
        "diemhocky2": "9.0",
        "diemcanam": "8.8",
        "diemkttralai": None,
        "nxetmonhoc": "Em nắm vững kiến thức.",
        "soddcngvbm": "025080000044",
        "gvbm": "Hoàng Văn Mẫu Môn",
        **fields,
    }


# All subjects of the grade, so that the rules of the circulars have nothing to say.
PRIMARY_ROWS: Sequence[Fields] = (
    primary_row("TVN", "Tiếng Việt", diemkiemtradinhky="8"),
    primary_row("TOC", "Toán", diemkiemtradinhky="10"),
    primary_row("TDC", "Giáo dục thể chất"),
    primary_row("TAH", "Ngoại ngữ 1", diemkiemtradinhky="9"),
    primary_row("DDC", "Đạo đức"),
    primary_row("TXH", "Tự nhiên và Xã hội"),
    primary_row("TCN", "Tin học và Công nghệ", diemkiemtradinhky="9"),
    primary_row("NTT", "Nghệ thuật"),
    primary_row("HTN", "Hoạt động trải nghiệm"),
)

PASSED: Fields = {"diemhocky1": "Đ", "diemhocky2": "Đ", "diemcanam": "Đ"}

SECONDARY_ROWS: Sequence[Fields] = (
    secondary_row("NVN", "Ngữ văn"),
    secondary_row("TOC", "Toán"),
    secondary_row("TDC", "Giáo dục thể chất", **PASSED),
    secondary_row("TAH", "Ngoại ngữ 1"),
    secondary_row("GCD", "Giáo dục công dân"),
    secondary_row("LDL", "Lịch sử và Địa lí"),
    secondary_row("KHT", "Khoa học tự nhiên"),
    secondary_row("CNE", "Công nghệ"),
    secondary_row("THC", "Tin học"),
    secondary_row("NTT", "Nghệ thuật", **PASSED),
    secondary_row("HTN", "HĐTN, hướng nghiệp", **PASSED),
    secondary_row("DPG", "Nội dung GDĐP", **PASSED),
)


def primary_record(
    *,
    rows: Sequence[Fields] = PRIMARY_ROWS,
    schooling: Sequence[Fields] = (),
    **fields: str | None,
) -> bytes:
    """A valid tieu-hoc record (grade 3, school year 2025-2026) with *fields* changed."""
    information = _information(_PRIMARY, fields)
    _append(information, "QUA_TRINH_HOC_TAP", schooling)
    _append(information, "DIEM_TONG_KET", rows)
    return _record(information, teachers=("GVCN",))


def secondary_record(
    *,
    rows: Sequence[Fields] = SECONDARY_ROWS,
    schooling: Sequence[Fields] = (),
    certificates: Sequence[Fields] = (),
    **fields: str | None,
) -> bytes:
    """A valid trung-hoc record (THCS, grade 8, school year 2025-2026) with *fields* changed."""
    information = _information(_SECONDARY, fields)
    _append(information, "QUA_TRINH_HOC_TAP", schooling)
    _append(information, "CHUNG_CHI", certificates)
    _append(information, "DIEM_TONG_KET", rows)
    return _record(information, teachers=("DANH_SACH_GVBM", "GVCN"))


def signature(*uris: str | None, id: str | None = None) -> etree._Element:  # noqa: A002 -- the attribute
    """A `ds:Signature` that names *uris* and signs nothing: for checks that only read structure.

    A URI of None stands for a Reference without the attribute.
    """
    element = etree.Element(f"{{{DS}}}Signature", nsmap={None: DS})
    if id is not None:
        element.set("Id", id)
    signed_info = etree.SubElement(element, f"{{{DS}}}SignedInfo")
    for uri in uris:
        reference = etree.SubElement(signed_info, f"{{{DS}}}Reference")
        if uri is not None:
            reference.set("URI", uri)
    etree.SubElement(element, f"{{{DS}}}SignatureValue")
    return element


def with_signature(data: bytes, slot: str, element: etree._Element) -> bytes:
    """*data* with *element* appended to the one element that the XPath *slot* selects."""
    root = etree.fromstring(data)
    (target,) = root.xpath(slot)
    target.append(element)
    return _serialised(root)


def with_change(data: bytes, path: str, **change: str | None) -> bytes:
    """*data* with `text`, `name` or attributes of the one element at XPath *path* changed.

    `text=` and `name=` are the element's own; any other keyword is an attribute, None removes it.
    """
    root = etree.fromstring(data)
    (element,) = root.xpath(path)
    for key, value in change.items():
        if key == "text":
            element.text = value
        elif key == "name":
            element.tag = str(value)
        elif value is None:
            del element.attrib[key]
        else:
            element.set(key, value)
    return _serialised(root)


def line_of(data: bytes, text: str) -> int:
    """The 1-based line of the first occurrence of *text*, to compare findings with."""
    return data[: data.index(text.encode())].count(b"\n") + 1


def _information(defaults: Fields, changes: Fields) -> etree._Element:
    unknown = sorted(set(changes) - set(defaults))
    if unknown:
        raise ValueError(f"no such field: {unknown}")
    information = etree.Element("THONG_TIN_HOC_BA", Id=INFORMATION_ID)
    _fill(information, {**defaults, **changes})
    return information


def _append(information: etree._Element, name: str, entries: Sequence[Fields]) -> None:
    for entry in entries:
        fields = dict(entry)
        element = etree.SubElement(information, name)
        identifier = fields.pop("Id", None)
        if identifier is not None:
            element.set("Id", identifier)
        teacher = fields.pop("GVBM", None)
        _fill(element, fields)
        if teacher is not None:
            etree.SubElement(element, "GVBM", Id=teacher).text = fields["gvbm"]


def _fill(element: etree._Element, fields: Fields) -> None:
    for name, value in fields.items():
        if value is not None:
            etree.SubElement(element, name).text = value


def _record(information: etree._Element, teachers: Sequence[str]) -> bytes:
    root = etree.Element("HOC_BA_SO")
    content = etree.SubElement(root, "DU_LIEU_HOC_BA", Id=CONTENT_ID)
    content.append(information)
    slots = etree.SubElement(content, "DANH_SACH_THONG_TIN_KY")
    for name in teachers:
        etree.SubElement(slots, name)
    issue = etree.SubElement(root, "PHAT_HANH_HOC_BA")
    etree.SubElement(issue, "CBQL")
    etree.SubElement(issue, "KY_PHAT_HANH")
    return _serialised(root)


def _serialised(root: etree._Element) -> bytes:
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
