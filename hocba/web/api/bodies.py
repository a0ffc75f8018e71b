"""The shapes of answers, for OpenAPI and for the eye: what goes out has exactly these members."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hocba.index.rows import BatchState, RequestDecision
from hocba.model.lifecycle import Reason, Step
from hocba.model.outcome import Outcome
from hocba.model.record import Event, RecordStatus
from hocba.quality.counting import Grouping
from hocba.quality.definitions import Unit
from schemas.findings import Severity

# As text: exactly as the command line writes it.

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class FindingBody(BaseModel):
    """One finding; `message` is in the language that was asked for."""

    code: str
    severity: Severity
    path: str
    line: int | None
    message: str
    parameters: dict[str, str]


class BatchBody(BaseModel):
    """A batch and how far it is. `total` counts the documents with an outcome so far."""

    id: str
    state: BatchState
    total: int
    accepted: int
    duplicate: int
    rejected: int
    unreadable: int
    deferred: int
    created_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    source: str = Field(description="The name that the sender gave it.")
    ignored: int = Field(description="Entries that an operating system left in the archive.")
    failure: FindingBody | None = Field(description="Why it is paused, held or failed.")
    expected: int | None = Field(None, description="About how many documents; null if unknown.")
    rate: float | None = Field(None, description="Documents a second, lately; null if none.")
    seconds_left: int | None = Field(None, description="About how long it will still take.")


class KnownDocument(BaseModel):
    """A document of a manifest that is held already; `receipt` where it was asked for."""

    sha256: str
    madinhdanhhocba: str
    phienban: int
    accepted_at: Moment
    receipt: str | None


class ManifestAnswer(BaseModel):
    """What of a manifest is held; `missing` are digests."""

    known: list[KnownDocument]
    missing: list[str]


class ItemBody(BaseModel):
    """One document of a batch and what became of it."""

    position: int
    file: str
    outcome: Outcome
    madinhdanhhocba: str | None
    phienban: int | None
    sha256: str | None
    findings: list[FindingBody]


class VersionBody(BaseModel):
    """One accepted version of a record."""

    phienban: int
    version_id: str
    sha256: str
    size: int
    event: Event
    status: RecordStatus
    accepted_at: Moment
    definition: str
    policy: str
    document: str = Field(description="Where the signed bytes are.")
    receipt: str = Field(description="Where the receipt is.")


class ChangeBody(BaseModel):
    """One field that is not the same in both versions; labels are in the caller's language."""

    field: str
    label: str
    row: str | None = Field(description="The row of a table that it stands in: a subject, a year.")
    before: str | None
    after: str | None
    signed_by: list[str] = Field(description="Subjects of the certificates that signed it.")
    text: str


class ChangesBody(BaseModel):
    """What a version changes in the one before it."""

    madinhdanhhocba: str
    from_: int | None = Field(alias="from", description="Null for the first version.")
    to: int
    event: Event
    accepted_at: Moment
    compared: bool = Field(description="False for a first version, or one that cannot be read.")
    changes: list[ChangeBody]


class NewRequestBody(BaseModel):
    """What is asked for, and why."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["correction", "recall", "reversal", "extract", "original"]
    reason: Reason
    text: str = Field(min_length=1, max_length=1000, description="The reason in words.")
    scan_sha256: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{64}$",
        description="For an extract: the SHA-256 of the scanned paper record.",
    )
    confirmed_by: str | None = Field(
        default=None, max_length=200, description="For an extract: who compared it with the paper."
    )
    masogd: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z]{1,10}$",
        description="For an extract: its province, where the caller has none.",
    )


class WithdrawalBody(BaseModel):
    """Why a request is withdrawn."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=1000, description="The reason in words.")


class DecisionBody(BaseModel):
    """What is decided on a request."""

    model_config = ConfigDict(extra="forbid")

    decision: RequestDecision = RequestDecision.APPROVED


class RequestBody(BaseModel):
    """A request to change a record; `phienban` is the version that did it."""

    number: int
    kind: Step
    state: Literal["waiting", "approved", "declined", "withdrawn", "fulfilled"]
    reason: Reason
    text: str
    requested_by: str
    requested_at: Moment
    decided_by: str | None
    decided_at: Moment | None
    withdrawn_by: str | None
    withdrawn_at: Moment | None
    withdrawn_text: str | None
    scan_sha256: str | None
    confirmed_by: str | None
    phienban: int | None


class RequestsBody(BaseModel):
    """The requests of a record, oldest first."""

    items: list[RequestBody]


class NewLinkBody(BaseModel):
    """The id that a pupil has now, or, with `linked` false, what no longer belongs together."""

    model_config = ConfigDict(extra="forbid")

    new: str = Field(min_length=1, max_length=64)
    reason: str = Field(min_length=1, max_length=1000)
    linked: bool = True


class LinkBody(BaseModel):
    """One link between two ids of a pupil, or what undid it."""

    old: str
    new: str
    linked: bool
    reason: str
    linked_by: str
    at: Moment


class LinksBody(BaseModel):
    """Every id of one pupil, and the links, oldest first."""

    ids: list[str]
    items: list[LinkBody]


class VersionOfTimeline(BaseModel):
    """One version, as in a timeline."""

    phienban: int
    version_id: str
    sha256: str
    accepted_at: Moment


class RecordOfTimeline(BaseModel):
    """One record with its versions, oldest first."""

    namhoc: str
    makhoi: str
    macaphoc: str
    matruong: str
    madinhdanhhocba: str
    phienban: int
    status: RecordStatus
    trichluc: bool | None = Field(description="Made from a paper record; null where unknown.")
    versions: list[VersionOfTimeline]


class ExampleOfGroup(BaseModel):
    """One document with the mistake of a group."""

    file: str
    line: int | None
    found: str
    message: str


class GroupOfFindings(BaseModel):
    """One kind of mistake over a whole batch, worded after its first case."""

    code: str
    severity: str
    path: str
    name: str
    label: str
    count: int
    files: int
    problem: str
    allowed: str
    mend: str
    examples: list[ExampleOfGroup]


class BatchSummaryBody(BaseModel):
    """A batch's documents by outcome, and its mistakes: errors first, the most frequent first."""

    documents: int
    outcomes: dict[str, int]
    groups: list[GroupOfFindings]


class TimelineBody(BaseModel):
    """All records of one pupil that the caller may see, by school year."""

    mahocsinh: str
    records: list[RecordOfTimeline]


class RecordBody(RecordOfTimeline):
    """One record as its current version has it."""

    mahocsinh: str
    masogd: str
    tentruong: str
    tenlop: str
    ketqua: str | None


class PageOfBatches(BaseModel):
    """Batches, newest first."""

    items: list[BatchBody]
    next: str | None


class PageOfItems(BaseModel):
    """Documents of a batch, in its order."""

    items: list[ItemBody]
    next: str | None


class PageOfVersions(BaseModel):
    """Versions of a record, oldest first."""

    items: list[VersionBody]
    next: str | None


class RecordsOfProvince(BaseModel):
    """Number of records of a province, school year and level."""

    masogd: str
    namhoc: str
    macaphoc: str
    records: int
    recalled: int


class TotalsBody(BaseModel):
    """How much the repository holds, for its operator."""

    pupils: int
    records: int
    versions: int
    batches: int


class StatisticsBody(BaseModel):
    """Figures of a province (`masogd`), or of the whole repository (`masogd` null)."""

    masogd: str | None
    records: list[RecordsOfProvince]
    totals: TotalsBody | None


class FigureBody(BaseModel):
    """One figure; docs/quality.md says what it counts. Null where there is nothing to count."""

    code: str
    aspect: Literal["dung", "du", "sach", "song"]
    name: str
    value: float | None = Field(description="In `unit`; a share is rounded down to one decimal.")
    unit: Unit
    numerator: int | None
    denominator: int | None


class QualityUnit(BaseModel):
    """Figures of the whole scope (`code` null), or of one school or commune in it."""

    code: str | None
    name: str | None
    figures: list[FigureBody]


class QualityScopeBody(BaseModel):
    """What the figures are of; null is no bound."""

    masogd: str | None
    maxa: str | None
    matruong: str | None
    namhoc: str | None


class QualityBody(BaseModel):
    """How right, complete, clean and alive the data are."""

    scope: QualityScopeBody
    by: Grouping
    at: Moment
    within_days: int
    units: list[QualityUnit]


class ContinuityFindingBody(BaseModel):
    """What does not fit, and the record that it shows in; a note explains and asks for nothing."""

    namhoc: str
    madinhdanhhocba: str
    code: str
    severity: Severity
    message: str
    parameters: dict[str, str]


class ContinuityBody(BaseModel):
    """What was found in the years of one pupil, oldest first."""

    mahocsinh: str
    in_order: bool = Field(description="Whether there are no findings but notes.")
    records: int = Field(description="How many records it was found in.")
    findings: list[ContinuityFindingBody]


class KeySet(BaseModel):
    """A JWK set (RFC 7517, clause 5)."""

    keys: list[dict[str, str]]


class Health(BaseModel):
    """A state."""

    status: str


class ProblemBody(BaseModel):
    """A problem (RFC 9457). Some kinds have further members."""

    type: str
    title: str
    status: int
    detail: str
