"""`hocba worker`: one of the machines that take batches in together."""

import signal
from types import FrameType

import typer

from cli.commands.ingest import with_jobs
from cli.exit_code import ExitCode
from cli.parameters import Home, Jobs, session_of


def worker(context: typer.Context, home: Home, jobs: Jobs = None) -> ExitCode:
    """Work batches of *home* until the process is told to end."""
    import logging

    from hocba import home as homes
    from hocba.hosts.host import Host

    session = session_of(context)
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(level=logging.WARNING, format=form, force=True)
    with Host.opened(homes.Home.open(home)) as host:
        host.ingest = with_jobs(host.ingest, jobs)

        def stop(_: int, __: FrameType | None) -> None:
            host.stopping.set()

        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, stop)
        processes = host.ingest.options.workers.processes
        if session.json:
            session.emit({"processes": processes})
        else:
            session.say("worker.ready", processes=processes)
        host.run()
    return ExitCode.PASSED
