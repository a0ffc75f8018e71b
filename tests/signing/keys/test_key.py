"""Signing keys: what they sign, and how they are kept in PKCS#12 files."""

import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.serialization import NoEncryption, pkcs12

from signing.errors import SigningKeyError
from signing.keys.key import ECDSA_SHA256, RSA_SHA256
from signing.keys.pkcs12 import read_pkcs12, write_pkcs12
from tests.support import signing_kit as kit

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


@pytest.mark.parametrize("role", ["GVCN", "CBQL"])
def test_written_key_is_read_back_with_its_chain(tmp_path: Path, role: str) -> None:
    path = tmp_path / "khoá.p12"
    key = kit.signer_of(role)
    write_pkcs12(path, key, "mật khẩu")
    read = read_pkcs12(path, "mật khẩu")
    assert read.certificate == key.certificate
    assert read.chain == (kit.issuer().certificate,)
    assert read.sign_digest(DIGEST) == key.sign_digest(DIGEST)


def test_only_the_owner_may_read_a_key_file(tmp_path: Path) -> None:
    path = tmp_path / "key.p12"
    write_pkcs12(path, kit.signer_of("GVCN"), "secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key.p12"
    path.write_bytes(b"someone's key")
    with pytest.raises(SigningKeyError, match="cannot be written"):
        write_pkcs12(path, kit.signer_of("GVCN"), "secret")
    assert path.read_bytes() == b"someone's key"


def test_a_key_file_needs_a_password(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match="needs a password"):
        write_pkcs12(tmp_path / "key.p12", kit.signer_of("GVCN"), "")
    assert list(tmp_path.iterdir()) == []


def test_wrong_password_is_said(tmp_path: Path) -> None:
    path = tmp_path / "key.p12"
    write_pkcs12(path, kit.signer_of("GVCN"), "secret")
    for password in ("other", None):
        with pytest.raises(SigningKeyError, match="wrong password or not PKCS#12"):
            read_pkcs12(path, password)


def test_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SigningKeyError, match="cannot be read"):
        read_pkcs12(tmp_path / "none.p12", "secret")


@pytest.mark.parametrize("with_certificate", [True, False])
def test_file_without_a_usable_key_and_certificate_is_refused(
    tmp_path: Path, *, with_certificate: bool
) -> None:
    key = kit.signer_of("GVCN")
    private = dsa.generate_private_key(2048) if with_certificate else key.private_key
    content = pkcs12.serialize_key_and_certificates(
        b"x",
        None if with_certificate else private,
        key.certificate if with_certificate else None,
        None,
        NoEncryption(),
    )
    path = tmp_path / "key.p12"
    path.write_bytes(content)
    with pytest.raises(SigningKeyError, match="holds no RSA or EC key"):
        read_pkcs12(path, None)
