"""Revocation: what each object is worth, what follows for the certificate, and how fast."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from signing.certificates.certificate import read_certificate
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.certificates.revocation import (
    Freshness,
    RevocationUnreadableError,
    read_crl,
    read_ocsp,
)
from signing.certificates.trust import Purpose
from signing.constraints import RevocationDemand, default_constraints
from signing.report import Indication, SubIndication
from tests.support.services.certomancer import TestPki

NOW = datetime(2026, 6, 15, tzinfo=UTC)
NOTHING = ValidationMaterial()
ISSUER = "CN=PKI mẫu CA,O=PKI mẫu,C=VN"
DEFAULT = default_constraints().revocation


@pytest.fixture(scope="module")
def pki():
    return TestPki()


def day(year, month=1, number=1):
    return datetime(year, month, number, tzinfo=UTC)


def validate(pki, label, *crls, at=NOW, ocsp=(), crls_of=None, material=NOTHING, **options):
    store = pki.trust(
        *crls,
        ocsp_responses=tuple(ocsp),
        at=crls_of,
        intermediates=options.pop("intermediates", ("issuer", "tsa-issuer", "revoked-issuer")),
    )
    purpose = options.pop("purpose", None)
    certificate = read_certificate(pki.der(label))
    return PathValidator(store, **options).validate(certificate, material, purpose, at)


def expect(validation, sub_indication, code):
    verdict = validation.verdict
    assert (verdict.sub_indication, [each.code for each in verdict.findings]) == (
        sub_indication,
        [code],
    )
    return dict(verdict.findings[0].parameters)


def passes(validation):
    return validation.verdict.indication is Indication.TOTAL_PASSED


def test_passes_with_a_crl_of_every_authority_and_says_which(pki):
    found = validate(pki, "homeroom-new", crls_of=NOW)
    assert passes(found)
    assert [each.kind for each in found.revocation] == ["crl", "crl"]
    assert {each.source for each in found.revocation} == {"trust-store"}
    assert [len(each) for each in found.chain] == [
        len(pki.der(each)) for each in ("homeroom-new", "issuer", "root")
    ]


def test_passes_with_an_ocsp_response(pki):
    found = validate(
        pki, "homeroom-new", pki.crl("root", NOW), ocsp=[pki.ocsp("homeroom-new", NOW)]
    )
    assert passes(found)
    assert [each.kind for each in found.revocation] == ["crl", "ocsp"]


def test_passes_with_revocation_data_that_came_with_the_signature(pki):
    material = ValidationMaterial(
        crls=(pki.crl("root", NOW), b"junk"),
        ocsp_responses=(pki.ocsp("homeroom-new", NOW), b"\x30\x80"),
    )
    found = validate(pki, "homeroom-new", material=material)
    assert passes(found)
    assert {each.source for each in found.revocation} == {"embedded"}


def test_names_whose_crl_is_missing_and_where_to_put_it(pki):
    found = validate(pki, "homeroom-new", pki.crl("root", NOW))
    told = expect(found, SubIndication.TRY_LATER, "HB-S060")
    assert told["issuer"] == ISSUER
    assert "crls/" in found.verdict.findings[0].message()
    found = validate(pki, "homeroom-new", pki.crl("issuer", NOW))
    assert expect(found, SubIndication.TRY_LATER, "HB-S060")["subject"] == ISSUER


def test_says_until_when_stale_data_was_good(pki):
    found = validate(pki, "homeroom-new", pki.crl("root", NOW), pki.crl("issuer", day(2026, 4)))
    told = expect(found, SubIndication.TRY_LATER, "HB-S061")
    assert told["until"] == "2026-04-29T00:00:00+00:00"
    assert [each.subject for each in found.revocation] == [ISSUER]


def test_a_crl_of_the_future_says_nothing_yet(pki):
    crls = (pki.crl("root", NOW), pki.crl("issuer", day(2027)))
    expect(validate(pki, "homeroom-new", *crls), SubIndication.TRY_LATER, "HB-S067")


def test_before_the_certificate_begins_no_newer_crl_is_asked_for(pki):
    begins = pki.certificate("homeroom-new").not_valid_before_utc
    found = validate(pki, "homeroom-new", crls_of=NOW, at=begins - timedelta(days=1))
    told = expect(found, SubIndication.NOT_YET_VALID, "HB-S043")
    assert told["since"] == begins.strftime("%d/%m/%Y")


def test_is_revoked_with_time_and_reason(pki):
    for found in (
        validate(pki, "homeroom-new-revoked", crls_of=NOW),
        validate(
            pki,
            "homeroom-new-revoked",
            pki.crl("root", NOW),
            ocsp=[pki.ocsp("homeroom-new-revoked", NOW)],
        ),
    ):
        told = expect(found, SubIndication.REVOKED_NO_POE, "HB-S062")
        assert told["reason"] == "key_compromise"
        assert found.revoked_at == day(2026, 3)


def test_was_not_revoked_before_it_was(pki):
    at = day(2026, 2, 20)
    assert passes(validate(pki, "homeroom-new-revoked", crls_of=at, at=at))


def test_a_revocation_stays_one_however_old_the_crl_is(pki):
    crls = (pki.crl("root", NOW), pki.crl("issuer", day(2026, 4)))
    found = validate(pki, "homeroom-new-revoked", *crls)
    expect(found, SubIndication.REVOKED_NO_POE, "HB-S062")


def test_an_ocsp_response_of_before_does_not_undo_a_revocation(pki):
    at = day(2026, 3, 4)
    good = pki.ocsp("homeroom-new-revoked", day(2026, 2, 27))  # good until 6 March
    listed = pki.crl("issuer", day(2026, 3, 31))
    assert passes(validate(pki, "homeroom-new-revoked", pki.crl("root", at), ocsp=[good], at=at))
    found = validate(pki, "homeroom-new-revoked", pki.crl("root", at), listed, ocsp=[good], at=at)
    expect(found, SubIndication.REVOKED_NO_POE, "HB-S062")


def test_a_certificate_on_hold_is_to_be_tried_later(pki):
    found = validate(pki, "homeroom-new-held", crls_of=NOW)
    told = expect(found, SubIndication.TRY_LATER, "HB-S064")
    assert told["since"] == "2026-03-01T00:00:00+00:00"
    assert told["until"] == "2026-06-28T00:00:00+00:00"
    assert found.revoked_at == day(2026, 3)


def test_an_old_hold_is_no_revocation(pki):
    held = pki.crl("issuer", day(2026, 4))
    good = pki.ocsp("homeroom-new-held", day(2026, 2, 27))
    crls = (pki.crl("root", NOW), held)
    found = validate(pki, "homeroom-new-held", *crls, ocsp=[good])
    expect(found, SubIndication.TRY_LATER, "HB-S061")


def test_an_authority_that_was_revoked_takes_its_certificates_with_it(pki):
    found = validate(
        pki, "homeroom-under-revoked-issuer", pki.crl("revoked-issuer", NOW), crls_of=NOW
    )
    told = expect(found, SubIndication.REVOKED_CA_NO_POE, "HB-S063")
    assert told["reason"] == "ca_compromise"
    assert found.revoked_at == day(2024, 6)


def test_expired_and_known_to_have_never_been_revoked(pki):
    crls = (pki.crl("root", NOW), pki.crl("issuer", day(2025, 12, 31)))
    expect(validate(pki, "homeroom", *crls), SubIndication.OUT_OF_BOUNDS_NOT_REVOKED, "HB-S065")


@pytest.mark.parametrize("last", [None, day(2025, 11), NOW])
def test_expired_and_nobody_knows(pki, last):
    """Without a CRL, with one that ends before, with one that forgets what has expired."""
    crls = [pki.crl("root", NOW)] + ([] if last is None else [pki.crl("issuer", last)])
    expect(validate(pki, "homeroom", *crls), SubIndication.OUT_OF_BOUNDS_NO_POE, "HB-S042")


def test_expired_and_revoked_is_revoked(pki):
    found = validate(pki, "homeroom-revoked", crls_of=NOW)
    expect(found, SubIndication.REVOKED_NO_POE, "HB-S062")


def test_a_crl_that_keeps_expired_certificates_speaks_of_them(pki):
    crls = (pki.crl("root", NOW), made(pki, keeps_expired_since=day(2020)))
    expect(validate(pki, "homeroom", *crls), SubIndication.OUT_OF_BOUNDS_NOT_REVOKED, "HB-S065")
    crls = (pki.crl("root", NOW), made(pki, keeps_expired_since=day(2026, 2)))
    expect(validate(pki, "homeroom", *crls), SubIndication.OUT_OF_BOUNDS_NO_POE, "HB-S042")


@pytest.mark.parametrize("responder", ["issuer-expired", "issuer-without-mandate"])
def test_a_responder_that_may_not_answer_is_not_believed(pki, responder):
    answer = pki.ocsp("homeroom-new", NOW, responder)
    found = validate(pki, "homeroom-new", pki.crl("root", NOW), ocsp=[answer])
    expect(found, SubIndication.TRY_LATER, "HB-S066")


def test_an_answer_about_another_certificate_says_nothing(pki):
    answer = pki.ocsp("principal-new", NOW)
    found = validate(pki, "homeroom-new", pki.crl("root", NOW), ocsp=[answer])
    expect(found, SubIndication.TRY_LATER, "HB-S060")


def test_a_stale_answer_says_nothing(pki):
    answer = pki.ocsp("homeroom-new", NOW - timedelta(days=8))
    found = validate(pki, "homeroom-new", pki.crl("root", NOW), ocsp=[answer])
    expect(found, SubIndication.TRY_LATER, "HB-S061")


def test_the_crl_of_a_namesake_is_not_believed(pki):
    crls = (pki.crl("root", NOW), pki.crl("lookalike", NOW))
    expect(validate(pki, "homeroom-new", *crls), SubIndication.TRY_LATER, "HB-S066")


def test_a_changed_crl_is_not_believed(pki):
    crl = bytearray(pki.crl("issuer", NOW))
    crl[-1] ^= 1
    found = validate(pki, "homeroom-new", pki.crl("root", NOW), bytes(crl))
    expect(found, SubIndication.TRY_LATER, "HB-S066")


def made(pki, *, entries=(), this=NOW, days=30, key="issuer", keeps_expired_since=None):
    """A CRL of the issuer with *entries*: (serial, date) pairs."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(pki.certificate("issuer").subject)
        .last_update(this)
        .next_update(this + timedelta(days=days))
    )
    if keeps_expired_since is not None:
        text = keeps_expired_since.strftime("%Y%m%d%H%M%SZ").encode()
        identifier = x509.ObjectIdentifier("2.5.29.60")
        extension = x509.UnrecognizedExtension(identifier, b"\x18" + bytes([len(text)]) + text)
        builder = builder.add_extension(extension, critical=False)
    builder._revoked_certificates = [
        x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(date).build()
        for serial, date in entries
    ]
    signed = builder.sign(pki.private_key(key), hashes.SHA256())
    return signed.public_bytes(Encoding.DER)


def test_a_crl_of_a_hundred_thousand_entries_is_parsed_once_and_looked_up_at_once(pki):
    serials = [(1 << 119) + number * 977 for number in range(100_000)]
    revoked = pki.certificate("homeroom-new").serial_number
    others = made(pki, entries=[(each, day(2026)) for each in serials])
    listed = read_crl(others)
    assert len(listed) == 100_000
    assert listed.lists(serials[77_777].to_bytes(16, "big"))
    assert not listed.lists(b"\x05")
    store = pki.trust(pki.crl("root", NOW), others)
    validator = PathValidator(store)
    start = time.process_time()
    for label in ("homeroom-new", "principal-new", "school-new", "subject-teacher-new"):
        certificate = read_certificate(pki.der(label))
        assert passes(validator.validate(certificate, NOTHING, None, NOW))
    # The engine alone walks the entries: seconds for each certificate.
    assert time.process_time() - start < 2
    entries = [(each, day(2026)) for each in (*serials, revoked)]
    found = validate(pki, "homeroom-new", pki.crl("root", NOW), made(pki, entries=entries))
    expect(found, SubIndication.REVOKED_NO_POE, "HB-S062")


def test_entries_of_odd_length_are_found_too(pki):
    serials = [1, 127, 128, 255, 256, 1 << 64, (1 << 159) - 1]
    listed = read_crl(made(pki, entries=[(each, day(2026)) for each in serials]))
    for serial in serials:
        octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
        assert listed.lists(octets), serial
        assert list(listed.revocation_dates(octets)) == [day(2026)]
    assert len(listed) == len(serials)


@pytest.mark.parametrize("size", [100, 200, 70_000])
def test_long_entries_are_found_too(pki, size):
    long = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), bytes(size))
    builder = x509.CertificateRevocationListBuilder().issuer_name(pki.certificate("issuer").subject)
    builder = builder.last_update(NOW).next_update(NOW + timedelta(days=30))
    for serial in (7, 8):
        entry = x509.RevokedCertificateBuilder().serial_number(serial)
        entry = entry.revocation_date(day(2026)).add_extension(long, critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    listed = read_crl(
        builder.sign(pki.private_key("issuer"), hashes.SHA256()).public_bytes(Encoding.DER)
    )
    assert [listed.lists(bytes([each])) for each in (6, 7, 8)] == [False, True, True]


@pytest.mark.parametrize(
    "octets", [b"", b"junk", b"\x30\x80", b"\x30\x03\x02\x01\x01", b"\x30\x00"]
)
def test_what_is_no_revocation_object_is_refused(octets):
    with pytest.raises(RevocationUnreadableError):
        read_crl(octets)
    with pytest.raises(RevocationUnreadableError):
        read_ocsp(octets)


def test_every_cut_of_a_crl_is_refused_or_not_believed(pki):
    whole = made(pki, entries=[(each, day(2026)) for each in range(1, 5)])
    for length in range(len(whole)):
        with pytest.raises(RevocationUnreadableError):
            read_crl(whole[:length])


def test_data_may_be_asked_to_be_younger_than_it_says_itself(pki):
    strict = replace(DEFAULT, maximum_age=timedelta(days=10))
    crls = (pki.crl("root", NOW), made(pki, this=NOW - timedelta(days=1)))
    found = validate(pki, "homeroom-new", *crls, constraints=strict)
    assert expect(found, SubIndication.TRY_LATER, "HB-S061")["subject"] == ISSUER
    assert passes(validate(pki, "homeroom-new", *crls))


def test_nothing_at_hand_is_no_reason_where_none_is_demanded(pki):
    tolerant = replace(
        DEFAULT, signer=RevocationDemand.IF_AT_HAND, authority=RevocationDemand.IF_AT_HAND
    )
    assert passes(validate(pki, "homeroom-new", constraints=tolerant))
    # What is at hand counts.
    found = validate(pki, "homeroom-new-revoked", crls_of=NOW, constraints=tolerant)
    expect(found, SubIndication.REVOKED_NO_POE, "HB-S062")


def test_the_demand_on_time_stamping_authorities_is_their_own(pki):
    tolerant = replace(DEFAULT, timestamp_authority=RevocationDemand.IF_AT_HAND)
    crls = (pki.crl("root", NOW),)
    options = {"constraints": tolerant, "purpose": Purpose.TIMESTAMP}
    assert passes(validate(pki, "tsa", *crls, **options))
    found = validate(pki, "tsa", *crls, purpose=Purpose.TIMESTAMP)
    expect(found, SubIndication.TRY_LATER, "HB-S060")


def test_the_crls_of_many_sister_authorities_cost_nothing(pki):
    """The engine would try each of them for each other one: no end under a busy root."""
    crls = [pki.crl(each, NOW) for each in ("root", "issuer", "tsa-issuer", "revoked-issuer")]
    crls += [made(pki, this=NOW - timedelta(hours=each)) for each in range(1, 40)]
    start = time.process_time()
    assert passes(validate(pki, "homeroom-new", *crls))
    assert time.process_time() - start < 3


# ------------------------------------------------------------------------ at a proved time


def past(pki, label, *crls, proved, at=NOW, ocsp=(), intermediates=None, material=NOTHING):
    known = intermediates or ("issuer", "tsa-issuer", "revoked-issuer")
    store = pki.trust(*crls, ocsp_responses=tuple(ocsp), intermediates=known)
    certificate = read_certificate(pki.der(label))
    return PathValidator(store).validate_past(
        certificate, material, None, at=at, best_signature_time=proved
    )


def test_an_expired_certificate_passes_with_the_last_crl_before_its_end(pki):
    crls = (pki.crl("root", NOW), pki.crl("issuer", day(2025, 12, 28)))
    found = past(pki, "homeroom", *crls, proved=day(2023, 6))
    assert passes(found)
    assert len(found.revocation) == 2
    assert found.revoked_at is None


def test_the_past_is_the_same_inside_an_event_loop(pki):
    crls = (pki.crl("root", NOW), pki.crl("issuer", day(2025, 12, 28)))

    async def inside():
        return past(pki, "homeroom", *crls, proved=day(2023, 6))

    assert asyncio.run(inside()) == past(pki, "homeroom", *crls, proved=day(2023, 6))


def test_an_expired_certificate_passes_with_an_ocsp_response_of_its_time(pki):
    answer = pki.ocsp("homeroom", day(2025, 12, 29))
    assert passes(past(pki, "homeroom", pki.crl("root", NOW), ocsp=[answer], proved=day(2023, 6)))


def test_an_expired_certificate_passes_with_a_crl_of_today_that_keeps_expired_ones(pki):
    crls = (pki.crl("root", NOW), made(pki, keeps_expired_since=day(2020)))
    assert passes(past(pki, "homeroom", *crls, proved=day(2023, 6)))


def test_an_expired_certificate_needs_data_of_its_time(pki):
    root = pki.crl("root", NOW)
    for crls in ((root,), (root, pki.crl("issuer", NOW))):
        found = past(pki, "homeroom", *crls, proved=day(2023, 6))
        assert expect(found, SubIndication.NO_POE, "HB-S070")["issuer"] == ISSUER


def test_data_below_a_stale_crl_of_the_root_needs_a_proof_of_its_own(pki):
    crls = (pki.crl("root", day(2025)), pki.crl("issuer", day(2025, 12, 28)))
    found = past(pki, "homeroom", *crls, proved=day(2023, 6))
    expect(found, SubIndication.NO_POE, "HB-S071")


def test_a_revocation_after_the_proved_time_does_no_harm(pki):
    for crl in (pki.crl("issuer", NOW), pki.crl("issuer", day(2024, 7))):
        found = past(pki, "homeroom-revoked", pki.crl("root", NOW), crl, proved=day(2023, 6))
        assert passes(found)
        assert found.revoked_at == day(2024, 6)


@pytest.mark.parametrize("proved", [day(2024, 6), day(2025, 6)])
def test_a_revocation_not_after_the_proved_time_counts(pki, proved):
    crls = (pki.crl("root", NOW), pki.crl("issuer", NOW))
    found = past(pki, "homeroom-revoked", *crls, proved=proved)
    expect(found, SubIndication.REVOKED_NO_POE, "HB-S072")
    assert found.revoked_at == day(2024, 6)


def test_an_authority_revoked_before_the_proved_time_counts(pki):
    crls = [pki.crl(each, NOW) for each in ("root", "issuer", "revoked-issuer")]
    found = past(pki, "homeroom-under-revoked-issuer", *crls, proved=day(2025, 12))
    expect(found, SubIndication.REVOKED_CA_NO_POE, "HB-S072")


def test_a_proved_time_outside_the_validity_does_not_help(pki):
    crls = (pki.crl("root", NOW), pki.crl("issuer", day(2025, 12, 28)))
    found = past(pki, "homeroom", *crls, proved=day(2026, 2))
    expect(found, SubIndication.OUT_OF_BOUNDS_NO_POE, "HB-S069")
    found = past(pki, "homeroom", *crls, proved=day(2022, 2))
    expect(found, SubIndication.NOT_YET_VALID, "HB-S068")


def test_a_status_known_only_until_before_the_proved_time_does_not_help(pki):
    crls = (pki.crl("root", NOW), pki.crl("issuer", day(2024, 7)))
    found = past(pki, "homeroom", *crls, proved=day(2025, 6))
    expect(found, SubIndication.NO_POE, "HB-S073")


def test_what_is_valid_today_was_valid_then(pki):
    crls = (pki.crl("root", NOW), pki.crl("issuer", NOW))
    assert passes(past(pki, "homeroom-new", *crls, proved=day(2026)))


def test_a_forged_crl_neither_helps_nor_harms_the_past(pki):
    forged = made(
        pki,
        entries=[(pki.certificate("homeroom").serial_number, day(2023))],
        key="lookalike",
        keeps_expired_since=day(2020),
    )
    crls = (pki.crl("root", NOW), pki.crl("issuer", day(2025, 12, 28)))
    assert passes(past(pki, "homeroom", *crls, forged, proved=day(2023, 6)))
    found = past(pki, "homeroom", pki.crl("root", NOW), forged, proved=day(2023, 6))
    expect(found, SubIndication.NO_POE, "HB-S070")


def test_no_path_is_no_past(pki):
    found = past(pki, "homeroom-under-lookalike", pki.crl("root", NOW), proved=day(2026))
    assert found.verdict.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND


# ------------------------------------------------------------------------ kept verdicts


def test_a_kept_verdict_ends_with_the_revocation_data_it_rests_on(pki):
    validator = PathValidator(pki.trust(at=NOW))
    certificate = read_certificate(pki.der("homeroom-new"))
    end = read_crl(pki.crl("issuer", NOW)).next_update
    for at, expected in (
        (end - timedelta(seconds=1), Indication.TOTAL_PASSED),
        (end, Indication.TOTAL_PASSED),
        (end + timedelta(seconds=1), Indication.INDETERMINATE),
        (end - timedelta(seconds=1), Indication.TOTAL_PASSED),
    ):
        found = validator.validate(certificate, NOTHING, None, at)
        assert found.verdict.indication is expected
        assert len(found.revocation) == (2 if at <= end else 1)


def test_a_kept_verdict_ends_with_the_date_of_a_revocation(pki):
    revoked = made(
        pki,
        entries=[(pki.certificate("homeroom-new").serial_number, NOW + timedelta(hours=1))],
    )
    validator = PathValidator(pki.trust(pki.crl("root", NOW), revoked))
    certificate = read_certificate(pki.der("homeroom-new"))
    before, after = (
        validator.validate(certificate, NOTHING, None, NOW + timedelta(hours=1, seconds=each))
        for each in (-1, 1)
    )
    assert passes(before)
    assert after.verdict.sub_indication is SubIndication.REVOKED_NO_POE


def test_verdicts_on_other_material_are_kept_apart(pki):
    validator = PathValidator(pki.trust(pki.crl("root", NOW)))
    certificate = read_certificate(pki.der("homeroom-new"))
    with_crl = ValidationMaterial(crls=(pki.crl("issuer", NOW),))
    assert not passes(validator.validate(certificate, NOTHING, None, NOW))
    assert passes(validator.validate(certificate, with_crl, None, NOW))
    assert not passes(validator.validate(certificate, NOTHING, None, NOW))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"\x30\x12\x02\x01\x07", b"\x31\x12\x02\x01\x07"),
        (b"\x30\x12\x02\x01\x07", b"\x30\x12\x04\x01\x07"),
        (b"\x30\x12\x02\x01\x07", b"\x30\x12\x02\x11\x07"),
        (b"\x30\x12\x02\x01\x07", b"\x30\x12\x02\x85\x07"),
        (b"\x30\x12\x02\x01\x07", b"\x30\x7f\x02\x01\x07"),
    ],
    ids=["no sequence", "no integer", "longer than its entry", "length in 5 octets", "too long"],
)
def test_a_crl_whose_entries_contradict_themselves_is_refused(pki, old, new):
    whole = made(pki, entries=[(7, day(2026)), (8, day(2026))])
    assert whole.count(old) == 1
    with pytest.raises(RevocationUnreadableError):
        read_crl(whole.replace(old, new))


def test_serial_numbers_that_share_a_slot_are_told_apart(pki, monkeypatch):
    monkeypatch.setattr("signing.certificates.revocation._slot", lambda _: 1)
    read_crl.cache_clear()
    listed = read_crl(made(pki, entries=[(each, day(2026)) for each in (7, 8)]))
    assert listed.lists(b"\x07")
    assert listed.lists(b"\x08")
    assert not listed.lists(b"\x09")
    read_crl.cache_clear()


def test_data_that_names_no_end_is_good_for_a_day(pki):
    freshness = Freshness(DEFAULT)
    assert freshness.end(NOW, None) == NOW + DEFAULT.maximum_age_without_next_update
    assert freshness.end(NOW, NOW + timedelta(days=3)) == NOW + timedelta(days=3)
