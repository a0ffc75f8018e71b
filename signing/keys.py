"""One interface to every signing key: digest in, raw signature out.

PKCS#12 files today; tokens and remote signing services fit behind the same protocol.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from signing.errors import SigningKeyError

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"


class SigningKey(Protocol):
    """A private key that never leaves its holder, with its certificate."""

    @property
    def certificate(self) -> x509.Certificate:
        """The signing certificate."""
        ...

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """Issuing certificates, nearest first, without the anchor; may be empty."""
        ...

    @property
    def signature_algorithm(self) -> str:
        """URI of the XML-DSig SignatureMethod that `sign_digest` gives; always with SHA-256."""
        ...

    def sign_digest(self, digest: bytes) -> bytes:
        """The SignatureValue octets over a SHA-256 *digest*: PKCS#1 v1.5, or r‖s for ECDSA."""
        ...


@dataclass(frozen=True, slots=True)
class SoftwareKey:
    """A signing key in memory; ECDSA nonces are deterministic (RFC 6979)."""

    private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def signature_algorithm(self) -> str:
        """See `SigningKey`."""
        return RSA_SHA256 if isinstance(self.private_key, rsa.RSAPrivateKey) else ECDSA_SHA256

    def sign_digest(self, digest: bytes) -> bytes:
        """See `SigningKey`."""
        prehashed = Prehashed(hashes.SHA256())
        key = self.private_key
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(digest, padding.PKCS1v15(), prehashed)
        der = key.sign(digest, ec.ECDSA(prehashed, deterministic_signing=True))
        r, s = decode_dss_signature(der)
        size = (key.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


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
