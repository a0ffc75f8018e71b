"""`hocba export`: documents and receipts that anyone can verify without the repository."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.exit_code import ExitCode
from cli.parameters import Home, school_year, session_of
from cli.session import Session

Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR")]
School = Annotated[str | None, typer.Option("--school", metavar="MATRUONG")]
Pupil = Annotated[str | None, typer.Option("--pupil", metavar="MAHOCSINH")]
BatchId = Annotated[str | None, typer.Option("--batch", metavar="ID")]
Year = Annotated[
    str | None, typer.Option("--year", metavar="YYYY-YYYY", parser=school_year("--year"))
]


def export(
    context: typer.Context,
    home: Home,
    out: Out,
    school: School = None,
    pupil: Pupil = None,
    batch: BatchId = None,
    year: Year = None,
) -> ExitCode:
    """Write the selected versions to *out*."""
    from cli.progress import progress
    from hocba import export as exports
    from hocba import home as homes
    from hocba.index.rows import VersionSelection

    session = session_of(context)
    opened = homes.Home.open(home)
    with progress(session, "export.progress") as advance:
        made = exports.export(
            opened,
            out,
            VersionSelection(matruong=school, mahocsinh=pupil, batch=batch, namhoc=year),
            at=datetime.now(UTC),
            actor="cli",
            readme=lambda roster: readme(session, roster=roster),
            progress=lambda done: advance(done, None),
        )
    if session.json:
        session.emit({"folder": str(out), "documents": made.documents, "bytes": made.size})
    else:
        session.say("export.done", folder=out, count=made.documents)
        option = f" --roster {out}/roster.csv" if made.roster else ""
        session.say("export.next", folder=out, roster=option)
    return ExitCode.PASSED


def readme(session: Session, *, roster: bool) -> str:
    """README.txt of an export."""
    option = " --roster roster.csv" if roster else ""
    return session.text("export.readme", roster=option)
