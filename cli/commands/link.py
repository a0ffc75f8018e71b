"""`hocba link`: two ids of one pupil, so that the timeline stays one."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.exit_code import ExitCode
from cli.parameters import Home, session_of

ACTOR = "cli"

Old = Annotated[str, typer.Argument(metavar="OLD")]
New = Annotated[str, typer.Argument(metavar="NEW")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT")]
By = Annotated[str, typer.Option("--by", metavar="NAME")]
Undo = Annotated[bool, typer.Option("--undo")]


def link(
    context: typer.Context,
    old: Old,
    new: New,
    home: Home,
    reason: Reason,
    by: By,
    *,
    undo: Undo = False,
) -> ExitCode:
    """Say that *old* and *new* stand for one pupil, or with *undo* that they do not."""
    from hocba import home as homes
    from hocba import links

    session = session_of(context)
    act = links.unlink_pupils if undo else links.link_pupils
    with homes.Home.open(home).open_index() as index, index.transaction() as tx:
        made = act(tx, old, new, reason=reason, by=by, at=datetime.now(UTC), actor=ACTOR)
    if session.json:
        session.emit(made.as_json())
    else:
        session.say("link.undone" if undo else "link.done", old=old, new=new)
    return ExitCode.PASSED
