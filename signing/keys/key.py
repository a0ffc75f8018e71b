"""One interface to every signing key: digest in, raw signature out.

`pkcs12` keeps a key in a file, `pkcs11` asks a token or HSM, `remote` a signing service.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from signing.keys.scheme import ECDSA_SHA256, RSA_SHA256, SignatureScheme, raw_ecdsa, scheme_for

__all__ = ["ECDSA_SHA256", "RSA_SHA256", "SigningKey", "SoftwareKey", "sign_all"]


class SigningKey(Protocol):
    """A private key that never leaves its holder, with its certificate.

    What it raises is a `SigningKeyError`; a signature that it returns is whole and its own.
    """

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
        """URI of the XML-DSig SignatureMethod that `sign_digest` gives."""
        ...

    @property
    def digest_algorithm(self) -> str:
        """The digest that `sign_digest` takes, as hashlib names it."""
        ...

    @property
    def batch_limit(self) -> int:
        """How many digests one `sign_digests` takes; 1 where a batch gains nothing."""
        ...

    def sign_digest(self, digest: bytes) -> bytes:
        """The SignatureValue octets over *digest*; for ECDSA r‖s."""
        ...

    def sign_digests(self, digests: Sequence[bytes]) -> tuple[bytes, ...]:
        """The SignatureValue octets over every one of *digests*, in order: all or an error."""
        ...


def sign_all(key: SigningKey, digests: Sequence[bytes]) -> tuple[bytes, ...]:
    """The values over all *digests*, in as few batches as *key* allows."""
    limit = key.batch_limit
    return tuple(
        value
        for start in range(0, len(digests), limit)
        for value in key.sign_digests(digests[start : start + limit])
    )


@dataclass(frozen=True, slots=True)
class SoftwareKey:
    """A signing key in memory; ECDSA nonces are deterministic (RFC 6979)."""

    private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    asked: str | None = None

    @property
    def scheme(self) -> SignatureScheme:
        """How it signs; raises `SigningKeyError` where the key cannot sign as asked."""
        return scheme_for(self.private_key.public_key(), self.asked)

    @property
    def signature_algorithm(self) -> str:
        """See `SigningKey`."""
        return self.scheme.uri

    @property
    def digest_algorithm(self) -> str:
        """See `SigningKey`."""
        return self.scheme.hash_name

    @property
    def batch_limit(self) -> int:
        """See `SigningKey`."""
        return 1

    def sign_digest(self, digest: bytes) -> bytes:
        """See `SigningKey`."""
        scheme, key = self.scheme, self.private_key
        prehashed = Prehashed(scheme.hash)
        if isinstance(key, rsa.RSAPrivateKey):
            return key.sign(digest, scheme.rsa_padding, prehashed)
        der = key.sign(digest, ec.ECDSA(prehashed, deterministic_signing=True))
        return raw_ecdsa(der, key.key_size)

    def sign_digests(self, digests: Sequence[bytes]) -> tuple[bytes, ...]:
        """See `SigningKey`."""
        return tuple(self.sign_digest(digest) for digest in digests)
