"""Messages of the Cloud Signature Consortium API: version 1.0.4, and where version 2 differs.

Clauses are those of v1.0.4 (2019). Version 2 renames `hash` to `hashes` and `hashAlgo` to
`hashAlgorithmOID`, and gathers PIN and OTP in `authData`.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from asn1crypto import algos
from cryptography import x509

from schemas.findings import finding
from signing.errors import SigningKeyError
from signing.keys.certificates import chain_of
from signing.keys.csc_client import CscClient
from signing.keys.scheme import SCHEMES, SignatureScheme, scheme_for

_HASH_OIDS: Final = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
# What a service may call a scheme: with its digest, or by the kind of key (hashAlgo says the rest).
_SIGN_OIDS: Final = {
    "rsa-sha256": ("1.2.840.113549.1.1.11", "1.2.840.113549.1.1.1"),
    "rsa-sha384": ("1.2.840.113549.1.1.12", "1.2.840.113549.1.1.1"),
    "rsa-sha512": ("1.2.840.113549.1.1.13", "1.2.840.113549.1.1.1"),
    **{f"rsa-pss-{name}": ("1.2.840.113549.1.1.10",) for name in _HASH_OIDS},
    "ecdsa-sha256": ("1.2.840.10045.4.3.2", "1.2.840.10045.2.1"),
    "ecdsa-sha384": ("1.2.840.10045.4.3.3", "1.2.840.10045.2.1"),
    "ecdsa-sha512": ("1.2.840.10045.4.3.4", "1.2.840.10045.2.1"),
}
_GOOD_STATUS: Final = {"key": "enabled", "cert": "valid"}
_MOST_CERTIFICATES: Final = 16


class Factor(Enum):
    """What the signer has to give before the service signs."""

    PIN = "PIN"
    OTP = "OTP"


@dataclass(frozen=True, slots=True)
class FactorRequest:
    """One factor as the service names it; `prompt` is the method that makes it send a code."""

    factor: Factor
    identifier: str
    prompt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What `credentials/info` tells (11.5)."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    scheme: SignatureScheme
    sign_algorithm: str
    factors: tuple[FactorRequest, ...]
    multisign: int


def read_credential(client: CscClient, answer: Mapping[str, Any], asked: str | None) -> Credential:
    """The credential of an answer, to sign as *asked*; raises `SigningKeyError`."""
    for part, good in _GOOD_STATUS.items():
        status = _mapping(client, answer, part).get("status", good)
        if status != good:
            raise SigningKeyError(
                finding("HB-K053", host=client.address.host, what=part, status=str(status)[:40])
            )
    certificates = _certificates(client, _mapping(client, answer, "cert").get("certificates"))
    offered = _mapping(client, answer, "key").get("algo")
    if not isinstance(offered, list) or not all(isinstance(each, str) for each in offered):
        raise client.nonsense("key.algo")
    scheme, algorithm = _scheme(certificates[0], offered, asked)
    return Credential(
        certificate=certificates[0],
        chain=chain_of(certificates[0], certificates[1:]),
        scheme=scheme,
        sign_algorithm=algorithm,
        factors=_factors(client, answer),
        multisign=_multisign(client, answer.get("multisign", 1)),
    )


def authorization(
    version: str, credential: Credential, digests: Sequence[bytes], factors: Mapping[str, str]
) -> dict[str, object]:
    """The body of `credentials/authorize` (11.6): these digests, no others; *factors* by id."""
    body: dict[str, object] = {
        "numSignatures": len(digests),
        "description": f"hocba: {len(digests)}",
    }
    if version == "v1":
        return body | {"hash": _base64_all(digests)} | dict(factors)
    body |= {
        "hashes": _base64_all(digests),
        "hashAlgorithmOID": _HASH_OIDS[credential.scheme.hash_name],
    }
    if factors:
        body["authData"] = [{"id": name, "value": value} for name, value in factors.items()]
    return body


def signature_request(
    version: str, credential: Credential, digests: Sequence[bytes], activation: str
) -> dict[str, object]:
    """The body of `signatures/signHash` (11.9)."""
    digest_oid = _HASH_OIDS[credential.scheme.hash_name]
    body: dict[str, object] = {"SAD": activation, "signAlgo": credential.sign_algorithm}
    if credential.scheme.family == "rsa-pss":
        body["signAlgoParams"] = _pss_parameters(credential.scheme)
    if version == "v1":
        return body | {"hash": _base64_all(digests), "hashAlgo": digest_oid}
    hashes = {"hashes": _base64_all(digests), "hashAlgorithmOID": digest_oid}
    return body | hashes | {"operationMode": "S"}


def read_activation(client: CscClient, answer: Mapping[str, Any]) -> str:
    """The signature activation data (SAD) of an answer."""
    activation = answer.get("SAD")
    if not isinstance(activation, str) or not activation:
        raise client.nonsense("SAD")
    return activation


def read_signatures(client: CscClient, answer: Mapping[str, Any], count: int) -> tuple[bytes, ...]:
    """The values of an answer to `signatures/signHash`, not verified yet."""
    if "signatures" not in answer and "responseID" in answer:
        raise SigningKeyError(finding("HB-K057", host=client.address.host, mode="async"))
    values = answer.get("signatures")
    if not isinstance(values, list) or len(values) != count:
        raise client.nonsense("signatures")
    return tuple(_octets(client, each, "signatures") for each in values)


def _scheme(
    certificate: x509.Certificate, offered: Sequence[str], asked: str | None
) -> tuple[SignatureScheme, str]:
    """The scheme to sign in, and what the service calls it; unasked, the first that it offers."""
    usual = scheme_for(certificate.public_key(), asked)
    choices = [usual]
    if asked is None and usual.family == "rsa":
        choices.append(SCHEMES[f"rsa-pss-{usual.hash_name}"])
    for scheme in choices:
        for oid in _SIGN_OIDS[scheme.name]:
            if oid in offered:
                return scheme, oid
    known = [name for name, oids in _SIGN_OIDS.items() if set(oids) & set(offered)]
    raise SigningKeyError(
        finding("HB-K048", scheme=usual.name, known=", ".join(sorted(known)) or "–")
    )


def _factors(client: CscClient, answer: Mapping[str, Any]) -> tuple[FactorRequest, ...]:
    """What `credentials/authorize` wants besides the hashes (v1: authMode; v2: auth)."""
    if client.address.version == "v2":
        auth = _mapping(client, answer, "auth")
        mode, found = auth.get("mode"), _factors_v2(client, auth.get("objects", []))
    else:
        mode, found = answer.get("authMode"), _factors_v1(client, answer)
    if mode == "implicit":
        return ()
    if mode == "explicit" and found:
        return found
    raise SigningKeyError(finding("HB-K057", host=client.address.host, mode=str(mode)[:40]))


def _factors_v1(client: CscClient, answer: Mapping[str, Any]) -> tuple[FactorRequest, ...]:
    found = []
    for factor in Factor:
        wanted = _mapping(client, answer, factor.value)
        if str(wanted.get("presence", "false")).lower() == "true":
            online = factor is Factor.OTP and wanted.get("type") == "online"
            prompt = "credentials/sendOTP" if online else None
            found.append(FactorRequest(factor, factor.value, prompt))
    return tuple(found)


def _factors_v2(client: CscClient, objects: object) -> tuple[FactorRequest, ...]:
    kinds = {
        "Password": (Factor.PIN, None),
        "ChallengeResponse": (Factor.OTP, "credentials/getChallenge"),
    }
    if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
        raise client.nonsense("auth.objects")
    found = []
    for each in objects:
        kind, identifier = str(each.get("type")), each.get("id")
        if kind not in kinds:
            mode = f"auth.objects: {kind[:40]}"
            raise SigningKeyError(finding("HB-K057", host=client.address.host, mode=mode))
        if not isinstance(identifier, str):
            raise client.nonsense("auth.objects.id")
        found.append(FactorRequest(kinds[kind][0], identifier, kinds[kind][1]))
    return tuple(found)


def _multisign(client: CscClient, value: object) -> int:
    """How many hashes one authorisation takes; some services write the number as text."""
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdigit() and int(text) > 0):
        raise client.nonsense("multisign")
    return int(text)


def _certificates(client: CscClient, values: object) -> tuple[x509.Certificate, ...]:
    """The signer's certificate first, as 11.5 demands."""
    if not isinstance(values, list) or not 0 < len(values) <= _MOST_CERTIFICATES:
        raise client.nonsense("cert.certificates")
    try:
        return tuple(
            x509.load_der_x509_certificate(_octets(client, each, "cert.certificates"))
            for each in values
        )
    except ValueError as error:
        raise client.nonsense("cert.certificates") from error


def _mapping(client: CscClient, answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = answer.get(name, {})
    if not isinstance(value, dict):
        raise client.nonsense(name)
    return value


def _octets(client: CscClient, value: object, name: str) -> bytes:
    try:
        return b64decode("".join(value.split()) if isinstance(value, str) else b"!", validate=True)
    except ValueError as error:
        raise client.nonsense(name) from error


def _base64_all(digests: Sequence[bytes]) -> list[str]:
    return [b64encode(each).decode("ascii") for each in digests]


def _pss_parameters(scheme: SignatureScheme) -> str:
    """RSASSA-PSS-params (RFC 4055) in DER and Base64: MGF1 and a salt as long as the digest."""
    digest = {"algorithm": scheme.hash_name}
    parameters = algos.RSASSAPSSParams(
        {
            "hash_algorithm": digest,
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": digest},
            "salt_length": scheme.hash.digest_size,
        }
    )
    return b64encode(parameters.dump()).decode("ascii")
