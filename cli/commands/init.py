"""`hocba init`: makes a repository."""

from typing import Annotated

import typer

from cli.exit_code import ExitCode
from cli.parameters import Home, RosterFile, Trust, session_of

Province = Annotated[str | None, typer.Option("--masogd", metavar="MASOGD")]
IndexUrl = Annotated[str | None, typer.Option("--index", metavar="URL")]
StoreUrl = Annotated[str | None, typer.Option("--store", metavar="URL")]


def init(
    context: typer.Context,
    home: Home,
    trust: Trust = None,
    roster: RosterFile = None,
    masogd: Province = None,
    index: IndexUrl = None,
    store: StoreUrl = None,
) -> ExitCode:
    """Make the repository in *home*."""
    from hocba import home as homes

    session = session_of(context)
    made = homes.Home.create(
        home, trust=trust, roster=roster, masogd=masogd, index_url=index, store_url=store
    )
    if session.json:
        session.emit({"home": str(home), "trust": trust is not None, "roster": roster is not None})
        return ExitCode.PASSED
    session.say("init.done", home=home, key=made.receipt_key().key_id)
    for name, given in (("trust", trust), ("roster", roster)):
        if given is None:
            session.say(f"init.no_{name}", home=home)
    session.say("init.next", home=home)
    return ExitCode.PASSED
