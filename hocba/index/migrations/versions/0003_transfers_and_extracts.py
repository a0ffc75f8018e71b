"""Transfers of pupils; records made from paper, which are asked for before they are there."""

import sqlalchemy as sa
from alembic import op

from hocba.index.types import PlainText, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("records", "versions"):
        # NULL: nobody looked at it when the version was taken in.
        op.add_column(table, sa.Column("trichluc", sa.Boolean))
    with op.batch_alter_table("requests") as requests:
        # A record made from paper is asked for before it exists.
        requests.drop_constraint("requests_madinhdanhhocba_known", type_="foreignkey")
        requests.add_column(sa.Column("masogd", PlainText))
        requests.add_column(sa.Column("scan_sha256", PlainText))
        requests.add_column(sa.Column("confirmed_by", PlainText))
        requests.add_column(sa.Column("withdrawn_by", PlainText))
        requests.add_column(sa.Column("withdrawn_at", UtcDateTime))
        requests.add_column(sa.Column("withdrawn_text", PlainText))
    op.create_table(
        "transfers",
        sa.Column("id", PlainText, nullable=False),
        sa.Column("direction", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("province", PlainText, nullable=False),
        sa.Column("sender", PlainText, nullable=False),
        sa.Column("receiver", PlainText, nullable=False),
        sa.Column("matruong", PlainText),
        sa.Column("mahocsinh", PlainText, nullable=False),
        sa.Column("reason", PlainText, nullable=False),
        sa.Column("decision", PlainText),
        sa.Column("documents", sa.Integer, nullable=False),
        sa.Column("issued_at", UtcDateTime, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("noted_at", UtcDateTime, nullable=False),
        sa.Column("noted_by", PlainText, nullable=False),
        sa.Column("sha256", PlainText, nullable=False),
        sa.Column("storage_key", PlainText, nullable=False),
        sa.Column("version_id", PlainText, nullable=False),
        sa.Column("batch", PlainText),
        sa.Column("decided_at", UtcDateTime),
        sa.Column("decided_by", PlainText),
        sa.Column("note", PlainText),
        sa.Column("acknowledgement", PlainText),
        sa.PrimaryKeyConstraint("id", "direction", name="transfers_key"),
    )
    op.create_index("transfers_by_province", "transfers", ["province", "noted_at", "id"])
    op.create_index("transfers_by_pupil", "transfers", ["mahocsinh", "direction"])
    op.create_index("transfers_by_batch", "transfers", ["batch"])
    op.create_index("transfers_by_noted_at", "transfers", ["noted_at", "id"])
