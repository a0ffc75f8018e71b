"""`hocba migrate`: brings the index to the newest version."""

from pathlib import Path
from typing import Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.parameters import session_of

HomeIfAny = Annotated[Path | None, typer.Option("--home", metavar="DIR")]
Url = Annotated[str | None, typer.Option("--url", metavar="URL")]


def migrate(context: typer.Context, home: HomeIfAny = None, url: Url = None) -> ExitCode:
    """Migrate the index of *home*, or the one at *url*."""
    from hocba import home as homes
    from hocba.index.index import HEAD
    from hocba.index.migrate import migrate as migrate_index

    session = session_of(context)
    if home is not None and url is not None:
        raise Misuse("misuse.exclude_each_other", one="--home", other="--url")
    if home is not None:
        url = homes.Home.open(home).index_url
    if url is None:
        raise Misuse("misuse.one_is_needed", one="--home", other="--url")
    migrate_index(url)
    if session.json:
        session.emit({"version": HEAD})
    else:
        session.say("migrate.done", version=HEAD)
    return ExitCode.PASSED
