"""A pupil's years at school, signed by the schools of their time: grade 1 of 2020-2021 to grade 12.

Everybody signs on P-256 with a certificate of three years that was new in the September before, as
subscribers' certificates are; the issuing authority renewed its own in 2028.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from hocba.sample.insecure_keys import insecure_ec_key
from hocba.sample.pki import (
    Authority,
    AuthorityName,
    Holder,
    Validity,
    issuing_authority,
    revocation_list,
    root_authority,
    subscriber,
)
from signing.creation.builder import sign_record
from signing.keys.key import SoftwareKey
from signing.roster import RosterEntry, write_roster
from tests.schemas.rule_records import Changes, continuing, lower, primary
from tests.support import signed_records
from tests.support.records import Fields
from tests.support.trust_folder import write_trust_folder

SEED = "tests/schooling"
_RENEWED = (2020, 2028)
_NAMES = {"TOC": "Toán", "NVN": "Ngữ văn"}


@dataclass(frozen=True)
class School:
    """A school or centre with those who sign for it; `masogd` is its department's code now."""

    code: str
    name: str
    province: str
    masogd: str
    tax_code: str
    teacher: str
    homeroom: str
    principal: str

    def fields(self) -> dict[str, str]:
        """What a record says of its school and signers."""
        return {
            "matruong": self.code,
            "tentruong": self.name,
            "masogd": self.masogd,
            "tensogd": f"Sở Giáo dục và Đào tạo tỉnh {self.province}",
            "thongtintruong_diachi_tentinh": self.province,
            "thongtintruong_diachi_matinh": self.masogd,
            "soddcngvcn": self.homeroom,
            "soddcngiamhieu": self.principal,
        }

    def mandates(self) -> tuple[RosterEntry, ...]:
        """Its lines in a province's roster."""
        people = {"GVBM": self.teacher, "GVCN": self.homeroom, "CBQL": self.principal}
        return (
            *(self._mandate(role, personal_id=person) for role, person in people.items()),
            self._mandate("KY_PHAT_HANH", organization_id=self.tax_code),
        )

    def signer(self, role: str, year: int) -> SoftwareKey:
        """Who signs in *role* in the school year that begins in *year*."""
        uid = {
            "GVBM": f"CCCD:{self.teacher}",
            "GVCN": f"CCCD:{self.homeroom}",
            "CBQL": f"CCCD:{self.principal}",
            "KY_PHAT_HANH": f"MST:{self.tax_code}",
        }[role]
        return _signer(uid, self.name, self.province, year)

    def _mandate(
        self, role: str, *, personal_id: str | None = None, organization_id: str | None = None
    ) -> RosterEntry:
        return RosterEntry(
            school=self.code,
            role=role,
            personal_id=personal_id,
            organization_id=organization_id,
            name="",
            valid_from=date(2020, 8, 1),
            valid_to=None,
        )


@dataclass(frozen=True)
class Pupil:
    """A pupil as the records name him."""

    name: str
    personal_id: str
    born: str

    def record(
        self,
        year: int,
        grade: int,
        school: School,
        *,
        mahocsinh: str,
        rows: Changes | None = None,
        schooling: Sequence[Fields] = (),
        **fields: str | None,
    ) -> bytes:
        """A signed record of grade *grade* in the school year that begins in *year*.

        *rows* changes subjects, *schooling* lists the years before.
        """
        who = {
            "hovaten": self.name,
            "sodinhdanh": self.personal_id,
            "ngaythangnamsinh": self.born,
            "gioitinh": "1",
            "mahocsinh": mahocsinh,
        }
        when = {
            "namhoc": f"{year}-{year + 1}",
            "makhoi": f"{grade:02}",
            "tenlop": f"{grade}A",
            "madinhdanhhocba": record_id(year),
            "IdBanGhi": record_id(year),
            "ThoiGianCapNhat": f"{year + 1}-06-01T08:00:00",
            "ngaytao": f"{year + 1}-05-25",
            "ngaykyphathanh": f"{year + 1}-05-29",
        }
        changed = {**school.fields(), **who, **when, **fields}
        data = _unsigned(grade, school, changed, rows or {}, schooling)
        return signed(data, school, year)


def record_id(year: int) -> str:
    """The id of the record of the school year that begins in *year*."""
    return f"00000000-0000-4000-8000-00000000{year}"


def accepted_at(year: int) -> datetime:
    """When records of the school year that begins in *year* come in."""
    return datetime(year + 1, 6, 15, 12, tzinfo=UTC)


def signed(data: bytes, school: School, year: int) -> bytes:
    """*data* with the signatures of all whom its definition demands."""
    definition = "tieu-hoc" if b"sohocbasotieuhoc" in data else "trung-hoc"
    for role in signed_records.roles(definition):
        data = sign_record(
            data,
            role,
            school.signer(role, year),
            policy=signed_records.policy(definition),
            signing_time=datetime(year + 1, 5, 29, 3, tzinfo=UTC),
        )
    return data


def write_believed(folder: Path, schools: Iterable[School]) -> tuple[Path, Path]:
    """A trust folder and the roster of *schools* in *folder*."""
    authorities = [_issuer(each) for each in _RENEWED]
    lists = [
        revocation_list(each, each.certificate.not_valid_before_utc)
        for each in (_root(), authorities[0])
    ]
    trust = write_trust_folder(
        folder / "trust",
        _root().certificate.public_bytes(Encoding.DER),
        [each.certificate.public_bytes(Encoding.DER) for each in authorities],
        [each.public_bytes(Encoding.DER) for each in lists],
    )
    roster = folder / "roster.csv"
    write_roster(roster, [mandate for each in schools for mandate in each.mandates()])
    return trust, roster


def _unsigned(
    grade: int, school: School, fields: Fields, rows: Changes, schooling: Sequence[Fields]
) -> bytes:
    if grade <= 5:
        alike = {1: 1, 2: 1, 3: 3, 4: 5, 5: 5}[grade]
        words = {"ndunghoanthanh": f"Hoàn thành chương trình lớp {grade}"}
        done = {"dahthanhctrinhtieuhoc": "1" if grade == 5 else "0"}
        data = primary(alike, rows, **{**words, **done, **fields})
        return with_schooling(data, schooling)
    last = {9: "Hoàn thành chương trình THCS", 12: "Hoàn thành chương trình THPT"}
    build = lower if grade <= 9 else continuing
    changed = {
        code: {
            "soddcngvbm": school.teacher,
            "tenmonhoc": _NAMES.get(code, code),
            **(rows.get(code) or {}),
        }
        for code in _codes(build())
    }
    data = build(changed, **{"ndunghoanthanh": last.get(grade), **fields})
    return with_schooling(data, schooling)


def with_schooling(data: bytes, schooling: Sequence[Fields]) -> bytes:
    """*data* with the years before listed in front of its subjects."""
    root = etree.fromstring(data)
    (information,) = root.iter("THONG_TIN_HOC_BA")
    for each in schooling:
        entry = etree.Element("QUA_TRINH_HOC_TAP")
        for name, value in each.items():
            etree.SubElement(entry, name).text = value
        next(information.iter("DIEM_TONG_KET")).addprevious(entry)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _codes(data: bytes) -> tuple[str, ...]:
    return tuple(str(each.text) for each in etree.fromstring(data).iter("mamonhoc"))


@cache
def _root() -> Authority:
    return root_authority(SEED, datetime(2020, 1, 1, tzinfo=UTC))


@cache
def _issuer(since: int) -> Authority:
    key = insecure_ec_key(f"{SEED}/issuer", ec.SECP384R1())
    start = datetime(since, 1, 1, tzinfo=UTC)
    label = f"{SEED}/{since}"  # gives the serial number
    return issuing_authority(label, AuthorityName.PERSON_EC, key, _root(), start)


@cache
def _signer(uid: str, school: str, province: str, year: int) -> SoftwareKey:
    issuer = _issuer(max(each for each in _RENEWED if each <= year))
    holder = Holder(f"Người Mẫu {uid[-4:]}", uid, school, "Xã Mẫu", province)
    validity = Validity.years(datetime(year, 9, 1, tzinfo=UTC), 3)
    return subscriber(
        SEED, holder, insecure_ec_key(f"{SEED}/{uid}", ec.SECP256R1()), issuer, validity
    )
