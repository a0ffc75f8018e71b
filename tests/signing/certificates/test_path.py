"""Path verdicts: what the exact engine says, kept no longer than it holds."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hocba.sample.insecure_keys import insecure_ec_key
from signing.certificates.certificate import read_certificate
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.certificates.trust import Purpose, TrustStore
from signing.report import Indication, SubIndication
from tests.support import signed_records, signing_kit
from tests.support.parties import anchor_of, crl, issued, validator

NOW = signed_records.NOW
NOTHING = ValidationMaterial()
SUBJECT_DIRECTORY_ATTRIBUTES = x509.ObjectIdentifier("2.5.29.9")


def leaf(role="GVCN"):
    return read_certificate(signed_records.signer(role).certificate.public_bytes(Encoding.DER))


def validate(certificate, at=NOW, *, others=(), store=None, kind=None):
    validator = PathValidator(store or signed_records.trust())
    material = ValidationMaterial(certificates=tuple(others))
    return validator.validate(certificate, material, kind, at).verdict


def issued_by(issuer_key, issuer_name, *, ca, subject="Người Mẫu", usage=True):
    """A certificate that *issuer* signed, otherwise as it should be."""
    key = insecure_ec_key(f"path/{subject}/{ca}", ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(signing_kit.START)
        .not_valid_after(signing_kit.START + timedelta(days=1000))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if usage:
        builder = builder.add_extension(
            x509.KeyUsage(
                digital_signature=not ca,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
    return key, builder.sign(issuer_key, hashes.SHA256())


def test_passes_a_path_over_an_intermediate_of_the_store():
    assert validate(leaf()).indication is Indication.TOTAL_PASSED


def test_gives_the_chain_from_the_certificate_to_the_anchor():
    validator = PathValidator(signed_records.trust())
    store = signed_records.trust()
    expected = [leaf().der, store.intermediates[0], store.anchors[0].der]
    assert list(validator.validate(leaf(), NOTHING, None, NOW).chain) == expected
    past = validator.validate_past(leaf(), NOTHING, None, at=NOW, best_signature_time=NOW)
    assert list(past.chain) == expected


def test_passes_a_path_over_an_intermediate_that_came_with_the_signature():
    store = replace(signed_records.trust(), intermediates=())
    sent = [signing_kit.issuer().certificate.public_bytes(Encoding.DER)]
    assert validate(leaf(), store=store).sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND
    assert validate(leaf(), store=store, others=sent).indication is Indication.TOTAL_PASSED


def test_junk_beside_the_certificate_neither_helps_nor_harms():
    assert validate(leaf(), others=[b"", b"junk", b"\x30\x80"]).indication is (
        Indication.TOTAL_PASSED
    )


def test_a_root_that_came_with_the_signature_is_not_believed():
    other = signing_kit.root_authority("path/other", signing_kit.START, "Other Root CA")
    _, certificate = issued_by(other.key, other.certificate.subject, ca=False)
    verdict = validate(
        read_certificate(certificate.public_bytes(Encoding.DER)),
        others=[other.certificate.public_bytes(Encoding.DER)],
    )
    assert verdict.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND


def test_an_issuer_of_the_same_name_with_another_key_is_not_believed():
    lookalike = insecure_ec_key("path/lookalike", ec.SECP384R1())
    name = signing_kit.issuer().certificate.subject
    _, certificate = issued_by(lookalike, name, ca=False)
    verdict = validate(read_certificate(certificate.public_bytes(Encoding.DER)))
    assert verdict.indication is Indication.INDETERMINATE


def test_a_subscriber_cannot_issue():
    person = signed_records.signer("GVCN")
    _, certificate = issued_by(person.private_key, person.certificate.subject, ca=False)
    verdict = validate(
        read_certificate(certificate.public_bytes(Encoding.DER)),
        others=[person.certificate.public_bytes(Encoding.DER)],
    )
    assert verdict.indication is Indication.INDETERMINATE


def test_the_issuing_authority_cannot_make_another_authority():
    issuer = signing_kit.issuer()
    key, sub_ca = issued_by(issuer.key, issuer.certificate.subject, ca=True, subject="Sub CA")
    _, certificate = issued_by(key, sub_ca.subject, ca=False)
    verdict = validate(
        read_certificate(certificate.public_bytes(Encoding.DER)),
        others=[sub_ca.public_bytes(Encoding.DER)],
    )
    assert verdict.sub_indication is SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
    assert verdict.findings[0].code == "HB-S044"


@pytest.mark.parametrize(
    ("at", "sub_indication"),
    [
        (datetime(2028, 7, 1, tzinfo=UTC), SubIndication.OUT_OF_BOUNDS_NOT_REVOKED),
        (datetime(2025, 5, 1, tzinfo=UTC), SubIndication.NOT_YET_VALID),
    ],
)
def test_is_indeterminate_outside_the_validity_of_the_certificate(at, sub_indication):
    assert validate(leaf(), at).sub_indication is sub_indication


def test_is_indeterminate_when_no_anchor_is_for_this_kind_of_signer():
    anchor = replace(signed_records.trust().anchors[0], purposes=frozenset({Purpose.ORGANIZATION}))
    store = replace(signed_records.trust(), anchors=(anchor,))
    verdict = validate(leaf(), store=store, kind=Purpose.PERSON)
    assert verdict.findings[0].code == "HB-S045"
    assert validate(leaf(), store=store).indication is Indication.TOTAL_PASSED


def test_is_indeterminate_once_trust_in_the_anchor_has_ended():
    anchor = replace(signed_records.trust().anchors[0], valid_until=date(2026, 1, 1))
    store = replace(signed_records.trust(), anchors=(anchor,))
    assert validate(leaf(), store=store).findings[0].code == "HB-S041"


def asked(validator, monkeypatch):
    """How often *validator* asks the exact engine from now on."""
    calls = []
    judge = validator._judge
    monkeypatch.setattr(validator, "_judge", lambda *a: calls.append(a) or judge(*a))
    return calls


def test_a_pass_is_kept_for_the_day_and_ends_with_the_certificate(monkeypatch):
    validator = PathValidator(signed_records.trust())
    calls = asked(validator, monkeypatch)
    for minutes in (0, 1, 240):
        at = NOW + timedelta(minutes=minutes)
        verdict = validator.validate(leaf(), NOTHING, None, at).verdict
        assert verdict.indication is Indication.TOTAL_PASSED
    assert len(calls) == 1
    end = leaf().certificate.not_valid_after_utc
    before, after = (
        validator.validate(leaf(), NOTHING, None, end + timedelta(seconds=each)).verdict
        for each in (-2, 2)
    )
    assert before.indication is Indication.TOTAL_PASSED
    assert after.sub_indication is SubIndication.OUT_OF_BOUNDS_NOT_REVOKED


def test_a_kept_pass_ends_with_the_trust_in_the_anchor():
    anchor = replace(
        signed_records.trust().anchors[0],
        valid_from=date(2026, 6, 1),
        valid_until=date(2026, 6, 20),
    )
    validator = PathValidator(replace(signed_records.trust(), anchors=(anchor,)))
    assert (
        validator.validate(leaf(), NOTHING, None, NOW).verdict.indication is Indication.TOTAL_PASSED
    )
    for outside in (NOW + timedelta(days=30), NOW - timedelta(days=30)):
        assert validator.validate(leaf(), NOTHING, None, outside).verdict.indication is (
            Indication.INDETERMINATE
        )


def test_a_kept_failure_ends_when_the_certificate_begins(monkeypatch):
    validator = PathValidator(signed_records.trust())
    calls = asked(validator, monkeypatch)
    early = signing_kit.START - timedelta(seconds=30)
    verdicts = [
        validator.validate(
            leaf(), NOTHING, None, early + timedelta(seconds=each)
        ).verdict.indication
        for each in (0, 20, 40)
    ]
    assert verdicts == [
        Indication.INDETERMINATE,
        Indication.INDETERMINATE,
        Indication.TOTAL_PASSED,
    ]
    assert len(calls) == 2


def test_forgets_what_was_asked_for_longest_ago_rather_than_grow_without_bound(monkeypatch):
    monkeypatch.setattr("signing.certificates.path._MAX_KEPT", 2)
    validator = PathValidator(signed_records.trust())
    for role in ("GVBM", "GVCN", "GVBM", "CBQL"):
        assert validator.validate(leaf(role), NOTHING, None, NOW).verdict.indication is (
            Indication.TOTAL_PASSED
        )
    kept = [key[0] for key in validator._kept]
    assert kept == [leaf("GVBM").sha256, leaf("CBQL").sha256]


def test_validates_where_an_event_loop_runs_and_in_many_threads():
    async def inside():
        return PathValidator(signed_records.trust()).validate(leaf(), NOTHING, None, NOW)

    assert asyncio.run(inside()).verdict.indication is Indication.TOTAL_PASSED
    validator = PathValidator(signed_records.trust())

    def one(number):
        role = ("GVBM", "GVCN", "CBQL", "KY_PHAT_HANH")[number % 4]
        at = NOW + timedelta(days=number % 7)
        return validator.validate(leaf(role), NOTHING, None, at).verdict.indication

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(64))) == {Indication.TOTAL_PASSED}


@pytest.mark.parametrize("octets", [b"\x05\x00", b"\x30\x80", b""])
def test_an_extension_that_cannot_be_read_is_told_and_raises_nothing(octets):
    broken = x509.UnrecognizedExtension(SUBJECT_DIRECTORY_ATTRIBUTES, octets)
    root = issued("Root")
    signer = issued("Signer", root, ca=False, extensions=[broken])
    paths = validator(root, crl(root, NOW), intermediates=[])
    certificate = read_certificate(signer.der)
    for found in (
        paths.validate(certificate, NOTHING, None, NOW),
        paths.validate_past(certificate, NOTHING, None, at=NOW, best_signature_time=NOW),
    ):
        assert found.verdict.indication is Indication.INDETERMINATE
        assert found.verdict.sub_indication is SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
        (told,) = found.verdict.findings
        assert told.code == "HB-S044"
        assert dict(told.parameters)["subject"] == "CN=Signer"


class Source:
    """Has nothing to give until `material` is set; counts how often it was asked."""

    def __init__(self):
        self.material, self.asked = NOTHING, []

    def obtain(self, certificate, issuer, at):
        self.asked.append(certificate.subject.rfc4514_string())
        return self.material


def test_what_a_source_does_not_have_it_is_asked_for_again_after_a_minute():
    root = issued("Root")
    signer = issued("Signer", root, ca=False)
    source = Source()
    store = TrustStore((anchor_of(root),), (), "test")
    paths = PathValidator(store, source=source)

    def at(seconds):
        moment = NOW + timedelta(seconds=seconds)
        return paths.validate(read_certificate(signer.der), NOTHING, None, moment).verdict

    assert at(0).sub_indication is SubIndication.TRY_LATER
    assert at(59).sub_indication is SubIndication.TRY_LATER
    assert source.asked == ["CN=Signer"]
    source.material = ValidationMaterial(crls=(crl(root, NOW),))
    assert at(59).sub_indication is SubIndication.TRY_LATER
    assert at(60).indication is Indication.TOTAL_PASSED
    assert source.asked == ["CN=Signer"] * 2
    for hours in range(1, 4):  # and what passes is kept as long as all other verdicts are
        assert at(3600 * hours).indication is Indication.TOTAL_PASSED
    assert source.asked == ["CN=Signer"] * 2


def test_a_verdict_for_one_purpose_is_none_for_another():
    anchor = replace(signed_records.trust().anchors[0], purposes=frozenset({Purpose.ORGANIZATION}))
    validator = PathValidator(replace(signed_records.trust(), anchors=(anchor,)))
    for purpose, passing in (
        (Purpose.ORGANIZATION, True),
        (Purpose.PERSON, False),
        (Purpose.TIMESTAMP, False),
        (Purpose.ORGANIZATION, True),
    ):
        verdict = validator.validate(leaf(), NOTHING, purpose, NOW).verdict
        assert (verdict.indication is Indication.TOTAL_PASSED) is passing


def test_a_kept_verdict_ends_in_the_second_in_which_trust_in_the_anchor_begins_or_ends():
    """Not with the day in Vietnam, with which verdicts end at the latest."""
    anchor = replace(
        signed_records.trust().anchors[0],
        valid_from=date(2026, 6, 1),
        valid_until=date(2026, 6, 20),
    )
    validator = PathValidator(replace(signed_records.trust(), anchors=(anchor,)))
    second = timedelta(seconds=1)
    begin, end = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 21, tzinfo=UTC)
    for at, passing in (
        (begin - second, False),
        (begin, True),
        (begin - second, False),
        (end - second, True),
        (end, False),
        (end - second, True),
        (end + second, False),
        (begin + second, True),
    ):
        verdict = validator.validate(leaf(), NOTHING, None, at).verdict
        assert (verdict.indication is Indication.TOTAL_PASSED) is passing, at
