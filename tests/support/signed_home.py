"""A repository that believes the signers of `signed_records`, and versions of a record to send."""

from dataclasses import replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from hocba.home import Home
from hocba.index.rows import Batch, Item
from signing.roster import write_roster
from tests.support import records, signed_records, signing_kit
from tests.support.trust_folder import write_trust_folder

RECORD = "00000000-0000-4000-8000-000000000001"
PUPIL = "2500000012"


def write_believed(folder: Path) -> tuple[Path, Path]:
    """A trust folder and a roster in *folder* for the signers of `signed_records`."""
    trust = write_trust_folder(
        folder / "believed",
        signing_kit.root().certificate.public_bytes(Encoding.DER),
        [signing_kit.issuer().certificate.public_bytes(Encoding.DER)],
        signing_kit.crls(),
    )
    roster = folder / "believed.csv"
    write_roster(roster, signed_records.roster().entries())
    return trust, roster


def make_home(folder: Path, masogd: str | None = None) -> Home:
    """A new home in *folder*/home."""
    trust, roster = write_believed(folder)
    made = Home.create(folder / "home", trust=trust, roster=roster, masogd=masogd)
    return replace(made, configuration=replace(made.configuration, processes=1))


def version(number: int = 1, event: str = "NEW", mark: str = "7.5", **fields: str) -> bytes:
    """A signed version of the one record; *mark* is that of the second semester in Toán."""
    year = ((Decimal("8.5") + 2 * Decimal(mark)) / 3).quantize(Decimal("0.1"), ROUND_HALF_UP)
    maths = records.secondary_row("TOC", "Toán", diemhocky2=mark, diemcanam=str(year))
    rows = [maths if each["mamonhoc"] == "TOC" else each for each in records.SECONDARY_ROWS]
    data = records.secondary_record(rows=rows, PhienBan=str(number), SuKien=event, **fields)
    return signed_records.sign(data, "trung-hoc")


def take_in(
    home: Home, *documents: bytes, at: datetime = signed_records.NOW, masogd: str | None = None
) -> tuple[Batch, tuple[Item, ...]]:
    """Each of *documents* taken in, in this order, as one batch."""
    folder = home.path.parent / f"batch-{len(list(home.path.parent.glob('batch-*')))}"
    folder.mkdir()
    for number, data in enumerate(documents, 1):
        (folder / f"{number:02}.xml").write_bytes(data)
    with home.open_index() as index:
        ingest = replace(home.ingest(index, home.open_store()), clock=lambda: at)
        batch = ingest.take_in(folder, sender="cli", masogd=masogd)
        with index.reading() as tx:
            return batch, tx.batches.items(batch.id, limit=100).rows
