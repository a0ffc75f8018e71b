"""Signers, a signature policy and a small record of their own for tests of signing.

The record has the skeleton of a trung-hoc record and nothing of its fields beyond what the policy
reads: two subject rows of one teacher, one of another.
"""

from datetime import UTC, datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from hocba.sample.insecure_keys import PrivateKey, insecure_ec_key, insecure_rsa_key
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
from signing.keys.key import SoftwareKey
from signing.policy import RoleRequirement, SignaturePolicy, SignerKind

SEED = "tests/signing"
START = datetime(2025, 6, 1, tzinfo=UTC)
SIGNED_AT = datetime(2026, 5, 28, 8, 15, 30, tzinfo=UTC)

TEACHER = "015180000001"
OTHER_TEACHER = "015181000002"
HOMEROOM = "015182000003"
PRINCIPAL = "015070000004"
SCHOOL_TAX_CODE = "5300100200"

ROLES_IN_ORDER = ("GVBM", "GVCN", "CBQL", "KY_PHAT_HANH")

RECORD = """<?xml version="1.0" encoding="UTF-8"?>
<HOC_BA_SO>
  <DU_LIEU_HOC_BA Id="data">
    <THONG_TIN_HOC_BA Id="thongtinhocba">
      <hovaten>Giàng Thị Mẫu &amp; bạn</hovaten>
      <soddcngiamhieu>015070000004</soddcngiamhieu>
      <soddcngvcn>015182000003</soddcngvcn>
      <DIEM_TONG_KET Id="mon-1">
        <diemcanam>8.5</diemcanam>
        <soddcngvbm>015180000001</soddcngvbm>
      </DIEM_TONG_KET>
      <DIEM_TONG_KET Id="mon-2">
        <diemcanam>7.0</diemcanam>
        <soddcngvbm>015180000001</soddcngvbm>
      </DIEM_TONG_KET>
      <DIEM_TONG_KET Id="mon-3">
        <diemcanam>Đ</diemcanam>
        <soddcngvbm>015181000002</soddcngvbm>
      </DIEM_TONG_KET>
    </THONG_TIN_HOC_BA>
  </DU_LIEU_HOC_BA>
</HOC_BA_SO>
""".encode()

LINKED_RECORD = RECORD.replace(
    b"<soddcngvbm>015180000001</soddcngvbm>",
    b'<soddcngvbm>015180000001</soddcngvbm><GVBM Id="gv-7">A</GVBM>',
).replace(
    b"<soddcngvbm>015181000002</soddcngvbm>",
    b'<soddcngvbm>015181000002</soddcngvbm><GVBM Id="gv-9">B</GVBM>',
)


def policy() -> SignaturePolicy:
    """The four roles of trung-hoc on the skeleton."""
    content = "/HOC_BA_SO/DU_LIEU_HOC_BA"
    information = f"{content}/THONG_TIN_HOC_BA"
    signatures = f"{content}/DANH_SACH_THONG_TIN_KY"
    issue = "/HOC_BA_SO/PHAT_HANH_HOC_BA"
    return SignaturePolicy(
        name="kit",
        version="1",
        content=etree.XPath(content),
        containers=(etree.XPath(issue),),
        school=etree.XPath("matruong"),
        signed_on=None,
        roles=(
            requirement(
                "GVBM",
                slot=f"{signatures}/DANH_SACH_GVBM/GVBM",
                covers=f"{information}/DIEM_TONG_KET",
                personal_id="soddcngvbm",
            ),
            requirement(
                "GVCN", slot=f"{signatures}/GVCN", covers=information, personal_id="soddcngvcn"
            ),
            requirement(
                "CBQL",
                slot=f"{issue}/CBQL",
                covers=content,
                personal_id="THONG_TIN_HOC_BA/soddcngiamhieu",
            ),
            requirement("KY_PHAT_HANH", slot=f"{issue}/KY_PHAT_HANH", covers=content),
        ),
    )


def requirement(
    role: str,
    *,
    slot: str,
    covers: str,
    personal_id: str | None = None,
    namespaces: dict[str, str] | None = None,
) -> RoleRequirement:
    """One role of a policy; without *personal_id* it is a school's."""
    return RoleRequirement(
        role=role,
        kind=SignerKind.PERSON if personal_id else SignerKind.ORGANIZATION,
        slot=etree.XPath(slot, namespaces=namespaces),
        covers=etree.XPath(covers, namespaces=namespaces),
        personal_id=etree.XPath(personal_id, namespaces=namespaces) if personal_id else None,
    )


@cache
def root() -> Authority:
    """The anchor of every signer here."""
    return root_authority(SEED, datetime(2020, 1, 1, tzinfo=UTC))


@cache
def issuer() -> Authority:
    """The authority that issued every signer's certificate."""
    key = insecure_ec_key(f"{SEED}/issuer", ec.SECP384R1())
    return issuing_authority(
        SEED, AuthorityName.PERSON_EC, key, root(), datetime(2022, 1, 1, tzinfo=UTC)
    )


@cache
def crls() -> tuple[bytes, ...]:
    """What the two authorities say of revocation: nothing was revoked, ever."""
    lists = (
        revocation_list(root(), root().certificate.not_valid_before_utc),
        revocation_list(issuer(), issuer().certificate.not_valid_before_utc),
    )
    return tuple(each.public_bytes(Encoding.DER) for each in lists)


@cache
def _rsa_key() -> PrivateKey:
    return insecure_rsa_key(f"{SEED}/rsa")


@cache
def signer(uid: str, *, rsa: bool = False) -> SoftwareKey:
    """A key whose certificate carries `UID=`*uid*; all RSA signers share one key."""
    key = _rsa_key() if rsa else insecure_ec_key(f"{SEED}/{uid}", ec.SECP256R1())
    return signer_with(key, uid)


def signer_with(key: PrivateKey, uid: str, *, years: int = 3) -> SoftwareKey:
    """A signer with a key of the caller's."""
    holder = Holder(f"Người Mẫu {uid[-4:]}", uid, "Trường Mẫu", "Xã Mẫu", "Tỉnh Mẫu")
    return subscriber(SEED, holder, key, issuer(), Validity.years(START, years))


def signer_of(role: str) -> SoftwareKey:
    """The signer that the record names for *role*: principal and school RSA, teachers EC."""
    return {
        "GVBM": signer(f"CCCD:{TEACHER}"),
        "GVCN": signer(f"CCCD:{HOMEROOM}"),
        "CBQL": signer(f"CCCD:{PRINCIPAL}", rsa=True),
        "KY_PHAT_HANH": signer(f"MST:{SCHOOL_TAX_CODE}", rsa=True),
    }[role]
