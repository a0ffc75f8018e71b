"""The tables of the roster: nothing in them is ever changed, what ends is a further row.

A mandate is known from the change that brought it (`change`) until the one in `roster_ends`; its
own period (`tungay`, `denngay`) is another matter. So two questions have an answer: who might sign
on a day, and what was known of that at a time.
"""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, Table

from hocba.index.roster_rows import CertificateSource, RosterChangeKind, RosterScope
from hocba.index.tables import metadata
from hocba.index.types import PlainText, StringEnum, UtcDateTime

_SERIAL = BigInteger().with_variant(Integer, "sqlite")

roster_changes = Table(
    "roster_changes",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", StringEnum(RosterChangeKind), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("made_by", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("source", PlainText, nullable=False),
    Column("source_sha256", PlainText, nullable=False, index=True),
    Column("scope", StringEnum(RosterScope), nullable=False),
    Column("effective", Date, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("ended", Integer, nullable=False),
    Column("withdrawn", Integer, nullable=False),
    Column("mandates", Integer, nullable=False),
    Column("digest", PlainText, nullable=False),
)

# The columns of a roster file, as text: days in ISO 8601 compare like days.
roster_mandates = Table(
    "roster_mandates",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("change", Integer, ForeignKey("roster_changes.number"), nullable=False),
    Column("holder", PlainText, nullable=False, index=True),
    Column("matruong", PlainText, nullable=False),
    Column("vaitro", PlainText, nullable=False),
    Column("sodinhdanh", PlainText, nullable=False),
    Column("masothue", PlainText, nullable=False),
    Column("hovaten", PlainText, nullable=False),
    Column("tungay", PlainText, nullable=False),
    Column("denngay", PlainText, nullable=False),
    Column("hinhthuc", PlainText, nullable=False),
    Column("donviquanly", PlainText, nullable=False),
    Column("truongchinh", PlainText, nullable=False),
    Column("thaycho", PlainText, nullable=False),
    Column("lydo", PlainText, nullable=False),
    Column("nguoipheduyet", PlainText, nullable=False),
    Column("soquyetdinh", PlainText, nullable=False),
    Column("ngayquyetdinh", PlainText, nullable=False),
    # The order in which a roster is written.
    Index("roster_mandates_by_school", "matruong", "vaitro", "holder", "tungay", "thaycho"),
    sqlite_autoincrement=True,
)

roster_ends = Table(
    "roster_ends",
    metadata,
    Column(
        "mandate", _SERIAL, ForeignKey("roster_mandates.id"), primary_key=True, autoincrement=False
    ),
    Column("change", Integer, ForeignKey("roster_changes.number"), nullable=False),
)

roster_bindings = Table(
    "roster_bindings",
    metadata,
    Column("id", _SERIAL, primary_key=True),
    Column("change", Integer, ForeignKey("roster_changes.number"), nullable=False),
    Column("holder", PlainText, nullable=False, index=True),
    Column("sha256", PlainText, nullable=False),
    Column("bound", Boolean, nullable=False),
    sqlite_autoincrement=True,
)

signer_certificates = Table(
    "signer_certificates",
    metadata,
    Column("sha256", PlainText, primary_key=True),
    Column("holder", PlainText, nullable=False, index=True),
    Column("subject", PlainText, nullable=False),
    Column("issuer", PlainText, nullable=False),
    Column("serial", PlainText, nullable=False),
    Column("valid_from", UtcDateTime, nullable=False),
    Column("valid_until", UtcDateTime, nullable=False),
    Column("source", StringEnum(CertificateSource), nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Index("signer_certificates_by_end", "valid_until", "sha256"),
)
