"""Values that are computed, and those that nothing can be said of."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from hocba.sample.insecure_keys import insecure_ec_key, insecure_rsa_key
from signing.foreign.arithmetic import value_fits
from tests.support.forge import ECDSA_SHA256, RSA_SHA256

OCTETS = b"<SignedInfo/>"
KEY = insecure_ec_key("tests/arithmetic", ec.SECP256R1())
RSA_KEY = insecure_rsa_key("tests/arithmetic")
PSS_SHA512 = "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1"


def value() -> bytes:
    r, s = decode_dss_signature(KEY.sign(OCTETS, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def test_a_value_fits_its_octets_and_no_others():
    assert value_fits(ECDSA_SHA256, KEY.public_key(), value(), OCTETS) is True
    assert value_fits(ECDSA_SHA256, KEY.public_key(), value(), b"<SignedInfo />") is False


def test_a_value_of_another_length_does_not_fit():
    assert value_fits(ECDSA_SHA256, KEY.public_key(), value()[:-1], OCTETS) is False


@pytest.mark.parametrize(
    ("method", "key"),
    [
        ("urn:khac", KEY),
        (RSA_SHA256, KEY),
        (ECDSA_SHA256, RSA_KEY),
        (ECDSA_SHA256, insecure_ec_key("tests/arithmetic", ec.SECP256K1())),
    ],
)
def test_nothing_is_computed_by_a_method_or_key_that_is_not_known(method, key):
    assert value_fits(method, key.public_key(), value(), OCTETS) is None


def test_a_key_too_small_for_the_padding_proves_nothing():
    numbers = rsa.RSAPublicNumbers(65537, (1 << 511) + 1)
    assert value_fits(PSS_SHA512, numbers.public_key(), bytes(64), OCTETS) is None
