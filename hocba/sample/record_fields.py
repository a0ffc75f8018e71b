"""The fields that records of every level share, and what they are filled from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from random import Random
from typing import Any

from hocba.sample.calendar import SigningDays, year_name
from hocba.sample.content import Fields, RecordIdentity
from hocba.sample.people import Person
from hocba.sample.pupils import EarlierYear, Pupil, PupilYear
from hocba.sample.source import words
from hocba.sample.world import School
from schemas.vietnam import VIETNAM_TIME


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordContext:
    """Everything around one pupil's year that its record names."""

    year: PupilYear
    school: School
    days: SigningDays
    extract: bool
    identity: RecordIdentity
    source: Random

    @property
    def pupil(self) -> Pupil:
        """The pupil."""
        return self.year.pupil

    @property
    def homeroom(self) -> Person:
        """The homeroom teacher."""
        return self.school.homeroom(self.year.grade, self.year.class_index)

    @property
    def head(self) -> Person:
        """The principal on the day of signing."""
        return self.school.head(local_day(self.days.principal))

    def comment(self, kind: str, result: str, subject: str = "") -> str:
        """A comment that fits the result."""
        choices: list[str] = words()["comments"][kind][result]
        return self.source.choice(choices).format(subject=subject)


def local_day(moment: datetime) -> date:
    """The day in Việt Nam."""
    return moment.astimezone(VIETNAM_TIME).date()


def envelope(context: RecordContext) -> Fields:
    """IdBanGhi to ThoiGianCapNhat."""
    created = context.days.created.astimezone(VIETNAM_TIME)
    return {
        "IdBanGhi": f"HB-{context.identity.record_id}",
        "SuKien": "NEW",
        "PhienBan": "1",
        "ThoiGianCapNhat": created.strftime("%Y-%m-%dT%H:%M:%S"),
    }


def header(context: RecordContext, circular: str) -> Fields:
    """trangthaithongtinhocba to macaphoc."""
    province: dict[str, Any] = words()["province"]
    school = context.school
    return {
        "trangthaithongtinhocba": "1",
        "trichluc": "1" if context.extract else "0",
        "phienbanthongtinhocba": "1",
        "thongtu": circular,
        "madinhdanhhocba": context.identity.record_id,
        "namhoc": year_name(context.year.year),
        "masogd": province["code"],
        "tensogd": province["department"],
        "matruong": school.code,
        "tentruong": school.name,
        "thongtintruong_diachi_tenxa": school.commune,
        "thongtintruong_diachi_tentinh": province["name"],
        "thongtintruong_diachi_maxa": school.commune_code,
        "thongtintruong_diachi_matinh": province["code"],
        "macaphoc": context.year.level.code,
    }


def pupil_fields(context: RecordContext) -> Fields:
    """sosodangbo to ngaythangnamsinh."""
    person = context.pupil.person
    return {
        "sosodangbo": f"{context.pupil.number + 1:05d}/{context.school.number + 1}",
        "hovaten": person.name,
        "sodinhdanh": person.personal_id,
        "mahocsinh": context.pupil.code,
        "gioitinh": person.sex.value,
        "ngaythangnamsinh": person.born.isoformat(),
    }


def places(context: RecordContext) -> Fields:
    """noisinh_… to cokhuyettatkhongdanhgia."""
    province: dict[str, Any] = words()["province"]
    pupil, school = context.pupil, context.school
    communes: list[dict[str, str]] = words()["commune"]
    born_in = communes[pupil.number % len(communes)]
    birthplace = f"{born_in['name']}, {province['name']}"
    return {
        "noisinh_diachichitiet": birthplace,
        "noisinh_maxa": born_in["code"],
        "noisinh_matinh": province["code"],
        "quequan_diachichitiet": birthplace,
        "quequan_maxa": born_in["code"],
        "quequan_matinh": province["code"],
        "noiohiennay_diachichitiet": f"{pupil.hamlet}, {school.commune}, {province['name']}",
        "noiohiennay_maxa": school.commune_code,
        "noiohiennay_matinh": province["code"],
        "dantoc": pupil.person.ethnic,
        "quoctich": "VN",
        "doituongchinhsach": pupil.policy,
        "cokhuyettatkhongdanhgia": "1" if pupil.not_assessed else "0",
    }


def issue(context: RecordContext) -> Fields:
    """tengiamhieu to tenlop."""
    head, homeroom = context.head, context.homeroom
    return {
        "tengiamhieu": head.name,
        "soddcngiamhieu": head.personal_id,
        "diadanhphathanh": context.school.commune,
        "ngaykyphathanh": local_day(context.days.seal).isoformat(),
        "ngaytao": local_day(context.days.created).isoformat(),
        "chucvugiamhieu": words()["schools"]["heads"][context.year.level.value],
        "tengvcn": homeroom.name,
        "soddcngvcn": homeroom.personal_id,
        "makhoi": f"{context.year.grade:02d}",
        "tenlop": context.year.class_name,
    }


def schooling(context: RecordContext, table: str) -> tuple[Fields, ...]:
    """QUA_TRINH_HOC_TAP: the years before this one."""
    return tuple(
        _earlier(context, table, number, each)
        for number, each in enumerate(context.year.earlier, start=1)
    )


def _earlier(context: RecordContext, table: str, number: int, year: EarlierYear) -> Fields:
    return {
        f"key{table}_quatrinhhoctap": context.identity.key("quatrinhhoctap", number),
        f"key{table}": context.identity.key(table),
        "namhoc": year_name(year.year),
        "tenlop": year.class_name,
        "tentruong": year.school,
        "tentinh": year.province,
        "ngaytrangthaichuyenden": year.arrived.isoformat() if year.arrived else None,
    }


def joined(parts: Sequence[Fields]) -> Fields:
    """Fields one after the other."""
    return {name: value for part in parts for name, value in part.items()}
