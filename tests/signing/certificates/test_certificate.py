"""Whom a certificate names, and whether its key may sign."""

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from hocba.sample.insecure_keys import insecure_ec_key
from signing.certificates.certificate import CertificateUnreadableError, read_certificate
from signing.xmldsig.algorithms import UnfitKeyError, default_policy
from tests.support import signing_kit

UID = ObjectIdentifier("0.9.2342.19200300.100.1.1")


def certificate(*attributes, usage=None):
    key = insecure_ec_key("certificates", ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(signing_kit.START)
        .not_valid_after(signing_kit.SIGNED_AT)
    )
    if usage is not None:
        builder = builder.add_extension(x509.KeyUsage(**usage), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def usage(**granted):
    bits = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return {bit: granted.get(bit, False) for bit in bits}


@pytest.mark.parametrize(
    ("uids", "personal_id", "organization_id"),
    [
        (["CCCD:015180000001"], "015180000001", None),
        (["CMND:012345678"], "012345678", None),
        (["MST:5300100200"], None, "5300100200"),
        (["MST:5300100200-001"], None, "5300100200-001"),
        (["CCCD:015180000001", "MST:5300100200"], "015180000001", "5300100200"),
        (["CCCD:015180000001", "CCCD:015180000002"], None, None),
        (["CCCD:01518000000"], None, None),
        (["xCCCD:015180000001"], None, None),
        (["CCCD:015180000001 "], None, None),
        (["015180000001"], None, None),
        ([], None, None),
    ],
)
def test_reads_the_ids_of_the_subject(uids, personal_id, organization_id):
    der = certificate((NameOID.COMMON_NAME, "Mẫu"), *((UID, uid) for uid in uids))
    signer = read_certificate(der).signer
    assert (signer.personal_id, signer.organization_id) == (personal_id, organization_id)


def test_reads_a_seal_by_organization_identifier():
    der = certificate((NameOID.ORGANIZATION_IDENTIFIER, "MST:5300100200"))
    assert read_certificate(der).signer.organization_id == "5300100200"


@pytest.mark.parametrize(
    ("granted", "may_sign"),
    [
        ({"digital_signature": True}, True),
        ({"content_commitment": True}, True),
        ({"key_agreement": True}, False),
    ],
)
def test_key_usage_says_whether_it_may_sign(granted, may_sign):
    der = certificate((NameOID.COMMON_NAME, "Mẫu"), usage=usage(**granted))
    assert read_certificate(der).may_sign is may_sign


def test_no_key_usage_restricts_nothing():
    assert read_certificate(certificate((NameOID.COMMON_NAME, "Mẫu"))).may_sign


@pytest.mark.parametrize("der", [b"", b"\x30", b"x" * 100])
def test_refuses_octets_that_are_no_certificate(der):
    with pytest.raises(CertificateUnreadableError):
        read_certificate(der)


RSA = default_policy().signatures["http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"]
ECDSA = default_policy().signatures["http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"]


def test_refuses_a_short_rsa_key():
    key = rsa.generate_private_key(65537, 1024).public_key()  # noqa: S505 -- to be refused
    with pytest.raises(UnfitKeyError, match="1024 bit < 2048"):
        RSA.refuse_unfit(key)


def test_refuses_a_small_rsa_exponent():
    key = rsa.RSAPublicNumbers(e=3, n=(1 << 2047) + 1).public_key()
    with pytest.raises(UnfitKeyError, match="65537"):
        RSA.refuse_unfit(key)


def test_refuses_a_curve_that_is_not_listed():
    key = ec.generate_private_key(ec.SECP256K1()).public_key()
    with pytest.raises(UnfitKeyError, match="secp256k1"):
        ECDSA.refuse_unfit(key)


def test_refuses_a_key_of_another_kind():
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    with pytest.raises(UnfitKeyError, match="PublicKey"):
        RSA.refuse_unfit(key)
    with pytest.raises(UnfitKeyError):
        RSA.verify(key, b"", b"")
