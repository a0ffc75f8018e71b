"""The verdict on a record as a whole, and on each signature of it."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from schemas.document import parse
from signing.certificates.path import PathValidator
from signing.certificates.trust import Purpose
from signing.creation.builder import sign_record
from signing.creation.styles import STYLES, VENDOR_ENVELOPED, XADES
from signing.record import validate_record
from signing.report import Indication, SubIndication
from signing.roster import Roster
from tests.support import records, signed_records, signing_kit
from tests.support.forge import DS, Forgery, Ref, forge
from tests.support.signed_records import codes, mandate, octets, signer, tree, validate

TIEU_HOC, TRUNG_HOC = "tieu-hoc", "trung-hoc"
SIGNATURE = f"{{{DS}}}Signature"


def slot(root, name):
    return root.find(f".//PHAT_HANH_HOC_BA/{name}")


def holder_of(issue, name):
    found = issue.find(name)
    return etree.SubElement(issue, name) if found is None else found


def sub_indications(report):
    return [each.verdict.sub_indication for each in report.signatures]


def roles_failing(report):
    return [
        each.role
        for each in report.signatures
        if each.verdict.indication is not Indication.TOTAL_PASSED
    ]


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_passes_a_primary_record_in_every_style(style):
    report = validate(signed_records.signed_primary(style), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_PASSED
    assert [each.role for each in report.signatures] == ["GVCN", "CBQL", "KY_PHAT_HANH"]
    assert codes(report) == set()


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_passes_a_secondary_record_in_every_style(style):
    report = validate(signed_records.signed_secondary(style), TRUNG_HOC)
    assert report.record.indication is Indication.TOTAL_PASSED
    covered = {uri for each in report.signatures for uri in each.covers}
    rows = {f"#{row['Id']}" for row in records.SECONDARY_ROWS}
    assert covered == {*rows, "#thongtinhocba", "#data"}


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_reports_the_claimed_time_and_proves_none(style):
    report = validate(signed_records.signed_primary(style), TIEU_HOC)
    for each in report.signatures:
        assert each.claimed_signing_time == signed_records.SIGNED_AT
        assert each.best_signature_time is None


def test_names_the_signers_by_their_ids():
    report = validate(signed_records.signed_primary(), TIEU_HOC)
    people = [each.signer.personal_id for each in report.signatures]
    assert people == [signed_records.PEOPLE["GVCN"], signed_records.PEOPLE["CBQL"], None]
    assert report.signatures[2].signer.organization_id == signed_records.TAX_CODE


def test_fails_every_signature_over_an_altered_comment_with_hash_failure():
    data = signed_records.signed_primary().replace("Em chăm chỉ".encode(), "Em chăm chì".encode())
    report = validate(data, TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert report.record.sub_indication is SubIndication.HASH_FAILURE
    assert sub_indications(report) == [SubIndication.HASH_FAILURE] * 3
    assert codes(report) == {"HB-S010"}


def test_names_the_altered_row_by_its_signer():
    data = signed_records.signed_secondary().replace(b"9.0", b"9.5", 1)
    report = validate(data, TRUNG_HOC)
    teacher = report.signatures[0]
    assert teacher.role == "GVBM"
    assert teacher.verdict.sub_indication is SubIndication.HASH_FAILURE
    assert "#diem-NVN" not in teacher.covers
    assert "#diem-TOC" in teacher.covers


def test_fails_an_altered_signature_value_with_sig_crypto_failure():
    root = tree(signed_records.signed_primary())
    value = slot(root, "KY_PHAT_HANH").find(f".//{{{DS}}}SignatureValue")
    text = value.text.strip()
    value.text = text[:10] + ("A" if text[10] != "A" else "B") + text[11:]
    report = validate(octets(root), TIEU_HOC)
    assert roles_failing(report) == ["KY_PHAT_HANH"]
    assert report.record.sub_indication is SubIndication.SIG_CRYPTO_FAILURE


def test_is_indeterminate_without_a_trust_store():
    report = validate(signed_records.signed_primary(), TIEU_HOC, with_trust=False)
    assert report.record.indication is Indication.INDETERMINATE
    assert set(sub_indications(report)) == {SubIndication.NO_CERTIFICATE_CHAIN_FOUND}
    assert codes(report) == {"HB-S040"}


def test_is_indeterminate_without_a_roster():
    report = validate(signed_records.signed_primary(), TIEU_HOC, without_roster=True)
    assert report.record.indication is Indication.INDETERMINATE
    assert codes(report) == {"HB-S107"}


def test_is_indeterminate_once_the_certificates_have_expired():
    at = signing_kit.START + timedelta(days=4 * 365)
    report = validate(signed_records.signed_primary(), TIEU_HOC, at=at)
    assert report.record.indication is Indication.INDETERMINATE
    assert SubIndication.OUT_OF_BOUNDS_NOT_REVOKED in sub_indications(report)
    assert "HB-S065" in codes(report)


def test_is_indeterminate_before_the_certificates_are_valid():
    at = signing_kit.START - timedelta(days=10)
    report = validate(signed_records.signed_primary(), TIEU_HOC, at=at)
    assert report.record.indication is Indication.INDETERMINATE
    assert {"HB-S043", "HB-S050"} <= codes(report)


@pytest.mark.parametrize("missing", ["GVCN", "CBQL", "KY_PHAT_HANH"])
def test_fails_when_a_demanded_role_has_not_signed(missing):
    root = tree(signed_records.signed_primary(VENDOR_ENVELOPED))
    holder = next(root.iter(missing))
    holder.remove(holder.find(SIGNATURE))
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    missing_roles = [
        dict(each.parameters)["role"] for each in report.record.findings if each.code == "HB-S102"
    ]
    assert missing_roles == [missing]


def test_seal_does_not_survive_the_removal_of_the_principals_signature():
    root = tree(signed_records.signed_primary(XADES))
    holder = slot(root, "CBQL")
    holder.remove(holder.find(SIGNATURE))
    report = validate(octets(root), TIEU_HOC)
    (seal,) = [each for each in report.signatures if each.role == "KY_PHAT_HANH"]
    assert seal.verdict.sub_indication is SubIndication.SIGNED_DATA_NOT_FOUND


def test_fails_a_record_without_any_signature():
    report = validate(records.primary_record(), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert {"HB-S102", "HB-S111", "HB-S113"} <= codes(report)


def test_fails_a_row_that_no_teacher_signed():
    one_row = records.secondary_row("TOC", "Toán")
    data = signed_records.sign(records.secondary_record(rows=[one_row]), TRUNG_HOC, ["GVBM"])
    root = tree(data)
    second = etree.fromstring(etree.tostring(root.find(".//DIEM_TONG_KET")))
    second.set("Id", "diem-khac")
    root.find(".//THONG_TIN_HOC_BA").append(second)
    forge(root.find(".//GVCN"), Forgery([Ref("#thongtinhocba")], signer("GVCN")))
    issue = root.find("PHAT_HANH_HOC_BA")
    for name in ("CBQL", "KY_PHAT_HANH"):
        forge(holder_of(issue, name), Forgery([Ref("#data")], signer(name)))
    report = validate(octets(root), TRUNG_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    (uncovered,) = [each for each in report.record.findings if each.code == "HB-S103"]
    assert uncovered.path.endswith("DIEM_TONG_KET[2]")


def test_fails_a_signer_whom_the_roster_does_not_know():
    others = [mandate("GVCN", signed_records.PEOPLE["GVCN"]), mandate("KY_PHAT_HANH", "1")]
    report = validate(signed_records.signed_primary(), TIEU_HOC, by=Roster(others))
    assert report.record.indication is Indication.TOTAL_FAILED
    unknown = [
        dict(each.parameters)["role"] for each in report.record.findings if each.code == "HB-S104"
    ]
    assert unknown == ["CBQL", "KY_PHAT_HANH"]


def test_fails_a_signer_whose_mandate_had_ended():
    entries = [each for each in signed_records.roster().entries() if each.role != "GVCN"]
    entries.append(mandate("GVCN", signed_records.PEOPLE["GVCN"], until=date(2026, 3, 31)))
    report = validate(signed_records.signed_primary(), TIEU_HOC, by=Roster(entries))
    assert report.record.indication is Indication.TOTAL_FAILED
    assert codes(report) == {"HB-S105"}


def test_looks_the_mandate_up_on_the_vietnamese_day_of_signing():
    # 2026-05-29T03:00Z is 29 May in Việt Nam; a mandate of that one day holds.
    day = date(2026, 5, 29)
    entries = [each for each in signed_records.roster().entries() if each.role != "GVCN"]
    entries.append(mandate("GVCN", signed_records.PEOPLE["GVCN"], since=day, until=day))
    report = validate(signed_records.signed_primary(), TIEU_HOC, by=Roster(entries))
    assert report.record.indication is Indication.TOTAL_PASSED


def test_fails_a_signature_by_somebody_else_than_the_record_names():
    root = tree(signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN"]))
    stranger = signing_kit.signer("CCCD:025185000099")
    issue = root.find("PHAT_HANH_HOC_BA")
    if issue is None:
        issue = etree.SubElement(root, "PHAT_HANH_HOC_BA")
    for name, key in (("CBQL", stranger), ("KY_PHAT_HANH", signer("KY_PHAT_HANH"))):
        forge(holder_of(issue, name), Forgery([Ref("#data")], key))
    entries = [*signed_records.roster().entries(), mandate("CBQL", "025185000099")]
    report = validate(octets(root), TIEU_HOC, by=Roster(entries))
    assert [each.verdict.indication for each in report.signatures] == [Indication.TOTAL_PASSED] * 3
    assert report.record.indication is Indication.TOTAL_FAILED
    assert codes(report) == {"HB-S106"}


def test_fails_a_seal_that_is_a_persons_certificate():
    data = signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN", "CBQL"])
    root = tree(data)
    holder = holder_of(root.find("PHAT_HANH_HOC_BA"), "KY_PHAT_HANH")
    forge(holder, Forgery([Ref("#data")], signer("CBQL")))
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert "HB-S110" in codes(report)


def test_fails_when_the_principal_signed_only_what_the_homeroom_teacher_signs():
    root = tree(signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN"]))
    issue = root.find("PHAT_HANH_HOC_BA")
    for name, uri in (("CBQL", "#thongtinhocba"), ("KY_PHAT_HANH", "#data")):
        forge(holder_of(issue, name), Forgery([Ref(uri)], signer(name)))
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert codes(report) == {"HB-S103"}


def test_fails_unsigned_content_beside_the_signed():
    root = tree(signed_records.signed_primary())
    etree.SubElement(root, "GHI_CHU").text = "điểm thật"
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert codes(report) == {"HB-S108"}


@pytest.mark.parametrize("place", [".", "PHAT_HANH_HOC_BA", "PHAT_HANH_HOC_BA/CBQL"])
@pytest.mark.parametrize("kind", ["text", "tail", "attribute"])
def test_fails_text_and_attributes_outside_the_signed_content(place, kind):
    root = tree(signed_records.signed_primary())
    element = root.find(place)
    if kind == "text":
        element.text = "x"
    elif kind == "tail":
        element[-1].tail = "x"
    else:
        element.set("ghichu", "x")
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert "HB-S108" in codes(report)


def test_fails_a_signature_in_no_slot():
    root = tree(signed_records.signed_primary())
    forge(root.find("PHAT_HANH_HOC_BA"), Forgery([Ref("#data")], signer("CBQL")))
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert "HB-S109" in codes(report)
    assert report.signatures[-1].role is None


def test_one_broken_signature_beside_a_good_one_in_the_same_slot_fails_the_record():
    root = tree(signed_records.signed_primary())
    holder = slot(root, "KY_PHAT_HANH")
    forge(holder, Forgery([Ref("#data", octets=b"an older version")], signer("KY_PHAT_HANH")))
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert report.record.sub_indication is SubIndication.HASH_FAILURE


def test_two_good_signatures_in_one_slot_pass():
    data = signed_records.signed_primary(VENDOR_ENVELOPED)
    again = sign_record(
        data,
        "KY_PHAT_HANH",
        signer("KY_PHAT_HANH"),
        policy=signed_records.policy(TIEU_HOC),
        signing_time=signed_records.SIGNED_AT,
        repeat=True,
    )
    report = validate(again, TIEU_HOC)
    assert len(report.signatures) == 4
    assert report.record.indication is Indication.TOTAL_PASSED


def test_fails_a_document_with_two_contents():
    root = tree(signed_records.signed_primary())
    root.append(etree.fromstring(etree.tostring(root.find("DU_LIEU_HOC_BA"))))
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert "HB-S112" in codes(report)


def test_fails_a_forged_body_in_the_place_of_the_signed_one():
    # XSW: the signed content is moved away and still verifies; what stands in its place does not.
    root = tree(signed_records.signed_primary())
    signed = root.find("DU_LIEU_HOC_BA")
    forged = etree.fromstring(etree.tostring(signed))
    forged.set("Id", "khac")
    forged.find(".//hovaten").text = "Người Khác"
    for each in list(forged.iter(SIGNATURE)):
        each.getparent().remove(each)
    forged.find("THONG_TIN_HOC_BA").set("Id", "khac2")
    root.replace(signed, forged)
    etree.SubElement(root, "BAO_BOC").append(signed)
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert {"HB-S108", "HB-S113"} <= codes(report)


def test_refuses_to_choose_between_two_elements_with_the_signed_id():
    root = tree(signed_records.signed_primary())
    twin = etree.fromstring(etree.tostring(root.find("DU_LIEU_HOC_BA/THONG_TIN_HOC_BA")))
    twin.find("hovaten").text = "Người Khác"
    root.find("DU_LIEU_HOC_BA").append(twin)
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert "HB-S012" in codes(report)


def test_anchors_are_trusted_for_their_purpose_only():
    store = signed_records.trust()
    for_people = replace(
        store, anchors=(replace(store.anchors[0], purposes=frozenset({Purpose.PERSON})),)
    )
    report = validate_record(
        parse(signed_records.signed_primary()),
        signed_records.policy(TIEU_HOC),
        paths=PathValidator(for_people),
        roster=signed_records.roster(),
        at=signed_records.NOW,
    )
    assert roles_failing(report) == ["KY_PHAT_HANH"]
    assert codes(report) == {"HB-S045"}


def test_a_certificate_of_an_unknown_authority_is_indeterminate():
    other = signing_kit.root_authority("tests/other", signing_kit.START, "Other Root CA")
    key = signing_kit.subscriber(
        "tests/other",
        signing_kit.Holder("A", f"MST:{signed_records.TAX_CODE}", "B", "C", "D"),
        signer("KY_PHAT_HANH").private_key,
        other,
        signing_kit.Validity.years(signing_kit.START, 3),
    )
    root = tree(signed_records.sign(records.primary_record(), TIEU_HOC, ["GVCN", "CBQL"]))
    holder = holder_of(root.find("PHAT_HANH_HOC_BA"), "KY_PHAT_HANH")
    chain = [other.certificate.public_bytes(Encoding.DER)]
    forge(
        holder,
        Forgery(
            [Ref("#data")], key, certificates=[key.certificate.public_bytes(Encoding.DER), *chain]
        ),
    )
    report = validate(octets(root), TIEU_HOC)
    assert report.record.indication is Indication.INDETERMINATE
    assert codes(report) == {"HB-S041"}


def test_a_day_of_issue_that_is_none_is_no_obstacle():
    """Mandates are looked up by the claimed signing time; that day only stands in for it."""
    data = records.primary_record().replace(b"2026-05-30", "hôm qua".encode())
    report = validate(signed_records.sign(data, TIEU_HOC), TIEU_HOC)
    assert report.record.indication is Indication.TOTAL_PASSED
