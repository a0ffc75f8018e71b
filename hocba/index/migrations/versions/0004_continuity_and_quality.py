"""What continuity and quality are figured from: more of each record, schools, expected numbers."""

import sqlalchemy as sa
from alembic import op

from hocba.index.types import EarlierYears, PlainText, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _records()
    _items()
    _schools()
    op.create_table(
        "expected_pupils",
        sa.Column("masogd", PlainText, nullable=False),
        sa.Column("namhoc", PlainText, nullable=False),
        sa.Column("matruong", PlainText, nullable=False),
        sa.Column("makhoi", PlainText, nullable=False),
        sa.Column("sohocsinh", sa.Integer, nullable=False),
        sa.Column("imported_at", UtcDateTime, nullable=False),
        sa.Column("imported_by", PlainText, nullable=False),
        sa.PrimaryKeyConstraint(
            "masogd", "namhoc", "matruong", "makhoi", name="expected_pupils_key"
        ),
    )
    _continuity_findings()


def _records() -> None:
    """NULL in all of them: taken in before anybody looked."""
    op.add_column("records", sa.Column("duoclenlop", sa.Boolean))
    op.add_column("records", sa.Column("hoanthanhcap", sa.Boolean))
    op.add_column("records", sa.Column("ngaykyphathanh", sa.Date))
    op.add_column("records", sa.Column("earlier", EarlierYears))
    op.add_column("records", sa.Column("warnings", sa.Integer))
    op.add_column("records", sa.Column("signature_warnings", sa.Integer))
    op.add_column("records", sa.Column("days_to_arrive", sa.Integer))
    op.add_column("records", sa.Column("accepted_at", UtcDateTime))
    op.create_index(
        "records_for_quality",
        "records",
        [
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
        ],
    )


def _items() -> None:
    for name in ("masogd", "namhoc", "matruong"):
        op.add_column("items", sa.Column(name, PlainText))
    op.create_index(
        "items_refused",
        "items",
        ["masogd", "namhoc", "matruong", "madinhdanhhocba", "phienban", "sha256"],
        sqlite_where=sa.text("matruong IS NOT NULL"),
        postgresql_where=sa.text("matruong IS NOT NULL"),
    )


def _schools() -> None:
    op.create_table(
        "schools",
        sa.Column("masogd", PlainText, nullable=False),
        sa.Column("matruong", PlainText, nullable=False),
        sa.Column("tentruong", PlainText),
        sa.Column("maxa", PlainText),
        sa.Column("namhoc", PlainText),
        sa.PrimaryKeyConstraint("masogd", "matruong", name="schools_key"),
    )
    op.create_index("schools_by_matruong", "schools", ["matruong"])
    op.create_index("schools_by_commune", "schools", ["maxa", "masogd", "matruong"])
    # Nobody looked at the communes of what is there already: the next record of a school says it.
    op.execute(
        "INSERT INTO schools (masogd, matruong, tentruong)"
        " SELECT masogd, matruong, max(tentruong) FROM records GROUP BY masogd, matruong"
    )


def _continuity_findings() -> None:
    op.create_table(
        "continuity_findings",
        sa.Column("madinhdanhhocba", PlainText, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("mahocsinh", PlainText, nullable=False),
        sa.Column("masogd", PlainText, nullable=False),
        sa.Column("namhoc", PlainText, nullable=False),
        sa.Column("matruong", PlainText, nullable=False),
        sa.Column("code", PlainText, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("finding", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("madinhdanhhocba", "number", name="continuity_findings_key"),
        sa.ForeignKeyConstraint(
            ["madinhdanhhocba"],
            ["records.madinhdanhhocba"],
            name="continuity_findings_madinhdanhhocba_known",
        ),
    )
    op.create_index("continuity_findings_by_mahocsinh", "continuity_findings", ["mahocsinh"])
    op.create_index(
        "continuity_findings_by_school",
        "continuity_findings",
        ["masogd", "namhoc", "matruong", "code", "mahocsinh"],
    )
