"""The trust store: a folder with anchors, intermediates and what is known about them.

    anchors.toml        which anchors, for whom, in which period, from where
    anchors/*.pem       the roots themselves
    intermediates/*.pem authorities below them
    crls/*.crl          revocation lists, DER or PEM
    ocsp/*.ocsp         OCSP responses, DER or PEM

Trust: whoever can write this folder decides whom everybody believes. It is read once, whole, and
refused when anything in it is unclear; an empty one is no trust store.
"""

import hashlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path

from asn1crypto import pem
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from signing.certificates.revocation import RevocationUnreadableError, read_crl, read_ocsp
from signing.errors import TrustStoreError

INDEX_FILE = "anchors.toml"


class Purpose(StrEnum):
    """What an anchor is believed for; the first two are the kinds of signer."""

    PERSON = "person"
    ORGANIZATION = "organization"
    TIMESTAMP = "timestamp"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustAnchor:
    """A root that is believed, for whom, and in which period (both days inclusive)."""

    certificate: x509.Certificate
    der: bytes
    sha256: str
    purposes: frozenset[Purpose]
    valid_from: date | None
    valid_until: date | None
    source: str

    def trusted(self, purpose: Purpose | None, time: datetime) -> bool:
        """Whether a certificate for *purpose* (None: for any) may rest on it at *time*."""
        day = time.astimezone(UTC).date()
        return (
            (purpose is None or purpose in self.purposes)
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_until is None or day <= self.valid_until)
        )


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Anchors, intermediates, CRLs and OCSP responses (DER). `digest` names this exact content."""

    anchors: tuple[TrustAnchor, ...]
    intermediates: tuple[bytes, ...]
    digest: str
    crls: tuple[bytes, ...] = ()
    ocsp_responses: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """No anchors is no trust."""
        if not self.anchors:
            raise TrustStoreError(f"{INDEX_FILE}: lists no anchor; nothing would be trusted")


def read_trust_store(folder: Path) -> TrustStore:
    """The trust store in *folder*; raises `TrustStoreError` with file and reason."""
    index = folder / INDEX_FILE
    try:
        raw = tomllib.loads(index.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TrustStoreError(f"{index}: cannot be read: {error}") from error
    anchors = tuple(_anchor(folder, entry) for entry in raw.get("anchor", ()))
    listed = {(folder / entry["file"]).resolve() for entry in raw.get("anchor", ())}
    for file in sorted((folder / "anchors").glob("*")):
        if file.resolve() not in listed:
            raise TrustStoreError(f"{file}: not listed in {INDEX_FILE}")
    intermediates = tuple(
        _certificate(file).public_bytes(Encoding.DER)
        for file in sorted((folder / "intermediates").glob("*.pem"))
    )
    crls = _revocation(folder / "crls", "*.crl", "X509 CRL", read_crl)
    answers = _revocation(folder / "ocsp", "*.ocsp", "OCSP RESPONSE", read_ocsp)
    digest = hashlib.sha256()
    for anchor in anchors:
        digest.update(repr((anchor.sha256, sorted(anchor.purposes))).encode())
        digest.update(repr((anchor.valid_from, anchor.valid_until)).encode())
    for each in intermediates:
        digest.update(hashlib.sha256(each).digest())
    for group in (crls, answers):
        digest.update(b"%d" % len(group))
        for each in group:
            digest.update(hashlib.sha256(each).digest())
    return TrustStore(anchors, intermediates, digest.hexdigest(), crls, answers)


def _anchor(folder: Path, entry: Mapping[str, object]) -> TrustAnchor:
    try:
        file = folder / str(entry["file"])
        certificate = _certificate(file)
        der = certificate.public_bytes(Encoding.DER)
        sha256 = hashlib.sha256(der).hexdigest()
        if sha256 != entry["sha256"]:
            raise TrustStoreError(f"{file}: SHA-256 is {sha256}, {INDEX_FILE} says another")
        purposes = entry["purpose"]
        if not isinstance(purposes, list) or not purposes:
            raise TrustStoreError(
                f"{file}: purpose must list some of person, organization, timestamp"
            )
        return TrustAnchor(
            certificate=certificate,
            der=der,
            sha256=sha256,
            purposes=frozenset(Purpose(each) for each in purposes),
            valid_from=_day(entry, "valid_from"),
            valid_until=_day(entry, "valid_until"),
            source=str(entry["source"]),
        )
    except KeyError as error:
        raise TrustStoreError(f"{INDEX_FILE}: an anchor lacks {error.args[0]}") from error
    except ValueError as error:
        raise TrustStoreError(f"{INDEX_FILE}: {error}") from error


def _certificate(file: Path) -> x509.Certificate:
    try:
        certificates = x509.load_pem_x509_certificates(file.read_bytes())
    except (OSError, ValueError) as error:
        raise TrustStoreError(f"{file}: not a PEM certificate: {error}") from error
    if len(certificates) != 1:
        raise TrustStoreError(f"{file}: holds {len(certificates)} certificates, expected one")
    return certificates[0]


def _revocation(
    folder: Path, pattern: str, label: str, reader: Callable[[bytes], object]
) -> tuple[bytes, ...]:
    """The DER of each different object in *folder*, by its digest; PEM is taken too."""
    found = {}
    for file in sorted(folder.glob(pattern)):
        try:
            octets = file.read_bytes()
            der = _unarmored(octets, label) if octets.lstrip().startswith(b"-----") else octets
            reader(der)
        except (OSError, ValueError, RevocationUnreadableError) as error:
            raise TrustStoreError(f"{file}: cannot be read as {label}: {error}") from error
        found[hashlib.sha256(der).digest()] = der
    return tuple(found[each] for each in sorted(found))


def _unarmored(octets: bytes, label: str) -> bytes:
    found, _, der = pem.unarmor(octets)
    if found != label:
        raise ValueError(f"it holds {found}")
    return bytes(der)


def _day(entry: Mapping[str, object], name: str) -> date | None:
    value = entry.get(name)
    if value is None:
        return None
    return value if isinstance(value, date) else date.fromisoformat(str(value))
