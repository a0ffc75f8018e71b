"""Who was entitled to sign: the record, the certificate and the roster against each other."""

from dataclasses import replace
from datetime import date

import pytest

from signing.creation.builder import sign_record
from signing.creation.styles import XADES
from signing.mandate import Substitution
from signing.report import Indication
from signing.roster import Roster
from tests.support import records, signed_records, signing_kit
from tests.support.signed_records import PEOPLE, codes, mandate, validate

TIEU_HOC = "tieu-hoc"
ABSENT = PEOPLE["GVCN"]
SUBSTITUTE = "025190000077"
SIGNED_ON = date(2026, 5, 29)


def others(*roles: str) -> list:
    everybody = {**PEOPLE, "KY_PHAT_HANH": signed_records.TAX_CODE}
    return [mandate(role, holder) for role, holder in everybody.items() if role in roles]


def signed_by(others_ids: dict[str, str]) -> bytes:
    """The primary record, signed in some roles by another person than it names."""
    policy = signed_records.policy(TIEU_HOC)
    anybody = replace(policy, roles=tuple(replace(e, personal_id=None) for e in policy.roles))
    data = records.primary_record()
    for role in signed_records.roles(TIEU_HOC):
        other = others_ids.get(role)
        key = signing_kit.signer(f"CCCD:{other}") if other else signed_records.signer(role)
        data = sign_record(
            data,
            role,
            key,
            policy=anybody,
            signing_time=signed_records.SIGNED_AT,
            style=XADES,
        )
    return data


def standing_in(**changes):
    substitution = Substitution(
        person=ABSENT,
        reason="nghỉ thai sản",
        approver="Hiệu trưởng Vàng A Mẫu",
        decision="12/QĐ-THCS",
        decided_on=date(2026, 2, 1),
    )
    entry = mandate("GVCN", SUBSTITUTE, date(2026, 2, 1), date(2026, 6, 30))
    return replace(entry, substitution=substitution, **changes)


@pytest.fixture(scope="module")
def signed_by_the_substitute() -> bytes:
    """The record names the absent teacher, the substitute's certificate signed."""
    return signed_by({"GVCN": SUBSTITUTE})


def judged(data: bytes, *entries, **options):
    roster = Roster([*others("CBQL", "KY_PHAT_HANH"), *entries], **options)
    return validate(data, TIEU_HOC, by=roster)


def test_a_substitute_passes_and_the_report_says_for_whom_and_by_whose_leave(
    signed_by_the_substitute,
):
    report = judged(signed_by_the_substitute, standing_in())
    assert report.record.indication is Indication.TOTAL_PASSED
    (told,) = report.record.findings
    assert told.code == "HB-S250"
    said = told.message()
    assert f"{SUBSTITUTE} ký thay {ABSENT}" in said
    assert "theo quyết định 12/QĐ-THCS ngày 01/02/2026" in said
    assert "nghỉ thai sản" in said
    assert "Hiệu trưởng Vàng A Mẫu" in said


def test_a_substitution_without_a_decision_says_that_none_is_recorded(signed_by_the_substitute):
    entry = standing_in()
    bare = replace(entry.substitution, decision="", decided_on=None)
    report = judged(signed_by_the_substitute, replace(entry, substitution=bare))
    assert report.record.indication is Indication.TOTAL_PASSED
    assert codes(report) == {"HB-S253"}


def test_a_substitute_after_the_last_day_is_refused(signed_by_the_substitute):
    report = judged(signed_by_the_substitute, standing_in(valid_to=date(2026, 5, 28)))
    assert report.record.indication is Indication.TOTAL_FAILED
    assert codes(report) == {"HB-S251"}


def test_a_substitute_for_somebody_else_is_refused(signed_by_the_substitute):
    entry = standing_in()
    other = replace(entry.substitution, person="025185000099")
    report = judged(signed_by_the_substitute, replace(entry, substitution=other))
    assert codes(report) == {"HB-S106"}


def test_a_mandate_of_ones_own_is_no_leave_to_sign_for_another(signed_by_the_substitute):
    report = judged(signed_by_the_substitute, mandate("GVCN", SUBSTITUTE))
    assert report.record.indication is Indication.TOTAL_FAILED
    assert codes(report) == {"HB-S106"}


def test_a_substitute_of_another_role_is_refused(signed_by_the_substitute):
    report = judged(signed_by_the_substitute, replace(standing_in(), role="GVBM"))
    assert codes(report) == {"HB-S106"}


def test_a_teacher_who_left_in_march_signing_in_may_is_refused():
    left = mandate("GVCN", ABSENT, date(2020, 8, 15), date(2026, 3, 31))
    report = judged(signed_records.signed_primary(), left)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert codes(report) == {"HB-S105"}
    assert "29/05/2026" in report.record.findings[0].message()
    still_there = judged(signed_records.signed_primary(), replace(left, valid_to=SIGNED_ON))
    assert still_there.record.indication is Indication.TOTAL_PASSED


def test_the_seal_of_another_school_is_refused():
    seal = mandate("KY_PHAT_HANH", signed_records.TAX_CODE)
    elsewhere = replace(seal, school="2500001002")
    roster = Roster([*others("GVCN", "CBQL"), elsewhere])
    report = validate(signed_records.signed_primary(), TIEU_HOC, by=roster)
    assert report.record.indication is Indication.TOTAL_FAILED
    assert codes(report) == {"HB-S104"}


def test_a_principals_certificate_of_a_different_personal_id_is_refused():
    data = signed_by({"CBQL": "025175000099"})
    assert codes(judged(data, *others("GVCN"))) == {"HB-S106"}


def test_one_person_may_hold_mandates_at_several_schools():
    here = mandate("GVCN", ABSENT)
    roster = Roster([*others("CBQL", "KY_PHAT_HANH"), replace(here, school="2500001002"), here])
    report = validate(signed_records.signed_primary(), TIEU_HOC, by=roster)
    assert report.record.indication is Indication.TOTAL_PASSED


class TestBoundCertificates:
    OTHER = "ab" * 32

    @pytest.fixture
    def used(self) -> str:
        """The SHA-256 of the certificate that the homeroom teacher signed with."""
        report = validate(signed_records.signed_primary(), TIEU_HOC)
        return report.signatures[0].signer.certificate_sha256

    def test_an_unbound_certificate_is_refused_where_binding_is_demanded(self):
        bound = replace(mandate("GVCN", ABSENT), certificates=(self.OTHER,))
        report = judged(signed_records.signed_primary(), bound, demands_bound=True)
        assert report.record.indication is Indication.TOTAL_FAILED
        assert codes(report) == {"HB-S252"}

    def test_any_certificate_of_the_person_will_do_where_binding_is_not_demanded(self):
        bound = replace(mandate("GVCN", ABSENT), certificates=(self.OTHER,))
        report = judged(signed_records.signed_primary(), bound)
        assert report.record.indication is Indication.TOTAL_PASSED

    def test_a_renewal_is_one_more_certificate_of_the_person(self, used):
        bound = replace(mandate("GVCN", ABSENT), certificates=(self.OTHER, used))
        report = judged(signed_records.signed_primary(), bound, demands_bound=True)
        assert report.record.indication is Indication.TOTAL_PASSED

    def test_who_has_no_bound_certificate_signs_with_any(self):
        report = judged(signed_records.signed_primary(), *others("GVCN"), demands_bound=True)
        assert report.record.indication is Indication.TOTAL_PASSED

    def test_a_binding_holds_at_every_school_of_the_person(self):
        elsewhere = replace(
            mandate("GVBM", ABSENT), school="2500001002", certificates=(self.OTHER,)
        )
        report = judged(
            signed_records.signed_primary(), *others("GVCN"), elsewhere, demands_bound=True
        )
        assert codes(report) == {"HB-S252"}


@pytest.mark.parametrize(
    "changes", [{"reason": ""}, {"approver": ""}], ids=["without-reason", "without-approver"]
)
def test_there_is_no_substitution_without_reason_and_approver(changes):
    with pytest.raises(ValueError, match="thaycho without"):
        replace(standing_in().substitution, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"valid_to": None},
        {"valid_from": None},
        {"personal_id": ABSENT},
        {"personal_id": None, "organization_id": "5300100200"},
    ],
)
def test_there_is_no_substitution_without_end_or_of_oneself(changes):
    with pytest.raises(ValueError, match="thaycho"):
        replace(standing_in(), **changes)


def test_the_record_under_test_names_its_homeroom_teacher():
    assert f"<soddcngvcn>{ABSENT}</soddcngvcn>".encode() in records.primary_record()
