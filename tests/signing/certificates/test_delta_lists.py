"""Delta CRLs (RFC 5280 5.2.4): what one may add to a list, and what it must not take away."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from signing.certificates.certificate import read_certificate
from signing.certificates.path import ValidationMaterial
from signing.report import Indication, SubIndication
from tests.support.parties import crl, issued, validator

NOTHING = ValidationMaterial()
COMPROMISED = x509.ReasonFlags.key_compromise
HELD = x509.ReasonFlags.certificate_hold
LET_GO = x509.ReasonFlags.remove_from_crl
AT_ADDRESS = x509.UniformResourceIdentifier("http://crl.example/delta")
# A list that says where its delta CRLs are is asked only together with one.
WITH_DELTAS = x509.FreshestCRL([x509.DistributionPoint([AT_ADDRESS], None, None, None)])
DELTA = x509.DeltaCRLIndicator(1)


def day(month, number=1):
    return datetime(2026, month, number, tzinfo=UTC)


NOW = day(6, 15)


@pytest.fixture(scope="module")
def root():
    return issued("Root")


@pytest.fixture(scope="module")
def issuer(root):
    return issued("Issuer", root)


@pytest.fixture(scope="module")
def signer(issuer):
    return issued("Signer", issuer, ca=False)


@pytest.fixture
def validate(root, issuer, signer):
    def by(*lists, material=NOTHING):
        paths = validator(root, crl(root, day(6)), *lists, intermediates=[issuer])
        return paths.validate(read_certificate(signer.der), material, None, NOW)

    return by


def passes(validation):
    return validation.verdict.indication is Indication.TOTAL_PASSED


def test_a_list_that_has_delta_lists_says_nothing_without_one(issuer, signer, validate):
    whole = crl(issuer, day(6), extension=WITH_DELTAS)
    assert validate(whole).verdict.sub_indication is SubIndication.TRY_LATER
    delta = crl(issuer, day(6, 10), extension=DELTA)
    found = validate(whole, delta)
    assert passes(found)
    assert [each.issued_at for each in found.revocation] == [day(6), day(6)]


def test_a_delta_list_adds_a_revocation(issuer, signer, validate):
    whole = crl(issuer, day(6), extension=WITH_DELTAS)
    delta = crl(issuer, day(6, 10), (signer, day(6, 9), COMPROMISED, day(5)), extension=DELTA)
    found = validate(whole, delta)
    assert found.verdict.sub_indication is SubIndication.REVOKED_NO_POE
    assert found.revoked_at == day(5)


def test_a_delta_list_that_follows_ends_a_suspension(issuer, signer, validate):
    whole = crl(issuer, day(6), (signer, day(6), HELD), extension=WITH_DELTAS)
    for issued_at in (day(6), day(6, 10)):
        delta = crl(issuer, issued_at, (signer, day(6), LET_GO), extension=DELTA)
        assert passes(validate(whole, delta))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [(COMPROMISED, SubIndication.REVOKED_NO_POE), (HELD, SubIndication.TRY_LATER)],
)
def test_an_older_delta_list_undoes_nothing_of_a_newer_list(
    issuer, signer, validate, reason, expected
):
    """Whoever was suspended once and let go may keep the list that said so: it stays fresh."""
    older = crl(issuer, day(6, 5), (signer, day(6, 5), LET_GO), extension=DELTA)
    newer = crl(issuer, day(6, 10), (signer, day(6, 9), reason), extension=WITH_DELTAS)
    for found in (
        validate(newer, older),
        validate(newer, material=ValidationMaterial(crls=(older,))),
    ):
        assert found.verdict.sub_indication is expected
        assert found.revoked_at == day(6, 9)


def test_an_older_delta_list_does_no_harm(issuer, validate):
    older = crl(issuer, day(6, 5), extension=DELTA)
    newer = crl(issuer, day(6, 10), extension=WITH_DELTAS)
    found = validate(newer, older)
    assert passes(found)
    assert [each.issued_at for each in found.revocation] == [day(6), day(6, 10)]


def test_no_delta_list_undoes_a_revocation(issuer, signer, validate):
    whole = crl(issuer, day(6), (signer, day(6), COMPROMISED), extension=WITH_DELTAS)
    delta = crl(issuer, day(6, 10), (signer, day(6, 9), LET_GO), extension=DELTA)
    assert validate(whole, delta).verdict.sub_indication is SubIndication.REVOKED_NO_POE


def test_a_stale_delta_list_ends_no_suspension(issuer, signer, validate):
    whole = crl(issuer, day(6), (signer, day(5, 30), HELD), extension=WITH_DELTAS)
    stale = crl(issuer, day(6, 2), (signer, day(6), LET_GO), extension=DELTA, until=day(6, 3))
    found = validate(whole, stale)
    assert found.verdict.sub_indication is SubIndication.TRY_LATER
    (told,) = found.verdict.findings
    assert told.code == "HB-S064"
    assert dict(told.parameters) == {
        "subject": "CN=Signer",
        "since": "2026-05-30T00:00:00+00:00",
        "until": "?",
    }


def test_a_forged_delta_list_undoes_nothing(issuer, signer, validate):
    whole = crl(issuer, day(6), (signer, day(6), HELD), extension=WITH_DELTAS)
    forger = ec.generate_private_key(ec.SECP256R1())
    forged = crl(issuer, day(6, 10), (signer, day(6), LET_GO), extension=DELTA, key=forger)
    assert validate(whole, forged).verdict.sub_indication is SubIndication.TRY_LATER


def test_a_forged_list_beside_a_delta_list_says_nothing(issuer, signer, validate):
    forger = ec.generate_private_key(ec.SECP256R1())
    forged = crl(issuer, day(6), (signer, day(5), COMPROMISED), extension=WITH_DELTAS, key=forger)
    delta = crl(issuer, day(6, 10), extension=DELTA)
    assert validate(forged, delta).verdict.sub_indication is SubIndication.TRY_LATER
    assert passes(validate(crl(issuer, day(6, 1), extension=WITH_DELTAS), forged, delta))


def test_a_delta_list_of_the_root_takes_an_authority_out(root, issuer, validate):
    delta = crl(root, day(6, 10), (issuer, day(6, 9), COMPROMISED), extension=DELTA)
    found = validate(crl(root, day(6, 2), extension=WITH_DELTAS), delta, crl(issuer, day(6)))
    assert found.verdict.sub_indication is SubIndication.REVOKED_CA_NO_POE
