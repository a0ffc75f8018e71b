"""A time-stamp token as written: CMS SignedData over a TSTInfo (RFC 3161, RFC 5816, RFC 5652).

Read strictly and whole, nothing verified. Whoever reads it finds octets where a digest or a
signature is due, so that what was digested is what came, not what a parser made of it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import algos, cms, core, parser, tsp

MAX_CERTIFICATES = 10
MAX_CRLS = 10
MAX_ATTRIBUTES = 16

_SET = b"\x31"
_REQUIRED_ONCE = ("content_type", "message_digest")


class TokenFormatError(Exception):
    """The octets are no time-stamp token; the text says in a few words why."""


@dataclass(frozen=True, slots=True)
class MessageImprint:
    """What was stamped: hashlib's name of the digest (or its OID), and the value."""

    hash_name: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class SignatureMethod:
    """How the token is signed: the words of the algorithm table (`rsa`, `pss`, `sha256`).

    An algorithm that the table has no words for has its OID as `kind`.
    """

    kind: str
    padding: str | None
    hash_name: str

    def __str__(self) -> str:
        return "-".join(each for each in (self.kind, self.padding, self.hash_name) if each)


@dataclass(frozen=True, slots=True)
class CertificateIdentifier:
    """ESSCertID or ESSCertIDv2: the digest of the TSA's certificate (RFC 5035 clause 4)."""

    hash_name: str
    digest: bytes

    def names(self, der: bytes) -> bool:
        """Whether this is the identifier of the certificate *der*."""
        return hashlib.new(self.hash_name, der).digest() == self.digest


@dataclass(frozen=True, slots=True)
class SignerIdentifier:
    """The `sid` of the one SignerInfo: issuer (DER) and serial number, or a subject key id."""

    issuer: bytes | None
    serial_number: int | None
    key_identifier: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampToken:
    """One token as written.

    `content` are the octets of its TSTInfo, `signed_attributes` those that the signature is over.
    `certificate_identifiers` holds the first of each SigningCertificate(V2) attribute.
    """

    sha256: str
    generated_at: datetime
    policy: str
    nonce: int | None
    imprint: MessageImprint
    critical_extensions: tuple[str, ...]
    content: bytes
    content_digest: MessageImprint
    signed_attributes: bytes
    method: SignatureMethod
    signature: bytes
    signer: SignerIdentifier
    certificate_identifiers: tuple[CertificateIdentifier, ...]
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]


def read_token(token: bytes) -> TimestampToken:
    """The time-stamp token in the DER octets *token*; raises `TokenFormatError`."""
    try:
        return _read(token)
    except TokenFormatError:
        raise
    except Exception as error:  # asn1crypto raises anything for hostile DER
        raise TokenFormatError(type(error).__name__) from error


def _read(token: bytes) -> TimestampToken:
    content_info = cms.ContentInfo.load(token, strict=True)
    _demand(content_info["content_type"].native == "signed_data", "SignedData")
    signed_data = content_info["content"]
    encapsulated = signed_data["encap_content_info"]
    _demand(encapsulated["content_type"].native == "tst_info", "id-ct-TSTInfo")
    content = bytes(encapsulated["content"])
    info = tsp.TSTInfo.load(content, strict=True)
    _demand(info["version"].native == "v1", "TSTInfo v1")
    # RFC 3161 2.4.2: no signature but the TSA's.
    (signer,) = _few(signed_data["signer_infos"], 1, "SignerInfo")
    attributes = _attributes(_few(signer["signed_attrs"], MAX_ATTRIBUTES, "signed attributes"))
    hash_name = _hash_name(signer["digest_algorithm"])
    return TimestampToken(
        sha256=hashlib.sha256(token).hexdigest(),
        generated_at=_utc(info["gen_time"].native),
        policy=info["policy"].dotted,
        nonce=info["nonce"].native,
        imprint=MessageImprint(
            _hash_name(info["message_imprint"]["hash_algorithm"]),
            info["message_imprint"]["hashed_message"].native,
        ),
        critical_extensions=_critical(info["extensions"]),
        content=content,
        content_digest=MessageImprint(hash_name, attributes["message_digest"].native),
        # RFC 5652 5.4: digested as SET OF, not with the tag that it has inside SignerInfo.
        signed_attributes=_SET + signer["signed_attrs"].dump()[1:],
        method=_method(signer["signature_algorithm"], hash_name),
        signature=signer["signature"].native,
        signer=_signer(signer["sid"]),
        certificate_identifiers=_identifiers(attributes),
        certificates=_certificates(signed_data["certificates"]),
        crls=_crls(signed_data["crls"]),
    )


def _attributes(signed: Iterable[Any]) -> dict[str, Any]:
    """The signed attributes by name: none twice, each with one value (RFC 5652 5.3, 11)."""
    found: dict[str, Any] = {}
    for attribute in signed:
        name = attribute["type"].native
        _demand(name not in found, f"{name} twice")
        values = list(_few(attribute["values"], 1, f"value of {name}"))
        _demand(bool(values), f"value of {name}")
        found[name] = values[0]
    for name in _REQUIRED_ONCE:
        _demand(name in found, name)
    _demand(found["content_type"].native == "tst_info", "content_type id-ct-TSTInfo")
    return found


def _identifiers(attributes: dict[str, Any]) -> tuple[CertificateIdentifier, ...]:
    """The TSA's certificate by its digest: RFC 3161 (SHA-1) and RFC 5816 (any digest).

    The first one is the signer's; further ones only narrow the path. The issuer and serial number
    beside the digest add nothing to it.
    """
    found = []
    if "signing_certificate" in attributes:
        first = _first(attributes["signing_certificate"])
        found.append(CertificateIdentifier("sha1", first["cert_hash"].native))
    if "signing_certificate_v2" in attributes:
        first = _first(attributes["signing_certificate_v2"])
        hash_name = _hash_name(first["hash_algorithm"])
        _demand(hash_name in _IDENTIFYING_HASHES, f"ESSCertIDv2 {hash_name}")
        found.append(CertificateIdentifier(hash_name, first["cert_hash"].native))
    _demand(bool(found), "SigningCertificate")
    return tuple(found)


_IDENTIFYING_HASHES = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"})


def _method(algorithm: cms.SignedDigestAlgorithm, hash_name: str) -> SignatureMethod:
    """The method in the table's words; a digest other than that of the content is a word too."""
    oid = algorithm["algorithm"].dotted
    try:
        name = algorithm.signature_algo
    except ValueError:
        return SignatureMethod(oid, None, hash_name)
    if name == "rsassa_pss":
        return _pss(algorithm["parameters"], hash_name)
    if name not in ("rsassa_pkcs1v15", "ecdsa"):
        return SignatureMethod(oid, None, hash_name)
    # rsaEncryption names no digest: then it is that of the content (RFC 3370 3.2).
    named = hash_name if algorithm["algorithm"].native == "rsassa_pkcs1v15" else algorithm.hash_algo
    _demand(named == hash_name, f"digest {hash_name}, signature {named}")
    return (
        SignatureMethod("ecdsa", None, named)
        if name == "ecdsa"
        else SignatureMethod("rsa", "pkcs1v15", named)
    )


def _pss(parameters: algos.RSASSAPSSParams, hash_name: str) -> SignatureMethod:
    """RSASSA-PSS with one digest throughout and a salt of its length; nothing else (RFC 4056)."""
    masking = parameters["mask_gen_algorithm"]
    uniform = (
        _hash_name(parameters["hash_algorithm"]) == hash_name
        and masking["algorithm"].native == "mgf1"
        and _hash_name(masking["parameters"]) == hash_name
        and parameters["salt_length"].native == hashlib.new(hash_name).digest_size
        and parameters["trailer_field"].native == "trailer_field_bc"
    )
    return SignatureMethod("rsa", "pss" if uniform else "pss-other", hash_name)


def _signer(sid: cms.SignerIdentifier) -> SignerIdentifier:
    if sid.name == "subject_key_identifier":
        return SignerIdentifier(None, None, sid.chosen.native)
    chosen = sid.chosen
    return SignerIdentifier(chosen["issuer"].dump(), chosen["serial_number"].native, None)


def _certificates(choices: Any) -> tuple[bytes, ...]:
    found = _few(choices, MAX_CERTIFICATES, "certificates")
    return tuple(each.chosen.dump() for each in found if each.name == "certificate")


def _crls(choices: Any) -> tuple[bytes, ...]:
    found = _few(choices, MAX_CRLS, "CRLs")
    return tuple(each.chosen.dump() for each in found if each.name != "other")


def _hash_name(algorithm: algos.DigestAlgorithm) -> str:
    return str(algorithm["algorithm"].native)


def _critical(extensions: Any) -> tuple[str, ...]:
    found = _few(extensions, MAX_ATTRIBUTES, "extensions")
    return tuple(each["extn_id"].dotted for each in found if each["critical"].native)


def _utc(time: datetime) -> datetime:
    _demand(time.tzinfo is not None, "genTime with Z")
    return time.astimezone(UTC)


def _first(signing_certificate: Any) -> Any:
    """The identifier of the signer's own certificate in a SigningCertificate(V2)."""
    found = list(_few(signing_certificate["certs"], MAX_CERTIFICATES, "ESSCertID"))
    _demand(bool(found), "ESSCertID")
    return found[0]


def _few(several: Any, most: int, what: str) -> Iterable[Any]:
    """The members of a SET OF or SEQUENCE OF, () where it is absent.

    Counted before they are parsed: a parser in Python takes a second for what fits in 200 KB.
    """
    if isinstance(several, core.Void):
        return ()
    octets, position = several.contents, 0
    for _ in range(most):
        if position >= len(octets):
            break
        position += parser.peek(octets[position:])
    _demand(position >= len(octets), f"<= {most} {what}")
    members: Iterable[Any] = several
    return members


def _demand(holds: bool, expected: str) -> None:  # noqa: FBT001 -- reads as an assertion
    if not holds:
        raise TokenFormatError(expected)
