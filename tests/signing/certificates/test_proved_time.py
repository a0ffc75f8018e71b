"""What a proof of time lifts, and what it must not: paths that end, are revoked, are on hold."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import algos
from asn1crypto import crl as asn1_crl
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from hocba.sample.insecure_keys import insecure_rsa_key
from signing.certificates.certificate import read_certificate
from signing.certificates.path import PathValidator, ValidationMaterial
from signing.certificates.trust import Purpose, TrustAnchor, TrustStore
from signing.constraints import default_constraints
from signing.report import PASSED, Indication, SubIndication, TimestampKind, TimestampValidation
from signing.validation.basic import BasicValidation
from signing.validation.with_time import validate_with_time
from signing.xades.signed_properties import SignedProperties

NOTHING = ValidationMaterial()
MONTH = timedelta(days=30)
COMPROMISED = x509.ReasonFlags.key_compromise
HELD = x509.ReasonFlags.certificate_hold


def day(month, number=1, year=2026):
    return datetime(year, month, number, tzinfo=UTC)


NOW = day(6, 15)


@dataclass(frozen=True)
class Party:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def der(self):
        return self.certificate.public_bytes(Encoding.DER)


def named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def issued(
    subject, issuer=None, *, ca=True, until=None, extensions=(), key=None, as_issuer=None, ids=()
):
    """A certificate by *issuer* (None: by itself); *ids* are its SKI and AKI where odd."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    by = issuer.key if issuer else key
    issuer_name = issuer.certificate.subject if issuer else named(subject)
    own, authority = ids or (None, None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(as_issuer) if as_issuer else issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(day(1, year=2025))
        .not_valid_after(until or day(1, year=2030))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(own or x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        .add_extension(
            authority or x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), False
        )
    )
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only"), False
    )
    builder = builder.add_extension(
        x509.KeyUsage(
            digital_signature=not ca,
            content_commitment=not ca,
            key_cert_sign=ca,
            crl_sign=ca,
            decipher_only=False,
            **usage,
        ),
        critical=True,
    )
    at_responder = x509.UniformResourceIdentifier("http://ocsp.example/")
    access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, at_responder)
    builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=True)
    return Party(builder.sign(by, hashes.SHA256()), key)


def crl(issuer, at, *revoked, until=None, extension=None, key=None):
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(at)
        .next_update(until or at + MONTH)
        .add_extension(x509.CRLNumber(int(at.timestamp())), critical=False)
    )
    if extension is not None:
        builder = builder.add_extension(extension, critical=True)
    for party, when, reason, *lost in revoked:
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(party.certificate.serial_number)
            .revocation_date(when)
            .add_extension(x509.CRLReason(reason), critical=False)
        )
        for since in lost:
            invalid = x509.InvalidityDate(since.replace(tzinfo=None))
            entry = entry.add_extension(invalid, critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(key or issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


def good(party, issuer, at, responder=None):
    """An OCSP response by the authority, or its *responder*, that says good, fresh for a month."""
    by = responder or issuer
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=party.certificate,
        issuer=issuer.certificate,
        algorithm=hashes.SHA1(),  # noqa: S303 -- names a certificate
        cert_status=ocsp.OCSPCertStatus.GOOD,
        this_update=at,
        next_update=at + MONTH,
        revocation_time=None,
        revocation_reason=None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, by.certificate)
    builder = builder.certificates([by.certificate])
    return builder.sign(by.key, hashes.SHA256()).public_bytes(Encoding.DER)


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


def validator(root, *crls, intermediates):
    anchor = TrustAnchor(
        certificate=root.certificate,
        der=root.der,
        sha256=read_certificate(root.der).sha256,
        purposes=frozenset(Purpose),
        valid_from=None,
        valid_until=None,
        source="test",
    )
    known = tuple(each.der for each in intermediates)
    return PathValidator(TrustStore((anchor,), known, "test", crls))


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
    paths = validator(root, crl(root, day(6)), *lists, intermediates=[issuer])
    assert proved(paths, signer, day(3)).sub_indication is SubIndication.REVOKED_NO_POE


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
        assert found.verdict.sub_indication is SubIndication.TRY_LATER
        assert found.revoked_at == day(6, 8)


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
    assert found.sub_indication is SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE
    assert [each.code for each in found.findings] == ["HB-S044"]


def test_the_past_forgives_no_key_that_the_table_never_allowed(root):
    odd = issued("Issuer", root, key=ec.generate_private_key(ec.SECP256K1()))
    signer = issued("Signer", odd, ca=False)
    lists = [crl(root, day(6)), crl(odd, day(5, 20))]
    found = past(validator(root, *lists, intermediates=[odd]), signer, day(5, 24))
    assert found.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
    assert [each.code for each in found.findings] == ["HB-S046"]


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
