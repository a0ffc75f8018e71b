"""Tokens of every kind, each with the exact verdict of EN 319 102-1 clause 5.4."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from signing.certificates.algorithm_usage import ends_at
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.report import Indication, SubIndication, TimestampKind, TimestampValidation
from signing.timestamps.validation import TimestampValidator
from signing.xmldsig.algorithms import default_policy
from tests.support.forged_tokens import Forger, forge_token
from tests.support.stamping import LATER, SIGNED_AT, SOON, paths, pki, validator

STAMPED = b"<ds:SignatureValue/>"
FAILED, INDETERMINATE = Indication.TOTAL_FAILED, Indication.INDETERMINATE


def validate(
    token: bytes,
    at: datetime = LATER,
    *,
    stamped: bytes = STAMPED,
    proved_at: datetime | None = None,
    material: ValidationMaterial | None = None,
) -> TimestampValidation:
    return validator(at).validate(
        token,
        stamped,
        TimestampKind.SIGNATURE,
        at,
        material or ValidationMaterial(),
        proved_at=proved_at,
    )


def token(tsa: str = "tsa", at: datetime = SIGNED_AT) -> bytes:
    return pki().timestamp(STAMPED, at, tsa)


def forged(by: str = "tsa", at: datetime = SIGNED_AT, **changes) -> bytes:
    return forge_token(STAMPED, by=Forger.of(pki(), by), at=at, **changes)


def said(validation: TimestampValidation):
    verdict = validation.verdict
    codes = {each.code for each in verdict.findings}
    return verdict.indication, verdict.sub_indication, codes


@pytest.mark.parametrize("tsa", ["tsa", "tsa-rsa"])
def test_a_token_of_a_trusted_authority_proves_its_time(tsa: str) -> None:
    validation = validate(token(tsa))
    assert validation.verdict.indication is Indication.TOTAL_PASSED
    assert validation.generated_at == SIGNED_AT
    assert "PKI mẫu TSA" in (validation.authority or "")
    assert validation.as_json()["indication"] == "TOTAL-PASSED"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"with_v1": True},
        {"digest": "sha512"},
        {"imprint_hash": "sha512"},
        {"by": "tsa-rsa"},
        {"by": "tsa-rsa", "padding_name": "sha256_rsa"},
        {"by": "tsa-rsa", "padding_name": "rsassa_pss"},
        {"by": "tsa-rsa", "padding_name": "rsassa_pss", "digest": "sha384"},
    ],
)
def test_every_way_in_which_authorities_sign_is_understood(changes) -> None:
    assert validate(forged(**changes)).verdict.indication is Indication.TOTAL_PASSED


def flipped(content: bytes) -> bytes:
    """The TSTInfo with another serial number: what was stamped stays."""
    info = tsp.TSTInfo.load(content)
    info["serial_number"] = 8
    return info.dump()


def wrong_value(signed_data: cms.SignedData) -> None:
    signer = signed_data["signer_infos"][0]
    signer["signature"] = bytes(signer["signature"].native)[:-1] + b"\0"


def no_signature(signed_data: cms.SignedData) -> None:
    signed_data["signer_infos"][0]["signature"] = b"\x30\x06\x02\x01\0\x02\x01\0"


def not_a_signature(signed_data: cms.SignedData) -> None:
    signed_data["signer_infos"][0]["signature"] = b"garbage"


def by_key_identifier(signed_data: cms.SignedData) -> None:
    chosen = cms.SignerIdentifier({"subject_key_identifier": core.OctetString(b"\1" * 20)})
    signed_data["signer_infos"][0]["sid"] = chosen


def another_signer(signed_data: cms.SignedData) -> None:
    sid = signed_data["signer_infos"][0]["sid"].chosen
    sid["serial_number"] = 99


def eddsa(signed_data: cms.SignedData) -> None:
    signed_data["signer_infos"][0]["signature_algorithm"] = {"algorithm": "ed25519"}


def unknown_method(signed_data: cms.SignedData) -> None:
    signed_data["signer_infos"][0]["signature_algorithm"] = {"algorithm": "1.2.3.4"}


def md5_imprint(info: tsp.TSTInfo) -> None:
    info["message_imprint"] = {
        "hash_algorithm": {"algorithm": "md5"},
        "hashed_message": bytes(16),
    }


def other_salt(signed_data: cms.SignedData) -> None:
    algorithm = signed_data["signer_infos"][0]["signature_algorithm"]
    algorithm["parameters"]["salt_length"] = 20


def critical_extension(info: tsp.TSTInfo) -> None:
    info["extensions"] = [{"extn_id": "1.2.3.4", "critical": True, "extn_value": b"\x05\x00"}]


WRONG = [
    # ------------------------------------------- the signature on the token
    ({"change_content": flipped}, FAILED, SubIndication.HASH_FAILURE, "HB-S087"),
    ({"change_signed_data": wrong_value}, FAILED, SubIndication.SIG_CRYPTO_FAILURE, "HB-S089"),
    ({"change_signed_data": no_signature}, FAILED, SubIndication.SIG_CRYPTO_FAILURE, "HB-S089"),
    ({"change_signed_data": not_a_signature}, FAILED, SubIndication.SIG_CRYPTO_FAILURE, "HB-S089"),
    # ------------------------------------------- the algorithms
    (
        {"imprint_hash": "sha1"},
        INDETERMINATE,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
        "HB-S086",
    ),
    (
        {"digest": "sha1"},
        INDETERMINATE,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
        "HB-S086",
    ),
    (
        {"change_info": md5_imprint},
        INDETERMINATE,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
        "HB-S095",
    ),
    (
        {"change_signed_data": eddsa},
        INDETERMINATE,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
        "HB-S095",
    ),
    (
        {"change_signed_data": unknown_method},
        INDETERMINATE,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
        "HB-S095",
    ),
    (
        {"by": "tsa-rsa", "padding_name": "rsassa_pss", "change_signed_data": other_salt},
        INDETERMINATE,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE,
        "HB-S095",
    ),
    # ------------------------------------------- who signed
    (
        {"change_signed_data": by_key_identifier},
        INDETERMINATE,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
        "HB-S088",
    ),
    (
        {"change_signed_data": another_signer},
        INDETERMINATE,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
        "HB-S088",
    ),
    (
        {"certificates": ()},
        INDETERMINATE,
        SubIndication.NO_SIGNING_CERTIFICATE_FOUND,
        "HB-S088",
    ),
    # ------------------------------------------- what the authority is
    (
        {"by": "tsa-not-critical"},
        INDETERMINATE,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "HB-S090",
    ),
    (
        {"by": "tsa-without-purpose"},
        INDETERMINATE,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "HB-S090",
    ),
    (
        {"by": "tsa-two-purposes"},
        INDETERMINATE,
        SubIndication.CHAIN_CONSTRAINTS_FAILURE,
        "HB-S090",
    ),
    (
        {"by": "tsa-untrusted"},
        INDETERMINATE,
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
        "HB-S041",
    ),
    # ------------------------------------------- the time that it states
    (
        {"at": datetime(2019, 12, 31, tzinfo=UTC)},
        INDETERMINATE,
        SubIndication.NOT_YET_VALID,
        "HB-S091",
    ),
    (
        {"by": "tsa-2023", "at": datetime(2024, 3, 1, tzinfo=UTC)},
        INDETERMINATE,
        SubIndication.EXPIRED,
        "HB-S092",
    ),
    (
        {"at": LATER + timedelta(days=1)},
        INDETERMINATE,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "HB-S093",
    ),
    (
        {"change_info": critical_extension},
        INDETERMINATE,
        SubIndication.SIG_CONSTRAINTS_FAILURE,
        "HB-S094",
    ),
]


@pytest.mark.parametrize(("changes", "indication", "sub_indication", "code"), WRONG)
def test_gives_the_exact_reason_why_a_token_proves_nothing(
    changes, indication: Indication, sub_indication: SubIndication, code: str
) -> None:
    verdict, reason, codes = said(validate(forged(**changes)))
    assert (verdict, reason) == (indication, sub_indication)
    assert code in codes


def test_a_token_over_other_octets_is_a_hash_failure() -> None:
    assert said(validate(token(), stamped=b"others")) == (
        FAILED,
        SubIndication.HASH_FAILURE,
        {"HB-S085"},
    )


def test_garbage_is_a_format_failure() -> None:
    validation = validate(b"garbage")
    assert said(validation) == (FAILED, SubIndication.FORMAT_FAILURE, {"HB-S084"})
    assert validation.generated_at is None


def test_a_certificate_that_poses_as_the_signers_is_not_looked_at() -> None:
    """rfc3161-client 1.0.6 took the first leaf it found: CVE-2025-52556."""
    # An untrusted authority signs and sends the trusted one's certificate along, first.
    impostor = Forger(pki().private_key("tsa-untrusted"), pki().der("tsa-untrusted"))
    posing = forge_token(
        STAMPED,
        by=impostor,
        at=SIGNED_AT,
        certificates=(pki().der("tsa"), pki().der("tsa-issuer"), impostor.certificate),
    )
    assert said(validate(posing)) == (
        INDETERMINATE,
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
        {"HB-S041"},
    )
    # It names the trusted one's certificate as its own, too: then the key is not the signer's.
    stolen_name = forge_token(STAMPED, by=Forger(impostor.key, pki().der("tsa")), at=SIGNED_AT)
    assert said(validate(stolen_name))[:2] == (FAILED, SubIndication.SIG_CRYPTO_FAILURE)


def test_an_authoritys_certificate_from_beside_the_token_is_found() -> None:
    beside = ValidationMaterial(certificates=(b"junk", pki().der("issuer"), pki().der("tsa")))
    validation = validate(forged(certificates=()), material=beside)
    assert validation.verdict.indication is Indication.TOTAL_PASSED


def test_without_a_trust_store_nothing_is_proved() -> None:
    lone = TimestampValidator(None, default_policy())
    validation = lone.validate(token(), STAMPED, TimestampKind.SIGNATURE, LATER)
    assert said(validation) == (
        INDETERMINATE,
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
        {"HB-S040"},
    )


def test_an_anchor_that_is_not_trusted_for_time_stamps_proves_nothing() -> None:
    from dataclasses import replace

    from signing.certificates.trust import Purpose

    store = pki().trust(at=SOON)
    people = replace(store.anchors[0], purposes=frozenset({Purpose.PERSON}))
    lone = TimestampValidator(PathValidator(replace(store, anchors=(people,))), default_policy())
    validation = lone.validate(token(), STAMPED, TimestampKind.SIGNATURE, SOON)
    assert said(validation)[:2] == (INDETERMINATE, SubIndication.NO_CERTIFICATE_CHAIN_FOUND)


def test_every_failure_of_one_token_is_told() -> None:
    found = said(validate(forged(by="tsa-not-critical", imprint_hash="sha1"), stamped=b"others"))
    assert found == (FAILED, SubIndication.HASH_FAILURE, {"HB-S085", "HB-S090"})


def self_made(curve: ec.EllipticCurve) -> Forger:
    """An own authority: timeStamping alone, and neither KeyUsage nor key identifier."""
    key = ec.generate_private_key(curve)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TSA tự tạo")])
    purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2030, 1, 1, tzinfo=UTC))
        .add_extension(purpose, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Forger(key, certificate.public_bytes(Encoding.DER))


def test_a_certificate_without_key_usage_restricts_nothing() -> None:
    token = forge_token(STAMPED, by=self_made(ec.SECP256R1()), at=SIGNED_AT)
    assert said(validate(token)) == (
        INDETERMINATE,
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
        {"HB-S041"},
    )


def test_a_certificate_without_key_identifier_is_named_by_none() -> None:
    token = forge_token(
        STAMPED,
        by=self_made(ec.SECP256R1()),
        at=SIGNED_AT,
        change_signed_data=by_key_identifier,
    )
    assert said(validate(token))[1] is SubIndication.NO_SIGNING_CERTIFICATE_FOUND


def test_a_key_that_the_table_refuses_proves_nothing() -> None:
    token = forge_token(STAMPED, by=self_made(ec.SECP256K1()), at=SIGNED_AT)
    verdict, reason, codes = said(validate(token))
    assert (verdict, reason) == (INDETERMINATE, SubIndication.CRYPTO_CONSTRAINTS_FAILURE)
    assert "HB-S023" in codes


# --------------------------------------------------------------------------- the authority's end


def test_an_authority_that_has_expired_since_proves_nothing_by_itself() -> None:
    validation = validate(token("tsa-2023"), SOON.replace(year=2024))
    assert said(validation)[:2] == (INDETERMINATE, SubIndication.OUT_OF_BOUNDS_NO_POE)


def test_an_authority_that_has_expired_since_is_proved_by_what_came_before_its_end() -> None:
    at, before = SOON.replace(year=2024), datetime(2023, 12, 20, tzinfo=UTC)
    spoke = ValidationMaterial(crls=(pki().crl("tsa-issuer", before),))
    proved = validate(token("tsa-2023"), at, proved_at=before, material=spoke)
    assert proved.verdict.indication is Indication.TOTAL_PASSED


def test_a_revoked_authority_proves_nothing_even_before_its_revocation() -> None:
    assert said(validate(token("tsa-revoked")))[:2] == (
        INDETERMINATE,
        SubIndication.REVOKED_NO_POE,
    )


def test_a_revoked_authority_is_proved_by_what_came_before_its_revocation() -> None:
    before = datetime(2024, 5, 1, tzinfo=UTC)
    proved = validate(token("tsa-revoked"), proved_at=before)
    assert proved.verdict.indication is Indication.TOTAL_PASSED


def test_proof_from_after_the_revocation_lifts_nothing() -> None:
    after = datetime(2024, 7, 1, tzinfo=UTC)
    assert said(validate(token("tsa-revoked"), proved_at=after))[0] is INDETERMINATE


def test_an_algorithm_that_has_ended_is_judged_at_the_proved_time() -> None:
    at = datetime(2030, 1, 1, tzinfo=UTC)
    rsa = token("tsa-rsa")
    assert said(validate(rsa, at))[:2] == (
        INDETERMINATE,
        SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    )


def test_the_clocks_of_authority_and_validator_may_differ_a_little() -> None:
    ahead = token(at=LATER + timedelta(minutes=9))
    assert validate(ahead).verdict.indication is Indication.TOTAL_PASSED


# --------------------------------------------------------------------------- whatever comes


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_changed_octet_of_a_token_passes_unless_it_says_the_same(data: st.DataObject) -> None:
    """What is not signed (the certificates beside the signer's, unused parts) may change."""
    octets = bytearray(ONE_TOKEN)
    position = data.draw(st.integers(0, len(octets) - 1))
    octets[position] ^= data.draw(st.integers(1, 255))
    validation = validate(bytes(octets))
    if validation.verdict.indication is Indication.TOTAL_PASSED:
        assert validation.generated_at == SIGNED_AT


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_validation_never_raises(octets: bytes) -> None:
    assert validate(octets).verdict.indication is FAILED


ONE_TOKEN = token()


@pytest.mark.parametrize(("seconds", "passing"), [(0, True), (1, False)])
def test_the_clock_of_an_authority_may_be_ten_minutes_fast(seconds, passing) -> None:
    ahead = token(at=LATER + timedelta(minutes=10, seconds=seconds))
    verdict = validate(ahead).verdict
    assert (verdict.indication is Indication.TOTAL_PASSED) is passing
    assert {each.code for each in verdict.findings} == (set() if passing else {"HB-S093"})


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_digest_counts_until_the_day_of_its_end_begins(seconds) -> None:
    end = SOON.date()
    policy = default_policy()
    digests = {
        uri: replace(each, accepted_until=end) if each.name == "sha256" else each
        for uri, each in policy.digests.items()
    }
    at = ends_at(end) + timedelta(seconds=seconds)
    by_table = TimestampValidator(paths(SOON), replace(policy, digests=digests))
    found = by_table.validate(token(), STAMPED, TimestampKind.SIGNATURE, at)
    if seconds < 0:
        assert found.verdict.indication is Indication.TOTAL_PASSED
    else:
        reason = SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
        assert said(found) == (INDETERMINATE, reason, {"HB-S086"})


def test_a_proved_time_brings_no_trust_back_that_was_taken_from_an_anchor() -> None:
    """Only what hangs on time is lifted by a proof of time."""
    store = pki().trust(at=LATER)
    ended = replace(store.anchors[0], valid_until=date(2025, 1, 1))
    no_longer = TimestampValidator(
        PathValidator(replace(store, anchors=(ended,))), default_policy()
    )
    found = no_longer.validate(
        token(), STAMPED, TimestampKind.SIGNATURE, LATER, proved_at=SIGNED_AT
    )
    reason = SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    assert said(found)[:2] == (INDETERMINATE, reason)
