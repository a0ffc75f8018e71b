"""The certificate authorities of a sample province: one root, three that issue.

After Nghị định 23/2025/NĐ-CP: root 25 years, public CA 10 years, subscriber 3 years. Names, keys
and addresses are made up; `.example` can never be reached.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from hocba.sample.insecure_keys import PrivateKey, insecure_ec_key
from signing.keys.key import SoftwareKey

SUBSCRIBER_YEARS: Final = 3
_CA_YEARS: Final = 10
_ROOT_YEARS: Final = 25
_EXPIRED_CERTS_ON_CRL: Final = x509.ObjectIdentifier("2.5.29.60")
_CRL_HOST: Final = "http://crl.hocba.example"


class AuthorityName(StrEnum):
    """The authorities of the sample."""

    ROOT = "root"
    PERSON_RSA = "person-rsa"
    PERSON_EC = "person-ec"
    ORGANIZATION = "organization"


_COMMON_NAMES: Final[Mapping[AuthorityName, str]] = {
    AuthorityName.ROOT: "Hocba Sample Root CA",
    AuthorityName.PERSON_RSA: "Hocba Sample Personal CA (RSA)",
    AuthorityName.PERSON_EC: "Hocba Sample Personal CA (EC)",
    AuthorityName.ORGANIZATION: "Hocba Sample Organization CA",
}


@dataclass(frozen=True, slots=True)
class Validity:
    """The period of a certificate, both ends inclusive."""

    start: datetime
    end: datetime

    @classmethod
    def years(cls, start: datetime, years: int) -> "Validity":
        """*years* from *start* on; *start* is never 29 February."""
        return cls(start, start.replace(year=start.year + years) - timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority: what it takes to issue. `issuer` None is a root."""

    name: str
    key: PrivateKey
    certificate: x509.Certificate
    issuer: "Authority | None" = None

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """What a signer sends along: from this authority upwards, without the root."""
        return () if self.issuer is None else (self.certificate, *self.issuer.chain)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a certificate names: a person (`CCCD:…`) or an organisation (`MST:…`)."""

    common_name: str
    identifier: str
    organization: str
    place: str
    province: str


def root_authority(
    seed: str, start: datetime, name: str = _COMMON_NAMES[AuthorityName.ROOT]
) -> Authority:
    """A root on P-384: at once there from the seed, and as strong as RSA-7680 for its 25 years."""
    key = insecure_ec_key(f"{seed}/{name}", ec.SECP384R1())
    subject = _authority_subject(name)
    builder = _certificate(subject, subject, key.public_key(), f"{seed}/{name}")
    builder = _as_authority(_valid(builder, Validity.years(start, _ROOT_YEARS)), path_length=1)
    return Authority(name, key, _signed(builder, key))


def issuing_authority(
    seed: str, name: AuthorityName, key: PrivateKey, issuer: Authority, start: datetime
) -> Authority:
    """An authority under *issuer* that issues to subscribers."""
    common_name = _COMMON_NAMES[name]
    builder = _certificate(
        _authority_subject(common_name),
        issuer.certificate.subject,
        key.public_key(),
        f"{seed}/{common_name}",
    )
    builder = _as_authority(_valid(builder, Validity.years(start, _CA_YEARS)), path_length=0)
    builder = _with_issuer(builder, issuer)
    return Authority(name.value, key, _signed(builder, issuer.key), issuer)


def subscriber(
    seed: str, holder: Holder, key: PrivateKey, issuer: Authority, validity: Validity
) -> SoftwareKey:
    """A signing key with its certificate for *holder*, the authorities' certificates with it."""
    uid = NameOID.USER_ID
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, holder.province),
            x509.NameAttribute(NameOID.LOCALITY_NAME, holder.place),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, holder.organization[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, holder.common_name[:64]),
            x509.NameAttribute(uid, holder.identifier),
        ]
    )
    label = f"{seed}/{holder.identifier}/{validity.start.isoformat()}/{issuer.name}"
    builder = _certificate(subject, issuer.certificate.subject, key.public_key(), label)
    builder = _valid(builder, validity)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    builder = builder.add_extension(_usage(signs_data=True), critical=True)
    builder = _with_issuer(builder, issuer)
    return SoftwareKey(key, _signed(builder, issuer.key), issuer.chain)


def revocation_list(
    issuer: Authority, start: datetime, revoked: Mapping[int, datetime] = MappingProxyType({})
) -> x509.CertificateRevocationList:
    """The CRL of *issuer* with *revoked* serial numbers, good from *start* on.

    A real authority issues one every day or week. A sample is validated offline in years to come,
    so this one holds as long as the root does, and keeps what has expired (expiredCertsOnCRL).
    """
    subject_key = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(start)
        .next_update(start.replace(year=start.year + _ROOT_YEARS))
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(subject_key.value),
            critical=False,
        )
        .add_extension(_keeps_expired_since(issuer), critical=False)
    )
    for serial, since in sorted(revoked.items()):
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since)
        reason = x509.CRLReason(x509.ReasonFlags.superseded)
        entry = entry.add_extension(reason, critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    if isinstance(issuer.key, rsa.RSAPrivateKey):
        return builder.sign(issuer.key, hashes.SHA256())
    digest = hashes.SHA384() if issuer.key.key_size > 256 else hashes.SHA256()
    return builder.sign(issuer.key, digest, ecdsa_deterministic=True)


def _keeps_expired_since(issuer: Authority) -> x509.UnrecognizedExtension:
    """ExpiredCertsOnCRL (ITU-T X.509, clause 9.5.2.8): everything the authority ever issued."""
    since = issuer.certificate.not_valid_before_utc.strftime("%Y%m%d%H%M%SZ").encode()
    return x509.UnrecognizedExtension(_EXPIRED_CERTS_ON_CRL, b"\x18" + bytes([len(since)]) + since)


def subscriber_serial(seed: str, holder: str, validity: Validity, issuer: Authority) -> int:
    """The serial number of the certificate that `subscriber` makes of the same."""
    return _serial(f"{seed}/{holder}/{validity.start.isoformat()}/{issuer.name}")


def _serial(label: str) -> int:
    return int.from_bytes(hashlib.sha256(label.encode()).digest()[:16], "big") | (1 << 120)


def _authority_subject(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Hocba Sample"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
    label: str,
) -> x509.CertificateBuilder:
    """The builder with names, key and a serial number that *label* gives (under 20 octets)."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(_serial(label))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _valid(builder: x509.CertificateBuilder, validity: Validity) -> x509.CertificateBuilder:
    return builder.not_valid_before(validity.start).not_valid_after(validity.end)


def _as_authority(builder: x509.CertificateBuilder, path_length: int) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return builder.add_extension(constraints, critical=True).add_extension(
        _usage(signs_data=False), critical=True
    )


def _with_issuer(builder: x509.CertificateBuilder, issuer: Authority) -> x509.CertificateBuilder:
    """Who issued it and where its revocation would be published."""
    identifier = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    slug = issuer.name.lower().replace(" ", "-")
    issuer_access = x509.AccessDescription(
        AuthorityInformationAccessOID.CA_ISSUERS,
        x509.UniformResourceIdentifier(f"{_CRL_HOST}/{slug}.cer"),
    )
    distribution = x509.DistributionPoint(
        [x509.UniformResourceIdentifier(f"{_CRL_HOST}/{slug}.crl")], None, None, None
    )
    return (
        builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier.value),
            critical=False,
        )
        .add_extension(x509.CRLDistributionPoints([distribution]), critical=False)
        .add_extension(x509.AuthorityInformationAccess([issuer_access]), critical=False)
    )


def _usage(*, signs_data: bool) -> x509.KeyUsage:
    """digitalSignature and contentCommitment for a subscriber, keyCertSign and cRLSign for a CA."""
    return x509.KeyUsage(
        digital_signature=signs_data,
        content_commitment=signs_data,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs_data,
        crl_sign=not signs_data,
        encipher_only=False,
        decipher_only=False,
    )


def _signed(builder: x509.CertificateBuilder, key: PrivateKey) -> x509.Certificate:
    if isinstance(key, rsa.RSAPrivateKey):
        return builder.sign(key, hashes.SHA256())
    digest = hashes.SHA384() if key.key_size > 256 else hashes.SHA256()
    return builder.sign(key, digest, ecdsa_deterministic=True)
