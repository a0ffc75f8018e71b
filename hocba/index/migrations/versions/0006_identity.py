"""Whose identity was checked against a register, and the queue of what does not agree."""

import sqlalchemy as sa
from alembic import op

from hocba.index.types import Findings, PlainText, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "identity_checks",
        sa.Column("sodinhdanh", PlainText, nullable=False),
        sa.Column("hovaten", PlainText, nullable=False),
        sa.Column("ngaysinh", PlainText, nullable=False),
        sa.Column("problem", sa.Text),
        sa.Column("findings", Findings),
        sa.Column("register", PlainText, nullable=False),
        sa.Column("checked_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("sodinhdanh", "hovaten", "ngaysinh", name="identity_checks_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identity_records",
        sa.Column("madinhdanhhocba", PlainText, nullable=False),
        sa.Column("phienban", sa.Integer, nullable=False),
        sa.Column("deferred", sa.Boolean, nullable=False),
        sa.Column("checked_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("madinhdanhhocba", name="identity_records_key"),
        sa.ForeignKeyConstraint(
            ["madinhdanhhocba"],
            ["records.madinhdanhhocba"],
            name="identity_records_madinhdanhhocba_known",
        ),
        sqlite_with_rowid=False,
    )
    _mismatches()
    op.create_table(
        "identity_sources",
        sa.Column("mismatch", _SERIAL, nullable=False),
        sa.Column("source", PlainText, nullable=False),
        sa.PrimaryKeyConstraint("source", "mismatch", name="identity_sources_key"),
        sa.ForeignKeyConstraint(
            ["mismatch"], ["identity_mismatches.id"], name="identity_sources_mismatch_known"
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("identity_sources_of_mismatch", "identity_sources", ["mismatch"])


def _mismatches() -> None:
    op.create_table(
        "identity_mismatches",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("masogd", PlainText, nullable=False),
        sa.Column("matruong", PlainText, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("role", PlainText, nullable=False),
        sa.Column("sodinhdanh", PlainText, nullable=False),
        sa.Column("hovaten", PlainText, nullable=False),
        sa.Column("ngaysinh", PlainText, nullable=False),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("findings", Findings),
        sa.Column("madinhdanhhocba", PlainText),
        sa.Column("namhoc", PlainText),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("opened_at", UtcDateTime, nullable=False),
        sa.Column("resolved_at", UtcDateTime),
        sa.Column("resolved_by", PlainText),
        sa.Column("reason", PlainText),
        sa.PrimaryKeyConstraint("id", name="identity_mismatches_key"),
        sa.UniqueConstraint(
            "masogd",
            "matruong",
            "kind",
            "sodinhdanh",
            "hovaten",
            "ngaysinh",
            name="identity_mismatches_once",
        ),
        sqlite_autoincrement=True,
    )
    for name, columns in (
        ("identity_mismatches_by_state", ["masogd", "state", "id"]),
        ("identity_mismatches_by_school", ["masogd", "matruong", "state", "id"]),
        ("identity_mismatches_in_state", ["state", "id"]),
    ):
        op.create_index(name, "identity_mismatches", columns)
