"""Receipts: the repository's signed promise that it holds one version of one record.

A receipt is a JWS in compact form (RFC 7515) with EdDSA over Ed25519 (RFC 8037). It follows from
the version's row alone: issued again it has the same bytes, so none is ever lost.

Trust: who holds a receipt and the repository's public key needs nothing else to prove the promise.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from hocba.errors import ReceiptInvalid, ReceiptKeyError
from hocba.index.rows import Version
from hocba.signed_claims import (
    ALGORITHM,
    ClaimsInvalid,
    key_id,
    public_jwk,
    sign_claims,
    thumbprint,
    verify_claims,
)
from schemas.findings import finding, system_code

PRIVATE_KEY_FILE = "receipt-key.pem"
PUBLIC_KEY_FILE = "receipt-key.pub.pem"

_TYPE = "hocba-receipt+jws"
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What is promised: this version was accepted then, with these bytes, and is stored there."""

    madinhdanhhocba: str
    phienban: int
    masogd: str
    sha256: str
    size: int
    storage_key: str
    version_id: str
    batch: str
    accepted_at: datetime

    def __post_init__(self) -> None:
        """No promise about nothing."""
        if not _SHA256.match(self.sha256):
            raise ValueError(f"not a SHA-256: {self.sha256!r}")
        if self.phienban < 1 or self.size < 1:
            raise ValueError(f"version {self.phienban} with {self.size} bytes")
        if self.accepted_at.utcoffset() is None:
            raise ValueError(f"naive time: {self.accepted_at.isoformat()}")

    @classmethod
    def of(cls, version: Version) -> Self:
        """The promise that follows from a version's row."""
        return cls(**{each.name: getattr(version, each.name) for each in fields(cls)})

    def as_json(self) -> dict[str, object]:
        """The claims of the JWS."""
        claims: dict[str, object] = {each.name: getattr(self, each.name) for each in fields(self)}
        return claims | {"accepted_at": self.accepted_at.isoformat()}


@dataclass(frozen=True, slots=True)
class ReceiptKey:
    """The key that a repository signs receipts with."""

    private_key: Ed25519PrivateKey

    @property
    def public_key(self) -> Ed25519PublicKey:
        """What receipts are verified with."""
        return self.private_key.public_key()

    @property
    def key_id(self) -> str:
        """The key's name in receipts: its JWK thumbprint (RFC 7638)."""
        return key_id(self.public_key)

    def issue(self, receipt: Receipt) -> str:
        """*receipt*, signed; the same bytes whenever it is issued."""
        return sign_claims(receipt.as_json(), self.private_key, _TYPE)


def verify_receipt(jws: str, public_key: Ed25519PublicKey) -> Receipt:
    """The receipt in *jws*, proved to be signed with this key; raises `ReceiptInvalid`.

    Accepts exactly the bytes that `ReceiptKey.issue` writes: no other algorithm, type or header,
    no second spelling of the same claims.
    """
    try:
        claims = verify_claims(jws, public_key, _TYPE)
    except ClaimsInvalid as error:
        raise _invalid(str(error)) from error
    try:
        receipt = _receipt(claims)
        canonical = receipt.as_json() == claims
    except (ValueError, TypeError, KeyError) as error:
        raise _invalid("the claims are not those of a receipt") from error
    if not canonical:
        raise _invalid("the claims are not written as a receipt's")
    return receipt


def create_receipt_key(folder: Path) -> ReceiptKey:
    """A new key, kept in *folder* readable for its owner only, its public half beside it."""
    private_key = Ed25519PrivateKey.generate()
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(folder / PRIVATE_KEY_FILE, flags, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        (folder / PUBLIC_KEY_FILE).write_bytes(public_pem(private_key.public_key()))
    except OSError as error:
        raise _unusable(folder / PRIVATE_KEY_FILE, system_code(error)) from error
    return ReceiptKey(private_key)


def read_receipt_key(folder: Path) -> ReceiptKey:
    """The key that `create_receipt_key` kept in *folder*; raises `ReceiptKeyError`."""
    path = folder / PRIVATE_KEY_FILE
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except OSError as error:
        raise _unusable(path, system_code(error)) from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _unusable(path, "not-private-pem") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _unusable(path, "not-ed25519")
    return ReceiptKey(key)


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a PEM file; raises `ReceiptKeyError`."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except OSError as error:
        raise _unusable(path, system_code(error)) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _unusable(path, "not-public-pem") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _unusable(path, "not-ed25519")
    return key


def public_pem(public_key: Ed25519PublicKey) -> bytes:
    """The public key as PEM, for OpenSSL and everybody."""
    return public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def published_jwk(public_key: Ed25519PublicKey) -> Mapping[str, str]:
    """The public key as JWK for others to use: with its name (`kid`) and purpose."""
    jwk = public_jwk(public_key)
    return {**jwk, "kid": thumbprint(jwk), "use": "sig", "alg": ALGORITHM}


def _receipt(claims: dict[str, Any]) -> Receipt:
    kinds = {"phienban": int, "size": int}
    for each in fields(Receipt):
        if type(claims[each.name]) is not kinds.get(each.name, str):
            raise TypeError(each.name)
    return Receipt(**claims | {"accepted_at": datetime.fromisoformat(claims["accepted_at"])})


def _invalid(reason: str) -> ReceiptInvalid:
    return ReceiptInvalid(finding("HB-I110", reason=reason))


def _unusable(path: Path, reason: str) -> ReceiptKeyError:
    return ReceiptKeyError(finding("HB-I109", file=path.name, reason=reason))
