"""What a proof of time lifts, and what it must not: paths that end, are revoked, are on hold."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import algos
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509.oid import ExtendedKeyUsageOID

from hocba.sample.insecure_keys import insecure_rsa_key
from signing.certificates.certificate import read_certificate
from signing.certificates.path import ValidationMaterial
from signing.constraints import default_constraints
from signing.report import PASSED, Indication, SubIndication, TimestampKind, TimestampValidation
from signing.validation.basic import BasicValidation
from signing.validation.with_time import validate_with_time
from signing.xades.signed_properties import SignedProperties
from tests.support.parties import MONTH, Party, crl, good, issued, named, validator

NOTHING = ValidationMaterial()
COMPROMISED = x509.ReasonFlags.key_compromise
HELD = x509.ReasonFlags.certificate_hold


def day(month, number=1, year=2026):
    return datetime(year, month, number, tzinfo=UTC)


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


@pytest.fixture(scope="module")
def expired(issuer):
    return issued("Signer", issuer, ca=False, until=day(6))


def proved(paths, party, time_, material=NOTHING):
    """The certificate's validation by a time-stamp of *time_*."""
    certificate = read_certificate(party.der)
    basic = BasicValidation(
        form=None,
        properties=SignedProperties(None, None, ()),
        references=(),
        certificate=certificate,
        timeless=PASSED,
        x509=paths.validate(certificate, material, None, NOW),
        algorithms=(),
    )
    stamp = TimestampValidation(
        kind=TimestampKind.SIGNATURE,
        verdict=PASSED,
        generated_at=time_,
        authority="TSA",
        sha256="",
    )
    timed = validate_with_time(
        basic,
        (stamp,),
        material,
        None,
        constraints=default_constraints(),
        paths=paths,
        at=NOW,
    )
    assert timed.best_signature_time == time_
    return timed.verdict


def validated(root, issuer, party, *lists, at=NOW, material=NOTHING):
    paths = validator(root, *lists, intermediates=[issuer])
    return paths.validate(read_certificate(party.der), material, None, at)


def told(validation):
    """The sub-indication, the code of the one finding, and its parameters."""
    (found,) = validation.verdict.findings
    return validation.verdict.sub_indication, found.code, dict(found.parameters)


def passes(verdict):
    return verdict.indication is Indication.TOTAL_PASSED


def test_a_time_before_the_revocation_lifts_it(root, issuer, signer):
    listed = crl(issuer, day(6), (signer, day(4), COMPROMISED))
    paths = validator(root, crl(root, day(6)), listed, intermediates=[issuer])
    assert passes(proved(paths, signer, day(3)))
    assert proved(paths, signer, day(4)).sub_indication is SubIndication.REVOKED_NO_POE


def test_a_later_revocation_of_the_authority_does_not_hide_that_of_the_signer(root, issuer, signer):
    paths = validator(
        root,
        crl(root, day(6), (issuer, day(5), x509.ReasonFlags.ca_compromise)),
        crl(issuer, day(4, 20), (signer, day(2), COMPROMISED)),
        intermediates=[issuer],
    )
    assert proved(paths, signer, day(3)).sub_indication is SubIndication.REVOKED_NO_POE


def test_what_a_revoked_authority_says_needs_a_proof_of_its_own(root, issuer, signer):
    """Whoever has its key can write CRLs of any date: clause 5.6.2.2, step 2."""
    paths = validator(
        root,
        crl(root, day(6), (issuer, day(5), x509.ReasonFlags.ca_compromise)),
        crl(issuer, day(4, 20)),
        intermediates=[issuer],
    )
    assert proved(paths, signer, day(3)).sub_indication is SubIndication.NO_POE


def test_of_two_dates_of_one_revocation_the_earlier_counts(root, issuer, signer):
    lists = [
        crl(issuer, day(5), (signer, day(4), COMPROMISED)),
        crl(issuer, day(6), (signer, day(2), COMPROMISED)),
    ]
    for each in (lists, lists[::-1]):
        paths = validator(root, crl(root, day(6)), *each, intermediates=[issuer])
        assert proved(paths, signer, day(3)).sub_indication is SubIndication.REVOKED_NO_POE


def test_of_two_revocations_at_one_time_that_of_the_authority_is_told(root, issuer, signer):
    lists = (
        crl(root, day(6), (issuer, day(5), x509.ReasonFlags.ca_compromise)),
        crl(issuer, day(6), (signer, day(5), COMPROMISED)),
    )
    found = validated(root, issuer, signer, *lists)
    assert told(found)[:2] == (SubIndication.REVOKED_CA_NO_POE, "HB-S063")


def test_a_revocation_is_not_lifted_while_the_authority_above_is_unknown(root, issuer, signer):
    listed = crl(issuer, day(6), (signer, day(4), COMPROMISED))
    for lists in ([listed], [crl(root, day(1)), listed]):
        paths = validator(root, *lists, intermediates=[issuer])
        assert proved(paths, signer, day(3)).sub_indication is SubIndication.NO_POE


UNKNOWN = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00")


def test_expiry_hides_no_other_fault_of_the_certificate(root, issuer):
    lists = [crl(root, day(6)), crl(issuer, day(5, 20))]
    odd = issued("Signer", issuer, ca=False, until=day(6), extensions=[UNKNOWN])
    fine = issued("Signer", issuer, ca=False, until=day(6))
    paths = validator(root, *lists, intermediates=[issuer])
    assert passes(proved(paths, fine, day(5, 24)))
    reason = proved(paths, odd, day(5, 24)).sub_indication
    assert reason is SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE


@pytest.mark.parametrize("which", ["signer", "authority"])
def test_a_revocation_hides_no_name_that_the_authority_may_not_certify(root, which):
    allowed = x509.NameConstraints([x509.DirectoryName(named("Somebody else"))], None)
    narrow = issued("Issuer", root, extensions=[allowed])
    signer = issued("Signer", narrow, ca=False)
    of_authority = [(narrow, day(6), COMPROMISED)] if which == "authority" else []
    of_signer = [(signer, day(6), COMPROMISED)] if which == "signer" else []
    paths = validator(
        root,
        crl(root, day(6, 10), *of_authority),
        crl(narrow, day(6, 10), *of_signer),
        intermediates=[narrow],
    )
    reason = proved(paths, signer, day(5)).sub_indication
    assert reason is SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
    unproved = paths.validate(read_certificate(signer.der), NOTHING, None, NOW).verdict
    assert unproved.sub_indication is SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE


def test_a_revocation_of_the_first_second_hides_no_fault_of_the_certificate(root, issuer):
    odd = issued("Signer", issuer, ca=False, since=day(6), extensions=[UNKNOWN])
    listed = crl(issuer, day(6), (odd, day(6), COMPROMISED))
    found = validated(root, issuer, odd, crl(root, day(6)), listed, at=day(6))
    assert told(found)[:2] == (SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE, "HB-S044")


@pytest.mark.parametrize("lists", [[], ["root"], ["issuer"]], ids=["none", "root", "issuer"])
def test_missing_revocation_data_hides_no_fault_of_the_certificate(root, issuer, lists):
    """Nobody is to wait for data that would mend nothing, nor to fetch it."""
    odd = issued("Signer", issuer, ca=False, extensions=[UNKNOWN])
    known = {"root": crl(root, day(6)), "issuer": crl(issuer, day(6))}
    reason, code, parameters = told(validated(root, issuer, odd, *(known[each] for each in lists)))
    assert (reason, code) == (SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE, "HB-S044")
    assert "1.2.3.4.5" in parameters["reason"]


def test_an_authority_that_has_expired_is_told_whatever_is_known_of_the_signer(root):
    ended = issued("Issuer", root, until=day(6))
    signer = issued("Signer", ended, ca=False, until=day(5, 25))
    found = validated(root, ended, signer, crl(root, day(6)), crl(ended, day(5, 20)))
    reason, code, parameters = told(found)
    assert (reason, code) == (SubIndication.OUT_OF_BOUNDS_NO_POE, "HB-S042")
    assert parameters["until"] == "01/06/2026"


def test_in_its_first_second_a_certificate_is_valid_and_its_status_is_asked_for(root, issuer):
    signer = issued("Signer", issuer, ca=False, since=day(6))
    second = timedelta(seconds=1)
    for at, expected in (
        (day(6) - second, (SubIndication.NOT_YET_VALID, "HB-S043")),
        (day(6), (SubIndication.TRY_LATER, "HB-S060")),
    ):
        assert told(validated(root, issuer, signer, crl(root, day(5, 20)), at=at))[:2] == expected


PARTIAL = x509.IssuingDistributionPoint(
    full_name=None,
    relative_name=None,
    only_contains_user_certs=False,
    only_contains_ca_certs=False,
    only_some_reasons=frozenset([COMPROMISED]),
    indirect_crl=False,
    only_contains_attribute_certs=False,
)


@pytest.mark.parametrize("extension", [PARTIAL, x509.DeltaCRLIndicator(5), None])
def test_a_forged_crl_extends_no_status(root, issuer, expired, extension):
    """Sliding looks at no signature, so it must see what was found genuine, and that alone."""
    stale = crl(issuer, day(2))
    paths = validator(root, crl(root, day(6)), stale, intermediates=[issuer])
    forger = ec.generate_private_key(ec.SECP256R1())
    forged = crl(issuer, day(5, 25), extension=extension, key=forger)
    material = ValidationMaterial(crls=(forged,))
    assert proved(paths, expired, day(4), material).sub_indication is SubIndication.NO_POE
    assert passes(proved(paths, expired, day(2, 20), material))


def test_an_older_good_answer_does_not_end_a_suspension(root, issuer, signer):
    """Neither beside the CRL of the suspension nor when that has gone stale before it."""
    answers = ValidationMaterial(ocsp_responses=(good(signer, issuer, day(6)),))
    for until in (day(7), day(6, 12)):
        held = crl(issuer, day(6, 10), (signer, day(6, 8), HELD), until=until)
        paths = validator(root, crl(root, day(6)), held, intermediates=[issuer])
        found = paths.validate(read_certificate(signer.der), answers, None, NOW)
        assert told(found)[0] is SubIndication.TRY_LATER
        assert told(found)[2]["since"] == "2026-06-08T00:00:00+00:00"
        assert found.revoked_at == day(6, 8)


def test_a_good_answer_of_the_same_second_ends_no_suspension(root, issuer, signer):
    held = crl(issuer, day(6, 10), (signer, day(6, 8), HELD), until=day(6, 12))
    same = crl(issuer, day(6, 10))
    for lists in ((held, same), (same, held)):
        found = validated(root, issuer, signer, crl(root, day(6)), *lists)
        assert told(found)[:2] == (SubIndication.TRY_LATER, "HB-S064")


def test_a_suspension_begins_with_its_date(root, issuer, signer):
    lists = (crl(root, day(6)), crl(issuer, day(6, 5), (signer, day(6, 10), HELD)))
    second = timedelta(seconds=1)
    assert passes(validated(root, issuer, signer, *lists, at=day(6, 10) - second).verdict)
    for at in (day(6, 10), day(6, 10) + second):
        found = validated(root, issuer, signer, *lists, at=at)
        assert told(found)[:2] == (SubIndication.TRY_LATER, "HB-S064")


def test_a_list_of_the_future_ends_no_suspension(root, issuer, signer):
    answers = ValidationMaterial(ocsp_responses=(good(signer, issuer, day(6)),))
    held = crl(issuer, day(6, 10), (signer, day(6, 8), HELD), until=day(6, 12))
    lists = (crl(root, day(6)), held, crl(issuer, day(6, 20)))
    found = validated(root, issuer, signer, *lists, material=answers)
    assert told(found)[:2] == (SubIndication.TRY_LATER, "HB-S064")
    later = validated(root, issuer, signer, *lists, at=day(6, 21), material=answers)
    assert passes(later.verdict)


def test_data_must_reach_to_the_last_second_of_what_expired(root, issuer, expired):
    for seconds, expected in (
        (-1, SubIndication.OUT_OF_BOUNDS_NO_POE),
        (0, SubIndication.OUT_OF_BOUNDS_NOT_REVOKED),
    ):
        listed = crl(issuer, day(5, 20), until=day(6) + timedelta(seconds=seconds))
        found = validated(root, issuer, expired, crl(root, day(6)), listed)
        assert told(found)[0] is expected


def test_a_list_that_forgets_what_expired_ends_no_suspension(root, issuer, expired):
    lists = [
        crl(root, day(6)),
        crl(issuer, day(5, 5), until=day(6, 20)),
        crl(issuer, day(5, 20), (expired, day(5, 10), HELD), until=day(6, 3)),
        crl(issuer, day(6, 10)),
    ]
    found = validated(root, issuer, expired, *lists)
    assert told(found)[:2] == (SubIndication.OUT_OF_BOUNDS_NO_POE, "HB-S042")
    found = validated(root, issuer, expired, *lists, crl(issuer, day(5, 25)))
    assert told(found)[:2] == (SubIndication.OUT_OF_BOUNDS_NOT_REVOKED, "HB-S065")


def test_a_newer_good_answer_ends_a_suspension(root, issuer, signer):
    held = crl(issuer, day(6), (signer, day(6), HELD), until=day(6, 12))
    paths = validator(root, crl(root, day(6)), held, intermediates=[issuer])
    answers = ValidationMaterial(ocsp_responses=(good(signer, issuer, day(6, 13)),))
    assert passes(paths.validate(read_certificate(signer.der), answers, None, NOW).verdict)


def test_a_signature_of_a_suspension_that_never_ended_does_not_pass(root, issuer, expired):
    lists = [
        crl(issuer, day(5, 5), until=day(6, 20)),
        crl(issuer, day(5, 20), (expired, day(5, 10), HELD), until=day(6, 3)),
    ]
    paths = validator(root, crl(root, day(6)), *lists, intermediates=[issuer])
    assert proved(paths, expired, day(5, 12)).sub_indication is SubIndication.TRY_LATER
    lists.append(crl(issuer, day(5, 25)))  # let go: as if it had never been (RFC 5280 5.3.1)
    paths = validator(root, crl(root, day(6)), *lists, intermediates=[issuer])
    assert passes(proved(paths, expired, day(5, 12)))


def test_a_subscriber_cannot_make_a_labyrinth_of_authorities(root, issuer):
    """A hundred paths that lead nowhere for every certificate that is no authority's."""
    attacker = issued("Attacker", issuer, ca=False)
    loop = issued("Loop", attacker)
    real = x509.SubjectKeyIdentifier.from_public_key(issuer.key.public_key())
    first, second = x509.SubjectKeyIdentifier(b"1" * 20), x509.SubjectKeyIdentifier(b"2" * 20)
    to_first, to_second = (
        x509.AuthorityKeyIdentifier(each.digest, None, None) for each in (first, second)
    )
    posing = ec.generate_private_key(ec.SECP256R1())
    fakes = Party(loop.certificate, posing)
    hints = [attacker, loop]
    for _ in range(8):
        hints.append(issued("Issuer", loop, key=posing, ids=(real, to_first)))
        hints.append(issued("Issuer", loop, key=posing, ids=(second, to_first)))
        hints.append(
            issued("Loop", fakes, key=loop.key, as_issuer="Issuer", ids=(first, to_second))
        )
    leaf = issued("Signer", attacker, ca=False)
    paths = validator(root, crl(root, day(6)), crl(issuer, day(6)), intermediates=[issuer])
    material = ValidationMaterial(certificates=tuple(each.der for each in hints))
    started = time.process_time()
    found = paths.validate(read_certificate(leaf.der), material, None, NOW)
    assert found.verdict.sub_indication is SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
    assert time.process_time() - started < 2


def test_a_kept_verdict_ends_with_the_certificate_of_the_responder(root, issuer, signer):
    delegated = [x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), x509.OCSPNoCheck()]
    until = NOW + timedelta(minutes=1)
    responder = issued("Responder", issuer, ca=False, until=until, extensions=delegated)
    answer = good(signer, issuer, day(6, 10), responder)
    paths = validator(root, crl(root, day(6)), intermediates=[issuer])
    material = ValidationMaterial(ocsp_responses=(answer,))
    certificate = read_certificate(signer.der)
    assert passes(paths.validate(certificate, material, None, NOW).verdict)
    assert not passes(paths.validate(certificate, material, None, NOW + timedelta(hours=1)).verdict)


@pytest.mark.parametrize(
    ("reason", "proof", "passes"),
    [
        (COMPROMISED, day(3), False),
        (COMPROMISED, day(2), False),
        (COMPROMISED, day(1, 15), True),
        (x509.ReasonFlags.superseded, day(3), True),
    ],
    ids=["between", "that second", "before", "another reason"],
)
def test_a_key_counts_as_lost_from_the_day_that_its_issuer_names(reason, proof, passes):
    root = issued("Root")
    issuer = issued("Issuer", root)
    signer = issued("Signer", issuer, ca=False)
    listed = crl(issuer, day(6), (signer, day(4), reason, day(2)))
    found = proved(
        validator(root, crl(root, day(6)), listed, intermediates=[issuer]), signer, proof
    )
    if passes:
        assert found.indication is Indication.TOTAL_PASSED
    else:
        assert found.sub_indication is SubIndication.REVOKED_NO_POE
        assert dict(found.findings[0].parameters)["revoked"].startswith("2026-02-01")


def test_a_list_from_the_end_of_the_calendar_takes_nothing_away():
    root = issued("Root")
    issuer = issued("Issuer", root)
    signer = issued("Signer", issuer, ca=False)
    end = datetime(9999, 12, 31, 23, 59, 58, tzinfo=UTC)
    odd = crl(issuer, end, until=end + timedelta(seconds=1))
    lists = (crl(root, day(6)), crl(issuer, day(6)))
    paths = validator(root, *lists, intermediates=[issuer])
    found = paths.validate(read_certificate(signer.der), ValidationMaterial(crls=(odd,)), None, NOW)
    assert found.verdict.indication is Indication.TOTAL_PASSED


def test_revocation_is_looked_at_in_the_first_second_of_a_certificate(root, issuer, signer):
    first = signer.certificate.not_valid_before_utc
    paths = validator(root, crl(root, first), crl(issuer, first), intermediates=[issuer])
    found = paths.validate(read_certificate(signer.der), NOTHING, None, first)
    assert passes(found.verdict)
    assert [each.subject for each in found.revocation] == ["CN=Issuer", "CN=Signer"]


# ------------------------------------------------ faults of the path itself, at a proved time


def past(paths, party, time_):
    """The certificate's past validation, whatever it comes to today."""
    certificate = read_certificate(party.der)
    return paths.validate_past(
        certificate, NOTHING, None, at=NOW, best_signature_time=time_
    ).verdict


def test_the_past_forgives_no_fault_of_the_certificate(root, issuer):
    lists = [crl(root, day(6)), crl(issuer, day(5, 20))]
    odd = issued("Signer", issuer, ca=False, extensions=[UNKNOWN])
    found = past(validator(root, *lists, intermediates=[issuer]), odd, day(5, 24))
    assert found.indication is Indication.INDETERMINATE
    assert found.sub_indication is SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
    assert [each.code for each in found.findings] == ["HB-S044"]
    assert "1.2.3.4.5" in dict(found.findings[0].parameters)["reason"]


def test_the_past_forgives_no_key_that_the_table_never_allowed(root):
    odd = issued("Issuer", root, key=ec.generate_private_key(ec.SECP256K1()))
    signer = issued("Signer", odd, ca=False)
    lists = [crl(root, day(6)), crl(odd, day(5, 20))]
    found = past(validator(root, *lists, intermediates=[odd]), signer, day(5, 24))
    assert found.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
    assert [each.code for each in found.findings] == ["HB-S046"]


def test_the_past_forgives_no_certificate_by_an_algorithm_that_had_ended_by_then(root):
    """SHA-1 ended in 2012: what rests on it is not merely known until then."""
    key = insecure_rsa_key("tests/proved-time")
    issuer = issued("Issuer", root, key=key)
    parsed = asn1_x509.Certificate.load(issued("Signer", issuer, ca=False).der)
    body, algorithm = parsed["tbs_certificate"], {"algorithm": "sha1_rsa"}
    body["signature"] = algorithm
    signature = key.sign(body.dump(force=True), padding.PKCS1v15(), hashes.SHA1())  # noqa: S303
    weak = asn1_x509.Certificate(
        {"tbs_certificate": body, "signature_algorithm": algorithm, "signature_value": signature}
    )
    signer = Party(x509.load_der_x509_certificate(weak.dump()), key)
    paths = validator(root, crl(root, day(6)), crl(issuer, day(6)), intermediates=[issuer])
    found = past(paths, signer, day(5, 24))
    assert found.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
    assert [each.code for each in found.findings] == ["HB-S046"]


def test_the_past_reaches_from_the_first_second_of_a_certificate_to_its_last(root, issuer):
    signer = issued("Signer", issuer, ca=False, since=day(3), until=day(6))
    lists = [crl(root, day(6)), crl(issuer, day(5, 20))]
    paths = validator(root, *lists, intermediates=[issuer])
    second = timedelta(seconds=1)
    for time_, expected in (
        (day(3) - second, SubIndication.NOT_YET_VALID),
        (day(3), None),
        (day(6), None),
        (day(6) + second, SubIndication.OUT_OF_BOUNDS_NO_POE),
    ):
        assert past(paths, signer, time_).sub_indication is expected


def test_the_past_reaches_to_the_last_second_that_revocation_data_speaks_of(root, issuer, expired):
    lists = [crl(root, day(6)), crl(issuer, day(3), until=day(4))]
    paths = validator(root, *lists, intermediates=[issuer])
    assert passes(past(paths, expired, day(4)))
    later = past(paths, expired, day(4) + timedelta(seconds=1))
    assert later.sub_indication is SubIndication.NO_POE
    assert [each.code for each in later.findings] == ["HB-S073"]


def test_the_present_forgives_no_key_that_the_table_never_allowed(root):
    odd = issued("Issuer", root, key=ec.generate_private_key(ec.SECP256K1()))
    signer = issued("Signer", odd, ca=False)
    found = validated(root, odd, signer, crl(root, day(6)), crl(odd, day(6)))
    assert told(found)[:2] == (SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE, "HB-S046")


def test_a_later_revocation_of_the_authority_hides_no_suspension_of_the_signer(
    root, issuer, signer
):
    paths = validator(
        root,
        crl(root, day(6), (issuer, day(5, 20), x509.ReasonFlags.ca_compromise)),
        crl(issuer, day(5, 10), (signer, day(5), HELD)),
        intermediates=[issuer],
    )
    found = past(paths, signer, day(5, 5))
    assert found.sub_indication is SubIndication.TRY_LATER
    assert dict(found.findings[0].parameters)["subject"] == "CN=Signer"


def test_an_anchor_is_believed_beyond_the_end_of_its_certificate():
    """What is trusted, and until when, the trust store says (RFC 5280 6.1.1 d)."""
    root = issued("Root", until=day(5))
    issuer = issued("Issuer", root)
    signer = issued("Signer", issuer, ca=False)
    lists = (crl(root, day(6)), crl(issuer, day(6)))
    found = validated(root, issuer, signer, *lists)
    assert passes(found.verdict)
    assert len(found.revocation) == 2
    paths = validator(root, *lists, intermediates=[issuer])
    assert passes(past(paths, signer, day(6, 10)))


def test_a_signer_who_is_an_anchor_needs_no_path():
    alone = issued("Signer", ca=False)
    paths = validator(alone, intermediates=[])
    found = paths.validate(read_certificate(alone.der), NOTHING, None, NOW)
    assert passes(found.verdict)
    assert found.chain == (alone.der,)
    assert passes(past(paths, alone, day(6)))


def signed_again(crl_, key, method, hash_):
    """The same list, signed by an algorithm that no library would sign it by any more."""
    parsed = asn1_crl.CertificateList.load(crl_)
    algorithm = algos.SignedDigestAlgorithm({"algorithm": method})
    body = parsed["tbs_cert_list"]
    body["signature"] = algorithm
    return asn1_crl.CertificateList(
        {
            "tbs_cert_list": body,
            "signature_algorithm": algorithm,
            "signature": key.sign(body.dump(force=True), padding.PKCS1v15(), hash_),
        }
    ).dump()


@pytest.mark.parametrize(
    ("method", "hash_", "sub_indication", "codes"),
    [
        ("sha256_rsa", hashes.SHA256(), None, []),
        ("sha1_rsa", hashes.SHA1(), SubIndication.NO_POE, ["HB-S073"]),  # noqa: S303
        (
            "md5_rsa",
            hashes.MD5(),  # noqa: S303
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
            ["HB-S046"],
        ),
    ],
)
def test_the_past_rests_on_no_crl_by_a_weak_algorithm(root, method, hash_, sub_indication, codes):
    """SHA-1 was good until 2012, and a signature of then would pass; MD5 was good never."""
    key = insecure_rsa_key("tests/proved-time")
    issuer = issued("Issuer", root, key=key)
    signer = issued("Signer", issuer, ca=False, until=day(6))
    listed = signed_again(crl(issuer, day(5, 20)), key, method, hash_)
    paths = validator(root, crl(root, day(6)), listed, intermediates=[issuer])
    found = past(paths, signer, day(5, 24))
    assert found.sub_indication is sub_indication
    assert [each.code for each in found.findings] == codes


@pytest.mark.parametrize(
    ("method", "hash_"),
    [("sha1_rsa", hashes.SHA1()), ("md5_rsa", hashes.MD5())],  # noqa: S303
)
def test_the_present_rests_on_no_crl_by_a_weak_algorithm(root, method, hash_):
    key = insecure_rsa_key("tests/proved-time")
    issuer = issued("Issuer", root, key=key)
    signer = issued("Signer", issuer, ca=False)
    good = crl(issuer, day(6))
    for der, expected in (
        (signed_again(good, key, method, hash_), SubIndication.TRY_LATER),
        (signed_again(good, key, "sha256_rsa", hashes.SHA256()), None),
    ):
        paths = validator(root, crl(root, day(6)), der, intermediates=[issuer])
        found = paths.validate(read_certificate(signer.der), NOTHING, None, NOW).verdict
        assert found.sub_indication is expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [(-1, None), (0, SubIndication.REVOKED_NO_POE), (1, SubIndication.REVOKED_NO_POE)],
)
def test_a_certificate_is_revoked_from_the_very_second_on(root, after, expected):
    issuer = issued("Issuer", root)
    signer = issued("Signer", issuer, ca=False)
    listed = crl(issuer, day(6), (signer, day(6, 10), COMPROMISED))
    paths = validator(root, crl(root, day(6)), listed, intermediates=[issuer])
    at = day(6, 10) + timedelta(seconds=after)
    found = paths.validate(read_certificate(signer.der), NOTHING, None, at).verdict
    assert found.sub_indication is expected


# ------------------------------------------------ authorities beside what ends and begins


def test_an_authority_revoked_after_the_end_of_its_certificate_is_revoked_for_good(
    root, issuer, expired
):
    """Not on hold: nobody is to wait for what no later data can lift."""
    above = crl(root, day(6, 12), (issuer, day(6, 10), x509.ReasonFlags.ca_compromise))
    found = validated(root, issuer, expired, above, crl(issuer, day(5, 20)))
    reason, code, parameters = told(found)
    assert (reason, code) == (SubIndication.REVOKED_CA_NO_POE, "HB-S063")
    assert parameters["issuer"] == "CN=Issuer"
    assert found.revoked_at == day(6, 10)


def test_an_authority_whose_key_was_lost_proves_nothing_from_that_day_on(root, issuer, expired):
    """Also where the revocation came after the end of the certificate that is looked at."""
    entry = (issuer, day(6, 10), x509.ReasonFlags.ca_compromise, day(2))
    paths = validator(
        root, crl(root, day(6, 12), entry), crl(issuer, day(5, 20)), intermediates=[issuer]
    )
    certificate = read_certificate(expired.der)
    found = paths.validate_past(certificate, NOTHING, None, at=NOW, best_signature_time=day(3))
    assert told(found)[:2] == (SubIndication.REVOKED_CA_NO_POE, "HB-S072")


def test_an_authority_on_hold_is_named_also_after_the_end_of_its_certificate(root, issuer, expired):
    above = crl(root, day(6, 12), (issuer, day(6, 10), HELD))
    found = validated(root, issuer, expired, above, crl(issuer, day(5, 20)))
    assert told(found) == (
        SubIndication.TRY_LATER,
        "HB-S064",
        {
            "subject": "CN=Issuer",
            "since": "2026-06-10T00:00:00+00:00",
            "until": "2026-07-12T00:00:00+00:00",
        },
    )


def test_an_authority_revoked_before_its_certificate_begins_is_told_as_revoked(root, issuer):
    later = issued("Signer", issuer, ca=False, since=day(7))
    above = crl(root, day(6), (issuer, day(5), x509.ReasonFlags.ca_compromise))
    found = validated(root, issuer, later, above, crl(issuer, day(6)))
    assert told(found)[:2] == (SubIndication.REVOKED_CA_NO_POE, "HB-S063")


def test_no_signature_of_the_very_second_of_the_revocation_is_older_than_it(root, issuer, signer):
    listed = crl(issuer, day(6), (signer, NOW, COMPROMISED))
    paths = validator(root, crl(root, day(6)), listed, intermediates=[issuer])
    assert past(paths, signer, NOW).sub_indication is SubIndication.REVOKED_NO_POE


def test_data_that_is_stale_beside_data_of_the_future_is_stale(root, issuer, signer):
    lists = (crl(root, day(6)), crl(issuer, day(2)), crl(issuer, day(7)))
    reason, code, parameters = told(validated(root, issuer, signer, *lists))
    assert (reason, code) == (SubIndication.TRY_LATER, "HB-S061")
    assert parameters["until"] == "2026-03-03T00:00:00+00:00"


def test_of_stale_data_it_is_told_how_long_the_last_of_it_was_good(root, issuer, signer):
    last, first = crl(issuer, day(3)), crl(issuer, day(2))
    for lists in ((first, last), (last, first)):
        _, code, parameters = told(validated(root, issuer, signer, crl(root, day(6)), *lists))
        assert (code, parameters["until"]) == ("HB-S061", "2026-03-31T00:00:00+00:00")


def test_an_answer_about_a_certificate_that_names_no_responder_is_not_enough(root, issuer):
    silent = issued("Signer", issuer, ca=False, names_responder=False)
    speaking = issued("Signer", issuer, ca=False)
    times = (day(6, 10), NOW, NOW - MONTH)  # some day, the first second of the answer, the last
    for party, at in (*((silent, each) for each in times), (speaking, day(6, 10))):
        answers = ValidationMaterial(ocsp_responses=(good(party, issuer, at),))
        found = validated(root, issuer, party, crl(root, day(6)), material=answers)
        assert passes(found.verdict) is (party is speaking)
        if party is silent:
            assert told(found)[:2] == (SubIndication.TRY_LATER, "HB-S066")


@pytest.mark.parametrize(
    ("cutoff", "expected"),
    [
        (day(1), SubIndication.OUT_OF_BOUNDS_NOT_REVOKED),
        (day(6), SubIndication.OUT_OF_BOUNDS_NOT_REVOKED),
        (day(6, 2), SubIndication.OUT_OF_BOUNDS_NO_POE),
        (None, SubIndication.OUT_OF_BOUNDS_NO_POE),
    ],
    ids=["before its end", "its end", "after its end", "none"],
)
def test_an_answer_speaks_of_what_expired_since_its_archive_cutoff(
    root, issuer, expired, cutoff, expected
):
    """RFC 6960 4.4.4: a responder that keeps what it knows of expired certificates says so."""
    answer = good(expired, issuer, day(6, 10), cutoff=cutoff)
    answers = ValidationMaterial(ocsp_responses=(answer,))
    found = validated(root, issuer, expired, crl(root, day(6)), material=answers)
    assert found.verdict.sub_indication is expected
