"""The path engine is told the same algorithms and dates as the validation of signatures."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from asn1crypto import algos, core, keys, x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import DisallowedAlgorithmError
from pyhanko_certvalidator.policy_decl import AlgorithmUsagePolicy

from hocba.sample.insecure_keys import insecure_rsa_key
from signing.certificates.algorithm_usage import ends_at, path_algorithm_policy
from signing.xmldsig.algorithms import default_policy
from tests.support import signing_kit

TODAY = datetime(2026, 11, 22, tzinfo=UTC)
OF_2029 = ends_at(
    default_policy().digests["http://www.w3.org/2001/04/xmldsig-more#sha224"].accepted_until
)
OF_SHA1 = datetime(2012, 7, 31, 17, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def info(key) -> keys.PublicKeyInfo:
    return keys.PublicKeyInfo.load(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )


@cache
def rsa_key(bits: int = 2048) -> keys.PublicKeyInfo:
    if bits == 2048:
        return info(insecure_rsa_key("usage").public_key())
    return info(rsa.generate_private_key(65537, bits).public_key())


def ec_key(curve: ec.EllipticCurve) -> keys.PublicKeyInfo:
    return info(ec.generate_private_key(curve).public_key())


def method(name: str) -> algos.SignedDigestAlgorithm:
    return algos.SignedDigestAlgorithm({"algorithm": name})


def pss(digest: str, mask: str | None = None) -> algos.SignedDigestAlgorithm:
    return algos.SignedDigestAlgorithm(
        {
            "algorithm": "rsassa_pss",
            "parameters": {
                "hash_algorithm": {"algorithm": digest},
                "mask_gen_algorithm": {
                    "algorithm": "mgf1",
                    "parameters": {"algorithm": mask or digest},
                },
                "salt_length": 32,
            },
        }
    )


def allowed(name_or_method, key, moment=TODAY):
    if isinstance(name_or_method, str):
        name_or_method = method(name_or_method)
    return path_algorithm_policy().signature_algorithm_allowed(name_or_method, moment, key)


def test_the_day_begins_in_viet_nam():
    assert datetime(2028, 12, 31, 17, tzinfo=UTC) == OF_2029


def test_pkcs1_ends_in_2029_at_every_size():
    for key in (rsa_key(), rsa_key(3072), None):
        assert allowed("sha256_rsa", key, OF_2029 - MOMENT)
        after = allowed("sha256_rsa", key, OF_2029)
        assert not after
        assert after.not_allowed_after == OF_2029
        assert "2029-01-01" in after.failure_reason


def test_pss_ends_by_the_size_of_the_key():
    assert allowed(pss("sha256"), rsa_key(), OF_2029 - MOMENT)
    assert not allowed(pss("sha256"), rsa_key(), OF_2029)
    assert allowed(pss("sha256"), rsa_key(3072), OF_2029)


def test_ecdsa_has_no_end():
    for curve, name in ((ec.SECP256R1(), "sha256_ecdsa"), (ec.SECP521R1(), "sha512_ecdsa")):
        assert allowed(name, ec_key(curve), datetime(2100, 1, 1, tzinfo=UTC))
        assert allowed(name, ec_key(curve), None)
    assert allowed("sha3_256_ecdsa", ec_key(ec.SECP256R1()))


def test_sha1_was_allowed_until_2012_and_says_since_when_not():
    assert allowed("sha1_rsa", rsa_key(), OF_SHA1 - MOMENT)
    now = allowed("sha1_rsa", rsa_key())
    assert not now
    assert now.not_allowed_after == OF_SHA1


@pytest.mark.parametrize(
    "name", ["md5_rsa", "md2_rsa", "sha256_dsa", "dsa", "ed25519", "sha3_224_ecdsa"]
)
def test_what_is_not_in_the_table_is_refused_at_every_time(name):
    for moment in (datetime(1999, 1, 1, tzinfo=UTC), TODAY, None):
        refused = allowed(name, rsa_key(), moment)
        assert not refused
        assert refused.not_allowed_after is None


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("sha256_rsa", lambda: rsa_key(1024)),
        ("sha256_rsa", lambda: ec_key(ec.SECP256R1())),
        ("sha256_ecdsa", rsa_key),
        ("sha256_ecdsa", lambda: ec_key(ec.SECP224R1())),
        ("sha256_ecdsa", lambda: ec_key(ec.SECP256K1())),
        ("ecdsa", lambda: ec_key(ec.SECP192R1())),
        ("rsassa_pkcs1v15", lambda: rsa_key(1024)),
    ],
)
def test_a_key_that_is_short_or_of_another_kind_is_refused(name, key):
    refused = allowed(name, key())
    assert not refused
    assert refused.not_allowed_after is None


def test_a_small_exponent_is_refused():
    numbers = insecure_rsa_key("usage").public_key().public_numbers()
    small = info(rsa.RSAPublicNumbers(3, numbers.n).public_key())
    assert "e < 65537" in allowed("sha256_rsa", small).failure_reason


def test_a_token_may_name_the_key_alone_and_the_digest_beside_it():
    assert allowed("rsassa_pkcs1v15", rsa_key(), OF_2029 - MOMENT)
    assert not allowed("rsassa_pkcs1v15", rsa_key(), OF_2029)
    policy = path_algorithm_policy()
    sha256 = algos.DigestAlgorithm({"algorithm": "sha256"})
    sha1 = algos.DigestAlgorithm({"algorithm": "sha1"})
    assert policy.digest_algorithm_allowed(sha256, None)
    assert policy.digest_algorithm_allowed(sha1, OF_SHA1 - MOMENT)
    assert not policy.digest_algorithm_allowed(sha1, TODAY)
    assert not policy.digest_algorithm_allowed(sha1, None)
    assert not policy.digest_algorithm_allowed(algos.DigestAlgorithm({"algorithm": "md5"}), TODAY)


def test_pss_that_masks_with_another_digest_is_refused():
    assert not allowed(pss("sha256", "sha1"), rsa_key(3072))
    assert not allowed(pss("md5"), rsa_key(3072))


def test_an_algorithm_without_parameters_or_name_is_refused_without_an_error():
    assert not allowed(method("rsassa_pss"), rsa_key(3072))
    unheard = algos.SignedDigestAlgorithm({"algorithm": core.ObjectIdentifier("1.2.3.4").native})
    assert not allowed(unheard, rsa_key())


def engine(policy: AlgorithmUsagePolicy) -> CertificateValidator:
    """The path engine over an EC signer under an EC authority."""

    def load(certificate):
        return x509.Certificate.load(certificate.public_bytes(Encoding.DER))

    context = ValidationContext(
        trust_roots=[load(signing_kit.root().certificate)],
        other_certs=[load(signing_kit.issuer().certificate)],
        moment=datetime(2026, 6, 1, tzinfo=UTC),
        allow_fetching=False,
        revocation_mode="soft-fail",
        algorithm_usage_policy=policy,
    )
    certificate = load(signing_kit.signer_of("GVCN").certificate)
    return CertificateValidator(certificate, validation_context=context)


def test_a_digest_and_a_key_of_the_table_are_no_method_of_it():
    shipped = default_policy()
    few = {uri: each for uri, each in shipped.signatures.items() if each.hash_name == "sha256"}
    policy = path_algorithm_policy(replace(shipped, signatures=few))
    assert policy.signature_algorithm_allowed(method("sha256_rsa"), TODAY, rsa_key())
    refused = policy.signature_algorithm_allowed(method("sha512_rsa"), TODAY, rsa_key())
    assert not refused
    assert "not in the algorithm table" in refused.failure_reason


def test_the_path_engine_goes_by_the_table():
    shipped = default_policy()
    assert asyncio.run(engine(path_algorithm_policy(shipped)).async_validate_path())
    rsa_only = {uri: each for uri, each in shipped.signatures.items() if each.rule.kind == "rsa"}
    policy = path_algorithm_policy(replace(shipped, signatures=rsa_only))
    with pytest.raises(DisallowedAlgorithmError, match="not in the algorithm table"):
        asyncio.run(engine(policy).async_validate_path())
