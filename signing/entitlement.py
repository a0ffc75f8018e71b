"""Whether a signer was entitled: record, certificate and roster must agree on the holder.

(1) the record names the signer, or somebody whom the roster lets the signer stand in for;
(2) the roster has the signer in that role at that school; (3) on that day; (4) with that
certificate, where the province binds certificates to holders.
"""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from lxml import etree

from schemas.document import element_path
from schemas.findings import Finding, finding
from signing.mandate import RosterEntry, Substitution
from signing.report import (
    PASSED,
    Indication,
    SubIndication,
    Verdict,
    failed,
    indeterminate,
)
from signing.roster import Roster


class Claim(NamedTuple):
    """What a signature claims: that *holder* signed as *role* for *school* on *day*.

    `named` is the personal id that the record names for the role, None where it names nobody;
    `certificate` the SHA-256 of the one signed with; `element` the one that is signed.
    """

    school: str
    role: str
    holder: str
    named: str | None
    certificate: str
    day: date
    element: etree._Element

    @property
    def in_person(self) -> bool:
        """Whether the record names the signer, or leaves it to the roster."""
        return self.named is None or self.named == self.holder

    @property
    def path(self) -> str:
        """Where the signed element stands, for findings."""
        return element_path(self.element)


def entitled(claim: Claim, roster: Roster | None) -> Verdict:
    """The verdict on *claim* by *roster*; INDETERMINATE where there is none."""
    if roster is not None:
        return _judged(claim, roster)
    if not claim.in_person:
        return _refused(_another_person(claim))
    reason = finding("HB-S107", path=claim.path, role=claim.role)
    return indeterminate(SubIndication.SIG_CONSTRAINTS_FAILURE, reason)


def _judged(claim: Claim, roster: Roster) -> Verdict:
    # (1):
    entries: Sequence[RosterEntry] = roster.mandates(claim.school, claim.role, claim.holder)
    if not claim.in_person:
        entries = [e for e in entries if e.substitution and e.substitution.person == claim.named]
        if not entries:
            return _refused(_another_person(claim))
    # (2):
    if not entries:
        return _refused(_by_roster("HB-S104", claim))
    # (3):
    in_force = [each for each in entries if each.covers(claim.day)]
    if not in_force:
        return _refused(_not_on_that_day(claim, entries))
    # (4):
    if not roster.allows(claim.holder, claim.certificate):
        return _refused(_not_bound(claim))
    substitution = in_force[0].substitution
    if substitution is None or any(each.substitution is None for each in in_force):
        return PASSED
    return _as_substitute(claim, in_force[0], substitution)


def _not_bound(claim: Claim) -> Finding:
    return finding(
        "HB-S252",
        path=claim.path,
        role=claim.role,
        holder=claim.holder,
        certificate=claim.certificate,
    )


def _another_person(claim: Claim) -> Finding:
    return finding(
        "HB-S106", path=claim.path, role=claim.role, named=claim.named, found=claim.holder
    )


def _not_on_that_day(claim: Claim, entries: Sequence[RosterEntry]) -> Finding:
    substitution = entries[0].substitution
    if len(entries) > 1 or substitution is None:
        return _by_roster("HB-S105", claim)
    since, until = entries[0].valid_from, entries[0].valid_to
    return finding(
        "HB-S251",
        path=claim.path,
        role=claim.role,
        holder=claim.holder,
        person=substitution.person,
        day=claim.day,
        since=since or "",
        until=until or "",
    )


def _by_roster(code: str, claim: Claim) -> Finding:
    return finding(
        code,
        path=claim.path,
        role=claim.role,
        holder=claim.holder,
        school=claim.school,
        day=claim.day.strftime("%d/%m/%Y"),
    )


def _as_substitute(claim: Claim, entry: RosterEntry, substitution: Substitution) -> Verdict:
    """Passed, and said: whoever reads the report sees who signed for whom, and who allowed it."""
    decision = substitution.decision
    decided_on = substitution.decided_on
    told = finding(
        "HB-S250" if decision else "HB-S253",
        path=claim.path,
        role=claim.role,
        holder=claim.holder,
        person=substitution.person,
        reason=substitution.reason,
        approver=substitution.approver,
        decision=decision,
        decided_on=decided_on or "",
        since=entry.valid_from or "",
        until=entry.valid_to or "",
    )
    return Verdict(Indication.TOTAL_PASSED, None, (told,))


def _refused(reason: Finding) -> Verdict:
    return failed(SubIndication.SIG_CONSTRAINTS_FAILURE, reason)
