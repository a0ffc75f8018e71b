"""Records signed on one day and validated on another: what a time-stamp changes."""

from copy import deepcopy
from datetime import UTC, datetime

import pytest
from lxml import etree

from schemas.document import parse
from schemas.findings import Language
from signing import names
from signing.record import validate_record
from signing.report import Indication, SignatureReport, SubIndication
from signing.validation.signature import _material
from signing.xades.unsigned_properties import read_unsigned_properties
from signing.xmldsig.form import read_form
from tests.support import signed_records, stamping
from tests.support.stamping import LATER, SIGNED_AT, SOON, InProcess, long_term_record, sign

PASSED, INDETERMINATE = Indication.TOTAL_PASSED, Indication.INDETERMINATE


def validate(data: bytes, at: datetime = LATER) -> SignatureReport:
    return validate_record(
        parse(data),
        signed_records.policy("tieu-hoc"),
        paths=stamping.paths(at),
        roster=signed_records.roster(),
        at=at,
    )


def test_with_the_proof_a_record_of_2023_passes_in_2026() -> None:
    report = validate(stamping.stamped_record())
    assert report.record.indication is PASSED
    assert [each.best_signature_time for each in report.signatures] == [SIGNED_AT] * 3
    assert all(each.timestamps[0].verdict.indication is PASSED for each in report.signatures)


def test_without_the_proof_it_is_indeterminate_and_says_why_in_plain_vietnamese() -> None:
    report = validate(sign())
    assert report.record.indication is INDETERMINATE
    for each in report.signatures:
        assert each.verdict.indication is INDETERMINATE
        assert each.verdict.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE
        assert each.best_signature_time is None
        (reason,) = each.verdict.findings
        assert "hết hạn" in reason.message(Language.VI)


@pytest.mark.parametrize("data", [sign(), stamping.stamped_record()], ids=["B", "T"])
def test_while_the_certificates_are_valid_both_pass(data: bytes) -> None:
    assert validate(data, SOON).record.indication is PASSED


def test_one_signature_without_a_proof_keeps_the_record_from_passing() -> None:
    teacher = sign(stamping.stamping(InProcess()), only=("GVCN",))
    record = sign(None, data=teacher, only=("CBQL", "KY_PHAT_HANH"))
    report = validate(record)
    assert [each.verdict.indication for each in report.signatures] == [
        PASSED,
        INDETERMINATE,
        INDETERMINATE,
    ]
    assert report.record.indication is INDETERMINATE


def test_a_time_stamp_copied_to_another_signature_proves_nothing_there() -> None:
    root = signed_records.tree(stamping.stamped_record())
    _, principal, seal = root.iter(f"{{{names.XADES}}}SignatureTimeStamp")
    copies = deepcopy(seal), deepcopy(principal)
    for old, new in zip((principal, seal), copies, strict=True):
        old.getparent().replace(old, new)
    teacher, *swapped = validate(signed_records.octets(root)).signatures
    assert teacher.verdict.indication is PASSED
    for each in swapped:
        assert each.verdict.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE
        (timestamp,) = each.timestamps
        assert timestamp.verdict.indication is Indication.TOTAL_FAILED
        assert timestamp.verdict.sub_indication is SubIndication.HASH_FAILURE


def test_taking_a_time_stamp_away_takes_the_proof_and_nothing_else() -> None:
    root = signed_records.tree(stamping.stamped_record())
    *_, seal = root.iter(f"{{{names.XADES}}}UnsignedProperties")
    seal.getparent().remove(seal)
    stripped = signed_records.octets(root)
    assert validate(stripped, SOON).record.indication is PASSED
    assert [each.verdict.sub_indication for each in validate(stripped).signatures] == [
        None,
        None,
        SubIndication.OUT_OF_BOUNDS_NO_POE,
    ]


def test_the_earliest_of_several_time_stamps_is_the_time() -> None:
    second = datetime(2023, 9, 1, tzinfo=UTC)
    data = sign(stamping.stamping(InProcess(at=second), InProcess()))
    report = validate(data)
    assert {each.best_signature_time for each in report.signatures} == {SIGNED_AT}
    assert len(etree.fromstring(data).findall(f".//{{{names.XADES}}}SignatureTimeStamp")) == 6


def test_what_came_among_the_unsigned_properties_is_looked_at() -> None:
    root = parse(long_term_record()).root
    for signature in root.iter("{http://www.w3.org/2000/09/xmldsig#}Signature"):
        form = read_form(signature)
        unsigned = read_unsigned_properties(form)
        material = _material(form, unsigned)
        assert material.crls == unsigned.material.crls != ()
        assert set(material.certificates) >= {*form.certificates, *unsigned.material.certificates}
