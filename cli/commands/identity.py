"""`hocba identity`: are the people in records who the population database knows?"""

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.parameters import Home, ReportFile, one_of, school_year, session_of, whole_number
from cli.session import Session, visible
from schemas.findings import term

if TYPE_CHECKING:
    from hocba.home import Home as OpenedHome
    from hocba.identity.checking import CheckCounts
    from hocba.identity.errors import RegisterFileRefused
    from hocba.index.identity_rows import IdentityScope, Mismatch

ACTOR = "cli"
_SHOWN = 20
"""Bad lines that are written out; the rest is counted."""


class State(StrEnum):
    """The names are those of `hocba.identity.model.MismatchState`."""

    OPEN = "open"
    EXPLAINED = "explained"
    CORRECTED = "corrected"
    REJECTED = "rejected"


_STATES = {each.value: each for each in State}
_RESOLUTIONS = {name: each for name, each in _STATES.items() if each is not State.OPEN}

File = Annotated[Path, typer.Argument(metavar="FILE.csv")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", parser=whole_number("NUMBER", 1))]
Province = Annotated[str | None, typer.Option("--masogd", metavar="MASOGD")]
School = Annotated[str | None, typer.Option("--school", metavar="MATRUONG")]
Batch = Annotated[str | None, typer.Option("--batch", metavar="BATCH")]
Year = Annotated[
    str | None, typer.Option("--year", metavar="YYYY-YYYY", parser=school_year("--year"))
]
Roster = Annotated[bool, typer.Option("--roster")]
Again = Annotated[bool, typer.Option("--again")]
StateName = Annotated[
    State | None, typer.Option("--state", metavar="STATE", parser=one_of("--state", _STATES))
]
Resolution = Annotated[
    State, typer.Option("--state", metavar="STATE", parser=one_of("--state", _RESOLUTIONS))
]
Table = Annotated[Path | None, typer.Option("--report", metavar="FILE.csv|.xlsx")]
By = Annotated[str, typer.Option("--by", metavar="NAME")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT")]


def import_(context: typer.Context, file: File, home: Home, report: ReportFile = None) -> ExitCode:
    """Make *file* the register of identities of the repository in *home*."""
    from hocba import home as homes
    from hocba.identity.errors import RegisterFileRefused
    from hocba.identity.imported import FILE_NAME, import_register
    from schemas.vietnam import VIETNAM_TIME

    session = session_of(context)
    opened = homes.Home.open(home)
    today = datetime.now(UTC).astimezone(VIETNAM_TIME).date()
    try:
        done = import_register(file, opened.path / FILE_NAME, today)
    except RegisterFileRefused as refused:
        return _refused(file, refused, report, session)
    if session.json:
        session.emit({"people": done.people, "repeated": done.repeated})
    else:
        session.say("identity.imported", people=done.people, repeated=done.repeated)
    return ExitCode.PASSED


def check(
    context: typer.Context,
    home: Home,
    masogd: Province = None,
    matruong: School = None,
    namhoc: Year = None,
    batch: Batch = None,
    *,
    roster: Roster = False,
    again: Again = False,
) -> ExitCode:
    """Check the people of records that were taken in."""
    from hocba import home as homes
    from hocba.index.identity_rows import IdentityScope

    session = session_of(context)
    opened = homes.Home.open(home)
    province = masogd or opened.configuration.masogd
    if roster and province is None:
        raise Misuse("misuse.missing", option="--masogd")
    scope = IdentityScope(masogd=masogd, matruong=matruong, namhoc=namhoc, batch=batch, again=again)
    counts = _checked(opened, scope, session, roster_of=province if roster else None)
    if session.json:
        session.emit(counts.as_json())
    else:
        _show_counts(counts, session)
    if counts.interrupted is not None or counts.deferred or counts.unreadable:
        return ExitCode.INDETERMINATE
    return ExitCode.FAILED if counts.mismatches else ExitCode.PASSED


def show_all(
    context: typer.Context,
    home: Home,
    state: StateName = None,
    masogd: Province = None,
    matruong: School = None,
    report: Table = None,
) -> ExitCode:
    """List mismatches, the open ones unless told otherwise."""
    from hocba import home as homes
    from hocba.identity.model import MismatchState
    from hocba.identity.queue import all_mismatches

    session = session_of(context)
    opened = homes.Home.open(home)
    wanted = MismatchState((state or State.OPEN).value)
    with opened.open_index() as index:
        entries = all_mismatches(index, masogd=masogd, matruong=matruong, state=wanted)
        if report is not None:
            _write(report, entries, session)
            return ExitCode.PASSED
        count = 0
        for each in entries:
            count += 1
            if session.json:
                session.emit(each.as_json(session.language))
            else:
                _show(each, session)
        if not session.json:
            words = term("identity_state", wanted.value, session.language)
            session.say("identity.listed", count=count, state=words)
    return ExitCode.PASSED


def resolve(
    context: typer.Context,
    number: Number,
    home: Home,
    state: Resolution,
    reason: Reason,
    by: By,
) -> ExitCode:
    """Close a mismatch with a reason."""
    from hocba import home as homes
    from hocba.identity.model import MismatchState
    from hocba.identity.queue import resolve_mismatch

    session = session_of(context)
    opened = homes.Home.open(home)
    with opened.open_index() as index, index.transaction() as tx:
        entry = resolve_mismatch(
            tx,
            number,
            MismatchState(state.value),
            reason=reason,
            by=by,
            at=datetime.now(UTC),
            actor=ACTOR,
        )
    if session.json:
        session.emit(entry.as_json(session.language))
    else:
        words = term("identity_state", entry.state.value, session.language)
        session.say("identity.resolved", number=entry.id, state=words)
    return ExitCode.PASSED


def _checked(
    opened: "OpenedHome", scope: "IdentityScope", session: Session, *, roster_of: str | None
) -> "CheckCounts":
    from cli.progress import progress
    from hocba.identity.checking import IdentityCheck
    from hocba.identity.opening import open_register
    from schemas.document import ParserLimits
    from signing.roster import Roster as ReadRoster

    register = open_register(opened.configuration.identity, opened.path)
    try:
        with opened.open_index() as index, progress(session, "identity.progress") as advance:
            run = IdentityCheck(
                index=index,
                store=opened.open_store(),
                definitions=opened.definitions(),
                register=register,
                limits=ParserLimits(),
                clock=lambda: datetime.now(UTC),
                actor=ACTOR,
            )
            if roster_of is not None:
                entries = opened.roster() or ReadRoster(())
                return run.run_roster(entries, roster_of, again=scope.again)
            return run.run(scope, lambda counts: advance(counts.records, None))
    finally:
        register.close()


def _refused(
    file: Path, refused: "RegisterFileRefused", report: Path | None, session: Session
) -> ExitCode:
    """Say of every bad line what is wrong."""
    from cli.reports import reports
    from hocba.explanations.tables import ReportedDocument
    from hocba.model.outcome import Outcome

    with reports(report, None, session) as written:
        written.add_document(
            ReportedDocument(
                file=file.name,
                outcome=Outcome.REJECTED,
                record=None,
                version=None,
                findings=refused.findings,
            )
        )
    if session.json:
        found = [each.as_json(session.language) for each in refused.findings]
        session.emit({"people": 0, "findings": found, "more": refused.more})
        return ExitCode.FAILED
    for each in refused.findings[:_SHOWN]:
        session.write(f"{each.code} {visible(each.message(session.language))}")
    more = len(refused.findings) - _SHOWN + refused.more
    if more > 0:
        session.say("identity.more_lines", count=more)
    session.say("identity.not_imported", count=len(refused.findings) + refused.more)
    return ExitCode.FAILED


def _show_counts(counts: "CheckCounts", session: Session) -> None:
    session.say(
        "identity.checked",
        records=counts.records,
        people=counts.people,
        agree=counts.agree,
        mismatches=counts.mismatches,
    )
    session.say("identity.queue", opened=counts.opened, closed=counts.closed)
    if counts.deferred:
        session.say("identity.deferred", count=counts.deferred)
    if counts.unreadable:
        session.say("identity.unreadable", count=counts.unreadable)
    if counts.interrupted is not None:
        reason = term("reach", counts.interrupted, session.language)
        session.say("identity.interrupted", reason=reason)


def _show(entry: "Mismatch", session: Session) -> None:
    """A mismatch as people work through it."""
    language = session.language
    session.write()
    session.say(
        "identity.entry",
        number=entry.id,
        problem=term("identity_problem", entry.problem.value, language),
        role=term("identity_role", entry.role, language),
        name=visible(entry.hovaten),
        school=visible(entry.matruong),
    )
    for each in entry.findings:
        session.write(f"    {visible(each.message(language))}")
    if entry.madinhdanhhocba:
        session.say("identity.record", record=entry.madinhdanhhocba, year=entry.namhoc)
    if entry.resolved_at is not None and entry.reason:
        at = session.moment(entry.resolved_at)
        reason, by = visible(entry.reason), visible(entry.resolved_by or "")
        session.say("identity.closed", at=at, by=by, reason=reason)


def _write(path: Path, entries: "Iterable[Mismatch]", session: Session) -> None:
    from cli.reports import whole_file
    from hocba.identity.tables import mismatch_lines, write_workbook

    kind = path.suffix.lower()
    if kind not in {".csv", ".xlsx"}:
        raise Misuse("misuse.report_kind", option="--report", file=path, known=".csv, .xlsx")
    with whole_file(path) as file:
        if kind == ".xlsx":
            write_workbook(file, entries, session.language)
        else:
            for line in mismatch_lines(entries, session.language):
                file.write(line.encode("utf-8", "replace"))
    session.note("report.written", file=path)
