"""What a key makes of a digest: the signature schemes for which XML-DSig has a URI.

After ETSI TS 119 312 V1.5.1, RSA with PKCS#1 v1.5 ends 2029-01-01; RSA-PSS with 3,000 bits or more
and ECDSA have no end yet. Tools in use write PKCS#1 v1.5, so that is what an RSA key gives unless
asked for PSS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

from schemas.findings import finding
from signing.errors import SigningKeyError

RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"

LEAST_RSA_BITS: Final = 2048

HASHES: Final[Mapping[str, hashes.HashAlgorithm]] = MappingProxyType(
    {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
)

# A curve goes with the digest of its own strength (TS 119 312 clause 6.2.2.4).
_CURVES: Final[Mapping[str, str]] = {
    "secp256r1": "sha256",
    "secp384r1": "sha384",
    "secp521r1": "sha512",
}
_MORE_2001: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007: Final = "http://www.w3.org/2007/05/xmldsig-more#"


@dataclass(frozen=True, slots=True)
class SignatureScheme:
    """A way to sign a digest; `hash_name` is what hashlib calls it, `family` as users write it."""

    family: str
    hash_name: str
    uri: str

    @property
    def name(self) -> str:
        """The name that users write, such as `rsa-pss-sha256`."""
        return f"{self.family}-{self.hash_name}"

    @property
    def hash(self) -> hashes.HashAlgorithm:
        """The digest algorithm."""
        return HASHES[self.hash_name]

    @property
    def rsa_padding(self) -> padding.PSS | padding.PKCS1v15:
        """The padding of an RSA scheme; a PSS salt is as long as the digest (RFC 9231 2.3.10)."""
        if self.family == "rsa-pss":
            return padding.PSS(padding.MGF1(self.hash), self.hash.digest_size)
        return padding.PKCS1v15()

    def verify_digest(self, certificate: x509.Certificate, digest: bytes, value: bytes) -> None:
        """Raise `SigningKeyError` unless *value* is the certificate's signature over *digest*.

        What a device or a service gives back is believed only after this.
        """
        key, prehashed = certificate.public_key(), Prehashed(self.hash)
        try:
            match key:
                case rsa.RSAPublicKey() if self.family != "ecdsa":
                    key.verify(value, digest, self.rsa_padding, prehashed)
                    return
                case ec.EllipticCurvePublicKey() if self.family == "ecdsa":
                    key.verify(der_ecdsa(value), digest, ec.ECDSA(prehashed))
                    return
                case _:
                    pass
        except (InvalidSignature, ValueError):
            pass
        raise SigningKeyError(
            finding("HB-K056", subject=certificate.subject.rfc4514_string(), scheme=self.name)
        ) from None


def _schemes() -> Mapping[str, SignatureScheme]:
    found = {}
    for name in HASHES:
        for scheme in (
            SignatureScheme("rsa", name, f"{_MORE_2001}rsa-{name}"),
            SignatureScheme("rsa-pss", name, f"{_MORE_2007}{name}-rsa-MGF1"),
            SignatureScheme("ecdsa", name, f"{_MORE_2001}ecdsa-{name}"),
        ):
            found[scheme.name] = scheme
    return MappingProxyType(found)


SCHEMES: Final = _schemes()

CHOICES: Final = ("rsa", "rsa-pss", "ecdsa", *SCHEMES)
"""What users may ask for; a family alone takes the digest that fits the key."""


def scheme_for(public_key: object, asked: str | None = None) -> SignatureScheme:
    """The scheme in which the holder of *public_key* signs, as *asked* where it is one of CHOICES.

    Raises `SigningKeyError` for a key that no scheme takes, or not the one asked for.
    """
    families: tuple[str, ...]
    match public_key:
        case rsa.RSAPublicKey() if public_key.key_size >= LEAST_RSA_BITS:
            families, digest, what = ("rsa", "rsa-pss"), "sha256", f"RSA {public_key.key_size} bit"
        case ec.EllipticCurvePublicKey() if public_key.curve.name in _CURVES:
            name = public_key.curve.name
            families, digest, what = ("ecdsa",), _CURVES[name], f"EC {name}"
        case _:
            raise SigningKeyError(finding("HB-K036", found=_described(public_key)))
    if asked is None:
        return SCHEMES[f"{families[0]}-{digest}"]
    scheme = SCHEMES.get(asked) or SCHEMES.get(f"{asked}-{digest}")
    if scheme is None or scheme.family not in families:
        known = ", ".join(each for each in CHOICES if each.startswith(families[0]))
        raise SigningKeyError(finding("HB-K035", asked=asked, found=what, known=known))
    return scheme


def raw_ecdsa(der: bytes, key_bits: int) -> bytes:
    """An ECDSA value as XML-DSig wants it, r‖s (XML-DSig 1.1 6.4.3); ValueError for no DER."""
    r, s = decode_dss_signature(der)
    size = (key_bits + 7) // 8
    if max(r, s).bit_length() > 8 * size:
        raise ValueError("r or s is longer than the curve's order")
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def der_ecdsa(raw: bytes) -> bytes:
    """An ECDSA value r‖s as DER; ValueError for halves of different length."""
    half, odd = divmod(len(raw), 2)
    if odd or not half:
        raise ValueError(f"{len(raw)} octets are no r and s")
    return encode_dss_signature(
        int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
    )


def _described(public_key: object) -> str:
    match public_key:
        case rsa.RSAPublicKey():
            return f"RSA {public_key.key_size} bit"
        case ec.EllipticCurvePublicKey():
            return f"EC {public_key.curve.name}"
        case _:
            return type(public_key).__name__.removesuffix("PublicKey").lstrip("_")
