"""`hocba roster import`: a file becomes the roster of a repository, with its history kept."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exit_code import ExitCode
from cli.failures import tell, words_for
from cli.parameters import Home, day, session_of
from cli.session import Session
from schemas.vietnam import VIETNAM_TIME

if TYPE_CHECKING:
    from hocba.index.roster_rows import RosterChange
    from hocba.roster.checking import CheckedRoster
    from hocba.roster.errors import RosterRefused
    from hocba.roster.plan import Plan

ACTOR = "cli"

File = Annotated[Path, typer.Argument(metavar="FILE")]
By = Annotated[str, typer.Option("--by", metavar="NAME")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT")]
Effective = Annotated[
    date | None, typer.Option("--effective", metavar="DATE", parser=day("--effective"))
]
OnlySchools = Annotated[bool, typer.Option("--only-listed-schools")]
DryRun = Annotated[bool, typer.Option("--dry-run")]
Yes = Annotated[bool, typer.Option("--yes")]


def import_(
    context: typer.Context,
    file: File,
    home: Home,
    by: By,
    reason: Reason,
    effective: Effective = None,
    *,
    only_listed_schools: OnlySchools = False,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> ExitCode:
    """Make *file* the roster of the repository in *home*, or say what that would change."""
    from cli.roster_check import show_findings
    from hocba import home as homes
    from hocba.index.roster_rows import RosterScope
    from hocba.roster.checking import check_file, roles_of
    from hocba.roster.errors import RosterRefused
    from hocba.roster.importing import ImportRequest, take_in
    from signing.policy import read_policy

    session = session_of(context)
    opened = homes.Home.open(home)
    now = datetime.now(UTC)
    today = now.astimezone(VIETNAM_TIME).date()
    roles = roles_of(read_policy(each.policy_path) for each in opened.definitions())
    checked = check_file(file, roles, today)
    request = ImportRequest(
        source=file.name,
        made_by=by,
        reason=reason,
        scope=RosterScope.SCHOOLS if only_listed_schools else RosterScope.PROVINCE,
        effective=effective or today,
        at=now,
        actor=ACTOR,
        masogd=opened.configuration.masogd,
    )
    if not session.json:
        show_findings(file.name, checked.findings, session)
    try:
        with opened.open_index() as index:
            planned, change = take_in(
                index, checked, request, roles, opened.roster_file, confirmed=yes, dry_run=dry_run
            )
    except RosterRefused as refused:
        return _refused(file, checked, refused, session)
    if session.json:
        session.emit(_as_json(file, checked, planned, change, session))
    else:
        _show(file, checked, planned, change, session, dry_run=dry_run)
    return ExitCode.PASSED


def _refused(
    file: Path, checked: "CheckedRoster", refused: "RosterRefused", session: Session
) -> ExitCode:
    """Say why nothing was imported; lines of the file have been shown before."""
    from cli.roster_check import findings_json, show_findings

    if session.json:
        said = {
            "code": refused.finding.code,
            "message": refused.finding.message(session.language),
        }
        figures = findings_json(checked, session)
        session.emit({"file": str(file), "imported": False, "refused": said, **figures})
        return ExitCode.FAILED
    if refused.found and refused.found != checked.findings:  # of the roster from before
        show_findings("roster.csv", refused.found, session)
    tell(session, words_for(refused, session) or "")
    return ExitCode.FAILED


def _as_json(
    file: Path,
    checked: "CheckedRoster",
    planned: "Plan",
    change: "RosterChange | None",
    session: Session,
) -> dict[str, object]:
    from cli.roster_check import findings_json, plan_json

    return {
        "file": str(file),
        "imported": change is not None,
        "change": change.as_json() if change else None,
        "plan": plan_json(planned),
        **findings_json(checked, session),
    }


def _show(
    file: Path,
    checked: "CheckedRoster",
    planned: "Plan",
    change: "RosterChange | None",
    session: Session,
    *,
    dry_run: bool,
) -> None:
    from cli.roster_check import show_plan

    session.say(
        "roster.checked",
        mandates=len(checked.rows),
        schools=len(checked.schools),
        errors=len(checked.errors),
        warnings=len(checked.warnings),
    )
    if planned.is_empty:
        session.say("roster.nothing_new", file=file.name)
        return
    show_plan(planned, session)
    if change is not None:
        session.say(
            "roster.imported",
            number=change.number,
            mandates=change.mandates,
            digest=change.digest,
        )
    elif dry_run:
        session.say("roster.unusual" if planned.is_unusual else "roster.dry_run")
