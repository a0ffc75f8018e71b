"""Records of 2023 with time-stamps of the test PKI, and what they are validated against.

The signers' certificates ran out on 2026-01-01, the authority's on 2035-01-01: what is validated
on `LATER` rests on the time-stamps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Final

from lxml import etree

from signing.certificates.path import PathValidator, ValidationMaterial
from signing.certificates.trust import TrustStore
from signing.creation.builder import Augment, sign_record
from signing.creation.long_term import LongTermSource, add_long_term_values
from signing.creation.timestamping import add_signature_timestamp
from signing.keys.key import SoftwareKey
from signing.timestamps.validation import TimestampValidator
from signing.xmldsig.algorithms import default_policy
from tests.support import records, signed_records
from tests.support.services.certomancer import TestPki

SIGNED_AT: Final = datetime(2023, 6, 1, 9, tzinfo=UTC)
SOON: Final = datetime(2023, 6, 15, tzinfo=UTC)
LATER: Final = datetime(2026, 6, 15, tzinfo=UTC)
# The last CRLs from before the signers' certificates ran out: newer ones no longer name them.
LAST_LISTED: Final = datetime(2025, 12, 25, tzinfo=UTC)

SIGNERS: Final = {
    "GVBM": "subject-teacher",
    "GVCN": "homeroom",
    "CBQL": "principal",
    "KY_PHAT_HANH": "school",
}


@cache
def pki() -> TestPki:
    """One PKI for all."""
    return TestPki()


@dataclass(frozen=True)
class InProcess:
    """The authority *tsa* of the PKI at a time of one's own choice, without a network."""

    at: datetime = SIGNED_AT
    tsa: str = "tsa"

    def timestamp(self, stamped: bytes) -> bytes:
        """A token over *stamped*."""
        return pki().timestamp(stamped, self.at, self.tsa)


@dataclass(frozen=True)
class Forging:
    """An authority that answers whatever *make* makes of the octets."""

    make: Callable[[bytes], bytes]

    def timestamp(self, stamped: bytes) -> bytes:
        """See *make*."""
        return self.make(stamped)


def stamping(*authorities: InProcess | Forging) -> Augment:
    """Adds a time-stamp of each of *authorities*."""

    def augment(signature: etree._Element) -> None:
        for authority in authorities:
            add_signature_timestamp(signature, authority)

    return augment


def signer(role: str) -> SoftwareKey:
    """The signer of 2023 that the records name for *role*."""
    return pki().signer(SIGNERS[role])


def sign(
    augment: Augment | None = None,
    *,
    data: bytes | None = None,
    only: tuple[str, ...] | None = None,
    at: datetime = SIGNED_AT,
) -> bytes:
    """A tieu-hoc record signed by every role (or *only* those) in 2023."""
    signed = data or records.primary_record()
    for role in only or signed_records.roles("tieu-hoc"):
        signed = sign_record(
            signed,
            role,
            signer(role),
            policy=signed_records.policy("tieu-hoc"),
            signing_time=at,
            augment=augment,
        )
    return signed


@cache
def stamped_record() -> bytes:
    """The record with a good time-stamp on every signature."""
    return sign(stamping(InProcess()))


@cache
def trust(at: datetime) -> TrustStore:
    """The root, its authorities, and the CRLs that speak for *at*."""
    if at <= LAST_LISTED:
        return pki().trust(at=at)
    current = (pki().crl(each, at) for each in ("root", "tsa-issuer"))
    return pki().trust(pki().crl("issuer", LAST_LISTED), *current)


@cache
def paths(at: datetime) -> PathValidator:
    """One path validator for each time."""
    return PathValidator(trust(at))


def validator(at: datetime) -> TimestampValidator:
    """A validator of tokens at *at*."""
    return TimestampValidator(paths(at), default_policy())


@cache
def long_term_record() -> bytes:
    """The record with time-stamps and the validation data of the day of signing."""
    store = pki().trust(at=SIGNED_AT)
    source = LongTermSource(
        paths=PathValidator(store),
        material=ValidationMaterial(certificates=store.intermediates, crls=store.crls),
        purpose=None,
        at=SIGNED_AT,
    )

    def augment(signature: etree._Element) -> None:
        add_signature_timestamp(signature, InProcess())
        add_long_term_values(signature, source)

    return sign(augment)
