"""Rows of identity checks: what a register said, and what a province has to work through."""

from dataclasses import dataclass
from datetime import datetime

from hocba.identity.model import MismatchState, Person, PersonKind, Problem, Verdict
from hocba.index.rows import Version
from hocba.model.record import RecordStatus
from schemas.findings import Finding, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityScope:
    """Which records are checked; None: all. With *again*, also those that were checked."""

    masogd: str | None = None
    matruong: str | None = None
    namhoc: str | None = None
    batch: str | None = None
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordToCheck:
    """A record's current version, and where it belongs."""

    version: Version
    status: RecordStatus
    mahocsinh: str
    namhoc: str
    matruong: str


@dataclass(frozen=True, slots=True)
class CheckedPerson:
    """What a register said of a person, and when."""

    person: Person
    verdict: Verdict
    register: str
    checked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A person as one school has them: what a mismatch is about."""

    masogd: str
    matruong: str
    kind: PersonKind
    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMismatch:
    """A claim that does not agree, and where it shows: a record, or `roster:` and the school."""

    claim: Claim
    role: str
    problem: Problem
    findings: tuple[Finding, ...]
    madinhdanhhocba: str | None
    namhoc: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One entry of the queue. The record is the one in which it showed first."""

    id: int
    masogd: str
    matruong: str
    kind: PersonKind
    role: str
    sodinhdanh: str
    hovaten: str
    ngaysinh: str
    problem: Problem
    findings: tuple[Finding, ...]
    madinhdanhhocba: str | None
    namhoc: str | None
    state: MismatchState
    opened_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    reason: str | None

    @property
    def claim(self) -> Claim:
        """What it is about."""
        return Claim(
            masogd=self.masogd,
            matruong=self.matruong,
            kind=self.kind,
            person=Person(self.sodinhdanh, self.hovaten, self.ngaysinh),
        )

    def as_json(self, language: Language) -> dict[str, object]:
        """The shape of `/v1/identity/mismatches`."""
        return {
            "id": self.id,
            "masogd": self.masogd,
            "matruong": self.matruong,
            "kind": self.kind.value,
            "role": self.role,
            "sodinhdanh": self.sodinhdanh,
            "hovaten": self.hovaten,
            "ngaysinh": self.ngaysinh or None,
            "problem": self.problem.value,
            "findings": [each.as_json(language) for each in self.findings],
            "madinhdanhhocba": self.madinhdanhhocba,
            "namhoc": self.namhoc,
            "state": self.state.value,
            "opened_at": self.opened_at.isoformat(),
            "resolved_at": self.resolved_at.isoformat() if self.resolved_at else None,
            "resolved_by": self.resolved_by,
            "reason": self.reason,
        }
