"""Verdicts that no other test asked for, as mutants of the engine showed."""

from datetime import date

import pytest
from cryptography import x509
from lxml import etree

from signing.report import Indication, SignatureValidation, SubIndication
from signing.roster import Roster
from tests.support import records, signed_records
from tests.support.forge import Forgery, Ref, forge
from tests.support.odd_certificates import OddAuthority, common_name, issue, person
from tests.support.signed_records import mandate, octets, signer, tree
from tests.support.spoiled import PRINCIPAL, all_sign, der, forged, slot


def principals(data: bytes) -> SignatureValidation:
    """The line of the principal's signature."""
    report = signed_records.validate(data, "tieu-hoc")
    (line,) = [each for each in report.signatures if each.role == PRINCIPAL]
    return line


def test_a_certificate_for_encryption_only_makes_no_signature() -> None:
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    key = person(signed_records.PEOPLE[PRINCIPAL], extensions=[(usage, True)])
    line = principals(forged(Forgery([Ref("#data")], key)))
    assert line.verdict.indication is Indication.INDETERMINATE
    assert line.verdict.sub_indication is SubIndication.CHAIN_CONSTRAINTS_FAILURE
    assert "HB-S034" in {each.code for each in line.verdict.findings}


def test_certificates_that_issued_each_other_leave_the_first_for_the_signers() -> None:
    keys = [person(f"02517500009{number}").private_key for number in range(2)]
    names = [common_name("A"), common_name("B")]
    ring = [issue(names[one], keys[one], _Named(keys[1 - one], names[1 - one])) for one in range(2)]
    key = person("025175000090")
    certificates = [der(each) for each in ring]
    line = principals(forged(Forgery([Ref("#data")], key, certificates=certificates)))
    assert line.signer is not None
    assert line.signer.subject == "CN=A"
    assert line.verdict.indication is Indication.INDETERMINATE
    assert {each.code for each in line.verdict.findings} == {"HB-S041"}


def test_a_role_whose_elements_are_gone_is_not_fulfilled_by_its_signatures() -> None:
    root = tree(signed_records.signed_secondary())
    for row in list(root.iter("DIEM_TONG_KET")):
        row.getparent().remove(row)
    report = signed_records.validate(octets(root), "trung-hoc")
    missing = [each for each in report.record.findings if each.code == "HB-S103"]
    assert ("path", "?") in [one for each in missing for one in each.parameters] or any(
        each.path == "?" for each in missing
    )


@pytest.mark.parametrize(
    ("day", "indication"),
    [
        (date(2026, 5, 30), Indication.TOTAL_PASSED),
        (date(2026, 5, 29), Indication.TOTAL_FAILED),
        (date(2026, 6, 15), Indication.TOTAL_FAILED),
    ],
)
def test_without_a_claimed_time_the_records_own_day_is_looked_up(
    day: date, indication: Indication
) -> None:
    data = all_sign(tree(records.primary_record()))
    others = [each for each in signed_records.roster().entries() if each.role != PRINCIPAL]
    one_day = mandate(PRINCIPAL, signed_records.PEOPLE[PRINCIPAL], since=day, until=day)
    report = signed_records.validate(data, "tieu-hoc", by=Roster([*others, one_day]))
    assert report.record.indication is indication


def test_of_two_signatures_in_one_slot_the_entitled_one_speaks_for_the_role() -> None:
    root = tree(all_sign(tree(records.primary_record())))
    forge(slot(root, PRINCIPAL), Forgery([Ref("#data")], signer("GVCN")))
    report = signed_records.validate(octets(root), "tieu-hoc")
    assert report.record.indication is Indication.TOTAL_PASSED


def test_a_comment_between_signatures_is_no_content() -> None:
    root = tree(signed_records.signed_primary())
    root.find("PHAT_HANH_HOC_BA").insert(0, etree.Comment(" x "))
    report = signed_records.validate(octets(root), "tieu-hoc")
    assert report.record.indication is Indication.TOTAL_PASSED


class _Named(OddAuthority):
    """An issuer by name and key only: its own certificate is not made yet."""

    def __init__(self, key: object, name: x509.Name) -> None:
        subject = type("Subject", (), {"subject": name})()
        super().__init__(key, subject)  # type: ignore[arg-type]
