"""One interface to every signing key: digest in, raw signature out.

PKCS#12 files today; tokens and remote signing services fit behind the same protocol.
"""

from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature

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
