"""What proofs of time change in a verdict: time-stamps on the signature, and on what is signed."""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from schemas.document import parse
from schemas.findings import Language
from signing import names
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.constraints import SignatureLevel, default_constraints
from signing.creation.timestamping import add_signature_timestamp
from signing.report import (
    PASSED,
    Indication,
    SubIndication,
    TimestampKind,
    TimestampValidation,
    indeterminate,
)
from signing.validation.basic import AlgorithmUse, BasicValidator
from signing.validation.signature import SignatureValidator
from signing.validation.with_time import validate_with_time
from signing.xmldsig.algorithms import default_policy
from signing.xmldsig.form import read_form
from signing.xmldsig.references import ReferenceValidator
from tests.support.forge import DS, EXC_C14N, Forgery, Ref, forge
from tests.support.stamping import InProcess, pki

AUDIT = datetime(2026, 6, 15, tzinfo=UTC)
ISSUED = datetime(2023, 1, 1, tzinfo=UTC)
REVOKED = datetime(2024, 6, 1, tzinfo=UTC)
EXPIRED = datetime(2026, 1, 1, tzinfo=UTC)
LAST_CRL = datetime(2025, 12, 25, tzinfo=UTC)
DAY = timedelta(days=1)
OUT_OF_BOUNDS = {SubIndication.OUT_OF_BOUNDS_NOT_REVOKED, SubIndication.OUT_OF_BOUNDS_NO_POE}
CONTENT = '<c Id="c">nội dung</c>'


def b64(octets):
    return b64encode(octets).decode()


def timestamp(name, token, include=""):
    return (
        f"<x:{name}>{include}<CanonicalizationMethod Algorithm='{EXC_C14N}'/>"
        f"<x:EncapsulatedTimeStamp>{b64(token)}</x:EncapsulatedTimeStamp></x:{name}>"
    )


def document(label, *, content=(), claimed=None, individual=None, beside=()):
    """A signature by *label* over `#c`, with time-stamps on the content at these times.

    With *individual* they name the references of these Ids; *beside* are more references.
    """
    key = pki().signer(label)
    der = key.certificate.public_bytes(Encoding.DER)
    stamped = etree.tostring(etree.fromstring(CONTENT), method="c14n", exclusive=True)
    name = "AllDataObjectsTimeStamp" if individual is None else "IndividualDataObjectsTimeStamp"
    include = "".join(
        f"<x:Include URI='#{each}' referencedData='true'/>" for each in individual or ()
    )
    tokens = "".join(timestamp(name, pki().timestamp(stamped, each), include) for each in content)
    time = f"<x:SigningTime>{claimed.isoformat()}</x:SigningTime>" if claimed else ""
    properties = (
        f"<Object xmlns='{DS}'><x:QualifyingProperties xmlns:x='{names.XADES}' Target='#S'>"
        f"<x:SignedProperties Id='P'><x:SignedSignatureProperties>{time}"
        f"<x:SigningCertificateV2><x:Cert><x:CertDigest>"
        f"<DigestMethod Algorithm='http://www.w3.org/2001/04/xmlenc#sha256'/>"
        f"<DigestValue>{b64(sha256(der).digest())}</DigestValue></x:CertDigest></x:Cert>"
        f"</x:SigningCertificateV2></x:SignedSignatureProperties>"
        f"<x:SignedDataObjectProperties>{tokens}</x:SignedDataObjectProperties>"
        "</x:SignedProperties></x:QualifyingProperties></Object>"
    )
    root = etree.fromstring(f"<r>{CONTENT}</r>")
    references = [Ref("#c", id="R"), *beside, Ref("#P", type=names.TYPE_SIGNED_PROPERTIES)]
    return root, forge(root, Forgery(references, key, objects=[properties], id="S"))


def validate(root, *, at=AUDIT, crls=None, constraints=None):
    """The validation of the only signature, with the CRLs that speak for *at*."""
    if crls is None:
        current = [pki().crl(each, at) for each in ("root", "tsa-issuer", "issuer")]
        crls = (*current, pki().crl("issuer", min(at, LAST_CRL)))
    parsed = parse(etree.tostring(root))
    validator = SignatureValidator(
        parsed,
        algorithms=default_policy(),
        constraints=constraints or default_constraints(),
        paths=PathValidator(pki().trust(*crls)),
        at=at,
    )
    (signature,) = parsed.root.iter(names.SIGNATURE)
    return validator.validate(signature, None, None).validation


def judged(label, *, content=(), stamps=(), claimed=None, individual=None, **options):
    root, signature = document(label, content=content, claimed=claimed, individual=individual)
    for each in stamps:
        add_signature_timestamp(signature, InProcess(at=each))
    return validate(root, **options)


def expect(validation, indication, sub_indication, code=None):
    verdict = validation.verdict
    codes = {each.code for each in verdict.findings}
    assert (verdict.indication, verdict.sub_indication) == (indication, sub_indication), codes
    assert code is None or code in codes


# ------------------------------------------------------------------ time-stamps on the content


def test_a_time_stamp_on_the_content_is_read_and_validated():
    found = judged("homeroom-new", content=[AUDIT - DAY])
    expect(found, Indication.TOTAL_PASSED, None)
    (stamp,) = found.timestamps
    assert (stamp.kind, stamp.generated_at) == (TimestampKind.CONTENT, AUDIT - DAY)
    assert found.best_signature_time is None  # it proves that the signature is younger, not older


def test_a_time_stamp_on_one_reference_is_on_its_data():
    found = judged("homeroom-new", content=[AUDIT - DAY], individual=["R"])
    assert [each.verdict.indication for each in found.timestamps] == [Indication.TOTAL_PASSED]
    nowhere = judged("homeroom-new", content=[AUDIT - DAY], individual=["Q"])
    expect(nowhere, Indication.TOTAL_PASSED, None, "HB-S058")
    (stamp,) = nowhere.timestamps
    assert stamp.verdict.findings[0].code == "HB-S083"
    assert stamp.generated_at is None
    (told,) = [each for each in nowhere.verdict.findings if each.code == "HB-S058"]
    for language in Language:  # with why it is of no use, in words
        assert stamp.verdict.findings[0].message(language) in told.message(language)


def test_a_time_stamp_on_one_reference_that_names_none_is_told():
    found = judged("homeroom-new", content=[AUDIT - DAY], individual=())
    assert found.timestamps == ()
    assert found.verdict.indication is Indication.TOTAL_PASSED
    assert {each.code for each in found.verdict.findings} == {"HB-S080"}


def test_a_time_stamp_on_content_that_is_not_there_stamps_nothing():
    root, _ = document("homeroom-new", content=[AUDIT - DAY], beside=[Ref("#khong-co")])
    found = validate(root)
    expect(found, Indication.INDETERMINATE, SubIndication.SIGNED_DATA_NOT_FOUND)
    (stamp,) = found.timestamps
    assert stamp.verdict.indication is Indication.INDETERMINATE
    assert "HB-S083" in {each.code for each in stamp.verdict.findings}


def test_fails_when_signed_after_the_revocation_for_certain():
    found = judged("homeroom-revoked", content=[REVOKED + DAY], at=LAST_CRL)
    expect(found, Indication.TOTAL_FAILED, SubIndication.REVOKED, "HB-S055")


def test_fails_when_signed_in_the_moment_of_the_revocation_or_later():
    found = judged("homeroom-revoked", content=[REVOKED], at=LAST_CRL)
    expect(found, Indication.TOTAL_FAILED, SubIndication.REVOKED, "HB-S055")


def test_a_content_older_than_the_revocation_tells_nothing_of_the_signature():
    found = judged("homeroom-revoked", content=[REVOKED - DAY], at=LAST_CRL)
    expect(found, Indication.INDETERMINATE, SubIndication.REVOKED_NO_POE)


def test_the_youngest_content_decides():
    found = judged("homeroom-revoked", content=[REVOKED - DAY, REVOKED + DAY], at=LAST_CRL)
    expect(found, Indication.TOTAL_FAILED, SubIndication.REVOKED)


def test_fails_when_signed_after_the_certificate_expired_for_certain():
    found = judged("homeroom", content=[EXPIRED + DAY])
    expect(found, Indication.TOTAL_FAILED, SubIndication.EXPIRED, "HB-S056")
    before = judged("homeroom", content=[EXPIRED - DAY])
    assert before.verdict.indication is Indication.INDETERMINATE
    assert before.verdict.sub_indication in OUT_OF_BOUNDS


def test_time_stamps_out_of_order_are_indeterminate():
    found = judged("homeroom-new", content=[AUDIT - DAY], stamps=[AUDIT - 2 * DAY])
    expect(found, Indication.INDETERMINATE, SubIndication.TIMESTAMP_ORDER_FAILURE, "HB-S054")
    right = judged("homeroom-new", content=[AUDIT - 2 * DAY], stamps=[AUDIT - DAY])
    expect(right, Indication.TOTAL_PASSED, None)
    assert right.best_signature_time == AUDIT - DAY


# ---------------------------------------------------------------- time-stamps on the signature


def test_the_earliest_time_stamp_is_the_best_signature_time():
    found = judged("homeroom-new", stamps=[AUDIT - DAY, AUDIT - 3 * DAY, AUDIT - 2 * DAY])
    assert found.best_signature_time == AUDIT - 3 * DAY


@pytest.mark.parametrize(
    ("stamp", "indication", "reason"),
    [
        (REVOKED - timedelta(seconds=1), Indication.TOTAL_PASSED, None),
        (REVOKED, Indication.INDETERMINATE, SubIndication.REVOKED_NO_POE),
        (REVOKED + DAY, Indication.INDETERMINATE, SubIndication.REVOKED_NO_POE),
    ],
    ids=["before", "in that second", "after"],
)
def test_a_revocation_harms_what_is_not_proved_to_be_older(stamp, indication, reason):
    expect(judged("homeroom-revoked", stamps=[stamp], at=LAST_CRL), indication, reason)


def test_the_expiry_does_not_harm_what_is_proved_to_be_older():
    expect(judged("homeroom", stamps=[EXPIRED - 30 * DAY]), Indication.TOTAL_PASSED, None)
    late = judged("homeroom", stamps=[EXPIRED + DAY])
    assert late.verdict.indication is Indication.INDETERMINATE
    assert late.verdict.sub_indication in OUT_OF_BOUNDS


def test_fails_when_proved_to_be_older_than_the_certificate():
    found = judged("homeroom", stamps=[ISSUED - DAY], at=LAST_CRL)
    expect(found, Indication.TOTAL_FAILED, SubIndication.NOT_YET_VALID, "HB-S057")


def test_a_time_stamp_from_after_the_validation_proves_nothing():
    found = judged("homeroom-new", stamps=[AUDIT + timedelta(minutes=5)])
    assert found.best_signature_time is None
    expect(found, Indication.TOTAL_PASSED, None)


def test_a_wrong_value_fails_whatever_is_proved():
    root, signature = document("homeroom-new")
    add_signature_timestamp(signature, InProcess(at=AUDIT - DAY))
    root.find("c").text = "khác"
    found = validate(root)
    expect(found, Indication.TOTAL_FAILED, SubIndication.HASH_FAILURE)
    assert found.best_signature_time == AUDIT - DAY


# -------------------------------------------------------------------------- what is demanded


def demanding(**changes):
    shipped = default_constraints()
    return replace(shipped, time=replace(shipped.time, **changes))


def test_a_claim_later_than_the_proof_is_not_accepted():
    inside = timedelta(minutes=9)
    stamp = AUDIT - DAY
    expect(
        judged("homeroom-new", stamps=[stamp], claimed=stamp + inside),
        Indication.TOTAL_PASSED,
        None,
    )
    later = judged("homeroom-new", stamps=[stamp], claimed=stamp + timedelta(minutes=11))
    expect(later, Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S053")


@pytest.mark.parametrize("claimed", [None, AUDIT - 3 * DAY], ids=["none", "too early"])
def test_the_first_time_stamp_may_be_asked_to_come_soon(claimed):
    soon = demanding(timestamp_delay=timedelta(hours=24))
    options = {"stamps": [AUDIT - DAY], "constraints": soon}
    found = judged("homeroom-new", claimed=claimed, **options)
    expect(found, Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S059")
    assert told(found, "HB-S059")["hours"] == "24"
    in_time = judged("homeroom-new", claimed=AUDIT - 2 * DAY, **options)
    expect(in_time, Indication.TOTAL_PASSED, None)
    without = judged("homeroom-new", claimed=claimed, constraints=soon)
    expect(without, Indication.TOTAL_PASSED, None)


def test_a_signing_time_may_be_demanded():
    found = judged("homeroom-new", constraints=demanding(signing_time_required=True))
    expect(found, Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S037")


def test_a_claim_outside_the_certificate_may_be_let_pass():
    early = datetime(2025, 1, 1, tzinfo=UTC)
    strict = judged("homeroom-new", claimed=early)
    expect(strict, Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S052")
    loose = demanding(signing_time_within_certificate=False)
    expect(judged("homeroom-new", claimed=early, constraints=loose), Indication.TOTAL_PASSED, None)


@pytest.mark.parametrize(
    ("level", "stamps", "passes"),
    [
        (SignatureLevel.B, (), True),
        (SignatureLevel.T, (), False),
        (SignatureLevel.T, (AUDIT - DAY,), True),
        (SignatureLevel.LT, (AUDIT - DAY,), False),
    ],
)
def test_a_level_may_be_demanded(level, stamps, passes):
    wanted = replace(default_constraints(), minimum_level=level)
    found = judged("homeroom-new", stamps=stamps, constraints=wanted)
    if passes:
        expect(found, Indication.TOTAL_PASSED, None)
    else:
        expect(found, Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S036")


# --------------------------------------------------- boundaries, and what a reader is told of them


def told(validation, code):
    """The parameters of the only finding *code*."""
    (found,) = [each for each in validation.verdict.findings if each.code == code]
    return dict(found.parameters)


def test_findings_name_the_times_that_they_compare():
    found = judged("homeroom-revoked", content=[REVOKED + DAY], at=LAST_CRL)
    assert told(found, "HB-S055")["revoked"] == REVOKED.isoformat()
    assert told(found, "HB-S055")["made"] == (REVOKED + DAY).isoformat()
    found = judged("homeroom", content=[EXPIRED + DAY])
    assert told(found, "HB-S056")["until"] == EXPIRED.isoformat()
    found = judged("homeroom", stamps=[ISSUED - DAY], at=LAST_CRL)
    assert told(found, "HB-S057")["since"] == ISSUED.isoformat()
    assert told(found, "HB-S057")["proved"] == (ISSUED - DAY).isoformat()


def test_a_useless_time_stamp_is_told_with_its_reason():
    nowhere = judged("homeroom-new", content=[AUDIT - DAY], individual=["Q"])
    (stamp,) = nowhere.timestamps
    assert told(nowhere, "HB-S058")["reason"] == stamp.verdict.sub_indication.value


def test_the_first_and_the_last_second_of_a_certificate_are_inside():
    expect(judged("homeroom", stamps=[ISSUED], at=LAST_CRL), Indication.TOTAL_PASSED, None)
    current = [pki().crl(each, AUDIT) for each in ("root", "tsa-issuer", "issuer")]
    crls = (*current, pki().crl("issuer", EXPIRED - timedelta(hours=1)))
    expect(judged("homeroom", stamps=[EXPIRED], crls=crls), Indication.TOTAL_PASSED, None)
    made_in_the_last = judged("homeroom", content=[EXPIRED])
    assert made_in_the_last.verdict.indication is Indication.INDETERMINATE
    assert made_in_the_last.verdict.sub_indication in OUT_OF_BOUNDS


def test_a_time_stamp_of_the_second_of_validation_proves_it():
    assert judged("homeroom-new", stamps=[AUDIT]).best_signature_time == AUDIT


def test_content_and_signature_may_be_stamped_within_one_second():
    found = judged("homeroom-new", content=[AUDIT - DAY], stamps=[AUDIT - DAY])
    expect(found, Indication.TOTAL_PASSED, None)


@pytest.mark.parametrize("embedded", ["crls", "ocsp_responses"])
def test_revocation_data_of_either_kind_makes_the_level_long_term(embedded):
    wanted = replace(default_constraints(), minimum_level=SignatureLevel.LT)
    assert timed(constraints=wanted, **{embedded: (b"any",)}).verdict.indication is (
        Indication.TOTAL_PASSED
    )
    without = timed(constraints=wanted)
    assert without.verdict.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE


LIFTED = {
    SubIndication.REVOKED_NO_POE,
    SubIndication.REVOKED_CA_NO_POE,
    SubIndication.OUT_OF_BOUNDS_NO_POE,
    SubIndication.OUT_OF_BOUNDS_NOT_REVOKED,
    SubIndication.TRY_LATER,
    SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
}


@pytest.mark.parametrize("reason", SubIndication)
def test_a_proof_of_time_lifts_only_what_hangs_on_time(reason):
    found = timed(indeterminate(reason)).verdict
    if reason in LIFTED:
        assert found.indication is Indication.TOTAL_PASSED
    else:
        assert (found.indication, found.sub_indication) == (Indication.INDETERMINATE, reason)


def timed(x509=PASSED, *, stamped=AUDIT - DAY, ends=None, constraints=None, **material):
    """Validation with time of a good signature stamped yesterday.

    As if *x509* were its certificate's verdict, and *ends* the day its algorithms end on.
    """
    root, _ = document("homeroom-new")
    parsed = parse(etree.tostring(root))
    (signature,) = parsed.root.iter(names.SIGNATURE)
    crls = [pki().crl(each, AUDIT) for each in ("root", "tsa-issuer", "issuer")]
    paths = PathValidator(pki().trust(*crls))
    policy = default_policy()
    basic = BasicValidator(
        ReferenceValidator(parsed, policy), algorithms=policy, paths=paths, at=AUDIT
    ).validate(read_form(signature), ValidationMaterial(), None)
    assert basic.timeless.indication is basic.x509.verdict.indication is Indication.TOTAL_PASSED
    stamp = TimestampValidation(
        kind=TimestampKind.SIGNATURE,
        verdict=PASSED,
        generated_at=stamped,
        authority=None,
        sha256="",
    )
    if ends is not None:
        basic = basic._replace(algorithms=(AlgorithmUse("urn:any", ends),))
    return validate_with_time(
        basic._replace(x509=replace(basic.x509, verdict=x509)),
        (stamp,),
        ValidationMaterial(**material),
        None,
        constraints=constraints or default_constraints(),
        paths=paths,
        at=AUDIT,
    )


def test_a_claim_may_be_later_than_the_proof_by_the_whole_tolerance():
    tolerance = default_constraints().time.clock_tolerance
    stamp = AUDIT - DAY
    at_most = judged("homeroom-new", stamps=[stamp], claimed=stamp + tolerance)
    expect(at_most, Indication.TOTAL_PASSED, None)
    second = timedelta(seconds=1)
    later = judged("homeroom-new", stamps=[stamp], claimed=stamp + tolerance + second)
    expect(later, Indication.INDETERMINATE, SubIndication.SIG_CONSTRAINTS_FAILURE, "HB-S053")


def test_a_claim_of_the_first_or_last_second_of_the_certificate_is_inside():
    for claimed in (ISSUED, EXPIRED):
        codes = {each.code for each in judged("homeroom", claimed=claimed).verdict.findings}
        assert "HB-S052" not in codes
    second = timedelta(seconds=1)
    for claimed in (ISSUED - second, EXPIRED + second):
        codes = {each.code for each in judged("homeroom", claimed=claimed).verdict.findings}
        assert "HB-S052" in codes


@pytest.mark.parametrize(
    ("ends", "stamped", "indication"),
    [
        (date(2026, 6, 11), datetime(2026, 6, 10, 16, 59, 59, tzinfo=UTC), Indication.TOTAL_PASSED),
        (date(2026, 6, 11), datetime(2026, 6, 10, 17, tzinfo=UTC), Indication.INDETERMINATE),
        (date(2026, 6, 11), datetime(2026, 6, 12, tzinfo=UTC), Indication.INDETERMINATE),
    ],
    ids=["the last second before", "the first of that day in Viet Nam", "the day after"],
)
def test_an_algorithm_is_relied_on_before_the_day_of_its_end(ends, stamped, indication):
    found = timed(ends=ends, stamped=stamped).verdict
    assert found.indication is indication
    if indication is Indication.INDETERMINATE:
        assert found.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
