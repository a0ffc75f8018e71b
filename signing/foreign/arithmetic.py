"""Core validation as arithmetic (XML-DSig 1.1, clause 3.2): does the value fit, policy apart.

Its answer makes nothing valid. It tells a reader of INDETERMINATE whether the mathematics agrees,
and it turns a value that is plainly wrong into a failure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from signing.xmldsig.algorithms import DigestAlgorithm

_DS = "http://www.w3.org/2000/09/xmldsig#"
_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
_MORE_2021 = "http://www.w3.org/2021/04/xmldsig-more#"
_DSIG11 = "http://www.w3.org/2009/xmldsig11#"

DIGESTS: Mapping[str, DigestAlgorithm] = {
    uri: DigestAlgorithm(uri, name, None)
    for uri, name in (
        (f"{_MORE}md5", "md5"),
        (f"{_DS}sha1", "sha1"),
        (f"{_MORE}sha224", "sha224"),
        (f"{_MORE_2007}sha3-224", "sha3_224"),
    )
}
"""Digests that can be computed beside those of the policy."""

_MOST_BITS = 8_192
_CURVES = frozenset({"secp256r1", "secp384r1", "secp521r1"})
_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),  # noqa: S303 -- computed to say that the arithmetic agrees, no more
    "sha1": hashes.SHA1(),  # noqa: S303
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sha3-224": hashes.SHA3_224(),
    "sha3-256": hashes.SHA3_256(),
    "sha3-384": hashes.SHA3_384(),
    "sha3-512": hashes.SHA3_512(),
}


@dataclass(frozen=True, slots=True)
class _Method:
    kind: str  # "rsa", "pss", "ecdsa" or "dsa"
    hash_name: str


def _methods() -> Mapping[str, _Method]:
    sha1 = {"rsa": f"{_DS}rsa-sha1", "dsa": f"{_DS}dsa-sha1"}
    found = {uri: _Method(kind, "sha1") for kind, uri in sha1.items()}
    found[f"{_DSIG11}dsa-sha256"] = _Method("dsa", "sha256")
    found[f"{_MORE}rsa-md5"] = _Method("rsa", "md5")
    for name in ("sha224", "sha256", "sha384", "sha512"):
        found[f"{_MORE}rsa-{name}"] = _Method("rsa", name)
    for name in _HASHES:
        if name != "md5":
            found[f"{_MORE_2007}{name}-rsa-MGF1"] = _Method("pss", name)
            ecdsa = _MORE_2021 if name.startswith("sha3-") else _MORE
            found[f"{ecdsa}ecdsa-{name}"] = _Method("ecdsa", name)
    return found


_METHODS = _methods()


def value_fits(method: str, key: object, value: bytes, octets: bytes) -> bool | None:
    """Whether *value* is the signature over *octets* by *key*; None where it is not computed."""
    known = _METHODS.get(method)
    if known is None:
        return None
    digest = _HASHES[known.hash_name]
    try:
        match key:
            case rsa.RSAPublicKey() if known.kind in {"rsa", "pss"} and key.key_size <= _MOST_BITS:
                key.verify(value, octets, _padding(known.kind, digest), digest)
            case ec.EllipticCurvePublicKey() if known.kind == "ecdsa" and key.curve.name in _CURVES:
                key.verify(_der(value, (key.key_size + 7) // 8), octets, ec.ECDSA(digest))
            case dsa.DSAPublicKey() if known.kind == "dsa":
                q = key.public_numbers().parameter_numbers.q
                key.verify(_der(value, (q.bit_length() + 7) // 8), octets, digest)
            case _:
                return None
    except InvalidSignature:
        return False
    except (ValueError, UnsupportedAlgorithm):
        return None
    return True


def _padding(kind: str, digest: hashes.HashAlgorithm) -> rsa_padding.AsymmetricPadding:
    if kind == "pss":
        return rsa_padding.PSS(rsa_padding.MGF1(digest), digest.digest_size)
    return rsa_padding.PKCS1v15()


def _der(value: bytes, size: int) -> bytes:
    """r‖s, each of *size* octets (XML-DSig 1.1, clauses 6.4.1 and 6.4.3), as DER."""
    if len(value) != 2 * size:
        raise InvalidSignature(f"{len(value)} octets, expected {2 * size}")
    return encode_dss_signature(
        int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big")
    )
