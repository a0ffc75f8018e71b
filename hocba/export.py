"""Documents with their receipts in a folder that stands alone: whoever has it needs nobody else.

    documents/…          the documents, byte for byte as they were received
    receipts/…           for each of them the receipt
    receipt-key.pub.pem  what receipts are verified with
    trust/, roster.csv   whom the repository believed; may be missing
    rosters/…            who could sign elsewhere, as those provinces signed it
    manifest.csv         what belongs together, with digests
    SHA256SUMS           digests of all other files, for `sha256sum --check`
    README.txt           how to verify all this

Trust: who receives an export has to trust none of it. Documents prove themselves by their
signatures against a trust store of the receiver's own choice, receipts by the repository's public
key.
"""

import csv
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import IO

from hocba.errors import CallerError
from hocba.home import Home
from hocba.index.index import Index
from hocba.index.rows import NewAuditEvent, Version, VersionSelection
from hocba.receipts import PUBLIC_KEY_FILE, Receipt, ReceiptKey, public_pem
from hocba.roster.states import write_roster_in_force
from hocba.transfer.statements import Statements
from schemas.findings import finding
from storage.contract import Store

MANIFEST = "manifest.csv"
SUMS = "SHA256SUMS"
README = "README.txt"
ROSTER = "roster.csv"

_COLUMNS = (
    "document",
    "receipt",
    "sha256",
    "size",
    "madinhdanhhocba",
    "phienban",
    "masogd",
    "accepted_at",
    "version_id",
)
_PAGE = 500


class ExportError(CallerError):
    """There is nothing to export, or no place for it."""


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported; `roster`: it says who could sign."""

    folder: Path
    documents: int
    size: int
    roster: bool


def export(
    home: Home,
    folder: Path,
    selection: VersionSelection,
    *,
    at: datetime,
    actor: str,
    readme: Callable[[bool], str],
    progress: Callable[[int], None],
) -> Export:
    """Every version in *selection*, in a new *folder* that is there whole or not at all.

    *readme* gives README.txt, told whether there is a roster.
    Each issue of a document is noted in the audit trail before the folder appears. Raises
    `ExportError`, what the store raises for bytes that are not what was stored, and `OSError`.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise ExportError(finding("HB-I111", found=folder))
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with home.open_index() as index:
            store = home.open_store()
            writer = DocumentWriter(draft, store, home.receipt_key())
            statements = Statements(home, store)
            with (draft / MANIFEST).open("w", encoding="utf-8", newline="") as manifest:
                for page in _pages(index, selection):
                    writer.write(page, manifest)
                    statements.add(index, page)
                    _note(index, page, at, actor)
                    progress(writer.documents)
        if writer.documents == 0:
            raise ExportError(finding("HB-I112"))
        roster = _add_rosters(home, draft, statements)
        write_key_and_trust(draft, home.receipt_key(), home.trust_folder, readme(roster))
        _write_sums(draft)
        draft.chmod(0o755)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Export(folder, writer.documents, writer.size, roster)


class DocumentWriter:
    """Writes versions and their receipts into a folder, and what belongs together."""

    def __init__(self, folder: Path, store: Store, key: ReceiptKey) -> None:
        self._folder = folder
        self._store = store
        self._key = key
        self.documents = 0
        self.size = 0

    def write(self, versions: tuple[Version, ...], manifest: IO[str]) -> None:
        """Write *versions*; the store proves every document's digest."""
        rows = csv.writer(manifest, lineterminator="\n")
        if self.documents == 0:
            rows.writerow(_COLUMNS)
        for version in versions:
            data = self._store.get(version.storage_key, version.version_id, version.sha256)
            name = version.storage_key.removeprefix("records/").removesuffix(".xml")
            document = f"documents/{name}.v{version.phienban}.xml"
            receipt = f"receipts/{name}.v{version.phienban}.jws"
            self._put(document, data)
            self._put(receipt, self._key.issue(Receipt.of(version)).encode("ascii") + b"\n")
            rows.writerow(
                (
                    document,
                    receipt,
                    version.sha256,
                    version.size,
                    version.madinhdanhhocba,
                    version.phienban,
                    version.masogd,
                    version.accepted_at.isoformat(),
                    version.version_id,
                )
            )
            self.documents += 1
            self.size += len(data)

    def _put(self, name: str, data: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _pages(index: Index, selection: VersionSelection) -> Iterator[tuple[Version, ...]]:
    after: str | None = None
    while True:
        with index.reading() as tx:
            page = tx.records.select_versions(selection, after=after, limit=_PAGE)
        yield page.rows
        if page.next is None:
            return
        after = page.next


def _note(index: Index, versions: tuple[Version, ...], at: datetime, actor: str) -> None:
    with index.transaction() as tx:
        tx.audit.extend(
            NewAuditEvent(
                at=at,
                actor=actor,
                action="version.exported",
                madinhdanhhocba=each.madinhdanhhocba,
                phienban=each.phienban,
                masogd=each.masogd,
            )
            for each in versions
        )


def _add_rosters(home: Home, folder: Path, statements: Statements) -> bool:
    """Who could sign, as known here and as stated by others; whether anybody says so."""
    with home.open_index() as index, index.reading() as tx:
        write_roster_in_force(tx, home.roster_file, folder / ROSTER)
    statements.write(folder, folder / ROSTER)
    return (folder / ROSTER).exists()


def write_key_and_trust(folder: Path, key: ReceiptKey, trust: Path | None, readme: str) -> None:
    """What receipts are verified with, whom the repository believes, and how to use both."""
    (folder / PUBLIC_KEY_FILE).write_bytes(public_pem(key.public_key))
    if trust is not None and trust.is_dir():
        shutil.copytree(trust, folder / "trust")
    (folder / README).write_text(readme, "utf-8")


def _write_sums(folder: Path) -> None:
    with (folder / SUMS).open("w", encoding="utf-8", newline="") as sums:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != SUMS:
                digest = sha256(path.read_bytes()).hexdigest()
                sums.write(f"{digest}  {path.relative_to(folder).as_posix()}\n")
