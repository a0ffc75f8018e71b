"""First tables: pupils, records, versions, batches, items, audit trail, tokens."""

import sqlalchemy as sa
from alembic import op

from hocba.index.migrations.append_only import make_append_only
from hocba.index.types import PlainText, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _pupils_and_records()
    _batches()
    _versions()
    _audit_events()
    _tokens()
    make_append_only("versions")
    make_append_only("audit_events")


def _pupils_and_records() -> None:
    op.create_table(
        "pupils",
        sa.Column("mahocsinh", PlainText, nullable=False),
        sa.Column("sodinhdanh", PlainText, nullable=False),
        sa.PrimaryKeyConstraint("mahocsinh", name="pupils_key"),
    )
    op.create_index("pupils_by_sodinhdanh", "pupils", ["sodinhdanh"])
    op.create_table(
        "records",
        sa.Column("madinhdanhhocba", PlainText, nullable=False),
        sa.Column("mahocsinh", PlainText, nullable=False),
        sa.Column("sodinhdanh", PlainText, nullable=False),
        sa.Column("hovaten", PlainText, nullable=False),
        sa.Column("namhoc", PlainText, nullable=False),
        sa.Column("masogd", PlainText, nullable=False),
        sa.Column("matruong", PlainText, nullable=False),
        sa.Column("tentruong", PlainText, nullable=False),
        sa.Column("macaphoc", PlainText, nullable=False),
        sa.Column("makhoi", PlainText, nullable=False),
        sa.Column("tenlop", PlainText, nullable=False),
        sa.Column("ketqua", PlainText),
        sa.Column("definition", PlainText, nullable=False),
        sa.Column("phienban", sa.Integer, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("madinhdanhhocba", name="records_key"),
        sa.ForeignKeyConstraint(["mahocsinh"], ["pupils.mahocsinh"], name="records_mahocsinh_known"),
    )
    op.create_index("records_by_pupil", "records", ["mahocsinh", "namhoc"])
    op.create_index(
        "records_by_school",
        "records",
        ["masogd", "namhoc", "matruong", "madinhdanhhocba", "macaphoc", "status"],
    )


def _batches() -> None:
    counts = ("accepted", "duplicate", "rejected", "unreadable", "deferred", "ignored")
    op.create_table(
        "batches",
        sa.Column("id", PlainText, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("source", PlainText, nullable=False),
        sa.Column("fingerprint", PlainText, nullable=False),
        sa.Column("sender", PlainText, nullable=False),
        sa.Column("masogd", PlainText),
        sa.Column("idempotency_key", PlainText),
        sa.Column("location", PlainText),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("started_at", UtcDateTime),
        sa.Column("finished_at", UtcDateTime),
        *(sa.Column(name, sa.Integer, nullable=False) for name in counts),
        sa.Column("ignored_names", PlainText),
        sa.Column("failure", sa.Text),
        sa.PrimaryKeyConstraint("id", name="batches_key"),
        sa.UniqueConstraint(
            "sender", "idempotency_key", name="batches_unique_sender_idempotency_key"
        ),
    )
    op.create_index("batches_by_fingerprint", "batches", ["fingerprint"])
    op.create_index("batches_by_created_at", "batches", ["created_at"])
    op.create_table(
        "chunks",
        sa.Column("batch", PlainText, nullable=False),
        sa.Column("first", sa.Integer, nullable=False),
        sa.Column("last", sa.Integer, nullable=False),
        sa.Column("done_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("batch", "first", name="chunks_key"),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name="chunks_batch_known"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "items",
        sa.Column("batch", PlainText, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("file_name", PlainText, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("madinhdanhhocba", PlainText),
        sa.Column("phienban", sa.Integer),
        sa.Column("sha256", PlainText),
        sa.Column("findings", sa.Text),
        sa.PrimaryKeyConstraint("batch", "position", name="items_key"),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name="items_batch_known"),
        sqlite_with_rowid=False,
    )
    op.create_index("items_by_outcome", "items", ["batch", "outcome", "position"])


def _versions() -> None:
    op.create_table(
        "versions",
        sa.Column("madinhdanhhocba", PlainText, nullable=False),
        sa.Column("phienban", sa.Integer, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("masogd", PlainText, nullable=False),
        sa.Column("storage_key", PlainText, nullable=False),
        sa.Column("version_id", PlainText, nullable=False),
        sa.Column("sha256", PlainText, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("accepted_at", UtcDateTime, nullable=False),
        sa.Column("batch", PlainText, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("definition", PlainText, nullable=False),
        sa.Column("policy", PlainText, nullable=False),
        sa.PrimaryKeyConstraint("madinhdanhhocba", "phienban", name="versions_key"),
        sa.UniqueConstraint("batch", "position", name="versions_unique_batch_position"),
        sa.ForeignKeyConstraint(
            ["madinhdanhhocba"], ["records.madinhdanhhocba"], name="versions_madinhdanhhocba_known"
        ),
        sa.ForeignKeyConstraint(["batch"], ["batches.id"], name="versions_batch_known"),
    )


def _audit_events() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("actor", PlainText, nullable=False),
        sa.Column("action", PlainText, nullable=False),
        sa.Column("madinhdanhhocba", PlainText),
        sa.Column("phienban", sa.Integer),
        sa.Column("batch", PlainText),
        sa.Column("masogd", PlainText),
        sa.Column("detail", PlainText),
        sqlite_autoincrement=True,
    )
    op.create_index("audit_events_by_record", "audit_events", ["madinhdanhhocba", "id"])


def _tokens() -> None:
    op.create_table(
        "tokens",
        sa.Column("sha256", PlainText, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("label", PlainText, nullable=False),
        sa.Column("masogd", PlainText),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime),
        sa.Column("revoked_at", UtcDateTime),
        sa.PrimaryKeyConstraint("sha256", name="tokens_key"),
    )
    op.create_table(
        "token_pupils",
        sa.Column("token", PlainText, nullable=False),
        sa.Column("mahocsinh", PlainText, nullable=False),
        sa.PrimaryKeyConstraint("token", "mahocsinh", name="token_pupils_key"),
        sa.ForeignKeyConstraint(["token"], ["tokens.sha256"], name="token_pupils_token_known"),
    )
