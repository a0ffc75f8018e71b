"""One chunk becomes durable: bytes, then rows, then promises (design §2, steps 5 to 7).

A crash between bytes and rows leaves object versions that no row names; the next run stores the
same bytes again, which a store answers with the version that is there. Never a row without bytes.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from hocba.continuity.refresh import refresh
from hocba.errors import IndexConflict
from hocba.index.index import Index, Transaction
from hocba.index.roster_rows import SignerCertificate
from hocba.index.rows import Batch, Counts, Item, NewAuditEvent, Record, Version
from hocba.ingest.decision import (
    Decision,
    Known,
    Taken,
    claimed_reference,
    decide,
    pupil_of,
    record_of,
)
from hocba.ingest.delivery import claimed_school, delivered, school_of
from hocba.ingest.entry import BadEntry, Document
from hocba.ingest.workers import Examined
from hocba.model.examination import AcceptedDocument, Examination
from hocba.model.lifecycle import Approval
from hocba.model.outcome import Outcome
from hocba.roster.learning import learned
from schemas.findings import finding
from storage.contract import Store, StoredVersion

logger = logging.getLogger(__name__)

ATTEMPTS = 8

Entries = Sequence[tuple[Document | BadEntry, Examined | None]]
Stored = Mapping[tuple[str, str], StoredVersion]


class Frame:
    """What is written with a run of documents in one transaction; here: nothing.

    A package that is taken in whole or not at all puts its own in place of it. `linked` are pairs
    of ids that stand for one pupil once the run is written.
    """

    linked: frozenset[tuple[str, str]] = frozenset()

    def is_elsewhere(self, masogd: str) -> bool:  # noqa: ARG002 -- a frame may look at it
        """Whether changes of this province's records were approved before they came here."""
        return False

    def before_storing(self, decisions: Sequence[Decision]) -> None:
        """Raise unless the run may be stored as it was decided."""

    def begin(self, tx: Transaction) -> None:
        """Write what the run rests on."""

    def end(self, tx: Transaction, versions: Sequence[Version]) -> None:
        """Write what follows from the run."""


class _DecideAnew(Exception):  # noqa: N818 -- a signal: another ingest changed what was decided on
    pass


@dataclass(frozen=True, slots=True)
class Committer:
    """Decides on chunks of one batch and makes the decisions durable."""

    index: Index
    store: Store
    batch: Batch
    clock: Callable[[], datetime]
    approval: Approval = Approval.RECORDED
    extracts: Approval | None = None
    frame: Frame = field(default_factory=Frame)

    def commit(self, entries: Entries) -> Counts:
        """Make the outcome of every entry durable, once; gives the counts of what was new.

        Entries that another run of the same batch was faster with are left to it. Raises
        `StorageError` or `TryAgain` where nothing more can be promised now.
        """
        counts = Counts()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                for run in self._open_runs(entries):
                    counts += self._commit_run(run)
            except (IndexConflict, _DecideAnew) as error:
                position = entries[0][0].position
                reason = type(error).__name__
                logger.info("batch %s: position %d again, %s", self.batch.id, position, reason)
                if attempt == ATTEMPTS and isinstance(error, IndexConflict):
                    raise
            else:
                return counts
        raise IndexConflict(finding("HB-I103", reason=f"{ATTEMPTS} attempts"))

    def _open_runs(self, entries: Entries) -> Iterator[Entries]:
        """The entries without an outcome yet, in runs of consecutive positions."""
        first, last = entries[0][0].position, entries[-1][0].position
        with self.index.reading() as tx:
            known = tx.batches.known_positions(self.batch.id, first, last)
        still_open = [each for each in entries if each[0].position not in known]
        numbered = enumerate(still_open)
        for _, run in groupby(numbered, key=lambda each: each[1][0].position - each[0]):
            yield [entry for _, entry in run]

    def _commit_run(self, entries: Entries) -> Counts:
        with self.index.reading() as tx:
            known = self._known(tx, entries)
        decisions = self._decide(entries, known)
        self.frame.before_storing(decisions)
        return self._write(entries, known, decisions, self._put(decisions))

    def _decide(self, entries: Entries, known: Known) -> tuple[Decision, ...]:
        return decide(
            entries,
            known,
            masogd=self.batch.masogd,
            approval=self.approval,
            extracts=self.extracts,
            elsewhere=self.frame.is_elsewhere,
        )

    def _put(self, decisions: Sequence[Decision]) -> Stored:
        """Step 5, bytes: durable once this returns."""
        accepted = [each.accepted for each in decisions if each.accepted]
        if not accepted:
            return {}
        versions = self.store.put_many(
            [(each.transcript.storage_key, each.data) for each in accepted]
        )
        for document, version in zip(accepted, versions, strict=True):
            if version.sha256 != document.examination.sha256:
                raise ValueError("the store kept other bytes than it was given")
        return {(each.key, each.sha256): each for each in versions}

    def _write(
        self, entries: Entries, known: Known, decisions: Sequence[Decision], stored: Stored
    ) -> Counts:
        """Steps 6 and 7, rows: everything of this run in one transaction.

        Decided anew if the index has changed since *decisions* were made from *known*.
        """
        at = self.clock()
        with self.index.transaction() as tx:
            self.frame.begin(tx)
            locked = self._known(tx, entries, lock=True)
            if locked != known:
                decisions = self._decide(entries, locked)
                self.frame.before_storing(decisions)
            accepted = [(each, each.accepted) for each in decisions if each.accepted]
            versions = [self._version(each, doc, stored, at) for each, doc in accepted]
            self._write_records(tx, [doc for _, doc in accepted], locked.records, at)
            tx.batches.add_chunk(self.batch.id, [self._item(each) for each in decisions], at)
            tx.records.add_versions(versions)
            self._fulfil(tx, [each for each, _ in accepted])
            refresh(tx, {doc.transcript.reference.mahocsinh for _, doc in accepted})
            tx.rosters.add_certificates(self._certificates([doc for _, doc in accepted], at))
            made_by = zip(versions, [each for each, _ in accepted], strict=True)
            tx.audit.extend(self._event(version, decision) for version, decision in made_by)
            self.frame.end(tx, versions)
        outcomes = [each.outcome for each in decisions]
        return Counts(
            accepted=outcomes.count(Outcome.ACCEPTED),
            duplicate=outcomes.count(Outcome.DUPLICATE),
            rejected=outcomes.count(Outcome.REJECTED),
            unreadable=outcomes.count(Outcome.UNREADABLE),
            deferred=outcomes.count(Outcome.DEFERRED),
        )

    def _known(self, tx: Transaction, entries: Entries, *, lock: bool = False) -> Known:
        """What the index knows; with *lock*, records stay so until the transaction ends."""
        examined = [each for _, each in entries if isinstance(each, Examination)]
        references = {
            reference for each in examined if (reference := claimed_reference(each.record))
        }
        pupils = {each.transcript.reference.mahocsinh for each in examined if each.transcript}
        # Records first: once they are locked, no version can be added to them.
        records = tx.records.current((each for each, _ in references), lock=lock)
        versions = tx.records.known_versions(references)
        return Known(
            records=records,
            versions={key: self._taken(tx, version) for key, version in versions.items()},
            pupils=tx.records.known_pupils(pupils),
            requests=tx.requests.approved((each for each, _ in references), lock=lock),
            linked=self._linked(tx, records, examined),
        )

    def _linked(
        self, tx: Transaction, records: Mapping[str, Record], examined: Sequence[Examination]
    ) -> frozenset[tuple[str, str]]:
        """Pairs of linked ids that a record has and that its next version names."""
        ids: dict[str, set[str]] = {
            identity: {record.mahocsinh} for identity, record in records.items()
        }
        for each in examined:
            if each.transcript is not None:
                reference = each.transcript.reference
                ids.setdefault(reference.madinhdanhhocba, set()).add(reference.mahocsinh)
        changing = {each for pupils in ids.values() if len(pupils) > 1 for each in pupils}
        linked = ((each, other) for each in changing for other in tx.links.ids(each))
        found = frozenset(pair for pair in linked if pair[0] != pair[1])
        return found | self.frame.linked

    def _taken(self, tx: Transaction, version: Version) -> Taken:
        same_batch = version.batch == self.batch.id
        item = tx.batches.item(version.batch, version.position) if same_batch else None
        return Taken(
            sha256=version.sha256,
            masogd=version.masogd,
            accepted_at=version.accepted_at.isoformat(timespec="seconds"),
            file_name=item.file_name if item else None,
        )

    def _write_records(
        self,
        tx: Transaction,
        documents: Sequence[AcceptedDocument],
        existing: Mapping[str, Record],
        at: datetime,
    ) -> None:
        records = [record_of(each.transcript) for each in documents]
        newest = dict(existing)  # the last version of each wins
        accepted = []
        for record, document in zip(records, documents, strict=True):
            before = newest.get(record.madinhdanhhocba)
            accepted.append(delivered(record, document, at, before))
            newest[record.madinhdanhhocba] = accepted[-1]
        newest = {each.madinhdanhhocba: each for each in accepted}
        tx.records.put_pupils({each.mahocsinh: pupil_of(each) for each in accepted}.values())
        tx.records.add(each for key, each in newest.items() if key not in existing)
        tx.records.replace(each for key, each in newest.items() if key in existing)
        tx.schools.note(school_of(each.transcript) for each in documents)

    def _fulfil(self, tx: Transaction, decisions: Sequence[Decision]) -> None:
        for each in decisions:
            if each.request is not None and each.reference is not None:
                tx.requests.fulfil(each.reference[0], each.request, each.reference[1])

    def _certificates(
        self, accepted: Sequence[AcceptedDocument], at: datetime
    ) -> Iterator[SignerCertificate]:
        """What these were signed with: who signs is told when a certificate is about to expire."""
        for each in accepted:
            if each.examination.signatures is not None:
                yield from learned(each.examination.signatures, at)

    def _version(
        self, decision: Decision, accepted: AcceptedDocument, stored: Stored, at: datetime
    ) -> Version:
        transcript, examination = accepted.transcript, accepted.examination
        record = record_of(transcript)
        object_version = stored.get((transcript.storage_key, examination.sha256))
        if object_version is None:
            raise _DecideAnew
        return Version(
            madinhdanhhocba=record.madinhdanhhocba,
            phienban=record.phienban,
            event=transcript.event,
            status=record.status,
            masogd=record.masogd,
            storage_key=object_version.key,
            version_id=object_version.version_id,
            sha256=object_version.sha256,
            size=object_version.size,
            accepted_at=at,
            batch=self.batch.id,
            position=decision.position,
            definition=record.definition,
            policy=examination.signatures.rules if examination.signatures else "",
            trichluc=record.trichluc,
        )

    def _item(self, decision: Decision) -> Item:
        madinhdanhhocba, phienban = decision.reference or (None, None)
        claimed = claimed_school(decision.claim, self.batch.masogd) or (None, None, None)
        return Item(
            batch=self.batch.id,
            position=decision.position,
            file_name=decision.file_name,
            outcome=decision.outcome,
            madinhdanhhocba=madinhdanhhocba,
            phienban=phienban,
            sha256=decision.sha256,
            findings=decision.findings,
            masogd=claimed[0],
            namhoc=claimed[1],
            matruong=claimed[2],
        )

    def _event(self, version: Version, decision: Decision) -> NewAuditEvent:
        step = (("step", decision.step.value),) if decision.step else ()
        request = (("request", str(decision.request)),) if decision.request else ()
        return NewAuditEvent(
            at=version.accepted_at,
            actor=self.batch.sender,
            action="version.accepted",
            madinhdanhhocba=version.madinhdanhhocba,
            phienban=version.phienban,
            batch=version.batch,
            masogd=version.masogd,
            detail=(("event", version.event.value), *step, *request),
        )
