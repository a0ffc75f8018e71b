"""Signing keys in memory: what they sign, and in which scheme."""

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature

from hocba.sample.insecure_keys import insecure_ec_key
from signing.keys.key import ECDSA_SHA256, RSA_SHA256, SoftwareKey
from signing.keys.scheme import CHOICES, SCHEMES, der_ecdsa, raw_ecdsa, scheme_for
from signing.xmldsig.algorithms import WrongSignatureValueError, default_policy
from tests.support import signing_kit as kit
from tests.support.keys import key_error

DIGEST = hashlib.sha256(b"record").digest()


def test_rsa_key_signs_a_digest_with_pkcs1() -> None:
    key = kit.signer_of("CBQL")
    assert key.signature_algorithm == RSA_SHA256
    public = key.certificate.public_key()
    public.verify(key.sign_digest(DIGEST), DIGEST, padding.PKCS1v15(), Prehashed(hashes.SHA256()))


def test_ec_key_gives_r_and_s_side_by_side_and_always_the_same() -> None:
    key = kit.signer_of("GVCN")
    assert key.signature_algorithm == ECDSA_SHA256
    value = key.sign_digest(DIGEST)
    assert len(value) == 64
    assert value == key.sign_digest(DIGEST)
    der = encode_dss_signature(int.from_bytes(value[:32], "big"), int.from_bytes(value[32:], "big"))
    key.certificate.public_key().verify(der, DIGEST, ec.ECDSA(Prehashed(hashes.SHA256())))


def test_many_digests_give_what_each_gives() -> None:
    key = kit.signer_of("CBQL")
    digests = [hashlib.sha256(bytes([number])).digest() for number in range(3)]
    assert key.sign_digests(digests) == tuple(key.sign_digest(each) for each in digests)
    assert key.batch_limit == 1


def curve_key(curve: ec.EllipticCurve) -> SoftwareKey:
    return replace(kit.signer_of("GVCN"), private_key=insecure_ec_key("curve", curve))


@pytest.mark.parametrize(
    ("curve", "name", "length"),
    [
        (ec.SECP256R1(), "ecdsa-sha256", 64),
        (ec.SECP384R1(), "ecdsa-sha384", 96),
        (ec.SECP521R1(), "ecdsa-sha512", 132),
    ],
)
def test_a_curve_signs_with_the_digest_of_its_strength(
    curve: ec.EllipticCurve, name: str, length: int
) -> None:
    key = curve_key(curve)
    assert key.scheme is SCHEMES[name]
    digest = hashlib.new(key.digest_algorithm, b"record").digest()
    value = key.sign_digest(digest)
    assert len(value) == length
    public = key.private_key.public_key()
    public.verify(der_ecdsa(value), digest, ec.ECDSA(Prehashed(key.scheme.hash)))


def test_an_rsa_key_signs_with_pss_when_asked() -> None:
    key = replace(kit.signer_of("CBQL"), asked="rsa-pss")
    assert key.signature_algorithm.endswith("sha256-rsa-MGF1")
    value = key.sign_digest(DIGEST)
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    key.certificate.public_key().verify(value, DIGEST, pss, Prehashed(hashes.SHA256()))
    assert value != key.sign_digest(DIGEST)  # the salt is new


@pytest.mark.parametrize("name", list(SCHEMES))
def test_validation_takes_every_scheme_for_what_it_is(name: str) -> None:
    key = replace(kit.signer_of("GVCN" if name.startswith("ecdsa") else "CBQL"), asked=name)
    value = key.sign_digest(hashlib.new(key.digest_algorithm, b"record").digest())
    algorithm = default_policy().signatures[key.signature_algorithm]
    algorithm.verify(key.certificate.public_key(), value, b"record")
    with pytest.raises(WrongSignatureValueError):
        algorithm.verify(key.certificate.public_key(), value, b"recorD")


@pytest.mark.parametrize("asked", [*CHOICES, "rsa-sha1", "", "sha256"])
def test_a_key_signs_in_the_schemes_of_its_kind_only(asked: str) -> None:
    rsa_key = kit.signer_of("CBQL").private_key.public_key()
    ec_key = kit.signer_of("GVCN").private_key.public_key()
    for key, fits in ((rsa_key, asked.startswith("rsa")), (ec_key, asked.startswith("ecdsa"))):
        if fits and asked in CHOICES:
            assert scheme_for(key, asked).name.startswith(asked)
            continue
        with key_error("HB-K035", asked=asked):
            scheme_for(key, asked)


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (rsa.generate_private_key(65537, 1024), "RSA 1024 bit"),  # noqa: S505 -- refused
        (insecure_ec_key("k1", ec.SECP256K1()), "EC secp256k1"),
        (ed25519.Ed25519PrivateKey.generate(), "Ed25519"),
        (dsa.generate_private_key(1024), "DSA"),  # noqa: S505 -- refused
    ],
    ids=["short RSA", "odd curve", "Ed25519", "DSA"],
)
def test_a_key_that_validation_would_refuse_does_not_sign(key, found: str) -> None:
    with key_error("HB-K036", found=found):
        scheme_for(key.public_key())


def test_a_value_of_another_key_digest_or_form_is_not_the_signature() -> None:
    for role in ("GVCN", "CBQL"):
        key = kit.signer_of(role)
        value, scheme = key.sign_digest(DIGEST), key.scheme
        scheme.verify_digest(key.certificate, DIGEST, value)
        other = hashlib.sha256(b"other").digest()
        stranger = kit.signer_of("CBQL" if role == "GVCN" else "GVCN").certificate
        for certificate, digest, claimed in (
            (key.certificate, other, value),
            (key.certificate, DIGEST, value[:-1] + bytes([value[-1] ^ 1])),
            (key.certificate, DIGEST, value[:-1]),
            (key.certificate, DIGEST, b""),
            (stranger, DIGEST, value),
        ):
            with key_error("HB-K056", scheme=scheme.name):
                scheme.verify_digest(certificate, digest, claimed)


def test_r_and_s_too_long_for_the_curve_are_no_value() -> None:
    with pytest.raises(ValueError, match="longer"):
        raw_ecdsa(encode_dss_signature(1 << 256, 1), 256)
    assert raw_ecdsa(encode_dss_signature(1, 2), 256) == bytes(31) + b"\1" + bytes(31) + b"\2"
