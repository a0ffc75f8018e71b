"""Ways to make a record bad: each takes a workbench and gives the files that show the defect.

What must become of them stands in `defects`.
"""

import copy
import json
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import rsa
from lxml import etree

from hocba.sample.insecure_signing import insecure_sign_again_with_sha1
from hocba.sample.keyring import former_validity, person_holder
from hocba.sample.people import Person
from hocba.sample.workbench import Workbench
from signing import names
from signing.creation.builder import serialize

# ------------------------------------------------------------------- changed after signing


def altered_mark(bench: Workbench) -> Sequence[bytes]:
    """A mark is raised after everybody signed."""
    root = bench.signed()
    marks = ("diemcanam", "diemkiemtradinhky", "mucdatduoc")
    for mark in root.iter(*marks):
        better = {"10": "9", "T": "H", "Đ": "CĐ"}.get(mark.text or "", "10")
        mark.text = "T" if mark.tag == "mucdatduoc" and better == "10" else better
        break
    return [serialize(root)]


def altered_signature_value(bench: Workbench) -> Sequence[bytes]:
    """One character of the homeroom teacher's signature value is another."""

    def flip(signature: etree._Element) -> None:
        value = _required(signature, names.SIGNATURE_VALUE)
        text = (value.text or "").lstrip()
        value.text = ("B" if text.startswith("A") else "A") + text[1:]

    return [serialize(bench.signed(after={"GVCN": flip}))]


def comment_in_content(bench: Workbench) -> Sequence[bytes]:
    """A comment in the signed part, which no signature protects."""
    root = bench.signed()
    _required(root, ".//hovaten").addprevious(etree.Comment(" đã sửa "))
    return [serialize(root)]


def repeated_id(bench: Workbench) -> Sequence[bytes]:
    """A second element carries the Id that the homeroom teacher signed."""
    root = bench.signed()
    slot = _required(root, ".//GVCN")
    slot.set("Id", "thongtinhocba")
    return [serialize(root)]


def wrapped_content(bench: Workbench) -> Sequence[bytes]:
    """A forged record stands in the place of the signed one, which is moved aside."""
    root = bench.signed()
    data = _required(root, "DU_LIEU_HOC_BA")
    forged = copy.deepcopy(data)
    forged.set("Id", "data-2")
    _required(forged, "THONG_TIN_HOC_BA").set("Id", "thongtinhocba-2")
    _required(forged, ".//hovaten").text = "Người Khác"
    for signature in list(forged.iter(names.SIGNATURE)):
        _remove(signature)
    data.addprevious(forged)
    _required(root, "PHAT_HANH_HOC_BA").append(data)
    return [serialize(root)]


# ------------------------------------------------------------------- signatures missing


def seal_missing(bench: Workbench) -> Sequence[bytes]:
    """The school's seal is not there."""
    return [serialize(bench.signed(omit=["KY_PHAT_HANH"]))]


def principal_missing(bench: Workbench) -> Sequence[bytes]:
    """Sealed without the principal."""
    return [serialize(bench.signed(omit=["CBQL"], strict=False))]


def subject_teacher_missing(bench: Workbench) -> Sequence[bytes]:
    """One subject teacher did not sign."""
    first = bench.record.content.rows[0].fields["soddcngvbm"]
    return [serialize(bench.signed(omit=[first or ""], strict=False))]


def principal_signs_too_little(bench: Workbench) -> Sequence[bytes]:
    """The principal signs what the homeroom teacher signs, without the teachers' signatures."""
    root = bench.signed(omit=["CBQL", "KY_PHAT_HANH"])
    bench.sign(root, "CBQL", covering="GVCN")
    bench.sign(root, "KY_PHAT_HANH", covering="KY_PHAT_HANH")
    return [serialize(root)]


# ------------------------------------------------------------------- the wrong signer


def signer_not_in_roster(bench: Workbench) -> Sequence[bytes]:
    """Somebody without any office signs as homeroom teacher, and the record says so."""
    stranger = bench.stranger()
    key = bench.key_for(person_holder(stranger, bench.record.context.school))
    named = bench.changed(tengvcn=stranger.name, soddcngvcn=stranger.personal_id)
    return [serialize(named.signed(keys={"GVCN": key}))]


def mandate_ended(bench: Workbench) -> Sequence[bytes]:
    """A homeroom teacher who left years ago signs."""
    return [_signed_by_former(bench, bench.record.context.school.former[0].person)]


def left_in_march_signed_in_may(bench: Workbench) -> Sequence[bytes]:
    """A homeroom teacher who left in March signs the records of the year all the same."""
    return [_signed_by_former(bench, bench.record.context.school.former[1].person)]


def seal_of_another_school(bench: Workbench) -> Sequence[bytes]:
    """Another school's seal."""
    key = bench.key_for(bench.other_school())
    return [serialize(bench.signed(keys={"KY_PHAT_HANH": key}))]


def certificate_of_another_person(bench: Workbench) -> Sequence[bytes]:
    """The principal's key signs for the homeroom teacher."""
    key = bench.pki.keyring[bench.record.context.head.personal_id]
    return [serialize(bench.signed(keys={"GVCN": key}, strict=False))]


def principal_of_another_personal_id(bench: Workbench) -> Sequence[bytes]:
    """The principal's certificate was issued to a different personal id than the record names."""
    key = bench.key_for(person_holder(bench.stranger(), bench.record.context.school))
    return [serialize(bench.signed(keys={"CBQL": key}, strict=False))]


# ------------------------------------------------------------------- the wrong certificate


def untrusted_authority(bench: Workbench) -> Sequence[bytes]:
    """A certificate by an authority that only looks like the trusted one."""
    key = bench.homeroom_key(issuer=bench.rogue_authority())
    return [serialize(bench.signed(keys={"GVCN": key}))]


def certificate_expired(bench: Workbench) -> Sequence[bytes]:
    """Valid when signing, over now, and nothing proves the time."""
    key = bench.homeroom_key(validity=bench.already_over())
    return [serialize(bench.signed(keys={"GVCN": key}))]


def certificate_revoked(bench: Workbench) -> Sequence[bytes]:
    """The principal still signs with the certificate that the present one superseded."""
    context = bench.record.context
    holder = person_holder(context.head, context.school)
    key = bench.key_for(holder, validity=former_validity(bench.world))
    return [serialize(bench.signed(keys={"CBQL": key}))]


def rsa_with_sha1(bench: Workbench) -> Sequence[bytes]:
    """The principal's tool still signs with SHA-1."""
    key = bench.pki.keyring[bench.record.context.head.personal_id].private_key
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("a principal of the sample has an RSA key")

    def weaken(signature: etree._Element) -> None:
        insecure_sign_again_with_sha1(signature, key)

    return [serialize(bench.signed(after={"CBQL": weaken}))]


# ------------------------------------------------------------------- signed, and wrong in itself


def wrong_school_year(bench: Workbench) -> Sequence[bytes]:
    """A school year of two years."""
    year = bench.record.context.year.year
    return [serialize(bench.changed(namhoc=f"{year}-{year + 2}").signed())]


def personal_id_against_sex(bench: Workbench) -> Sequence[bytes]:
    """gioitinh says the other sex than the personal id."""
    other = "2" if bench.record.content.information["gioitinh"] == "1" else "1"
    return [serialize(bench.changed(gioitinh=other).signed())]


def unknown_subject(bench: Workbench) -> Sequence[bytes]:
    """A subject code that is in no list; the list is no official one, so this is a warning."""
    return [serialize(bench.changed_row(mamonhoc="XYZ").signed())]


def unknown_province(bench: Workbench) -> Sequence[bytes]:
    """A province code that was never given."""
    return [serialize(bench.changed(thongtintruong_diachi_matinh="99").signed())]


def missing_field(bench: Workbench) -> Sequence[bytes]:
    """No name."""
    return [serialize(bench.changed(hovaten=None).signed())]


def too_long(bench: Workbench) -> Sequence[bytes]:
    """A class name of more than ten characters."""
    return [serialize(bench.changed(tenlop="Lớp chất lượng cao").signed())]


# ------------------------------------------------------------------- no document


def truncated(bench: Workbench) -> Sequence[bytes]:
    """The upload broke off."""
    data = serialize(bench.signed())
    return [data[: len(data) * 2 // 3]]


def document_type(bench: Workbench) -> Sequence[bytes]:
    """A DTD with an entity."""
    head, end, body = serialize(bench.signed()).partition(b"?>\n")
    return [head + end + b'<!DOCTYPE HOC_BA_SO [<!ENTITY ten "Khac">]>\n' + body]


def not_utf8(bench: Workbench) -> Sequence[bytes]:
    """Saved in a Windows code page that the declaration does not mention."""
    return [serialize(bench.signed()).decode("utf-8").encode("cp1258", "replace")]


def not_xml(bench: Workbench) -> Sequence[bytes]:
    """The fields as JSON instead of the record."""
    return [json.dumps(dict(bench.record.content.information), ensure_ascii=False).encode()]


# ------------------------------------------------------------------- bad only when taken in


def another_province(bench: Workbench) -> Sequence[bytes]:
    """Good in itself, and not this province's to send."""
    return [
        serialize(
            bench.changed(masogd="25", tensogd="Sở Giáo dục và Đào tạo tỉnh Phú Thọ").signed()
        )
    ]


def same_version_twice(bench: Workbench) -> Sequence[bytes]:
    """Two contents under one record id and version number."""
    again = bench.changed(nxetgvcn="Nhận xét đã được sửa nhưng không tăng số phiên bản.")
    return [serialize(bench.signed()), serialize(again.signed())]


def _signed_by_former(bench: Workbench, former: Person) -> bytes:
    named = bench.changed(tengvcn=former.name, soddcngvcn=former.personal_id)
    key = bench.pki.keyring[former.personal_id]
    return serialize(named.signed(keys={"GVCN": key}))


def _required(root: etree._Element, path: str) -> etree._Element:
    found = root.find(path)
    if found is None:
        raise LookupError(f"no {path} in the record")
    return found


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
