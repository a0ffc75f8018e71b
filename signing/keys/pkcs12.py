"""Signing keys in PKCS#12 files (RFC 7292), also as old tools encrypted them."""

import os
from pathlib import Path

from asn1crypto import pkcs12 as asn1_pkcs12
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

from schemas.findings import finding
from signing.errors import SigningKeyError
from signing.keys.certificates import system_reason
from signing.keys.key import SoftwareKey

MAX_BYTES = 1 << 20
"""A file with one key and its chain has a few thousand bytes."""

_KEY_BAGS = frozenset({"key_bag", "pkcs8_shrouded_key_bag"})


def read_pkcs12(path: Path, password: str | None, algorithm: str | None = None) -> SoftwareKey:
    """The only key in a PKCS#12 file, to sign as *algorithm* (see `scheme.CHOICES`).

    Raises `SigningKeyError`.
    """
    data = _bytes(path)
    _refuse_broken(path.name, data)
    content = _opened(path.name, data, password)
    key = content.key
    if content.cert is None or not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise SigningKeyError(finding("HB-K033", file=path.name))
    opened = SoftwareKey(
        key,
        content.cert.certificate,
        tuple(each.certificate for each in content.additional_certs),
        algorithm,
    )
    _ = opened.scheme  # refuses what cannot sign before anybody waits for it
    return opened


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SigningKeyError(
            finding("HB-K030", file=path.name, reason=system_reason(error))
        ) from error
    if len(data) > MAX_BYTES:
        raise SigningKeyError(finding("HB-K032", file=path.name))
    return data


def _refuse_broken(name: str, data: bytes) -> None:
    """Whether this is PKCS#12 at all, and with how many keys, can be seen without a password."""
    try:
        pfx = asn1_pkcs12.Pfx.load(data, strict=True)
        keys = [
            bag
            for safe in pfx.authenticated_safe
            if safe["content_type"].native == "data"
            for bag in asn1_pkcs12.SafeContents.load(safe["content"].native)
            if bag["bag_id"].native in _KEY_BAGS
        ]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SigningKeyError(finding("HB-K032", file=name)) from error
    if len(keys) > 1:
        raise SigningKeyError(finding("HB-K034", file=name, count=len(keys)))


def _opened(name: str, data: bytes, password: str | None) -> pkcs12.PKCS12KeyAndCertificates:
    # Some tools take "no password" for none, some for an empty one.
    attempts = [password.encode()] if password else [None, b""]
    problem: Exception | None = None
    for attempt in attempts:
        try:
            return pkcs12.load_pkcs12(data, attempt)
        except UnsupportedAlgorithm as error:
            raise SigningKeyError(finding("HB-K037", file=name, reason=str(error))) from error
        except ValueError as error:
            problem = error
    raise SigningKeyError(finding("HB-K031", file=name)) from problem


def pkcs12_bytes(key: SoftwareKey, password: str, name: str) -> bytes:
    """A PKCS#12 file with the key, its certificate and chain; raises `SigningKeyError`.

    The password is demanded: a key on disk without one is nobody's own.
    """
    if not password:
        raise SigningKeyError(finding("HB-K038", file=name))
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
        raise SigningKeyError(
            finding("HB-K039", file=path.name, reason=system_reason(error))
        ) from error
