"""What the packages of accepted transfers held: which records exist for the receiving province."""

import sqlalchemy as sa
from alembic import op

from hocba.index.types import PlainText

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# Every document of a package is an item of its batch, whether it was new or not.
_WHAT_CAME_IN = """
INSERT INTO transferred_versions (province, madinhdanhhocba, phienban, transfer)
SELECT DISTINCT transfers.receiver, items.madinhdanhhocba, items.phienban, transfers.id
FROM transfers JOIN items ON items.batch = transfers.batch
WHERE transfers.direction = 'in' AND transfers.state = 'accepted'
AND items.outcome IN ('accepted', 'duplicate')
AND items.madinhdanhhocba IS NOT NULL AND items.phienban IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "transferred_versions",
        sa.Column("province", PlainText, nullable=False),
        sa.Column("madinhdanhhocba", PlainText, nullable=False),
        sa.Column("phienban", sa.Integer, nullable=False),
        sa.Column("transfer", PlainText, nullable=False),
        sa.PrimaryKeyConstraint(
            "province",
            "madinhdanhhocba",
            "phienban",
            "transfer",
            name="transferred_versions_key",
        ),
        sa.ForeignKeyConstraint(
            ["madinhdanhhocba"],
            ["records.madinhdanhhocba"],
            name="transferred_versions_madinhdanhhocba_known",
        ),
        sqlite_with_rowid=False,
    )
    op.execute(_WHAT_CAME_IN)
