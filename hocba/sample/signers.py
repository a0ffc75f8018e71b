"""A sample record signed by everybody in order: subject teachers, homeroom, principal, seal."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from lxml import etree

from hocba.sample.content import unsigned_record
from hocba.sample.keyring import Keyring
from hocba.sample.years import SampleRecord
from signing.creation.builder import serialize, sign
from signing.creation.styles import STYLES
from signing.keys.key import SigningKey
from signing.policy import SignaturePolicy, read_policy

ROLES: Final = ("GVBM", "GVCN", "CBQL", "KY_PHAT_HANH")


@dataclass(frozen=True, slots=True)
class Signing:
    """One signature to be put: who, as what, when."""

    role: str
    holder: str
    time: datetime


def signed_record(record: SampleRecord, keyring: Keyring) -> bytes:
    """The record with all its signatures."""
    root = unsigned_record(record.content)
    sign_in_order(root, record, {each.holder: keyring[each.holder] for each in signings(record)})
    return serialize(root)


def sign_in_order(
    root: etree._Element,
    record: SampleRecord,
    keys: Mapping[str, SigningKey],
    roles: Collection[str] = ROLES,
) -> None:
    """Put the record's signatures of *roles* into *root*; whose key is missing does not sign."""
    style = STYLES[record.context.school.style]
    policy = definition_policy(record.context.year.level.definition)
    for each in signings(record):
        if each.holder in keys and each.role in roles:
            sign(
                root,
                each.role,
                keys[each.holder],
                policy=policy,
                signing_time=each.time,
                style=style,
            )


def signings(record: SampleRecord) -> Iterator[Signing]:
    """Who signs the record, in order. Each teacher signs once, whatever the number of rows."""
    context = record.context
    teachers = dict.fromkeys(
        row.fields["soddcngvbm"] for row in record.content.rows if row.fields.get("soddcngvbm")
    )
    for number, teacher in enumerate(filter(None, teachers)):
        yield Signing(
            "GVBM", teacher, context.days.subject_teachers + timedelta(seconds=40 * number)
        )
    yield Signing("GVCN", context.homeroom.personal_id, context.days.homeroom_teacher)
    yield Signing("CBQL", context.head.personal_id, context.days.principal)
    yield Signing("KY_PHAT_HANH", context.school.tax_code, context.days.seal)


@cache
def definition_policy(definition: str) -> SignaturePolicy:
    """The signature policy of a definition that ships."""
    folder = resources.files("schemas") / "definitions" / definition
    return read_policy(Path(str(folder / "signature-policy.toml")))
