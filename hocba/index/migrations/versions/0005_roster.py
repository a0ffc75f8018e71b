"""The roster with its history, and the certificates of those who sign."""

import sqlalchemy as sa
from alembic import op

from hocba.index.migrations.append_only import make_append_only
from hocba.index.types import PlainText, UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_CELLS = (
    "matruong",
    "vaitro",
    "sodinhdanh",
    "masothue",
    "hovaten",
    "tungay",
    "denngay",
    "hinhthuc",
    "donviquanly",
    "truongchinh",
    "thaycho",
    "lydo",
    "nguoipheduyet",
    "soquyetdinh",
    "ngayquyetdinh",
)


def upgrade() -> None:
    _changes()
    _mandates()
    _certificates()
    for table in ("roster_changes", "roster_mandates", "roster_ends", "roster_bindings"):
        make_append_only(table)
    make_append_only("signer_certificates")


def _serial() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _of_change(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["change"], ["roster_changes.number"], name=f"{table}_change_known"
    )


def _changes() -> None:
    texts = ("made_by", "reason", "source", "source_sha256")
    counts = ("added", "changed", "ended", "withdrawn", "mandates")
    op.create_table(
        "roster_changes",
        sa.Column("number", sa.Integer, nullable=False, autoincrement=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        *(sa.Column(name, PlainText, nullable=False) for name in texts),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("effective", sa.Date, nullable=False),
        *(sa.Column(name, sa.Integer, nullable=False) for name in counts),
        sa.Column("digest", PlainText, nullable=False),
        sa.PrimaryKeyConstraint("number", name="roster_changes_key"),
    )
    op.create_index("roster_changes_by_at", "roster_changes", ["at"])
    op.create_index("roster_changes_by_source_sha256", "roster_changes", ["source_sha256"])


def _mandates() -> None:
    op.create_table(
        "roster_mandates",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("change", sa.Integer, nullable=False),
        sa.Column("holder", PlainText, nullable=False),
        *(sa.Column(name, PlainText, nullable=False) for name in _CELLS),
        sa.PrimaryKeyConstraint("id", name="roster_mandates_key"),
        _of_change("roster_mandates"),
        sqlite_autoincrement=True,
    )
    op.create_index("roster_mandates_by_holder", "roster_mandates", ["holder"])
    op.create_index(
        "roster_mandates_by_school",
        "roster_mandates",
        ["matruong", "vaitro", "holder", "tungay", "thaycho"],
    )
    op.create_table(
        "roster_ends",
        sa.Column("mandate", _serial(), nullable=False, autoincrement=False),
        sa.Column("change", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("mandate", name="roster_ends_key"),
        sa.ForeignKeyConstraint(
            ["mandate"], ["roster_mandates.id"], name="roster_ends_mandate_known"
        ),
        _of_change("roster_ends"),
    )


def _certificates() -> None:
    op.create_table(
        "roster_bindings",
        sa.Column("id", _serial(), nullable=False),
        sa.Column("change", sa.Integer, nullable=False),
        sa.Column("holder", PlainText, nullable=False),
        sa.Column("sha256", PlainText, nullable=False),
        sa.Column("bound", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="roster_bindings_key"),
        _of_change("roster_bindings"),
        sqlite_autoincrement=True,
    )
    op.create_index("roster_bindings_by_holder", "roster_bindings", ["holder"])
    op.create_table(
        "signer_certificates",
        sa.Column("sha256", PlainText, nullable=False),
        sa.Column("holder", PlainText, nullable=False),
        sa.Column("subject", PlainText, nullable=False),
        sa.Column("issuer", PlainText, nullable=False),
        sa.Column("serial", PlainText, nullable=False),
        sa.Column("valid_from", UtcDateTime, nullable=False),
        sa.Column("valid_until", UtcDateTime, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("seen_at", UtcDateTime, nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="signer_certificates_key"),
    )
    op.create_index("signer_certificates_by_holder", "signer_certificates", ["holder"])
    op.create_index("signer_certificates_by_end", "signer_certificates", ["valid_until", "sha256"])
