"""`hocba serve`: the repository over HTTP."""

from typing import Annotated

import typer

from cli.exit_code import ExitCode
from cli.parameters import Home, session_of, whole_number

Host = Annotated[str, typer.Option("--host", metavar="ADDRESS")]
Port = Annotated[int, typer.Option("--port", metavar="N", parser=whole_number("--port", 0, 65535))]
Proxies = Annotated[str, typer.Option("--trusted-proxies", metavar="ADDRESSES")]


def serve(
    context: typer.Context,
    home: Home,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    trusted_proxies: Proxies = "127.0.0.1",
) -> ExitCode:
    """Serve *home* until the process is told to end."""
    import logging

    from hocba import home as homes
    from hocba.web.serving import serve as serve_home

    session = session_of(context)
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form, force=True)

    def ready(address: str) -> None:
        if session.json:
            session.emit({"address": address})
        else:
            session.say("serve.ready", address=address)

    opened = homes.Home.open(home)
    serve_home(opened, host, port, trusted_proxies=trusted_proxies, ready=ready)
    return ExitCode.PASSED
