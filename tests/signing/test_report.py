"""The words of a verdict, how several become one, and the members of the report as JSON."""

from datetime import UTC, datetime
from itertools import permutations

import pytest

from schemas.findings import Language, finding
from signing.report import (
    PASSED,
    Indication,
    RevocationEvidence,
    SignatureReport,
    SignatureValidation,
    Signer,
    SubIndication,
    TimestampKind,
    TimestampValidation,
    ValidationBasis,
    Verdict,
    failed,
    indeterminate,
    worst,
)

TIME = datetime(2026, 6, 15, 8, 30, tzinfo=UTC)
NOTE = finding("HB-S058", reason="NO_POE")
FAILED = failed(SubIndication.HASH_FAILURE, finding("HB-S014"))
OPEN = indeterminate(SubIndication.TRY_LATER, finding("HB-S037"))
TOLD = Verdict(Indication.TOTAL_PASSED, None, (NOTE,))
BASIS = ValidationBasis(
    algorithms="algorithms 1",
    algorithms_sha256="a" * 64,
    constraints="constraints 2",
    constraints_sha256="b" * 64,
    trust_store="c" * 64,
    roster=None,
    engine="hocba 1",
)


def test_no_verdict_at_all_is_indeterminate():
    assert worst([]) == Verdict(Indication.INDETERMINATE)


def test_passes_are_a_pass_and_keep_what_they_tell():
    assert worst([PASSED, PASSED]) is PASSED
    assert worst([PASSED, TOLD]) == TOLD


@pytest.mark.parametrize("verdicts", list(permutations([PASSED, TOLD, OPEN, FAILED])))
def test_the_gravest_verdict_speaks_for_all_in_any_order(verdicts):
    found = worst(verdicts)
    assert (found.indication, found.sub_indication) == (FAILED.indication, FAILED.sub_indication)
    assert found.findings == tuple(each for verdict in verdicts for each in verdict.findings)
    without = worst(each for each in verdicts if each is not FAILED)
    assert (without.indication, without.sub_indication) == (OPEN.indication, OPEN.sub_indication)


def test_of_equally_grave_verdicts_the_first_gives_the_reason():
    other = failed(SubIndication.SIG_CRYPTO_FAILURE)
    assert worst([FAILED, other]).sub_indication is SubIndication.HASH_FAILURE
    assert worst([other, FAILED]).sub_indication is SubIndication.SIG_CRYPTO_FAILURE


def test_a_pass_has_nothing_to_explain():
    with pytest.raises(ValueError, match="HASH_FAILURE"):
        Verdict(Indication.TOTAL_PASSED, SubIndication.HASH_FAILURE)


def stamp(verdict):
    return TimestampValidation(
        kind=TimestampKind.CONTENT,
        verdict=verdict,
        generated_at=TIME,
        authority="CN=TSA",
        sha256="d" * 64,
    )


def line(verdict, *, signer=None, claimed=TIME, best=None, timestamps=(), revocation=()):
    return SignatureValidation(
        id="S",
        role="GVCN",
        verdict=verdict,
        signer=signer,
        claimed_signing_time=claimed,
        best_signature_time=best,
        covers=("#data",),
        signature_algorithm="urn:any",
        timestamps=timestamps,
        revocation=revocation,
    )


def test_a_time_stamp_as_json():
    told = stamp(OPEN).as_json(Language.EN)
    assert told["kind"] == "content"
    assert (told["indication"], told["sub_indication"]) == ("INDETERMINATE", "TRY_LATER")
    assert (told["generated_at"], told["authority"]) == (TIME.isoformat(), "CN=TSA")
    assert told["messages"] == [OPEN.findings[0].message(Language.EN)]
    assert stamp(PASSED).as_json()["sub_indication"] is None


def test_a_revocation_object_as_json():
    evidence = RevocationEvidence(
        subject="CN=x", kind="crl", sha256="e" * 64, issued_at=TIME, source="embedded"
    )
    assert evidence.as_json() == {
        "subject": "CN=x",
        "kind": "crl",
        "sha256": "e" * 64,
        "issued_at": TIME.isoformat(),
        "source": "embedded",
    }
    assert line(PASSED, revocation=(evidence,)).as_json()["revocation"] == [evidence.as_json()]


def test_a_signature_as_json():
    signer = Signer("CN=x", "079012345678", None, "f" * 64)
    told = line(FAILED, signer=signer, best=TIME, timestamps=(stamp(PASSED),)).as_json(Language.EN)
    assert (told["id"], told["role"], told["covers"]) == ("S", "GVCN", ["#data"])
    assert (told["indication"], told["sub_indication"]) == ("TOTAL-FAILED", "HASH_FAILURE")
    assert told["signer"] == {
        "subject": "CN=x",
        "personal_id": "079012345678",
        "organization_id": None,
    }
    assert told["claimed_signing_time"] == told["best_signature_time"] == TIME.isoformat()
    assert told["signature_algorithm"] == "urn:any"
    assert told["timestamps"] == [stamp(PASSED).as_json(Language.EN)]
    assert told["messages"] == [FAILED.findings[0].message(Language.EN)]


def test_what_a_signature_does_not_say_is_null_in_json():
    told = line(PASSED, claimed=None).as_json()
    for name in ("sub_indication", "signer", "claimed_signing_time", "best_signature_time"):
        assert told[name] is None
    assert told["timestamps"] == told["revocation"] == told["messages"] == []


def test_the_basis_as_json_has_every_member():
    told = BASIS.as_json()
    assert told == {name: getattr(BASIS, name) for name in BASIS.__slots__}


def test_what_nobody_states_is_not_taken_for_stated():
    bare = line(PASSED)
    assert bare.certificate_stated is False
    assert bare.revoked_at is None


@pytest.mark.parametrize(
    ("policy", "basis", "rules"),
    [
        ("tieu-hoc 3", BASIS, "tieu-hoc 3 algorithms 1 constraints 2"),
        (None, BASIS, "algorithms 1 constraints 2"),
        ("tieu-hoc 3", None, "tieu-hoc 3"),
        (None, None, ""),
    ],
)
def test_the_rules_name_everything_that_was_validated_by(policy, basis, rules):
    assert SignatureReport(policy, (), PASSED, basis).rules == rules
