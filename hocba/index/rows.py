"""What the index gives back: frozen rows, never the database's own objects."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from hocba.model.lifecycle import Reason, Step
from hocba.model.outcome import Outcome
from hocba.model.record import EarlierYear, Event, RecordStatus
from schemas.findings import Finding, Language

_T = TypeVar("_T")
_U = TypeVar("_U")


class BatchState(StrEnum):
    """Where a batch stands.

    `paused` goes on where it stopped when it is run again; `held` waits until somebody resumes it;
    `done`, `failed` and `cancelled` are final. `hocba.index.batch_states` says what leads where.
    """

    RECEIVED = "received"
    RUNNING = "running"
    PAUSED = "paused"
    HELD = "held"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class TokenKind(StrEnum):
    """Who holds an access token: a province's system, a guardian, an operator."""

    PROVINCE = "province"
    GUARDIAN = "guardian"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Page(Generic[_T]):
    """One page of rows; `next` is the cursor of the page after it, None on the last one."""

    rows: tuple[_T, ...]
    next: str | None

    def map(self, change: Callable[[_T], _U]) -> "Page[_U]":
        """The same page with every row changed."""
        return Page(tuple(change(row) for row in self.rows), self.next)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pupil:
    """A pupil, known by `mahocsinh`; `sodinhdanh` is as in the newest record taken in."""

    mahocsinh: str
    sodinhdanh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record (pupil × school year) as its current version has it.

    What may be None is not known: the definition does not say where it stands, or the record was
    taken in before anybody looked. `warnings` and `signature_warnings` count what was found in
    the current version; `days_to_arrive` go from the issue of the first version to its coming in.
    """

    madinhdanhhocba: str
    mahocsinh: str
    sodinhdanh: str
    hovaten: str
    namhoc: str
    masogd: str
    matruong: str
    tentruong: str
    macaphoc: str
    makhoi: str
    tenlop: str
    ketqua: str | None
    definition: str
    phienban: int
    status: RecordStatus
    trichluc: bool | None = None
    duoclenlop: bool | None = None
    hoanthanhcap: bool | None = None
    ngaykyphathanh: date | None = None
    earlier: tuple[EarlierYear, ...] | None = None
    warnings: int | None = None
    signature_warnings: int | None = None
    days_to_arrive: int | None = None
    accepted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One accepted version: where its bytes are, and everything its receipt says.

    `trichluc` says whether it was made from paper; None where the document cannot say, or was
    taken in before anybody looked.
    """

    madinhdanhhocba: str
    phienban: int
    event: Event
    status: RecordStatus
    masogd: str
    storage_key: str
    version_id: str
    sha256: str
    size: int
    accepted_at: datetime
    batch: str
    position: int
    definition: str
    policy: str
    trichluc: bool | None = None

    def as_json(self) -> dict[str, object]:
        """One of `versions` in a timeline (design §8)."""
        return {
            "phienban": self.phienban,
            "version_id": self.version_id,
            "sha256": self.sha256,
            "accepted_at": self.accepted_at.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PupilLink:
    """*old* and *new* are ids (mã học sinh) of one pupil; not `linked`: it is undone again."""

    old: str
    new: str
    linked: bool
    reason: str
    linked_by: str
    at: datetime

    def as_json(self) -> dict[str, object]:
        """One of `links` of a pupil."""
        return {
            "old": self.old,
            "new": self.new,
            "linked": self.linked,
            "reason": self.reason,
            "linked_by": self.linked_by,
            "at": self.at.isoformat(),
        }


class RequestDecision(StrEnum):
    """What was decided on a request."""

    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to change a record; `phienban` is the version that did it.

    `text` says in words what `reason` says as a code. `decision` is None while it waits. One for
    a record made from paper names the scan by its digest, and who compared both. `masogd` is the
    province of the record, which need not be there yet.
    """

    madinhdanhhocba: str
    number: int
    kind: Step
    reason: Reason
    text: str
    requested_by: str
    requested_at: datetime
    decision: RequestDecision | None
    decided_by: str | None
    decided_at: datetime | None
    phienban: int | None
    masogd: str | None = None
    scan_sha256: str | None = None
    confirmed_by: str | None = None
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None
    withdrawn_text: str | None = None

    @property
    def state(self) -> str:
        """`waiting`, `approved`, `declined`, `withdrawn` or `fulfilled`."""
        if self.phienban is not None:
            return "fulfilled"
        if self.withdrawn_at is not None:
            return "withdrawn"
        return "waiting" if self.decision is None else self.decision.value

    @property
    def is_open(self) -> bool:
        """Whether something is still to come of it: a decision, or the version."""
        return self.state in {"waiting", "approved"}

    def as_json(self) -> dict[str, object]:
        """One of `/v1/records/{id}/requests`."""
        return {
            "number": self.number,
            "kind": self.kind.value,
            "state": self.state,
            "reason": self.reason.value,
            "text": self.text,
            "requested_by": self.requested_by,
            "requested_at": self.requested_at.isoformat(),
            "decided_by": self.decided_by,
            "decided_at": _iso(self.decided_at),
            "withdrawn_by": self.withdrawn_by,
            "withdrawn_at": _iso(self.withdrawn_at),
            "withdrawn_text": self.withdrawn_text,
            "scan_sha256": self.scan_sha256,
            "confirmed_by": self.confirmed_by,
            "phienban": self.phienban,
        }


@dataclass(frozen=True, slots=True)
class RecordHistory:
    """One record with all its versions, oldest first."""

    record: Record
    versions: tuple[Version, ...]

    def as_json(self) -> dict[str, object]:
        """One of `records` in a timeline (design §8)."""
        record = self.record
        return {
            "namhoc": record.namhoc,
            "makhoi": record.makhoi,
            "macaphoc": record.macaphoc,
            "matruong": record.matruong,
            "madinhdanhhocba": record.madinhdanhhocba,
            "phienban": record.phienban,
            "status": record.status.value,
            "trichluc": record.trichluc,
            "versions": [version.as_json() for version in self.versions],
        }


@dataclass(frozen=True, slots=True)
class Timeline:
    """All records of one pupil over all schools and grades, by school year.

    `records` is empty for a pupil that nobody has sent a record of.
    """

    mahocsinh: str
    records: tuple[RecordHistory, ...]

    def as_json(self) -> dict[str, object]:
        """The shape of design §8."""
        return {
            "mahocsinh": self.mahocsinh,
            "records": [history.as_json() for history in self.records],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many documents came to which outcome; `total` is their sum."""

    accepted: int = 0
    duplicate: int = 0
    rejected: int = 0
    unreadable: int = 0
    deferred: int = 0

    @property
    def total(self) -> int:
        """All documents that an outcome is known of."""
        return self.accepted + self.duplicate + self.rejected + self.unreadable + self.deferred

    def __sub__(self, other: "Counts") -> "Counts":
        """What there is more than in *other*."""
        return Counts(
            accepted=self.accepted - other.accepted,
            duplicate=self.duplicate - other.duplicate,
            rejected=self.rejected - other.rejected,
            unreadable=self.unreadable - other.unreadable,
            deferred=self.deferred - other.deferred,
        )

    def __add__(self, other: "Counts") -> "Counts":
        """Both together."""
        return Counts(
            accepted=self.accepted + other.accepted,
            duplicate=self.duplicate + other.duplicate,
            rejected=self.rejected + other.rejected,
            unreadable=self.unreadable + other.unreadable,
            deferred=self.deferred + other.deferred,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBatch:
    """What is known of a batch when it comes in.

    `source` is a name for people; `fingerprint` identifies the content, so that an interrupted
    batch is found again; `masogd` is the only province whose records it may bring (None: any).
    `location` is where the uploaded bytes wait, for whoever works the batch.
    """

    id: str
    source: str
    fingerprint: str
    sender: str
    masogd: str | None
    created_at: datetime
    idempotency_key: str | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One batch and how far it is.

    `ignored` counts entries that no system meant to send (`__MACOSX`, `.DS_Store`);
    `ignored_names` holds the first of them. `failure` says why it is paused or failed.
    """

    id: str
    state: BatchState
    source: str
    fingerprint: str
    sender: str
    masogd: str | None
    idempotency_key: str | None
    location: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    counts: Counts
    ignored: int
    ignored_names: tuple[str, ...]
    failure: Finding | None

    def as_json(self) -> dict[str, object]:
        """The shape of design §8."""
        counts = self.counts
        return {
            "id": self.id,
            "state": self.state.value,
            "total": counts.total,
            "accepted": counts.accepted,
            "duplicate": counts.duplicate,
            "rejected": counts.rejected,
            "unreadable": counts.unreadable,
            "deferred": counts.deferred,
            "started_at": _iso(self.started_at),
            "finished_at": _iso(self.finished_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many documents came to their outcome in how many seconds, the last of them at *until*."""

    documents: int
    seconds: float
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One document of a batch and what became of it.

    `madinhdanhhocba` and `phienban` are what the document says it is, None where it does not;
    for `accepted` and `duplicate` they lead to the version, and so to the receipt. Of a refused
    document, `masogd`, `namhoc` and `matruong` say whose it claims to be.
    """

    batch: str
    position: int
    file_name: str
    outcome: Outcome
    madinhdanhhocba: str | None
    phienban: int | None
    sha256: str | None
    findings: tuple[Finding, ...]
    masogd: str | None = None
    namhoc: str | None = None
    matruong: str | None = None

    def as_json(self, language: Language = Language.VI) -> dict[str, object]:
        """One item of `/v1/batches/{id}/items`."""
        return {
            "position": self.position,
            "file": self.file_name,
            "outcome": self.outcome.value,
            "madinhdanhhocba": self.madinhdanhhocba,
            "phienban": self.phienban,
            "sha256": self.sha256,
            "findings": [each.as_json(language) for each in self.findings],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAuditEvent:
    """Who did what to what; `detail` holds codes and names of things, never personal data."""

    at: datetime
    actor: str
    action: str
    madinhdanhhocba: str | None = None
    phienban: int | None = None
    batch: str | None = None
    masogd: str | None = None
    detail: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """An event of the audit trail, numbered in the order it was written."""

    id: int
    at: datetime
    actor: str
    action: str
    madinhdanhhocba: str | None
    phienban: int | None
    batch: str | None
    masogd: str | None
    detail: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    """What a token allows; the token itself is not kept, only its SHA-256.

    A province's token is bound to one `masogd`, a guardian's to the pupils in `mahocsinh`.
    """

    sha256: str
    kind: TokenKind
    label: str
    masogd: str | None
    mahocsinh: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    @property
    def id(self) -> str:
        """A short public name, to list and revoke the token by."""
        return self.sha256[:16]

    def valid(self, at: datetime) -> bool:
        """Whether the token opens anything at the time *at*."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; `text` is shown once and never again."""

    text: str = field(repr=False)
    token: AccessToken


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """How much the repository holds."""

    pupils: int
    records: int
    versions: int
    batches: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStatistics:
    """Number of records of one province, school year and level, and how many are recalled."""

    masogd: str
    namhoc: str
    macaphoc: str
    records: int
    recalled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolStatistics:
    """Number of records of one school in one school year, and how many are recalled."""

    masogd: str
    namhoc: str
    matruong: str
    tentruong: str
    records: int
    recalled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSelection:
    """Which versions are meant; every field that is set narrows it down.

    A pupil is meant with all ids that are linked to `mahocsinh`.
    """

    masogd: str | None = None
    namhoc: str | None = None
    matruong: str | None = None
    mahocsinh: str | None = None
    batch: str | None = None


def values_of(row: Any) -> dict[str, Any]:
    """The fields of a row by name, as they are; `dataclasses.asdict` would take findings apart."""
    return {name: getattr(row, name) for name in row.__dataclass_fields__}


def _iso(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
