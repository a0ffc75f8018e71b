"""`hocba roster`: who may sign for which school, and when; what the roster was, and became."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.parameters import Home, day, moment, session_of
from cli.session import Session
from schemas.findings import term
from schemas.vietnam import VIETNAM_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hocba.index.roster_rows import RosterChange
    from signing.mandate import RosterEntry

_PAGE = 100

File = Annotated[Path, typer.Argument(metavar="FILE")]
FileOrHome = Annotated[Path | None, typer.Argument(metavar="FILE")]
SomeHome = Annotated[Path | None, typer.Option("--home", metavar="DIR")]
School = Annotated[str, typer.Option("--school", metavar="MATRUONG")]
Role = Annotated[str | None, typer.Option("--role", metavar="ROLE")]
On = Annotated[date | None, typer.Option("--on", metavar="DATE", parser=day("--on"))]
KnownAt = Annotated[
    datetime | None, typer.Option("--known-at", metavar="TIME", parser=moment("--known-at"))
]
Out = Annotated[Path, typer.Option("--out", metavar="FILE")]


def check(context: typer.Context, file: File) -> ExitCode:
    """Say everything that is wrong or odd in *file*, line by line."""
    from cli.roster_check import findings_json, known_roles, show_findings
    from hocba.roster.checking import check_file

    session = session_of(context)
    checked = check_file(file, known_roles(), _today())
    if session.json:
        session.emit({"file": str(file), **findings_json(checked, session)})
        return ExitCode.FAILED if checked.errors else ExitCode.PASSED
    show_findings(file.name, checked.findings, session)
    session.say(
        "roster.checked",
        mandates=len(checked.rows),
        schools=len(checked.schools),
        errors=len(checked.errors),
        warnings=len(checked.warnings),
    )
    return ExitCode.FAILED if checked.errors else ExitCode.PASSED


def who(
    context: typer.Context,
    school: School,
    file: FileOrHome = None,
    home: SomeHome = None,
    role: Role = None,
    on: On = None,
    known_at: KnownAt = None,
) -> ExitCode:
    """List who may sign for *school* on a day; nobody is a failure."""
    session = session_of(context)
    asked = on or _today()
    if (file is None) == (home is None):
        raise Misuse("misuse.file_or_home")
    if file is not None and known_at is not None:
        raise Misuse("misuse.known_at_without_home")
    change: RosterChange | None = None
    if file is not None:
        entries = _in_file(file, school, asked)
    else:
        entries, change = _in_home(home or Path(), school, asked, known_at)
    entries = sorted(
        (each for each in entries if role in {None, each.role}),
        key=lambda each: (each.role, each.name),
    )
    if session.json:
        for each in entries:
            session.emit(_as_json(each) | ({"change": change.number} if change else {}))
    else:
        _show(entries, school, asked, session)
        if change is not None:
            _show_basis(change, session)
    return ExitCode.PASSED if entries else ExitCode.FAILED


def history(context: typer.Context, home: Home) -> ExitCode:
    """List every change of the roster in *home*, the newest first."""
    from hocba import home as homes

    session = session_of(context)
    with homes.Home.open(home).open_index() as index:
        after: str | None = None
        found: list[RosterChange] = []
        while True:
            with index.reading() as tx:
                page = tx.rosters.history(after=after, limit=_PAGE)
            found.extend(page.rows)
            if page.next is None:
                break
            after = page.next
    if not found and not session.json:
        session.say("roster.no_history")
    for each in found:
        if session.json:
            session.emit(each.as_json())
        else:
            _show_change(each, session)
    return ExitCode.PASSED


def export(context: typer.Context, home: Home, out: Out, known_at: KnownAt = None) -> ExitCode:
    """Write the roster in *home* as the file that its digest names."""
    from hocba import home as homes
    from hocba.roster.states import newest_change, write_state

    session = session_of(context)
    if out.exists():
        raise Misuse("misuse.file_exists", file=out)
    with homes.Home.open(home).open_index() as index, index.reading() as tx:
        change = newest_change(tx, known_at)
        write_state(tx, change, out)
    if session.json:
        session.emit({"file": str(out), **change.as_json()})
    else:
        session.say("roster.exported", file=out, mandates=change.mandates)
        _show_basis(change, session)
    return ExitCode.PASSED


def _today() -> date:
    return datetime.now(VIETNAM_TIME).date()


def _in_file(file: Path, school: str, asked: date) -> "Sequence[RosterEntry]":
    from signing.roster import read_roster

    entries = read_roster(file).entries()
    return [each for each in entries if each.school == school and each.covers(asked)]


def _in_home(
    path: Path, school: str, asked: date, known_at: datetime | None
) -> "tuple[Sequence[RosterEntry], RosterChange | None]":
    from hocba import home as homes
    from hocba.roster.states import signers

    home = homes.Home.open(path)
    with home.open_index() as index, index.reading() as tx:
        if not tx.rosters.number() and known_at is None and home.roster_file.is_file():
            return _in_file(home.roster_file, school, asked), None
        found = signers(tx, school, asked, known_at=known_at)
    return found.entries, found.change


def _as_json(entry: "RosterEntry") -> dict[str, object]:
    from signing.roster_rows import COLUMNS, row_of

    row = row_of(entry)
    always: dict[str, object] = {name: row[name] or None for name in COLUMNS}
    return always | {name: value for name, value in row.items() if value}


def _show(entries: "Sequence[RosterEntry]", school: str, asked: date, session: Session) -> None:
    written = asked.strftime("%d/%m/%Y")
    if not entries:
        session.say("roster.nobody", school=school, day=written)
        return
    session.say("roster.who", school=school, day=written, count=len(entries))
    names = ("role", "name", "id", "period", "note")
    rows = [[session.text(f"roster.heading.{each}") for each in names]]
    for each in entries:
        since = each.valid_from.strftime("%d/%m/%Y") if each.valid_from else "…"
        until = each.valid_to.strftime("%d/%m/%Y") if each.valid_to else "…"
        period = f"{since} – {until}"
        rows.append([each.role, each.name, each.holder, period, _note(each, session)])
    session.table(rows, indent=2)


def _note(entry: "RosterEntry", session: Session) -> str:
    """How somebody is engaged, from where, and for whom."""
    parts = []
    if entry.engagement:
        parts.append(term("engagement", entry.engagement.value, session.language))
    if entry.home_school:
        parts.append(session.text("roster.note.home_school", school=entry.home_school))
    if entry.governing_body:
        parts.append(session.text("roster.note.governing_body", body=entry.governing_body))
    substitution = entry.substitution
    if substitution is not None:
        parts.append(
            session.text(
                "roster.note.substitution",
                person=substitution.person,
                reason=substitution.reason,
                approver=substitution.approver,
            )
        )
    if entry.certificates:
        parts.append(session.text("roster.note.certificates", count=len(entry.certificates)))
    return "; ".join(parts)


def _show_basis(change: "RosterChange", session: Session) -> None:
    session.say(
        "roster.basis",
        number=change.number,
        at=session.moment(change.at),
        digest=change.digest,
    )


def _show_change(change: "RosterChange", session: Session) -> None:
    session.say(
        f"roster.change.{change.kind.value}",
        number=change.number,
        at=session.moment(change.at),
        by=change.made_by,
        source=change.source,
        reason=change.reason,
        added=change.added,
        changed=change.changed,
        ended=change.ended,
        withdrawn=change.withdrawn,
        mandates=change.mandates,
        digest=change.digest,
    )
