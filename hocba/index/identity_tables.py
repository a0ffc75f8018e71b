"""The tables of identity checks.

A register's word on a person is kept once, however many records name them. A mismatch stands once
for each school and person; `identity_sources` says in which records (or school's roster) it shows
now, and it ends by itself where there are none left.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from hocba.identity.model import MismatchState, PersonKind, Problem
from hocba.index.tables import metadata
from hocba.index.types import Findings, PlainText, StringEnum, UtcDateTime

_SERIAL = BigInteger().with_variant(Integer, "sqlite")

identity_checks = Table(
    "identity_checks",
    metadata,
    Column("sodinhdanh", PlainText, nullable=False),
    Column("hovaten", PlainText, nullable=False),
    Column("ngaysinh", PlainText, nullable=False),
    Column("problem", StringEnum(Problem)),
    Column("findings", Findings),
    Column("register", PlainText, nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("sodinhdanh", "hovaten", "ngaysinh"),
    sqlite_with_rowid=False,
)

identity_records = Table(
    "identity_records",
    metadata,
    Column("madinhdanhhocba", PlainText, ForeignKey("records.madinhdanhhocba"), nullable=False),
    Column("phienban", Integer, nullable=False),
    Column("deferred", Boolean, nullable=False),
    Column("checked_at", UtcDateTime, nullable=False),
    PrimaryKeyConstraint("madinhdanhhocba"),
    sqlite_with_rowid=False,
)

identity_mismatches = Table(
    "identity_mismatches",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("masogd", PlainText, nullable=False),
    Column("matruong", PlainText, nullable=False),
    Column("kind", StringEnum(PersonKind), nullable=False),
    Column("role", PlainText, nullable=False),
    Column("sodinhdanh", PlainText, nullable=False),
    Column("hovaten", PlainText, nullable=False),
    Column("ngaysinh", PlainText, nullable=False),
    Column("problem", StringEnum(Problem), nullable=False),
    Column("findings", Findings),
    Column("madinhdanhhocba", PlainText),
    Column("namhoc", PlainText),
    Column("state", StringEnum(MismatchState), nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("resolved_at", UtcDateTime),
    Column("resolved_by", PlainText),
    Column("reason", PlainText),
    UniqueConstraint(
        "masogd",
        "matruong",
        "kind",
        "sodinhdanh",
        "hovaten",
        "ngaysinh",
        name="identity_mismatches_once",
    ),
    Index("identity_mismatches_by_state", "masogd", "state", "id"),
    Index("identity_mismatches_by_school", "masogd", "matruong", "state", "id"),
    Index("identity_mismatches_in_state", "state", "id"),
    sqlite_autoincrement=True,
)

identity_sources = Table(
    "identity_sources",
    metadata,
    Column("mismatch", _SERIAL, ForeignKey("identity_mismatches.id"), nullable=False),
    Column("source", PlainText, nullable=False),
    PrimaryKeyConstraint("source", "mismatch"),
    Index("identity_sources_of_mismatch", "mismatch"),
    sqlite_with_rowid=False,
)
