"""A package that came in: taken in whole, or refused with its reason and nothing stored.

Documents go the way of every other (`hocba.ingest.commit`): bytes, rows, promises. Their rows, the
links of the pupil's ids, what was asked for, and the transfer itself are one transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import uuid4

from hocba.index.index import Transaction
from hocba.index.rows import Batch, BatchState, Counts, NewAuditEvent, NewBatch, Version
from hocba.index.transfer_rows import Transfer, TransferDirection, TransferState
from hocba.ingest.commit import Committer, Entries, Frame
from hocba.ingest.decision import Decision
from hocba.ingest.entry import Document
from hocba.links import bring_link
from hocba.model.outcome import Outcome
from hocba.requests import checked_name, checked_text
from hocba.signed_claims import claimed_key_id
from hocba.transfer.acknowledgement import Acknowledgement, sign_acknowledgement
from hocba.transfer.checking import CheckedPackage, check_package, refuse_unfit
from hocba.transfer.errors import TransferRefused
from hocba.transfer.making import storage_key, transfer_fields
from hocba.transfer.manifest import TransferManifest
from hocba.transfer.office import Office
from hocba.transfer.package import (
    Package,
    Partners,
    claimed_sender,
    read_package,
    verify_package,
)
from schemas.findings import Finding, Severity, finding
from storage.contract import StoredVersion

_FINE = frozenset({Outcome.ACCEPTED, Outcome.DUPLICATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What became of a package: its transfer, and each document as it was decided.

    `decisions` is empty for a package that was taken in before.
    """

    transfer: Transfer
    decisions: tuple[Decision, ...]

    @property
    def counts(self) -> Counts:
        """How many documents are new here, and how many were known."""
        outcomes = [each.outcome for each in self.decisions]
        known = outcomes.count(Outcome.DUPLICATE) if outcomes else self.transfer.documents
        return Counts(accepted=outcomes.count(Outcome.ACCEPTED), duplicate=known)


class _TakenAlready(Exception):  # noqa: N818 -- a signal: another one took the same package in
    pass


def open_package(office: Office, path: Path, *, actor: str) -> Package:
    """The package in the file *path*, unpacked once its manifest is proved.

    Raises `TransferRefused`, which is noted, or `OSError`.
    """
    try:
        return read_package(path, lambda token: _believed(office, token))
    except TransferRefused as error:
        _note_refusal(office, None, error, office.clock(), actor)
        raise


def accept_package(
    office: Office, package: Package, *, masogd: str | None, by: str, actor: str
) -> Arrival:
    """Take the package in for the province *masogd* (None: any); raises `TransferRefused`.

    Taken in again, it changes nothing and gives the same acknowledgement.
    """
    at, by = office.clock(), checked_name(by)
    manifest = _verified(office, package, at, actor)
    try:
        known = _known(office, manifest, package, masogd)
        if known is not None:
            return Arrival(transfer=known, decisions=())
        refuse_unfit(manifest, masogd, at)
        checked = check_package(
            package, _all_keys(office, package, manifest), office.judgement(), at
        )
        return _take_in(office, checked, at, by, actor)
    except TransferRefused as error:
        _note_refusal(office, manifest, error, at, actor)
        raise


def decline_package(
    office: Office, package: Package, *, masogd: str | None, note: str, by: str, actor: str
) -> Transfer:
    """Decline the package, which is not kept; raises `TransferRefused`."""
    at, by, note = office.clock(), checked_name(by), checked_text(note)
    manifest = _verified(office, package, at, actor)
    if masogd is not None and manifest.receiver != masogd:
        raise TransferRefused(finding("HB-I093", found=manifest.receiver, expected=masogd))
    transfer = _transfer(office, manifest, package, TransferState.DECLINED, at, by, note)
    with office.index.transaction() as tx:
        known = tx.transfers.find(manifest.id, TransferDirection.IN)
        if known is not None:
            raise TransferRefused(finding("HB-I114", state=known.state.value))
        tx.transfers.add(transfer)
        tx.audit.append(_event(transfer, "transfer.in.declined", at, actor))
    return transfer


def _verified(office: Office, package: Package, at: datetime, actor: str) -> TransferManifest:
    """The manifest; a refusal is noted without a word of what the package says of itself."""
    try:
        return verify_package(package, _keys(office, package))
    except TransferRefused as error:
        _note_refusal(office, None, error, at, actor)
        raise


def _keys(office: Office, package: Package) -> Partners:
    return _believed(office, package.token)


def _believed(office: Office, token: str) -> Partners:
    """Whom packages are believed from; in a repository of several provinces, itself as well."""
    own = office.key.public_key
    if office.masogd is None and claimed_key_id(token) == office.key.key_id:
        return {claimed_sender(token): own}
    return office.partners


def _all_keys(office: Office, package: Package, manifest: TransferManifest) -> Partners:
    """Keys for what a package carries: a pupil who comes back brings this repository's own."""
    own = office.masogd or manifest.receiver
    return {**office.partners, **_keys(office, package), own: office.key.public_key}


def _known(
    office: Office, manifest: TransferManifest, package: Package, masogd: str | None
) -> Transfer | None:
    """The same package as it was taken in before; raises for another under its id."""
    with office.index.reading() as tx:
        known = tx.transfers.find(manifest.id, TransferDirection.IN)
    if known is None:
        return None
    if masogd is not None and known.receiver != masogd:
        raise TransferRefused(finding("HB-I093", found=known.receiver, expected=masogd))
    if known.state is not TransferState.ACCEPTED or known.sha256 != package.sha256:
        raise TransferRefused(finding("HB-I114", state=known.state.value))
    return known


def _take_in(office: Office, checked: CheckedPackage, at: datetime, by: str, actor: str) -> Arrival:
    frame = _PackageFrame(office, checked, at, by, actor)
    committer = Committer(
        office.index,
        office.store,
        frame.batch,
        lambda: at,
        approval=office.approval,
        extracts=office.extracts,
        frame=frame,
    )
    entries: Entries = [
        (Document(number, each.document.name, each.document.data), each.examination)
        for number, each in enumerate(checked.documents, 1)
    ]
    try:
        committer.commit(entries)
    except _TakenAlready:
        manifest = checked.manifest
        known = _known(office, manifest, checked.package, manifest.receiver)
        if known is None:
            raise TransferRefused(finding("HB-I113", found=manifest.id)) from None
        return Arrival(transfer=known, decisions=())
    if frame.transfer is None:
        raise TransferRefused(finding("HB-I112"))
    return Arrival(transfer=frame.transfer, decisions=tuple(frame.decisions))


class _PackageFrame(Frame):
    """A package around its documents: all of them or none, with everything that comes along."""

    def __init__(
        self, office: Office, checked: CheckedPackage, at: datetime, by: str, actor: str
    ) -> None:
        self._office = office
        self._checked = checked
        self._at = at
        self._by = by
        self._actor = actor
        self._kept: StoredVersion | None = None
        self.decisions: Sequence[Decision] = ()
        self.transfer: Transfer | None = None
        pupils = checked.manifest.pupils
        self.linked = frozenset((one, other) for one in pupils for other in pupils if one != other)
        manifest = checked.manifest
        self._new = NewBatch(
            id=str(uuid4()),
            source=f"transfer:{manifest.id}",
            fingerprint=f"sha256:{checked.package.sha256}",
            sender=actor,
            masogd=manifest.receiver,
            created_at=at,
        )

    @property
    def batch(self) -> Batch:
        """The documents' batch; records of other provinces may come in with it."""
        return Batch(
            **{name: getattr(self._new, name) for name in _OF_NEW},
            masogd=None,
            state=BatchState.RUNNING,
            started_at=self._at,
            finished_at=None,
            counts=Counts(),
            ignored=0,
            ignored_names=(),
            failure=None,
        )

    def is_elsewhere(self, masogd: str) -> bool:
        """Whether changes of this province's records were approved where they come from.

        Never those of a province that is kept here: nobody else decides on its records.
        """
        own = self._office.masogd
        return masogd == self._checked.manifest.sender if own is None else masogd != own

    def before_storing(self, decisions: Sequence[Decision]) -> None:
        """Refuse the whole where one document is refused; keep the package otherwise."""
        for each in decisions:
            if each.outcome not in _FINE:
                raise TransferRefused(_why(each))
        self.decisions = decisions
        key = storage_key(self._checked.manifest.id, TransferDirection.IN)
        self._kept = self._office.store.put(key, self._checked.package.data)

    def begin(self, tx: Transaction) -> None:
        """The batch and the links, which the documents rest on."""
        manifest, contents = self._checked.manifest, self._checked.contents
        if tx.transfers.find(manifest.id, TransferDirection.IN) is not None:
            raise _TakenAlready
        before = {tx.links.ids(each) for each in manifest.pupils}
        known = {_identity(row) for ids in before for row in tx.links.history(ids[0])}
        for link in contents.links:
            if _identity(link) not in known:
                bring_link(tx, link, at=self._at, actor=self._actor)
        self._refuse_joining(tx, before)
        tx.batches.create(self._new)
        tx.batches.start(self._new.id, self._at)

    def end(self, tx: Transaction, versions: Sequence[Version]) -> None:
        """What was asked for, and that the pupil has arrived."""
        numbers: dict[str, set[int]] = {}
        for request in self._checked.contents.requests:
            record = request.madinhdanhhocba
            kept = tx.records.find(record)
            if kept is None or not self.is_elsewhere(kept.masogd):
                continue  # an approval is given where the record is kept, and nowhere else
            if record not in numbers:
                numbers[record] = {each.number for each in tx.requests.of_record(record)}
            if request.number not in numbers[record] and not request.is_open:
                tx.requests.add(request)
        tx.batches.finish(self._new.id, self._at, ignored=0, names=())
        stored = self._kept
        transfer = _transfer(
            self._office,
            self._checked.manifest,
            self._checked.package,
            TransferState.ACCEPTED,
            self._at,
            self._by,
            None,
        )
        self.transfer = replace(
            transfer,
            documents=len(self._checked.documents),
            storage_key=stored.key if stored else "",
            version_id=stored.version_id if stored else "",
            batch=self._new.id,
        )
        tx.transfers.add(self.transfer)
        # Of duplicates as well: the package shows that the province has them.
        held = (each.reference for each in self.decisions)
        tx.transfers.add_versions(self.transfer, (each for each in held if each))
        tx.audit.append(
            _event(self.transfer, "transfer.in.accepted", self._at, self._actor, len(versions))
        )

    def _refuse_joining(self, tx: Transaction, before: set[tuple[str, ...]]) -> None:
        """No package joins a pupil with another one who is known here, nor parts them.

        Asked of what the index says once the links are in it, whatever the package says of them.
        Where several pupils of *before* have become one, each may have only records that the
        package has too: which id the sender calls the one in use makes no difference.
        """
        manifest = self._checked.manifest
        joined = set(tx.links.ids(manifest.mahocsinh))
        for each in sorted({*manifest.pupils} - joined):
            raise TransferRefused(finding("HB-I100", found=each))
        if len(before) == 1:
            return
        brought = {each.receipt.madinhdanhhocba for each in self._checked.contents.documents}
        for found in tx.records.timeline(manifest.mahocsinh).records:
            if found.record.madinhdanhhocba not in brought:
                raise TransferRefused(finding("HB-I100", found=found.record.mahocsinh))


_OF_NEW = ("id", "source", "fingerprint", "sender", "idempotency_key", "location", "created_at")


def _identity(link: object) -> tuple[object, ...]:
    return tuple(getattr(link, name) for name in ("old", "new", "linked", "reason", "at"))


def _why(decision: Decision) -> Finding:
    codes = [each.code for each in decision.findings if each.severity is Severity.ERROR]
    return finding(
        "HB-I097",
        file=decision.file_name,
        outcome=decision.outcome.value,
        codes=", ".join(dict.fromkeys(codes)) or "–",
    )


def _transfer(
    office: Office,
    manifest: TransferManifest,
    package: Package,
    state: TransferState,
    at: datetime,
    by: str,
    note: str | None,
) -> Transfer:
    answer = Acknowledgement(
        id=manifest.id,
        sha256=package.sha256,
        sender=manifest.sender,
        receiver=manifest.receiver,
        outcome=state,
        note=note,
        at=at,
    )
    return Transfer(
        **transfer_fields(manifest),
        direction=TransferDirection.IN,
        state=state,
        province=manifest.receiver,
        documents=0,
        noted_at=at,
        noted_by=by,
        sha256=package.sha256,
        storage_key="",
        version_id="",
        decided_at=at,
        decided_by=by,
        note=note,
        acknowledgement=sign_acknowledgement(answer, office.key),
    )


def _event(
    transfer: Transfer, action: str, at: datetime, actor: str, new: int = 0
) -> NewAuditEvent:
    return NewAuditEvent(
        at=at,
        actor=actor,
        action=action,
        masogd=transfer.receiver,
        batch=transfer.batch,
        detail=(("transfer", transfer.id), ("sender", transfer.sender), ("new", str(new))),
    )


def _note_refusal(
    office: Office,
    manifest: TransferManifest | None,
    error: TransferRefused,
    at: datetime,
    actor: str,
) -> None:
    named = (("transfer", manifest.id), ("sender", manifest.sender)) if manifest is not None else ()
    with office.index.transaction() as tx:
        tx.audit.append(
            NewAuditEvent(
                at=at,
                actor=actor,
                action="transfer.in.refused",
                masogd=manifest.receiver if manifest else None,
                detail=(("code", error.finding.code), *named),
            )
        )
