"""The tables. Column names are the field names of `rows`; migrations/ makes them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
)

from hocba.index.rows import BatchState, RequestDecision, TokenKind
from hocba.index.transfer_rows import TransferDirection, TransferState
from hocba.index.types import EarlierYears, Findings, PlainText, StringEnum, UtcDateTime
from hocba.model.lifecycle import Reason, Step
from hocba.model.outcome import Outcome
from hocba.model.record import Event, RecordStatus
from schemas.findings import Severity

metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_by_%(column_0_N_name)s",
        "uq": "%(table_name)s_unique_%(column_0_N_name)s",
        "fk": "%(table_name)s_%(column_0_N_name)s_known",
        "pk": "%(table_name)s_key",
    }
)

pupils = Table(
    "pupils",
    metadata,
    Column("mahocsinh", PlainText, primary_key=True),
    Column("sodinhdanh", PlainText, nullable=False, index=True),
)

records = Table(
    "records",
    metadata,
    Column("madinhdanhhocba", PlainText, primary_key=True),
    Column("mahocsinh", PlainText, ForeignKey("pupils.mahocsinh"), nullable=False),
    Column("sodinhdanh", PlainText, nullable=False),
    Column("hovaten", PlainText, nullable=False),
    Column("namhoc", PlainText, nullable=False),
    Column("masogd", PlainText, nullable=False),
    Column("matruong", PlainText, nullable=False),
    Column("tentruong", PlainText, nullable=False),
    Column("macaphoc", PlainText, nullable=False),
    Column("makhoi", PlainText, nullable=False),
    Column("tenlop", PlainText, nullable=False),
    Column("ketqua", PlainText),
    Column("definition", PlainText, nullable=False),
    Column("phienban", Integer, nullable=False),
    Column("status", StringEnum(RecordStatus), nullable=False),
    Column("trichluc", Boolean),
    Column("duoclenlop", Boolean),
    Column("hoanthanhcap", Boolean),
    Column("ngaykyphathanh", Date),
    Column("earlier", EarlierYears),
    Column("warnings", Integer),
    Column("signature_warnings", Integer),
    Column("days_to_arrive", Integer),
    Column("accepted_at", UtcDateTime),
    Index("records_by_pupil", "mahocsinh", "namhoc"),
    # The order of an export; with what is counted, so that statistics never read the table.
    Index(
        "records_by_school",
        "masogd",
        "namhoc",
        "matruong",
        "madinhdanhhocba",
        "macaphoc",
        "status",
    ),
    # Everything that figures of quality count, so that they never read the table.
    Index(
        "records_for_quality",
        "masogd",
        "namhoc",
        "matruong",
        "makhoi",
        "mahocsinh",
        "status",
        "warnings",
        "signature_warnings",
        "days_to_arrive",
        "accepted_at",
    ),
)

schools = Table(
    "schools",
    metadata,
    Column("masogd", PlainText, nullable=False),
    Column("matruong", PlainText, nullable=False, index=True),
    # As the newest record says; None for a school that pupils are expected of and none came from.
    Column("tentruong", PlainText),
    Column("maxa", PlainText),
    Column("namhoc", PlainText),
    PrimaryKeyConstraint("masogd", "matruong"),
    Index("schools_by_commune", "maxa", "masogd", "matruong"),
)

expected_pupils = Table(
    "expected_pupils",
    metadata,
    Column("masogd", PlainText, nullable=False),
    Column("namhoc", PlainText, nullable=False),
    Column("matruong", PlainText, nullable=False),
    Column("makhoi", PlainText, nullable=False),
    Column("sohocsinh", Integer, nullable=False),
    Column("imported_at", UtcDateTime, nullable=False),
    Column("imported_by", PlainText, nullable=False),
    PrimaryKeyConstraint("masogd", "namhoc", "matruong", "makhoi"),
)

continuity_findings = Table(
    "continuity_findings",
    metadata,
    Column("madinhdanhhocba", PlainText, ForeignKey("records.madinhdanhhocba"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("mahocsinh", PlainText, nullable=False, index=True),
    Column("masogd", PlainText, nullable=False),
    Column("namhoc", PlainText, nullable=False),
    Column("matruong", PlainText, nullable=False),
    Column("code", PlainText, nullable=False),
    Column("severity", StringEnum(Severity), nullable=False),
    Column("finding", Findings, nullable=False),
    PrimaryKeyConstraint("madinhdanhhocba", "number"),
    Index("continuity_findings_by_school", "masogd", "namhoc", "matruong", "code", "mahocsinh"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", PlainText, primary_key=True),
    Column("state", StringEnum(BatchState), nullable=False),
    Column("source", PlainText, nullable=False),
    Column("fingerprint", PlainText, nullable=False, index=True),
    Column("sender", PlainText, nullable=False),
    Column("masogd", PlainText),
    Column("idempotency_key", PlainText),
    Column("location", PlainText),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("accepted", Integer, nullable=False, default=0),
    Column("duplicate", Integer, nullable=False, default=0),
    Column("rejected", Integer, nullable=False, default=0),
    Column("unreadable", Integer, nullable=False, default=0),
    Column("deferred", Integer, nullable=False, default=0),
    Column("ignored", Integer, nullable=False, default=0),
    Column("ignored_names", PlainText),
    Column("failure", Findings),
    UniqueConstraint("sender", "idempotency_key"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("batch", PlainText, ForeignKey("batches.id"), nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("done_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("batch", "first"),
    sqlite_with_rowid=False,
)

items = Table(
    "items",
    metadata,
    Column("batch", PlainText, ForeignKey("batches.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("file_name", PlainText, nullable=False),
    Column("outcome", StringEnum(Outcome), nullable=False),
    Column("madinhdanhhocba", PlainText),
    Column("phienban", Integer),
    Column("sha256", PlainText),
    Column("findings", Findings),
    Column("masogd", PlainText),
    Column("namhoc", PlainText),
    Column("matruong", PlainText),
    PrimaryKeyConstraint("batch", "position"),
    Index("items_by_outcome", "batch", "outcome", "position"),
    # Refused documents by whose they claim to be; the others have no school here.
    Index(
        "items_refused",
        "masogd",
        "namhoc",
        "matruong",
        "madinhdanhhocba",
        "phienban",
        "sha256",
        sqlite_where=text("matruong IS NOT NULL"),
        postgresql_where=text("matruong IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

versions = Table(
    "versions",
    metadata,
    Column("madinhdanhhocba", PlainText, ForeignKey("records.madinhdanhhocba"), nullable=False),
    Column("phienban", Integer, nullable=False),
    Column("event", StringEnum(Event), nullable=False),
    Column("status", StringEnum(RecordStatus), nullable=False),
    Column("masogd", PlainText, nullable=False),
    Column("storage_key", PlainText, nullable=False),
    Column("version_id", PlainText, nullable=False),
    Column("sha256", PlainText, nullable=False),
    Column("size", Integer, nullable=False),
    Column("accepted_at", UtcDateTime, nullable=False),
    Column("batch", PlainText, ForeignKey("batches.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("definition", PlainText, nullable=False),
    Column("policy", PlainText, nullable=False),
    Column("trichluc", Boolean),
    PrimaryKeyConstraint("madinhdanhhocba", "phienban"),
    UniqueConstraint("batch", "position"),
)

requests = Table(
    "requests",
    metadata,
    # Not a foreign key: a record made from paper is asked for before it is there.
    Column("madinhdanhhocba", PlainText, nullable=False),
    Column("number", Integer, nullable=False),
    Column("kind", StringEnum(Step), nullable=False),
    Column("reason", StringEnum(Reason), nullable=False),
    Column("text", PlainText, nullable=False),
    Column("requested_by", PlainText, nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("decision", StringEnum(RequestDecision)),
    Column("decided_by", PlainText),
    Column("decided_at", UtcDateTime),
    Column("phienban", Integer),
    Column("masogd", PlainText),
    Column("scan_sha256", PlainText),
    Column("confirmed_by", PlainText),
    Column("withdrawn_by", PlainText),
    Column("withdrawn_at", UtcDateTime),
    Column("withdrawn_text", PlainText),
    PrimaryKeyConstraint("madinhdanhhocba", "number"),
)

transfers = Table(
    "transfers",
    metadata,
    Column("id", PlainText, nullable=False),
    Column("direction", StringEnum(TransferDirection), nullable=False),
    Column("state", StringEnum(TransferState), nullable=False),
    Column("province", PlainText, nullable=False),
    Column("sender", PlainText, nullable=False),
    Column("receiver", PlainText, nullable=False),
    Column("matruong", PlainText),
    Column("mahocsinh", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("decision", PlainText),
    Column("documents", Integer, nullable=False),
    Column("issued_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("noted_at", UtcDateTime, nullable=False),
    Column("noted_by", PlainText, nullable=False),
    Column("sha256", PlainText, nullable=False),
    Column("storage_key", PlainText, nullable=False),
    Column("version_id", PlainText, nullable=False),
    # Not a foreign key: a package that brings nothing new has no batch.
    Column("batch", PlainText, index=True),
    Column("decided_at", UtcDateTime),
    Column("decided_by", PlainText),
    Column("note", PlainText),
    Column("acknowledgement", PlainText),
    PrimaryKeyConstraint("id", "direction"),
    Index("transfers_by_province", "province", "noted_at", "id"),
    Index("transfers_by_noted_at", "noted_at", "id"),
    Index("transfers_by_pupil", "mahocsinh", "direction"),
)

# What the packages of accepted transfers held, duplicates included: whom else a record exists for.
transferred_versions = Table(
    "transferred_versions",
    metadata,
    Column("province", PlainText, nullable=False),
    Column("madinhdanhhocba", PlainText, ForeignKey("records.madinhdanhhocba"), nullable=False),
    Column("phienban", Integer, nullable=False),
    # Not a foreign key: of a transfer's two rows, that of the receiving side.
    Column("transfer", PlainText, nullable=False),
    PrimaryKeyConstraint("province", "madinhdanhhocba", "phienban", "transfer"),
    sqlite_with_rowid=False,
)

pupil_links = Table(
    "pupil_links",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    # Not foreign keys: an id may be given before the first record comes in under it.
    Column("old", PlainText, nullable=False, index=True),
    Column("new", PlainText, nullable=False, index=True),
    Column("linked", Boolean, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("linked_by", PlainText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", PlainText, nullable=False),
    Column("action", PlainText, nullable=False),
    Column("madinhdanhhocba", PlainText),
    Column("phienban", Integer),
    Column("batch", PlainText),
    Column("masogd", PlainText),
    Column("detail", PlainText),
    Index("audit_events_by_record", "madinhdanhhocba", "id"),
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    metadata,
    Column("sha256", PlainText, primary_key=True),
    Column("kind", StringEnum(TokenKind), nullable=False),
    Column("label", PlainText, nullable=False),
    Column("masogd", PlainText),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

token_pupils = Table(
    "token_pupils",
    metadata,
    Column("token", PlainText, ForeignKey("tokens.sha256"), nullable=False),
    # Not a foreign key: a guardian may be registered before the first record comes in.
    Column("mahocsinh", PlainText, nullable=False),
    PrimaryKeyConstraint("token", "mahocsinh"),
)
