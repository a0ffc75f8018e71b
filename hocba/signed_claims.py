"""Claims that a repository signs: JWS in compact form (RFC 7515), EdDSA over Ed25519 (RFC 8037).

Trust: who holds the signer's public key needs nothing else to believe what is claimed. Only the one
spelling that `sign_claims` writes is accepted: the same claims never come in other bytes.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt import InvalidTokenError
from jwt.algorithms import OKPAlgorithm
from jwt.api_jws import PyJWS

ALGORITHM = "EdDSA"

_JWS = PyJWS(algorithms=[ALGORITHM])


class ClaimsInvalid(ValueError):  # noqa: N818 -- says what is the case
    """Not signed with this key, not of this type, or not written as it should be."""


def sign_claims(claims: Mapping[str, object], key: Ed25519PrivateKey, kind: str) -> str:
    """*claims* of the type *kind*, signed; the same bytes whenever it is done."""
    return _JWS.encode(
        _payload(claims),
        key,
        algorithm=ALGORITHM,
        headers={"typ": kind, "kid": key_id(key.public_key())},
        sort_headers=True,
    )


def verify_claims(jws: str, key: Ed25519PublicKey, kind: str) -> dict[str, Any]:
    """The claims in *jws*, proved to be signed with this key; raises `ClaimsInvalid`.

    No other algorithm, type or header, no second spelling of the same claims.
    """
    try:
        token = _JWS.decode_complete(jws, key, algorithms=[ALGORITHM])
    except (InvalidTokenError, UnicodeError, ValueError) as error:
        raise ClaimsInvalid("the signature is not of this key") from error
    if token["header"] != {"alg": ALGORITHM, "kid": key_id(key), "typ": kind}:
        raise ClaimsInvalid(f"the header is not that of {kind}")
    payload: bytes = token["payload"]
    try:
        claims = json.loads(payload)
        canonical = _payload(claims) == payload and all(map(_is_canonical, jws.split(".")))
    except (ValueError, TypeError, RecursionError) as error:
        raise ClaimsInvalid("the claims cannot be read") from error
    if not isinstance(claims, dict) or not canonical:
        raise ClaimsInvalid("the claims are not written as they should be")
    return claims


def claimed_key_id(jws: str) -> str | None:
    """The name of the key that *jws* says it is signed with, to look the key up by."""
    name = _unverified(jws, 0).get("kid")
    return name if isinstance(name, str) else None


def claimed_claims(jws: str) -> Mapping[str, Any]:
    """What *jws* claims, proved by nothing: only to find out what it is to be verified with."""
    return _unverified(jws, 1)


def key_id(key: Ed25519PublicKey) -> str:
    """The name of a public key: its JWK thumbprint."""
    return thumbprint(public_jwk(key))


def public_jwk(public_key: Ed25519PublicKey) -> Mapping[str, str]:
    """The public key as JWK (RFC 8037, clause 2), without its name."""
    return OKPAlgorithm.to_jwk(public_key, as_dict=True)


def thumbprint(jwk: Mapping[str, str]) -> str:
    """The name of a public key: the SHA-256 over its required members (RFC 7638, clause 3)."""
    required = {name: jwk[name] for name in ("crv", "kty", "x")}
    text = json.dumps(required, sort_keys=True, separators=(",", ":"))
    return urlsafe_b64encode(sha256(text.encode()).digest()).rstrip(b"=").decode()


def _unverified(jws: str, number: int) -> Mapping[str, Any]:
    parts = jws.split(".")
    if len(parts) != 3:
        return {}
    part = parts[number]
    try:
        read = json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, Base64Error, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _payload(claims: object) -> bytes:
    return json.dumps(claims, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _is_canonical(part: str) -> bool:
    """Whether *part* is the one base64url spelling of its octets (RFC 4648, clause 3.5)."""
    octets = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return urlsafe_b64encode(octets).rstrip(b"=").decode() == part
