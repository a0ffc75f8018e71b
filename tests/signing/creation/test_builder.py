"""Putting one signature into a record: place, content, order, and clear refusals."""

import base64
import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from lxml import etree

from schemas.errors import Unreadable
from schemas.findings import Language, catalogue, finding
from signing import names
from signing.creation.builder import serialize, sign, sign_record
from signing.creation.signature_builder import SignatureRequest
from signing.creation.styles import VENDOR_CANONICAL_TWICE, VENDOR_ENVELOPED, XADES, SignatureStyle
from signing.errors import SigningKeyError, SigningRefused
from signing.keys.key import SigningKey, SoftwareKey
from tests.support import signing_kit as kit


def signed(
    data: bytes,
    role: str,
    key: SigningKey | None = None,
    *,
    style: SignatureStyle = XADES,
    at: datetime = kit.SIGNED_AT,
    repeat: bool = False,
) -> bytes:
    """*data* with one more signature."""
    return sign_record(
        data,
        role,
        key or kit.signer_of(role),
        policy=kit.policy(),
        signing_time=at,
        style=style,
        repeat=repeat,
    )


def signed_until(role: str, data: bytes = kit.RECORD, style: SignatureStyle = XADES) -> bytes:
    """The record signed by everybody up to and including *role*."""
    for each in kit.ROLES_IN_ORDER[: kit.ROLES_IN_ORDER.index(role) + 1]:
        data = signed(data, each, style=style)
        if each == "GVBM":
            data = signed(data, each, kit.signer(f"CCCD:{kit.OTHER_TEACHER}"), style=style)
    return data


def refusal(data: bytes, role: str, key: SigningKey | None = None, **options: object) -> str:
    """The code of the finding with which signing is refused."""
    with pytest.raises(SigningRefused) as caught:
        signed(data, role, key, **options)  # type: ignore[arg-type]
    for language in Language:
        assert caught.value.finding.message(language)
    return caught.value.finding.code


def uris(signature: etree._Element) -> list[str]:
    return [each.get("URI") for each in signature.iter(f"{{{names.DS}}}Reference")]


def signatures(data: bytes, place: str) -> list[etree._Element]:
    return list(etree.fromstring(data).findall(f"{place}/{names.SIGNATURE}"))


# ------------------------------------------------------------------------------------- place


def test_slots_are_made_in_the_order_of_the_skeleton_whoever_signs_first() -> None:
    root = etree.fromstring(signed_until("KY_PHAT_HANH"))
    assert [child.tag for child in root] == ["DU_LIEU_HOC_BA", "PHAT_HANH_HOC_BA"]
    assert [child.tag for child in root[0][1]] == ["DANH_SACH_GVBM", "GVCN"]
    assert [child.tag for child in root[1]] == ["CBQL", "KY_PHAT_HANH"]


def test_a_slot_is_put_before_those_of_later_roles() -> None:
    empty = b"<DANH_SACH_THONG_TIN_KY><GVCN/></DANH_SACH_THONG_TIN_KY></DU_LIEU_HOC_BA>"
    data = signed(kit.RECORD.replace(b"</DU_LIEU_HOC_BA>", empty), "GVBM")
    container = etree.fromstring(data).find("DU_LIEU_HOC_BA/DANH_SACH_THONG_TIN_KY")
    assert container is not None
    assert [child.tag for child in container] == ["DANH_SACH_GVBM", "GVCN"]


def test_existing_empty_slots_are_used() -> None:
    slots = (
        b"<DANH_SACH_THONG_TIN_KY><DANH_SACH_GVBM/><GVCN/></DANH_SACH_THONG_TIN_KY>"
        b"</DU_LIEU_HOC_BA><PHAT_HANH_HOC_BA><CBQL/><KY_PHAT_HANH/></PHAT_HANH_HOC_BA>"
    )
    data = signed_until("KY_PHAT_HANH", kit.RECORD.replace(b"</DU_LIEU_HOC_BA>", slots))
    for name in ("GVCN", "CBQL", "KY_PHAT_HANH"):
        slots_found = list(etree.fromstring(data).iter(name))
        assert len(slots_found) == 1
        assert [child.tag for child in slots_found[0]] == [names.SIGNATURE]


def test_a_teacher_signs_all_rows_at_once_in_a_slot_of_their_own() -> None:
    data = signed_until("GVBM")
    teachers = signatures(data, ".//DANH_SACH_GVBM/GVBM")
    assert [uris(each)[:-1] for each in teachers] == [["#mon-1", "#mon-2"], ["#mon-3"]]
    assert [each.getparent().get("Id") for each in teachers] == ["GVBM-1", "GVBM-2"]


def test_a_linked_row_leads_to_the_slot_with_its_id() -> None:
    data = signed_until("GVBM", kit.LINKED_RECORD)
    slots = etree.fromstring(data).findall(".//DANH_SACH_GVBM/GVBM")
    assert [slot.get("Id") for slot in slots] == ["gv-7", "gv-9"]


def test_slots_that_are_there_already_are_filled_before_new_ones_are_made() -> None:
    slots = (
        "<DANH_SACH_THONG_TIN_KY><DANH_SACH_GVBM>{}</DANH_SACH_GVBM></DANH_SACH_THONG_TIN_KY>"
        "</DU_LIEU_HOC_BA>"
    )
    linked = slots.format('<GVBM Id="gv-9"/><GVBM Id="gv-7"/>').encode()
    data = signed_until("GVBM", kit.LINKED_RECORD.replace(b"</DU_LIEU_HOC_BA>", linked))
    assert [uris(each)[0] for each in signatures(data, ".//GVBM")] == ["#mon-3", "#mon-1"]
    plain = slots.format('<GVBM/><GVBM Id="GVBM-2"/>').encode()
    data = signed_until("GVBM", kit.RECORD.replace(b"</DU_LIEU_HOC_BA>", plain))
    found = etree.fromstring(data).findall(".//DANH_SACH_GVBM/GVBM")
    assert [(slot.get("Id"), len(slot)) for slot in found] == [
        (None, 1),
        ("GVBM-2", 0),
        ("GVBM-1", 1),
    ]


def test_a_style_may_give_every_row_a_slot_and_signature_of_its_own() -> None:
    data = signed_until("GVBM", kit.LINKED_RECORD, VENDOR_CANONICAL_TWICE)
    slots = etree.fromstring(data).findall(".//DANH_SACH_GVBM/GVBM")
    assert [slot.get("Id") for slot in slots] == ["gv-7", "gv-7", "gv-9"]
    assert [uris(slot[0])[0] for slot in slots] == ["#mon-1", "#mon-2", "#mon-3"]


def test_a_single_unlinked_row_has_one_plain_slot() -> None:
    root = etree.fromstring(kit.RECORD)
    rows = root.findall(".//DIEM_TONG_KET")
    for row in rows[1:]:
        row.getparent().remove(row)
    data = signed(serialize(root), "GVBM")
    slot = etree.fromstring(data).find(".//DANH_SACH_GVBM/GVBM")
    assert slot is not None
    assert slot.get("Id") is None


def test_a_definition_with_a_namespace_gets_its_slots_in_that_namespace() -> None:
    namespaces = {"h": "urn:ho-so"}
    policy = replace(
        kit.policy(),
        roles=(
            kit.requirement(
                "HT",
                slot="/h:ho_so/h:ky/h:ht",
                covers="/h:ho_so/h:noi_dung",
                personal_id="h:nguoi_ky",
                namespaces=namespaces,
            ),
        ),
    )
    content = f'<noi_dung Id="n"><nguoi_ky>{kit.PRINCIPAL}</nguoi_ky></noi_dung>'
    prefixed = content.replace("</", "</x:").replace("<n", "<x:n")
    for record in (
        f'<ho_so xmlns="urn:ho-so">{content}</ho_so>',
        f'<x:ho_so xmlns:x="urn:ho-so">{prefixed}</x:ho_so>',
    ):
        data = sign_record(
            record.encode(),
            "HT",
            kit.signer_of("CBQL"),
            policy=policy,
            signing_time=kit.SIGNED_AT,
            style=VENDOR_ENVELOPED,
        )
        assert len(signatures(data, "{urn:ho-so}ky/{urn:ho-so}ht")) == 1


@pytest.mark.parametrize(
    "slot", ["//GVCN", "/HOC_BA_SO/*/GVCN", "/HOC_BA_SO", "/KHAC/GVCN", "HOC_BA_SO/GVCN"]
)
def test_a_slot_that_cannot_be_made_is_refused(slot: str) -> None:
    policy = replace(
        kit.policy(),
        roles=(
            kit.requirement(
                "GVCN", slot=slot, covers="//THONG_TIN_HOC_BA", personal_id="soddcngvcn"
            ),
        ),
    )
    with pytest.raises(SigningRefused) as caught:
        sign_record(
            kit.RECORD,
            "GVCN",
            kit.signer_of("GVCN"),
            policy=policy,
            signing_time=kit.SIGNED_AT,
        )
    assert caught.value.finding.code == "HB-K012"


# ----------------------------------------------------------------------------------- content


def test_the_seal_also_covers_the_principals_signature_value() -> None:
    data = signed_until("KY_PHAT_HANH")
    (seal,) = signatures(data, ".//KY_PHAT_HANH")
    (principal,) = signatures(data, ".//CBQL")
    value = principal.find(names.SIGNATURE_VALUE)
    assert value is not None
    assert uris(seal)[:2] == ["#data", f"#{value.get('Id')}"]


def test_the_seal_leaves_out_a_value_without_an_id_of_its_own() -> None:
    data = signed(signed_until("CBQL", style=VENDOR_ENVELOPED), "KY_PHAT_HANH")
    (seal,) = signatures(data, ".//KY_PHAT_HANH")
    assert uris(seal) == ["#data", "#S-KY_PHAT_HANH-1-props"]


def test_a_vendors_seal_covers_the_data_only() -> None:
    data = signed(signed_until("CBQL"), "KY_PHAT_HANH", style=VENDOR_ENVELOPED)
    (seal,) = signatures(data, ".//KY_PHAT_HANH")
    assert uris(seal) == ["#data", "#S-KY_PHAT_HANH-1-time"]


def test_xades_names_time_in_utc_and_the_certificate_by_digest() -> None:
    (signature,) = signatures(signed_until("GVCN"), ".//GVCN")
    time = signature.find(f".//{{{names.XADES}}}SigningTime")
    assert time is not None
    assert time.text == "2026-05-28T08:15:30Z"
    digest = signature.find(f".//{{{names.XADES}}}CertDigest/{{{names.DS}}}DigestValue")
    expected = kit.signer_of("GVCN").certificate.fingerprint(hashes.SHA256())
    assert digest is not None
    assert digest.text == base64.b64encode(expected).decode()
    certificates = list(signature.iter(f"{{{names.DS}}}X509Certificate"))
    assert len(certificates) == 2  # the signer's and the issuer's, never the root's


def test_vendors_tools_name_a_local_time_without_a_zone() -> None:
    (signature,) = signatures(signed_until("GVCN", style=VENDOR_ENVELOPED), ".//GVCN")
    time = signature.find(".//{*}SigningTime")
    assert time is not None
    assert time.text == "2026-05-28T15:15:30"
    assert signature.prefix is None
    data = signature.find(f".//{{{names.DS}}}X509Data")
    assert data is not None
    assert [etree.QName(child).localname for child in data] == [
        "X509SubjectName",
        "X509Certificate",
    ]


def test_ids_are_new_even_where_the_record_already_uses_such_names() -> None:
    data = kit.RECORD.replace(b"<hovaten>", b'<hovaten Id="S-GVBM-1-value" id="S-GVBM-2">')
    (signature,) = signatures(signed(data, "GVBM"), ".//DANH_SACH_GVBM/GVBM")
    assert signature.get("Id") == "S-GVBM-3"


def test_signing_the_same_gives_the_same_bytes() -> None:
    assert signed_until("KY_PHAT_HANH") == signed_until("KY_PHAT_HANH")


def test_many_signatures_on_one_tree_are_those_of_one_by_one() -> None:
    root = etree.fromstring(kit.RECORD)
    other = kit.signer(f"CCCD:{kit.OTHER_TEACHER}")
    order = [(role, kit.signer_of(role)) for role in kit.ROLES_IN_ORDER]
    for role, key in [order[0], ("GVBM", other), *order[1:]]:
        sign(root, role, key, policy=kit.policy(), signing_time=kit.SIGNED_AT)
    assert serialize(root) == signed_until("KY_PHAT_HANH")


def test_what_is_signed_is_not_changed_by_signing() -> None:
    before = etree.fromstring(kit.RECORD).find(".//THONG_TIN_HOC_BA")
    after = etree.fromstring(signed_until("KY_PHAT_HANH")).find(".//THONG_TIN_HOC_BA")
    assert before is not None
    assert after is not None
    assert etree.tostring(before, method="c14n") == etree.tostring(after, method="c14n")


# -------------------------------------------------------------------------------------- again


def test_signing_again_adds_and_never_replaces() -> None:
    data = signed_until("GVCN")
    assert refusal(data, "GVCN") == "HB-K011"
    again = signed(data, "GVCN", repeat=True, at=kit.SIGNED_AT + timedelta(days=1))
    both = signatures(again, ".//GVCN")
    assert [each.get("Id") for each in both] == ["S-GVCN-1", "S-GVCN-2"]
    (first,) = signatures(data, ".//GVCN")
    assert etree.tostring(both[0]) == etree.tostring(first)


def test_a_school_that_has_sealed_is_told_so() -> None:
    assert refusal(signed_until("KY_PHAT_HANH"), "KY_PHAT_HANH") == "HB-K011"


def test_a_teacher_who_signed_one_row_signs_the_other() -> None:
    root = etree.fromstring(signed(kit.RECORD, "GVBM", style=VENDOR_CANONICAL_TWICE))
    slot = root.findall(".//DANH_SACH_GVBM/GVBM")[1]
    slot.getparent().remove(slot)
    data = signed(serialize(root), "GVBM")
    assert [uris(each)[0] for each in signatures(data, ".//GVBM")] == ["#mon-1", "#mon-2"]


def test_another_signer_in_the_same_role_does_not_count_as_this_one() -> None:
    data = signed_until("GVBM", kit.RECORD.replace(kit.HOMEROOM.encode(), b""))
    data = signed(data, "GVCN", kit.signer(f"CCCD:{kit.OTHER_TEACHER}"))
    assert len(signatures(signed(data, "GVCN"), ".//GVCN")) == 2


def test_unreadable_signatures_do_not_count_as_this_signers() -> None:
    data = signed_until("GVCN")
    for broken in (
        data.replace(b"<ds:SignedInfo>", b"<ds:SignedInfo>text"),
        etree.tostring(_without(data, f"GVCN/{names.SIGNATURE}/{names.KEY_INFO}")),
        etree.tostring(_with_text(data, ".//GVCN//{*}X509Certificate", "AAAA")),
    ):
        assert broken != data
        assert len(signatures(signed(broken, "GVCN"), ".//GVCN")) == 2


def _without(data: bytes, path: str) -> etree._Element:
    root = etree.fromstring(data)
    found = root.find(f".//{path}")
    assert found is not None
    found.getparent().remove(found)
    return root


def _with_text(data: bytes, path: str, text: str) -> etree._Element:
    root = etree.fromstring(data)
    found = root.find(path)
    assert found is not None
    found.text = text
    return root


# ----------------------------------------------------------------------------------- refusals


def test_unknown_role() -> None:
    assert refusal(kit.RECORD, "HIEU_TRUONG", kit.signer_of("CBQL")) == "HB-K001"


def test_teacher_without_a_row() -> None:
    assert refusal(kit.RECORD, "GVBM", kit.signer_of("CBQL")) == "HB-K002"


@pytest.mark.parametrize(
    ("role", "key"),
    [("GVCN", "KY_PHAT_HANH"), ("KY_PHAT_HANH", "CBQL")],
)
def test_a_person_does_not_seal_and_a_school_does_not_sign(role: str, key: str) -> None:
    assert refusal(kit.RECORD, role, kit.signer_of(key)) == "HB-K003"


def test_another_person_than_the_record_names() -> None:
    assert refusal(signed_until("GVBM"), "GVCN", kit.signer_of("GVBM")) == "HB-K004"


def test_a_record_that_names_nobody_leaves_it_to_the_roster() -> None:
    data = kit.RECORD.replace(b"<soddcngvcn>015182000003</soddcngvcn>", b"<soddcngvcn/>")
    data = signed(signed_until("GVBM", data), "GVCN", kit.signer_of("GVBM"))
    assert len(signatures(data, ".//GVCN")) == 1


def test_missing_target() -> None:
    data = kit.RECORD.replace(b"THONG_TIN_HOC_BA", b"THONG_TIN_KHAC")
    assert refusal(data, "GVCN") == "HB-K005"


def test_target_without_an_id() -> None:
    data = signed_until("GVBM").replace(b' Id="thongtinhocba"', b"")
    assert refusal(data, "GVCN") == "HB-K006"


@pytest.mark.parametrize("spelling", ["Id", "ID", "id", "xml:id"])
def test_target_whose_id_stands_twice(spelling: str) -> None:
    attribute = f'<hovaten {spelling}="thongtinhocba">'.encode()
    data = signed_until("GVBM").replace(b"<hovaten>", attribute)
    assert refusal(data, "GVCN") == "HB-K007"


@pytest.mark.parametrize(
    ("until", "role"),
    [(None, "GVCN"), ("GVBM", "CBQL"), ("GVCN", "KY_PHAT_HANH"), (None, "KY_PHAT_HANH")],
)
def test_nobody_signs_before_those_above(until: str | None, role: str) -> None:
    data = signed_until(until) if until else kit.RECORD
    assert refusal(data, role) == "HB-K008"


def test_one_unsigned_row_keeps_the_homeroom_teacher_waiting() -> None:
    assert refusal(signed(kit.RECORD, "GVBM"), "GVCN") == "HB-K008"


def test_a_signature_that_would_break_the_principals_is_refused() -> None:
    with pytest.raises(SigningRefused) as caught:
        signed(signed_until("CBQL"), "GVCN", repeat=True)
    assert caught.value.finding.code == "HB-K009"
    assert dict(caught.value.finding.parameters)["found"] == "HOC_BA_SO/DU_LIEU_HOC_BA"


def test_certificate_outside_its_validity() -> None:
    data = signed_until("GVBM")
    for moment in (kit.START - timedelta(seconds=1), datetime(2028, 6, 1, tzinfo=UTC)):
        assert refusal(data, "GVCN", at=moment) == "HB-K010"
    assert signed(data, "GVCN", at=kit.START)


def test_certificate_that_may_not_sign() -> None:
    key = kit.signer_of("GVCN")
    authority = kit.issuer()
    builder = (
        x509.CertificateBuilder()
        .subject_name(key.certificate.subject)
        .issuer_name(authority.certificate.subject)
        .public_key(key.certificate.public_key())
        .serial_number(7)
        .not_valid_before(kit.START)
        .not_valid_after(kit.START + timedelta(days=900))
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=True,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    )
    certificate = builder.sign(authority.key, hashes.SHA384())
    unfit = SoftwareKey(key.private_key, certificate)
    assert refusal(signed_until("GVBM"), "GVCN", unfit) == "HB-K013"


def test_a_slot_inside_its_own_target_is_refused() -> None:
    policy = replace(
        kit.policy(),
        roles=(
            kit.requirement(
                "GVCN",
                slot="/HOC_BA_SO/DU_LIEU_HOC_BA/GVCN",
                covers="/HOC_BA_SO/DU_LIEU_HOC_BA",
                personal_id="THONG_TIN_HOC_BA/soddcngvcn",
            ),
        ),
    )
    with pytest.raises(SigningRefused) as caught:
        sign_record(
            kit.RECORD, "GVCN", kit.signer_of("GVCN"), policy=policy, signing_time=kit.SIGNED_AT
        )
    assert caught.value.finding.code == "HB-K014"


def test_bytes_that_are_no_document_are_unreadable() -> None:
    with pytest.raises(Unreadable):
        signed(b"<HOC_BA_SO>", "GVCN")


def test_a_key_that_fails_leaves_the_slot_as_it_was() -> None:
    class BrokenToken:
        certificate = kit.signer_of("GVBM").certificate
        chain = ()
        signature_algorithm = kit.signer_of("GVBM").signature_algorithm
        digest_algorithm = "sha256"
        batch_limit = 1

        def sign_digests(self, digests: list[bytes]) -> tuple[bytes, ...]:
            raise OSError("token removed")

    root = etree.fromstring(kit.RECORD)
    with pytest.raises(OSError, match="token removed"):
        sign(root, "GVBM", BrokenToken(), policy=kit.policy(), signing_time=kit.SIGNED_AT)
    assert list(root.iter(names.SIGNATURE)) == []


def test_a_request_without_target_or_zone_cannot_exist() -> None:
    target = etree.fromstring("<a/>")
    with pytest.raises(ValueError, match="without a target"):
        SignatureRequest(identifier="S", targets=(), signing_time=kit.SIGNED_AT)
    with pytest.raises(ValueError, match="without a zone"):
        SignatureRequest(
            identifier="S",
            targets=(target,),
            signing_time=datetime(2026, 5, 28),  # noqa: DTZ001
        )


RELATIVE_NAMESPACE = b' xmlns:r="tuong-doi"'


@pytest.mark.parametrize("style", [XADES, VENDOR_CANONICAL_TWICE])
def test_refuses_content_that_has_no_canonical_form_and_adds_nothing(style) -> None:
    data = kit.RECORD.replace(b'Id="mon-2"', b'Id="mon-2"' + RELATIVE_NAMESPACE)
    assert refusal(data, "GVBM", style=style) == "HB-K015"
    root = etree.fromstring(data)
    with pytest.raises(SigningRefused):
        sign(
            root,
            "GVBM",
            kit.signer_of("GVBM"),
            policy=kit.policy(),
            signing_time=kit.SIGNED_AT,
            style=style,
        )
    assert list(root.iter(names.SIGNATURE)) == []


def test_a_key_that_fails_before_there_is_anything_to_sign_leaves_the_record_as_it_was() -> None:
    class Gone(SoftwareKey):
        @property
        def signature_algorithm(self) -> str:
            raise SigningKeyError(finding("HB-K015"))

    key = kit.signer_of("GVBM")
    root = etree.fromstring(kit.RECORD)
    with pytest.raises(SigningKeyError):
        sign(
            root,
            "GVBM",
            Gone(key.private_key, key.certificate),
            policy=kit.policy(),
            signing_time=kit.SIGNED_AT,
        )
    assert list(root.iter(names.SIGNATURE)) == []


def test_refuses_a_place_in_which_no_signature_has_a_canonical_form() -> None:
    data = signed_until("GVCN").replace(
        b"</HOC_BA_SO>", b"<PHAT_HANH_HOC_BA" + RELATIVE_NAMESPACE + b"/></HOC_BA_SO>"
    )
    assert refusal(data, "CBQL") == "HB-K015"


def test_a_refusal_crosses_processes() -> None:
    with pytest.raises(SigningRefused) as caught:
        signed(kit.RECORD, "KHAC", kit.signer_of("CBQL"))
    assert pickle.loads(pickle.dumps(caught.value)).finding == caught.value.finding  # noqa: S301


def test_every_refusal_has_texts_and_a_test_of_its_own() -> None:
    codes = {
        code for code in catalogue() if "HB-K000" < code < "HB-K020"
    }  # then time-stamps and keys
    source = Path(__file__).read_text("utf-8")
    assert codes
    assert [code for code in sorted(codes) if code not in source] == []
