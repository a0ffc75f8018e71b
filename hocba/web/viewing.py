"""What a caller sees of pupils and records, each sight noted in the audit trail.

The note is written in the transaction of the look itself, and that is committed before anything
is answered. What a caller may not see is noted as refused and answered exactly like what is not
there.
"""

from dataclasses import dataclass

from hocba.changes import VersionChanges, changes_between
from hocba.index.index import Transaction
from hocba.index.rows import NewAuditEvent, Record, RecordHistory, Timeline, Version
from hocba.web.access import Caller
from hocba.web.problems import Problem, ProblemType
from hocba.web.repository import Repository


@dataclass(frozen=True, slots=True)
class Trail:
    """Where one caller's accesses are noted."""

    tx: Transaction
    caller: Caller
    repository: Repository

    def seen(
        self,
        action: str,
        *,
        record: Record | None = None,
        phienban: int | None = None,
        batch: str | None = None,
        masogd: str | None = None,
    ) -> None:
        """Note that the caller was shown this."""
        self.tx.audit.append(
            NewAuditEvent(
                at=self.repository.clock(),
                actor=self.caller.actor,
                action=action,
                madinhdanhhocba=record.madinhdanhhocba if record else None,
                phienban=phienban,
                batch=batch,
                masogd=record.masogd if record else masogd,
            )
        )

    def refused(
        self,
        action: str,
        *,
        madinhdanhhocba: str | None = None,
        phienban: int | None = None,
        **wanted: str,
    ) -> None:
        """Note that the caller asked for what does not exist for them."""
        self.tx.audit.append(
            NewAuditEvent(
                at=self.repository.clock(),
                actor=self.caller.actor,
                action="access.refused",
                madinhdanhhocba=madinhdanhhocba,
                phienban=phienban,
                masogd=self.caller.masogd,
                detail=(("wanted", action), *wanted.items()),
            )
        )


def visible_timeline(repository: Repository, caller: Caller, mahocsinh: str) -> Timeline:
    """The pupil's records that exist for the caller; ends the request where there are none.

    Only a guardian may learn that there is no record of the child yet.
    """
    action = "timeline.read"
    with repository.index.transaction() as tx:
        trail = Trail(tx, caller, repository)
        own = caller.may_see_pupil(mahocsinh)
        found = tx.records.timeline(mahocsinh).records if own else ()
        seen = tuple(each for each in found if exists_for(tx, caller, each.record))
        for each in seen:
            trail.seen(action, record=each.record)
        waiting = not seen and own and caller.is_guardian
        if waiting:
            trail.seen(action)
        elif not seen:
            trail.refused(action, mahocsinh=mahocsinh)
    if not seen and not waiting:
        raise Problem(ProblemType.NOT_FOUND)
    return Timeline(mahocsinh, seen)


def visible_record(
    repository: Repository, caller: Caller, madinhdanhhocba: str, action: str
) -> RecordHistory:
    """The record with its versions; ends the request where it does not exist for the caller."""
    with repository.index.transaction() as tx:
        trail = Trail(tx, caller, repository)
        record = _find(tx, caller, madinhdanhhocba)
        versions = tx.records.versions(madinhdanhhocba) if record else ()
        if record is None:
            trail.refused(action, madinhdanhhocba=madinhdanhhocba)
        else:
            trail.seen(action, record=record)
    if record is None:
        raise Problem(ProblemType.NOT_FOUND)
    return RecordHistory(record, versions)


def visible_version(
    repository: Repository,
    caller: Caller,
    madinhdanhhocba: str,
    phienban: int | None,
    action: str,
) -> Version:
    """One version, None for the current one; ends the request where there is none to see."""
    with repository.index.transaction() as tx:
        trail = Trail(tx, caller, repository)
        record = _find(tx, caller, madinhdanhhocba)
        number = phienban or (record.phienban if record else 0)
        version = tx.records.version(madinhdanhhocba, number) if record else None
        if version is None:
            trail.refused(action, madinhdanhhocba=madinhdanhhocba, phienban=phienban)
        else:
            trail.seen(action, record=record, phienban=number)
    if version is None:
        raise Problem(ProblemType.NOT_FOUND)
    return version


def visible_changes(
    repository: Repository, caller: Caller, madinhdanhhocba: str, phienban: int
) -> VersionChanges:
    """What one version changes; ends the request where there is none to see."""
    action = "version.changes.read"
    version = visible_version(repository, caller, madinhdanhhocba, phienban, action)
    with repository.index.reading() as tx:
        versions = tx.records.versions(madinhdanhhocba)
    before = max(
        (each for each in versions if each.phienban < phienban),
        key=lambda each: each.phienban,
        default=None,
    )
    return changes_between(before, version, repository.store, repository.judgement())


def _find(tx: Transaction, caller: Caller, madinhdanhhocba: str) -> Record | None:
    record = tx.records.find(madinhdanhhocba)
    return record if record is not None and exists_for(tx, caller, record) else None


def exists_for(tx: Transaction, caller: Caller, record: Record) -> bool:
    """Whether the caller sees the record: as its own, or as one that a transfer brought it."""
    if caller.may_see(record) or caller.is_guardian or caller.masogd is None:
        return caller.may_see(record)
    return tx.transfers.came_in(record.madinhdanhhocba, caller.masogd)
