"""The shapes of answers, for OpenAPI and for the eye: what goes out has exactly these members."""

from typing import Annotated

from pydantic import BaseModel, Field

from hocba.index.rows import BatchState
from hocba.model.outcome import Outcome
from hocba.model.record import Event, RecordStatus
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
    failure: FindingBody | None = Field(description="Why it is paused or failed.")


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
    versions: list[VersionOfTimeline]


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
