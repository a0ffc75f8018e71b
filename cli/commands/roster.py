"""`hocba roster`: who may sign for which school, and when."""

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exit_code import ExitCode
from cli.parameters import day, session_of
from cli.session import Session, Tone
from schemas.vietnam import VIETNAM_TIME

if TYPE_CHECKING:
    from signing.roster import RosterEntry

File = Annotated[Path, typer.Argument(metavar="FILE")]
School = Annotated[str, typer.Option("--school", metavar="MATRUONG")]
Role = Annotated[str | None, typer.Option("--role", metavar="ROLE")]
On = Annotated[date | None, typer.Option("--on", metavar="DATE", parser=day("--on"))]


def check(context: typer.Context, file: File) -> ExitCode:
    """Say which lines of *file* cannot be meant."""
    from cli.roster_check import problems
    from signing.roster import read_roster

    session = session_of(context)
    roster = read_roster(file)
    entries = roster.entries()
    schools = len({each.school for each in entries})
    found = tuple(problems(file))
    if session.json:
        session.emit(
            {
                "file": str(file),
                "mandates": len(roster),
                "schools": schools,
                "problems": [
                    {
                        "line": each.line,
                        "code": each.key,
                        "message": session.text(f"roster.problem.{each.key}", value=each.value),
                    }
                    for each in found
                ],
            }
        )
        return ExitCode.FAILED if found else ExitCode.PASSED
    for each in found:
        message = session.text(f"roster.problem.{each.key}", value=each.value)
        line = session.text("roster.line", file=file.name, line=each.line, message=message)
        session.write(session.paint(line, Tone.BAD))
    session.say("roster.checked", mandates=len(roster), schools=schools, problems=len(found))
    return ExitCode.FAILED if found else ExitCode.PASSED


def who(
    context: typer.Context, file: File, school: School, role: Role = None, on: On = None
) -> ExitCode:
    """List who may sign for *school* on a day; nobody is a failure."""
    from signing.roster import read_roster

    session = session_of(context)
    asked = on or datetime.now(VIETNAM_TIME).date()
    entries = [
        each
        for each in read_roster(file).entries()
        if each.school == school and each.covers(asked) and role in {None, each.role}
    ]
    entries.sort(key=lambda each: (each.role, each.name))
    if session.json:
        for each in entries:
            session.emit(_as_json(each))
    else:
        _show(entries, school, asked, session)
    return ExitCode.PASSED if entries else ExitCode.FAILED


def _as_json(entry: "RosterEntry") -> dict[str, object]:
    return {
        "matruong": entry.school,
        "vaitro": entry.role,
        "sodinhdanh": entry.personal_id,
        "masothue": entry.organization_id,
        "hovaten": entry.name,
        "tungay": entry.valid_from.isoformat() if entry.valid_from else None,
        "denngay": entry.valid_to.isoformat() if entry.valid_to else None,
    }


def _show(entries: list["RosterEntry"], school: str, asked: date, session: Session) -> None:
    written = asked.strftime("%d/%m/%Y")
    if not entries:
        session.say("roster.nobody", school=school, day=written)
        return
    session.say("roster.who", school=school, day=written, count=len(entries))
    heading = [session.text(f"roster.heading.{each}") for each in ("role", "name", "id", "period")]
    rows = [heading]
    for each in entries:
        since = each.valid_from.strftime("%d/%m/%Y") if each.valid_from else "…"
        until = each.valid_to.strftime("%d/%m/%Y") if each.valid_to else "…"
        holder = each.personal_id or each.organization_id or ""
        rows.append([each.role, each.name, holder, f"{since} – {until}"])
    session.table(rows, indent=2)
