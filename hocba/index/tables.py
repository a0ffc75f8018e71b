"""The tables. Column names are the field names of `rows`; migrations/ makes them."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from hocba.index.rows import BatchState, TokenKind
from hocba.index.types import Findings, StringEnum, UtcDateTime
from hocba.model.outcome import Outcome
from hocba.model.record import Event, RecordStatus

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
    Column("mahocsinh", Text, primary_key=True),
    Column("sodinhdanh", Text, nullable=False, index=True),
)

records = Table(
    "records",
    metadata,
    Column("madinhdanhhocba", Text, primary_key=True),
    Column("mahocsinh", Text, ForeignKey("pupils.mahocsinh"), nullable=False),
    Column("sodinhdanh", Text, nullable=False),
    Column("hovaten", Text, nullable=False),
    Column("namhoc", Text, nullable=False),
    Column("masogd", Text, nullable=False),
    Column("matruong", Text, nullable=False),
    Column("tentruong", Text, nullable=False),
    Column("macaphoc", Text, nullable=False),
    Column("makhoi", Text, nullable=False),
    Column("tenlop", Text, nullable=False),
    Column("ketqua", Text),
    Column("definition", Text, nullable=False),
    Column("phienban", Integer, nullable=False),
    Column("status", StringEnum(RecordStatus), nullable=False),
    # One pupil's timeline; one school's records; the figures of a province without the table.
    Index("records_by_pupil", "mahocsinh", "namhoc"),
    Index("records_by_school", "masogd", "namhoc", "macaphoc", "matruong", "status"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", Text, primary_key=True),
    Column("state", StringEnum(BatchState), nullable=False),
    Column("source", Text, nullable=False),
    Column("fingerprint", Text, nullable=False, index=True),
    Column("sender", Text, nullable=False),
    Column("masogd", Text),
    Column("idempotency_key", Text),
    Column("location", Text),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("started_at", UtcDateTime),
    Column("finished_at", UtcDateTime),
    Column("accepted", Integer, nullable=False, default=0),
    Column("duplicate", Integer, nullable=False, default=0),
    Column("rejected", Integer, nullable=False, default=0),
    Column("unreadable", Integer, nullable=False, default=0),
    Column("deferred", Integer, nullable=False, default=0),
    Column("ignored", Integer, nullable=False, default=0),
    Column("ignored_names", Text),
    Column("failure", Findings),
    UniqueConstraint("sender", "idempotency_key"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("batch", Text, ForeignKey("batches.id"), nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("done_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("batch", "first"),
    sqlite_with_rowid=False,
)

items = Table(
    "items",
    metadata,
    Column("batch", Text, ForeignKey("batches.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("outcome", StringEnum(Outcome), nullable=False),
    Column("madinhdanhhocba", Text),
    Column("phienban", Integer),
    Column("sha256", Text),
    Column("findings", Findings),
    PrimaryKeyConstraint("batch", "position"),
    Index("items_by_outcome", "batch", "outcome", "position"),
    sqlite_with_rowid=False,
)

versions = Table(
    "versions",
    metadata,
    Column("madinhdanhhocba", Text, ForeignKey("records.madinhdanhhocba"), nullable=False),
    Column("phienban", Integer, nullable=False),
    Column("event", StringEnum(Event), nullable=False),
    Column("status", StringEnum(RecordStatus), nullable=False),
    Column("masogd", Text, nullable=False),
    Column("storage_key", Text, nullable=False),
    Column("version_id", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("accepted_at", UtcDateTime, nullable=False),
    Column("batch", Text, ForeignKey("batches.id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("definition", Text, nullable=False),
    Column("policy", Text, nullable=False),
    PrimaryKeyConstraint("madinhdanhhocba", "phienban"),
    UniqueConstraint("batch", "position"),
)

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("madinhdanhhocba", Text),
    Column("phienban", Integer),
    Column("batch", Text),
    Column("masogd", Text),
    Column("detail", Text),
    Index("audit_events_by_record", "madinhdanhhocba", "id"),
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    metadata,
    Column("sha256", Text, primary_key=True),
    Column("kind", StringEnum(TokenKind), nullable=False),
    Column("label", Text, nullable=False),
    Column("masogd", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

token_pupils = Table(
    "token_pupils",
    metadata,
    Column("token", Text, ForeignKey("tokens.sha256"), nullable=False),
    # Not a foreign key: a guardian may be registered before the first record comes in.
    Column("mahocsinh", Text, nullable=False),
    PrimaryKeyConstraint("token", "mahocsinh"),
)
