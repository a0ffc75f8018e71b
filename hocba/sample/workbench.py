"""What it takes to make one deliberately bad record: a fresh record, keys, any way of signing."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, timedelta

from lxml import etree

from hocba.sample.content import unsigned_record
from hocba.sample.keyring import (
    SamplePki,
    person_holder,
    school_holder,
    subscriber_key,
)
from hocba.sample.people import Person, birthday, make_person
from hocba.sample.pki import Authority, Holder, Validity, root_authority
from hocba.sample.signers import definition_policy, signings
from hocba.sample.source import chance
from hocba.sample.world import World
from hocba.sample.years import SampleRecord
from signing.creation.builder import sign
from signing.creation.styles import STYLES, SignatureStyle
from signing.keys.key import SoftwareKey
from signing.policy import SignaturePolicy

_STRANGERS = 190  # numbers within a school that no member of its staff has


@dataclass(frozen=True, slots=True)
class Workbench:
    """One record that belongs to no batch, and everything to sign it well or badly."""

    record: SampleRecord
    world: World
    pki: SamplePki

    def changed(self, **fields: str | None) -> "Workbench":
        """The same record with other values in THONG_TIN_HOC_BA."""
        content = self.record.content
        unknown = set(fields) - set(content.information)
        if unknown:
            raise KeyError(f"the record has no {', '.join(sorted(unknown))}")
        information = {**content.information, **fields}
        record = replace(self.record, content=replace(content, information=information))
        return replace(self, record=record)

    def changed_row(self, **fields: str) -> "Workbench":
        """The same record with other values in its first subject row."""
        content = self.record.content
        first, *others = content.rows
        rows = (replace(first, fields={**first.fields, **fields}), *others)
        return replace(self, record=replace(self.record, content=replace(content, rows=rows)))

    def signed(
        self,
        *,
        keys: Mapping[str, SoftwareKey] | None = None,
        omit: Collection[str] = (),
        strict: bool = True,
        after: Mapping[str, Callable[[etree._Element], None]] | None = None,
    ) -> etree._Element:
        """The record signed in order.

        *keys* by role replace the right ones; roles and holders in *omit* do not sign; *after*, by
        role, is done to each of its signatures before the next role signs. Not *strict*, nobody
        looks at the order, or at whom the record names where a key was replaced.
        """
        root = unsigned_record(self.record.content)
        for each in signings(self.record):
            if each.role in omit or each.holder in omit:
                continue
            key = (keys or {}).get(each.role) or self.pki.keyring[each.holder]
            policy = self._policy
            if not strict:
                policy = _relaxed(policy, each.role, anybody=each.role in (keys or {}))
            for signature in sign(
                root, each.role, key, policy=policy, signing_time=each.time, style=self._style
            ):
                (after or {}).get(each.role, _nothing)(signature)
        return root

    def sign(self, root: etree._Element, role: str, *, covering: str) -> None:
        """Let the right holder of *role* sign what another role has to cover."""
        signing = next(each for each in signings(self.record) if each.role == role)
        policy = _relaxed(self._policy, role, anybody=True)
        covers = next(each.covers for each in self._policy.roles if each.role == covering)
        policy = replace(policy, roles=(replace(policy.roles[0], covers=covers),))
        key = self.pki.keyring[signing.holder]
        sign(root, role, key, policy=policy, signing_time=signing.time, style=self._style)

    @property
    def _policy(self) -> SignaturePolicy:
        return definition_policy(self.record.context.year.level.definition)

    @property
    def _style(self) -> SignatureStyle:
        return STYLES[self.record.context.school.style]

    def homeroom_key(
        self, *, issuer: Authority | None = None, validity: Validity | None = None
    ) -> SoftwareKey:
        """A certificate for the homeroom teacher from another *issuer* or with other dates."""
        context = self.record.context
        holder = person_holder(context.homeroom, context.school)
        return self.key_for(holder, issuer=issuer, validity=validity)

    def key_for(
        self, holder: Holder, *, issuer: Authority | None = None, validity: Validity | None = None
    ) -> SoftwareKey:
        """A new key and certificate for anybody."""
        return subscriber_key(self.pki, self.world, holder, issuer=issuer, validity=validity)

    def stranger(self) -> Person:
        """Somebody who holds no office anywhere."""
        context = self.record.context
        source = chance(self.world.seed, "stranger", context.pupil.number)
        number = context.school.number * 200 + _STRANGERS
        return make_person(source, number, birthday(source, 1985))

    def other_school(self) -> Holder:
        """The seal of another school: of the sample where there is one, else of nowhere."""
        here = self.record.context.school
        for school in self.world.all_schools():
            if school.code != here.code:
                return school_holder(school)
        return replace(school_holder(here), identifier="MST:9999999999")

    def rogue_authority(self) -> Authority:
        """An authority that nobody trusts, named like the real one."""
        start = self.world.calendar.certificates.start
        return root_authority(
            f"rogue/{self.world.seed}", start.replace(year=start.year - 2), self.pki.root.name
        )

    def already_over(self) -> Validity:
        """A validity that holds while the record is signed and is over an hour later."""
        days = self.record.context.days
        start = days.created.astimezone(UTC).replace(minute=0, second=0) - timedelta(days=700)
        return Validity(start, days.seal.astimezone(UTC) + timedelta(hours=1))


def _relaxed(policy: SignaturePolicy, role: str, *, anybody: bool) -> SignaturePolicy:
    """The policy with this role alone; with *anybody*, signing for whoever comes."""
    requirement = next(each for each in policy.roles if each.role == role)
    named = None if anybody else requirement.personal_id
    return replace(policy, roles=(replace(requirement, personal_id=named),))


def _nothing(signature: etree._Element) -> None:
    """The signature stays as it is."""
