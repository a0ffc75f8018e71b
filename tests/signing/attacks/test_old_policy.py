"""A verdict is never shown under another policy, trust store or table than it was reached by."""

from dataclasses import replace
from hashlib import sha256

from cryptography.hazmat.primitives.serialization import Encoding

from schemas.document import parse
from signing.certificates.path import PathValidator
from signing.certificates.trust import TrustStore
from signing.record import validate_record
from signing.report import Indication, SignatureReport
from signing.xmldsig.algorithms import default_policy
from tests.support import signed_records, signing_kit
from tests.support.attacks import all_attacks, judge
from tests.support.forge import RSA_SHA256


def report(**changes: object) -> SignatureReport:
    """The report on a genuine record, judged as usual but for *changes*."""
    usual = {
        "paths": signed_records.paths(),
        "roster": signed_records.roster(),
        "at": signed_records.NOW,
    }
    document = parse(signed_records.signed_primary())
    return validate_record(document, signed_records.policy("tieu-hoc"), **{**usual, **changes})


def test_a_verdict_names_the_policy_that_it_was_reached_by() -> None:
    policy = signed_records.policy("tieu-hoc")
    assert report().policy == policy.reference
    newer = replace(policy, version="9")
    document = parse(signed_records.signed_primary())
    refused = next(one for one in all_attacks() if one.name == "two-hundred-signatures").build()
    for data in (document, parse(refused)):
        made = validate_record(data, newer, paths=None, roster=None, at=signed_records.NOW)
        assert made.policy == f"{policy.name}/9"


def test_no_verdict_under_one_trust_store_is_shown_under_another() -> None:
    assert report().record.indication is Indication.TOTAL_PASSED
    other = signing_kit.root_authority("tests/other", signing_kit.START, "Other Root CA")
    der = other.certificate.public_bytes(Encoding.DER)
    anchor = replace(
        signed_records.trust().anchors[0],
        certificate=other.certificate,
        der=der,
        sha256=sha256(der).hexdigest(),
    )
    strangers = replace(signed_records.trust(), anchors=(anchor,), digest="other")
    assert isinstance(strangers, TrustStore)
    changed = report(paths=PathValidator(strangers))
    assert changed.record.indication is Indication.INDETERMINATE
    assert "HB-S041" in signed_records.codes(changed)
    assert report().record.indication is Indication.TOTAL_PASSED


def test_no_verdict_by_one_algorithm_table_is_shown_under_another() -> None:
    assert report().record.indication is Indication.TOTAL_PASSED
    table = default_policy()
    without = {uri: each for uri, each in table.signatures.items() if uri != RSA_SHA256}
    stricter = replace(table, version="stricter", signatures=without)
    changed = report(algorithms=stricter)
    assert changed.record.indication is Indication.INDETERMINATE
    assert "HB-S021" in signed_records.codes(changed)


def test_the_vectors_get_the_same_verdict_twice() -> None:
    for one in all_attacks()[::7]:
        assert judge(one) == judge(one), one.name
