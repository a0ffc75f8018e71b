"""A worker host that believes stand-in documents, in a process of its own that a test may kill.

    python -m tests.support.host_process HOME DELAY

Says `ready`, then a line for every part that it commits.
"""

import logging
import signal
import sys
from dataclasses import replace
from pathlib import Path

from hocba.home import Home
from hocba.hosts.host import Host
from tests.support.stand_in import StandInFactory


def main() -> None:
    """Take jobs until told to end."""
    path, delay = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    with Host.opened(Home.open(Path(path))) as host:
        host.ingest = replace(host.ingest, examiner=StandInFactory(float(delay)))
        signal.signal(signal.SIGTERM, lambda *_: host.stopping.set())
        print("ready", flush=True)
        host.run()
    print("ended", flush=True)


if __name__ == "__main__":
    main()
