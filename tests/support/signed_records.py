"""The minimal records of `records.py`, signed by the signers of `signing_kit.py`, and what they
are validated against. Everything is computed once and handed out as bytes.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from schemas.document import parse
from signing.certificates.path import PathValidator
from signing.certificates.trust import Purpose, TrustAnchor, TrustStore
from signing.creation.builder import sign_record
from signing.creation.styles import XADES, SignatureStyle
from signing.keys.key import SoftwareKey
from signing.policy import SignaturePolicy, read_policy
from signing.record import validate_record
from signing.report import SignatureReport
from signing.roster import Roster, RosterEntry
from tests.support import records, signing_kit

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SIGNED_AT = datetime(2026, 5, 29, 3, tzinfo=UTC)
SCHOOL = "2500001001"
TAX_CODE = signing_kit.SCHOOL_TAX_CODE
PEOPLE = {"GVBM": "025080000044", "GVCN": "025185000022", "CBQL": "025175000033"}

_DEFINITIONS = Path(__file__).parents[2] / "schemas" / "definitions"


@cache
def policy(definition: str) -> SignaturePolicy:
    """The signature policy that ships with *definition*."""
    return read_policy(_DEFINITIONS / definition / "signature-policy.toml")


@cache
def signer(role: str) -> SoftwareKey:
    """The signer that the records name for *role*; principal and seal RSA, teachers EC."""
    if role == "KY_PHAT_HANH":
        return signing_kit.signer(f"MST:{TAX_CODE}", rsa=True)
    return signing_kit.signer(f"CCCD:{PEOPLE[role]}", rsa=role == "CBQL")


@cache
def trust() -> TrustStore:
    """The kit's root, for everybody; its issuing authority known beforehand."""
    der = signing_kit.root().certificate.public_bytes(Encoding.DER)
    anchor = TrustAnchor(
        certificate=signing_kit.root().certificate,
        der=der,
        sha256=sha256(der).hexdigest(),
        purposes=frozenset(Purpose),
        valid_from=None,
        valid_until=None,
        source="tests",
    )
    intermediate = signing_kit.issuer().certificate.public_bytes(Encoding.DER)
    return TrustStore((anchor,), (intermediate,), "tests", signing_kit.crls())


def mandate(
    role: str, holder: str, since: date | None = None, until: date | None = None
) -> RosterEntry:
    """A mandate at the records' school."""
    person = role != "KY_PHAT_HANH"
    return RosterEntry(
        school=SCHOOL,
        role=role,
        personal_id=holder if person else None,
        organization_id=None if person else holder,
        name="",
        valid_from=since,
        valid_to=until,
    )


@cache
def roster() -> Roster:
    """Everybody in their role."""
    people = [mandate(role, holder) for role, holder in PEOPLE.items()]
    return Roster([*people, mandate("KY_PHAT_HANH", TAX_CODE)])


def roles(definition: str) -> tuple[str, ...]:
    """The roles that *definition* demands, in signing order."""
    return tuple(each.role for each in policy(definition).roles)


def sign(
    data: bytes, definition: str, only: Iterable[str] | None = None, style: SignatureStyle = XADES
) -> bytes:
    """*data* signed by every role (or *only* those) in order."""
    for role in only if only is not None else roles(definition):
        data = sign_record(
            data,
            role,
            signer(role),
            policy=policy(definition),
            signing_time=SIGNED_AT,
            style=style,
        )
    return data


@cache
def signed_primary(style: SignatureStyle = XADES) -> bytes:
    """A tieu-hoc record with its three signatures."""
    return sign(records.primary_record(), "tieu-hoc", style=style)


@cache
def signed_secondary(style: SignatureStyle = XADES) -> bytes:
    """A trung-hoc record with all its signatures."""
    return sign(records.secondary_record(), "trung-hoc", style=style)


@cache
def paths() -> PathValidator:
    """One path validator for all tests: its cache is part of what is tested."""
    return PathValidator(trust())


def validate(
    data: bytes,
    definition: str,
    *,
    with_trust: bool = True,
    by: Roster | None = None,
    without_roster: bool = False,
    at: datetime = NOW,
) -> SignatureReport:
    """The report on *data* as the application would get it."""
    return validate_record(
        parse(data),
        policy(definition),
        paths=paths() if with_trust else None,
        roster=None if without_roster else by or roster(),
        at=at,
    )


def codes(report: SignatureReport) -> set[str]:
    """Every finding code in *report*."""
    each = [finding.code for one in report.signatures for finding in one.verdict.findings]
    return {*each, *(finding.code for finding in report.record.findings)}


def tree(data: bytes) -> etree._Element:
    """*data* as a tree to spoil."""
    return etree.fromstring(data)


def octets(root: etree._Element) -> bytes:
    """A spoiled tree as a document again."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")
