"""A file becomes the roster: checked, planned, and noted as one change, or not at all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from heapq import merge
from pathlib import Path

from hocba.index.index import Index, Transaction
from hocba.index.roster_rows import RosterChange, RosterChangeKind, RosterScope
from hocba.index.rows import NewAuditEvent
from hocba.requests import checked_name, checked_text
from hocba.roster.checking import CheckedRoster, Roles, check_file, key_of
from hocba.roster.errors import RosterRefused
from hocba.roster.plan import (
    EARLIEST,
    LATEST,
    MOST_ENDING_PERCENT,
    Known,
    Plan,
    plan_import,
)
from hocba.roster.states import summed, with_bindings
from schemas.findings import finding
from schemas.vietnam import VIETNAM_TIME
from signing.roster_rows import Row, holder_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """Who brings a file in, why, and what it is complete for."""

    source: str
    made_by: str
    reason: str
    scope: RosterScope
    effective: date
    at: datetime
    actor: str
    masogd: str | None = None


def plan(tx: Transaction, file: CheckedRoster, request: ImportRequest) -> Plan:
    """What importing *file* would change.

    Raises `RosterRefused` where the file has errors, or the day lies in no century of rosters.
    """
    if not EARLIEST <= request.effective <= LATEST:
        raise RosterRefused(finding("HB-I295", earliest=EARLIEST, latest=LATEST))
    if file.errors:
        raise RosterRefused(finding("HB-I139", count=len(file.errors)), file.findings)
    number = tx.rosters.number()
    schools = file.schools if request.scope is RosterScope.SCHOOLS else None
    known = (Known(*each) for each in tx.rosters.mandates(number, schools=schools))
    bound = tx.rosters.bindings(number)
    today = request.at.astimezone(VIETNAM_TIME).date()
    return plan_import(file, known, bound, request.effective, today)


def import_roster(
    tx: Transaction, file: CheckedRoster, request: ImportRequest, *, confirmed: bool
) -> tuple[Plan, RosterChange | None]:
    """Make *file* the roster; gives what that changed, and None where it changed nothing.

    Raises `RosterRefused` for a file with errors, and unless *confirmed* for one that ends
    unusually much or reaches into the past; `RequestRefused` without a name or a reason.
    """
    made_by, reason = checked_name(request.made_by), checked_text(request.reason)
    planned = plan(tx, file, request)
    if planned.is_empty:
        return planned, None
    if not confirmed:
        _refuse_unusual(planned)
    digest, count = summed(_after(tx, planned))
    change = RosterChange(
        number=tx.rosters.number() + 1,
        kind=RosterChangeKind.IMPORT,
        at=request.at,
        made_by=made_by,
        reason=reason,
        source=request.source[:200],
        source_sha256=file.sha256,
        scope=request.scope,
        effective=request.effective,
        added=len(planned.added),
        changed=len(planned.changed),
        ended=len(planned.ended),
        withdrawn=len(planned.withdrawn),
        mandates=count,
        digest=digest,
    )
    _write(tx, planned, change)
    note_change(tx, change, request.actor, request.masogd)
    return planned, change


def _refuse_unusual(planned: Plan) -> None:
    """Raises for what somebody has to look at and confirm."""
    if planned.ends_unusually_many:
        raise RosterRefused(
            finding(
                "HB-I138",
                ending=planned.ending,
                total=planned.in_force,
                percent=planned.ending_percent,
                limit=MOST_ENDING_PERCENT,
            )
        )
    if planned.left_before_today:
        since = planned.effective
        raise RosterRefused(finding("HB-I296", count=planned.left_before_today, since=since))


class _RolledBack(Exception):  # noqa: N818 -- a signal: somebody only wanted to see
    def __init__(self, planned: Plan) -> None:
        super().__init__()
        self.planned = planned


def take_in(
    index: Index,
    file: CheckedRoster,
    request: ImportRequest,
    roles: Roles,
    before: Path | None,
    *,
    confirmed: bool,
    dry_run: bool,
) -> tuple[Plan, RosterChange | None]:
    """Import *file* in a transaction of its own, after the roster file from *before* any import.

    With *dry_run* everything is tried and nothing kept, and what would be unusual is no refusal.
    Raises what `import_roster` and `adopt` raise.
    """
    try:
        with index.transaction() as tx:
            if before is not None:
                adopt(tx, before, roles, request.at, request.actor)
            if dry_run:
                raise _RolledBack(plan(tx, file, request))
            return import_roster(tx, file, request, confirmed=confirmed)
    except _RolledBack as seen:
        return seen.planned, None


def adopt(tx: Transaction, file: Path, roles: Roles, at: datetime, actor: str) -> None:
    """Let history begin with the roster *file* that the repository went by before any import.

    Does nothing where there is none, or where a roster was imported. Raises `RosterRefused` with
    everything that is wrong in it, and `RosterUnusable`.
    """
    if tx.rosters.number() or not file.is_file():
        return
    day = at.astimezone(VIETNAM_TIME).date()
    request = ImportRequest(
        source=file.name,
        made_by=actor,
        reason=file.name,
        scope=RosterScope.PROVINCE,
        effective=day,
        at=at,
        actor=actor,
    )
    import_roster(tx, check_file(file, roles, day), request, confirmed=True)


def note_change(tx: Transaction, change: RosterChange, actor: str, masogd: str | None) -> None:
    """Note a change in the audit trail, by its figures and digests alone."""
    figures: Mapping[str, object] = {
        "change": change.number,
        "added": change.added,
        "changed": change.changed,
        "ended": change.ended,
        "withdrawn": change.withdrawn,
        "source_sha256": change.source_sha256,
        "digest": change.digest,
    }
    tx.audit.append(
        NewAuditEvent(
            at=change.at,
            actor=actor,
            action=f"roster.{change.kind.value}",
            masogd=masogd,
            detail=tuple((name, str(value)) for name, value in figures.items()),
        )
    )


def _after(tx: Transaction, planned: Plan) -> Iterator[Row]:
    """The whole roster as *planned* leaves it, in the order of a file."""
    number, gone = tx.rosters.number(), frozenset(planned.gone)
    kept = (row for identity, row in tx.rosters.mandates(number) if identity not in gone)
    rows = merge(kept, sorted(planned.brought, key=key_of), key=key_of)
    bindings = {holder: set(each) for holder, each in tx.rosters.bindings(number).items()}
    for holder, digest in planned.bindings:
        bindings.setdefault(holder, set()).add(digest)
    return with_bindings(rows, bindings)


def _write(tx: Transaction, planned: Plan, change: RosterChange) -> None:
    number = change.number
    tx.rosters.add_change(change)
    tx.rosters.end_mandates(number, planned.gone)
    tx.rosters.add_mandates(number, ((holder_of(row), row) for row in planned.brought))
    tx.rosters.add_bindings(number, planned.bindings, bound=True)
