"""Records whose teacher signed with a certificate of the test PKI, time-stamped or not.

The teacher's signature is the one that the attacks on revocation and time are about; principal
and seal are the kit's. Both PKIs are trusted.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

from lxml import etree

from signing import names
from signing.certificates.path import PathValidator
from signing.creation.builder import sign_record
from signing.creation.timestamping import (
    add_signature_timestamp,
    own_qualifying_properties,
    unsigned_signature_properties,
)
from tests.support import records, signed_records
from tests.support.attacks import Attempt
from tests.support.forge import Forgery, Ref, forge
from tests.support.services.certomancer import TestPki
from tests.support.signed_records import octets, signer, tree
from tests.support.spoiled import PRINCIPAL, SEAL, TEACHER, signature_of, slot

_X = f"{{{names.XADES}}}"
AUTHORITIES = ("root", "issuer", "tsa-issuer")


def day(text: str) -> datetime:
    """Noon of that day, UTC."""
    return datetime.fromisoformat(text).replace(hour=12, tzinfo=UTC)


@cache
def pki() -> TestPki:
    """The one test PKI of these vectors."""
    return TestPki()


@dataclass(frozen=True, slots=True)
class Stamp:
    """A time-stamp to be added: by whom, of when, over what (None: as it should be)."""

    at: str
    tsa: str = "tsa"
    over: bytes | None = None

    def timestamp(self, stamped: bytes) -> bytes:
        """The token, as an authority gives it."""
        return pki().timestamp(stamped if self.over is None else self.over, day(self.at), self.tsa)


def signed_by(
    label: str, claimed: str, stamps: Sequence[Stamp] = (), token: bytes | None = None
) -> bytes:
    """A whole record whose teacher signed with the certificate *label*, with these time-stamps.

    *token* is added as it is.
    """
    data = sign_record(
        records.primary_record(),
        TEACHER,
        pki().signer(label),
        policy=signed_records.policy("tieu-hoc"),
        signing_time=day(claimed),
    )
    root = tree(data)
    signature = signature_of(root, TEACHER)
    for stamp in stamps:
        add_signature_timestamp(signature, stamp)  # type: ignore[arg-type]
    if token is not None:
        _add_token(signature, token)
    for role in (PRINCIPAL, SEAL):
        forge(slot(root, role), Forgery([Ref("#data")], signer(role)))
    return octets(root)


def _add_token(signature: etree._Element, token: bytes) -> None:
    properties = unsigned_signature_properties(own_qualifying_properties(signature))
    holder = etree.SubElement(properties, f"{_X}SignatureTimeStamp")
    encapsulated = etree.SubElement(holder, f"{_X}EncapsulatedTimeStamp")
    encapsulated.text = base64.b64encode(token).decode()


def token_of(data: bytes) -> bytes:
    """The first time-stamp token in a record."""
    return base64.b64decode(next(tree(data).iter(f"{_X}EncapsulatedTimeStamp")).text)


def judged(
    data: bytes,
    *,
    crls: Iterable[bytes] | None = None,
    ocsp: Iterable[bytes] = (),
) -> Attempt:
    """The record judged by both PKIs, with the CRLs of the day unless *crls* says which."""
    now = signed_records.NOW
    kit = signed_records.trust()
    if crls is None:
        crls = current("root", "issuer", "tsa-issuer", "revoked-issuer")
    store = pki().trust(*crls, ocsp_responses=tuple(ocsp))
    both = replace(
        store,
        anchors=(*kit.anchors, *store.anchors),
        intermediates=(*kit.intermediates, *store.intermediates),
        crls=(*kit.crls, *store.crls),
    )
    return Attempt(data=data, paths=PathValidator(both), at=now)


def current(*repositories: str, at: datetime = signed_records.NOW) -> tuple[bytes, ...]:
    """The CRLs of these authorities that were current *at*."""
    return tuple(pki().crl(each, at) for each in repositories)
