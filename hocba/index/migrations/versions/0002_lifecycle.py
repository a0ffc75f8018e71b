"""Requests for changes of records, and links between ids of one pupil."""

import sqlalchemy as sa
from alembic import op

from hocba.index.migrations.append_only import make_append_only
from hocba.index.types import PlainText, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("madinhdanhhocba", PlainText, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("text", PlainText, nullable=False),
        sa.Column("requested_by", PlainText, nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("decision", sa.Text),
        sa.Column("decided_by", PlainText),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("phienban", sa.Integer),
        sa.PrimaryKeyConstraint("madinhdanhhocba", "number", name="requests_key"),
        sa.ForeignKeyConstraint(
            ["madinhdanhhocba"], ["records.madinhdanhhocba"], name="requests_madinhdanhhocba_known"
        ),
    )
    op.create_table(
        "pupil_links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("old", PlainText, nullable=False),
        sa.Column("new", PlainText, nullable=False),
        sa.Column("linked", sa.Boolean, nullable=False),
        sa.Column("reason", PlainText, nullable=False),
        sa.Column("linked_by", PlainText, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("pupil_links_by_old", "pupil_links", ["old"])
    op.create_index("pupil_links_by_new", "pupil_links", ["new"])
    make_append_only("pupil_links")
