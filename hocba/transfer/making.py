"""A package for one pupil, made by the sending repository: kept, noted, then handed out.

Bytes, row, promise: the package is in the store before its row says so.
"""

import csv
import io
import tempfile
import tomllib
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hocba.errors import ReceiptInvalid
from hocba.examine import Judgement, examine
from hocba.export import MANIFEST, DocumentWriter, write_key_and_trust
from hocba.index.index import Transaction
from hocba.index.rows import NewAuditEvent, PupilLink, Record, RecordHistory, Request, Version
from hocba.index.transfer_rows import Transfer, TransferDirection, TransferState
from hocba.receipts import Receipt, verify_receipt
from hocba.requests import checked_name, checked_text
from hocba.signed_claims import sign_claims
from hocba.transfer.contents import EARLIER, LIFECYCLE, lifecycle_file
from hocba.transfer.errors import TransferRefused
from hocba.transfer.manifest import KIND, PROVINCE, PackedFile, TransferManifest
from hocba.transfer.office import Office
from hocba.transfer.package import Partners, pack, unpack
from hocba.transfer.rosters import stated, stated_rosters, statement_files
from schemas.findings import Language, finding
from signing.roster import RosterEntry

_RECEIPTS = "receipts/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Which pupil goes where, and why; `sender` is the province that sends."""

    mahocsinh: str
    sender: str | None
    receiver: str
    reason: str
    matruong: str | None = None
    decision: str | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gathered:
    """Everything that the index knows of the pupil and the sender may send."""

    pupils: tuple[str, ...]
    versions: tuple[Version, ...]
    links: tuple[PupilLink, ...]
    requests: tuple[Request, ...]
    arrivals: tuple[Transfer, ...]


def make_transfer(
    office: Office, order: Order, *, by: str, actor: str, language: Language
) -> Transfer:
    """The transfer, its package kept and ready to be handed out; raises `TransferRefused`.

    Each document that leaves is an event of the audit trail, as in an export.
    """
    at, sender = office.clock(), _checked_sender(office, order)
    order, by = _checked(order, sender), checked_name(by)
    with office.index.reading() as tx:
        gathered = _gather(tx, order, sender, whole=office.masogd is not None)
    files = dict(_files(office, gathered, sender, at, _readme(language)))
    span = office.validity if order.days is None else timedelta(days=order.days)
    manifest = TransferManifest(
        id=str(uuid4()),
        sender=sender,
        receiver=order.receiver,
        matruong=order.matruong,
        mahocsinh=order.mahocsinh,
        pupils=gathered.pupils,
        reason=order.reason,
        decision=order.decision,
        issued_at=at,
        expires_at=at + span,
        files=tuple(_packed_file(name, files[name]) for name in sorted(files)),
    )
    data = pack(files, sign_claims(manifest.as_json(), office.key.private_key, KIND))
    kept = office.store.put(storage_key(manifest.id, TransferDirection.OUT), data)
    transfer = Transfer(
        **transfer_fields(manifest),
        direction=TransferDirection.OUT,
        state=TransferState.MADE,
        province=sender,
        documents=len(gathered.versions),
        noted_at=at,
        noted_by=by,
        sha256=kept.sha256,
        storage_key=kept.key,
        version_id=kept.version_id,
    )
    with office.index.transaction() as tx:
        tx.transfers.add(transfer)
        tx.audit.extend(_events(transfer, gathered.versions, at, actor))
    return transfer


def handed_out(
    transfer: Transfer, package: bytes, at: datetime, actor: str
) -> Iterator[NewAuditEvent]:
    """An event for each document in the *package* of a transfer, which is given out now."""
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        rows = archive.read(MANIFEST).decode()
    for row in csv.DictReader(io.StringIO(rows)):
        yield NewAuditEvent(
            at=at,
            actor=actor,
            action="version.handed_out",
            madinhdanhhocba=row["madinhdanhhocba"],
            phienban=int(row["phienban"]),
            masogd=row["masogd"],
            detail=(("transfer", transfer.id), ("receiver", transfer.receiver)),
        )


def _readme(language: Language) -> str:
    """README.txt of a package: what is in it, and how to check it."""
    raw = resources.files("hocba.transfer").joinpath("readme.toml").read_text("utf-8")
    text: str = tomllib.loads(raw)[language.value]
    return text.lstrip()


def storage_key(identity: str, direction: TransferDirection) -> str:
    """Where the store has the package."""
    return f"transfers/{direction.value}/{identity}.zip"


def transfer_fields(manifest: TransferManifest) -> dict[str, Any]:
    """The columns of a transfer that its manifest says."""
    names = ("id", "sender", "receiver", "matruong", "mahocsinh", "reason", "decision")
    times = ("issued_at", "expires_at")
    return {name: getattr(manifest, name) for name in (*names, *times)}


def _checked_sender(office: Office, order: Order) -> str:
    sender = office.masogd or order.sender
    if sender is None or not PROVINCE.match(sender) or order.sender not in {None, sender}:
        raise TransferRefused(finding("HB-I116", field="sender", found=order.sender or "–"))
    return sender


def _checked(order: Order, sender: str) -> Order:
    if not PROVINCE.match(order.receiver) or order.receiver == sender:
        raise TransferRefused(finding("HB-I116", field="receiver", found=order.receiver[:40]))
    if order.days is not None and not 1 <= order.days <= 366:
        raise TransferRefused(finding("HB-I116", field="days", found=order.days))
    school = order.matruong
    if school is not None and not (school.isascii() and school.isalnum() and len(school) <= 20):
        raise TransferRefused(finding("HB-I116", field="matruong", found=school[:40]))
    decision = None if order.decision is None else checked_name(order.decision)
    return Order(
        mahocsinh=order.mahocsinh,
        sender=sender,
        receiver=order.receiver,
        reason=checked_text(order.reason),
        matruong=school,
        decision=decision,
        days=order.days,
    )


def _gather(tx: Transaction, order: Order, sender: str, *, whole: bool) -> _Gathered:
    """What may be sent: with *whole* all that is kept here, else what exists for the sender."""
    ids = tx.links.ids(order.mahocsinh)
    records = tx.records.timeline(order.mahocsinh).records
    if not whole:
        records = tuple(each for each in records if _exists_for(tx, each.record, sender))
    if not records:
        raise TransferRefused(finding("HB-I112"))
    versions = _in_order(records)
    requests = (tx.requests.of_record(each.record.madinhdanhhocba) for each in records)
    arrivals = tx.transfers.of_batches({each.batch for each in versions})
    return _Gathered(
        pupils=ids,
        versions=versions,
        # A link to somebody else that was undone is nobody's business elsewhere.
        links=tuple(
            each for each in tx.links.history(order.mahocsinh) if {each.old, each.new} <= {*ids}
        ),
        # What is still open is decided here or nowhere.
        requests=tuple(each for some in requests for each in some if not each.is_open),
        arrivals=arrivals,
    )


def _exists_for(tx: Transaction, record: Record, sender: str) -> bool:
    return record.masogd == sender or tx.transfers.came_in(record.madinhdanhhocba, sender)


def _in_order(records: Iterable[RecordHistory]) -> tuple[Version, ...]:
    return tuple(version for each in records for version in each.versions)


def _files(
    office: Office, gathered: _Gathered, sender: str, at: datetime, readme: str
) -> Iterator[tuple[str, bytes]]:
    # First, so that what this repository says itself takes the place of what it said once.
    yield from _carried(office, gathered.arrivals, gathered.versions)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        manifest = io.StringIO()
        writer = DocumentWriter(folder, office.store, office.key)
        writer.write(gathered.versions, manifest)
        write_key_and_trust(folder, office.key, office.trust_folder, readme)
        for path in sorted(each for each in folder.rglob("*") if each.is_file()):
            yield path.relative_to(folder).as_posix(), path.read_bytes()
        documents = {
            row["document"]: (folder / row["document"]).read_bytes()
            for row in csv.DictReader(io.StringIO(manifest.getvalue()))
        }
    yield MANIFEST, manifest.getvalue().encode()
    yield LIFECYCLE, lifecycle_file(gathered.links, gathered.requests)
    own = zip(gathered.versions, documents.values(), strict=True)
    entries = _mandates(((v, d) for v, d in own if v.masogd == sender), office.judgement())
    yield from stated(sender, entries, office.key, at).items()


def _mandates(documents: Iterable[tuple[Version, bytes]], by: Judgement) -> tuple[RosterEntry, ...]:
    """The mandates of whoever signed the documents, at their schools; no others leave."""
    if by.roster is None:
        return ()
    holders: set[tuple[str, str]] = set()
    for version, data in documents:
        found = examine(data, "", by, version.accepted_at)
        school = found.record.matruong if found.record else ""
        for each in found.signatures.signatures if found.signatures else ():
            if each.signer is not None:
                ids = (each.signer.personal_id, each.signer.organization_id)
                holders |= {(school, identity) for identity in ids if identity}
    return tuple(
        each
        for each in by.roster.entries()
        if (each.school, each.holder) in holders
        or (each.school, each.organization_id or "") in holders
    )


def _carried(
    office: Office, arrivals: Iterable[Transfer], versions: Iterable[Version]
) -> Iterator[tuple[str, bytes]]:
    """Proofs by provinces that had the pupil before: their newest rosters, and their receipts.

    Only what is proved here: what others put into a package must not spoil the next one.
    """
    sent = {(each.madinhdanhhocba, each.phienban, each.sha256) for each in versions}
    newest: dict[str, datetime] = {}
    for each in arrivals:
        if each.direction is not TransferDirection.IN:
            continue
        files = unpack(office.store.get(each.storage_key, each.version_id, each.sha256)).files
        keys = _keys(office, each.sender)
        for masogd, statement in stated_rosters(files, keys).items():
            if masogd not in newest or statement.issued_at > newest[masogd]:
                newest[masogd] = statement.issued_at
                yield from ((name, files[name]) for name in statement_files(masogd))
        for name, data in files.items():
            place = f"{EARLIER}/{each.sender}/{name}" if name.startswith(_RECEIPTS) else name
            masogd, _, rest = place.removeprefix(f"{EARLIER}/").partition("/")
            if place != name or (name.startswith(f"{EARLIER}/") and rest.startswith(_RECEIPTS)):
                receipt = _receipt(data, keys.get(masogd))
                if receipt and _identity(receipt) in sent:
                    yield place, data


def _keys(office: Office, sender: str) -> Partners:
    """Keys of what came in from *sender*; a repository of several provinces is its own partner."""
    return {office.masogd or sender: office.key.public_key, **office.partners}


def _receipt(token: bytes, key: Ed25519PublicKey | None) -> Receipt | None:
    try:
        return verify_receipt(token.decode("ascii", "replace").strip(), key) if key else None
    except ReceiptInvalid:
        return None


def _identity(receipt: Receipt) -> tuple[str, int, str]:
    return receipt.madinhdanhhocba, receipt.phienban, receipt.sha256


def _packed_file(name: str, data: bytes) -> PackedFile:
    return PackedFile(name=name, sha256=sha256(data).hexdigest(), size=len(data))


def _events(
    transfer: Transfer, versions: Iterable[Version], at: datetime, actor: str
) -> Iterator[NewAuditEvent]:
    detail = (("transfer", transfer.id), ("receiver", transfer.receiver))
    yield NewAuditEvent(
        at=at, actor=actor, action="transfer.made", masogd=transfer.sender, detail=detail
    )
    for each in versions:
        yield NewAuditEvent(
            at=at,
            actor=actor,
            action="version.transferred",
            madinhdanhhocba=each.madinhdanhhocba,
            phienban=each.phienban,
            masogd=each.masogd,
            detail=detail,
        )
