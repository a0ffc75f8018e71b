"""Signing keys in PKCS#12 files (RFC 7292)."""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from signing.errors import SigningKeyError
from signing.keys.key import SoftwareKey


def read_pkcs12(path: Path, password: str | None) -> SoftwareKey:
    """The key in a PKCS#12 file; raises `SigningKeyError`."""
    try:
        content = pkcs12.load_pkcs12(path.read_bytes(), password.encode() if password else None)
    except OSError as error:
        raise SigningKeyError(f"{path.name}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SigningKeyError(f"{path.name}: wrong password or not PKCS#12") from error
    key = content.key
    if content.cert is None or not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise SigningKeyError(f"{path.name}: holds no RSA or EC key with its certificate")
    return SoftwareKey(
        key, content.cert.certificate, tuple(each.certificate for each in content.additional_certs)
    )


def pkcs12_bytes(key: SoftwareKey, password: str, name: str) -> bytes:
    """A PKCS#12 file with the key, its certificate and chain; raises `SigningKeyError`.

    The password is demanded: a key on disk without one is nobody's own.
    """
    if not password:
        raise SigningKeyError(f"{name}: a PKCS#12 file needs a password")
    return pkcs12.serialize_key_and_certificates(
        name.encode(),
        key.private_key,
        key.certificate,
        key.chain or None,
        BestAvailableEncryption(password.encode()),
    )


def write_pkcs12(path: Path, key: SoftwareKey, password: str) -> None:
    """Write the key as a PKCS#12 file that only its owner may read; never replaces a file.

    Raises `SigningKeyError`.
    """
    content = pkcs12_bytes(key, password, path.stem)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
    except OSError as error:
        raise SigningKeyError(f"{path.name}: cannot be written: {error.strerror}") from error
