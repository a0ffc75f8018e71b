"""Certificates of any shape by the kit's authorities: what no authority should issue, and may."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from hocba.sample.insecure_keys import insecure_ec_key
from signing.keys.key import SoftwareKey
from tests.support import signing_kit

Extension = tuple[x509.ExtensionType, bool]


@dataclass(frozen=True)
class OddAuthority:
    """A key and a certificate that issues, rightly or not."""

    key: Any
    certificate: x509.Certificate


def person(
    identifier: str,
    *,
    key: Any = None,
    issuer: Any = None,
    extensions: Sequence[Extension] = (),
    since: datetime = signing_kit.START,
    days: int = 1095,
    uid: str | None = None,
) -> SoftwareKey:
    """A signer whose certificate says `CCCD:`*identifier*, by the kit's issuing authority."""
    key = key or insecure_ec_key(f"odd/{identifier}", ec.SECP256R1())
    name = [
        x509.NameAttribute(NameOID.COMMON_NAME, "Người Mẫu"),
        x509.NameAttribute(NameOID.USER_ID, uid or f"CCCD:{identifier}"),
    ]
    made = issue(
        x509.Name(name),
        key,
        issuer or signing_kit.issuer(),
        extensions=extensions,
        since=since,
        days=days,
    )
    return SoftwareKey(key, made)


def authority(
    name: x509.Name | str,
    issuer: Any = None,
    *,
    label: str | None = None,
    ca: bool = True,
    path_length: int | None = None,
    extensions: Sequence[Extension] = (),
    usage: bool = True,
) -> OddAuthority:
    """An authority of this name under *issuer* (None: it issues itself)."""
    subject = name if isinstance(name, x509.Name) else common_name(name)
    key = insecure_ec_key(f"odd-authority/{label or name}", ec.SECP256R1())
    basic = x509.BasicConstraints(ca=ca, path_length=path_length if ca else None)
    added: list[Extension] = [(basic, True), *extensions]
    if usage:
        added.append((_usage_of_authority(), True))
    own = issuer or OddAuthority(key, _named(subject))
    return OddAuthority(key, issue(subject, key, own, extensions=added, days=3650))


def common_name(text: str) -> x509.Name:
    """A name with nothing but CN."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def issue(
    subject: x509.Name,
    key: Any,
    issuer: Any,
    *,
    extensions: Sequence[Extension] = (),
    since: datetime = signing_kit.START,
    days: int = 1095,
) -> x509.Certificate:
    """A certificate for *key* by *issuer*, with exactly these extensions."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=days))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(issuer.key, hashes.SHA256())


def revocation_list(issuer: OddAuthority) -> bytes:
    """A CRL of *issuer* on which nothing stands, DER."""
    since = signing_kit.START
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(since)
        .next_update(since + timedelta(days=3650))
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)


@dataclass(frozen=True)
class _Subject:
    subject: x509.Name


def _named(subject: x509.Name) -> Any:
    return _Subject(subject)


def _usage_of_authority() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
