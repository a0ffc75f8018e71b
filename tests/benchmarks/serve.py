"""Serve a home on a free port and print its address: the server of a benchmark."""

import sys
from pathlib import Path

from hocba.home import Home
from hocba.web.serving import serve


def _ready(address: str) -> None:
    print(address, flush=True)


serve(Home.open(Path(sys.argv[1])), port=0, ready=_ready)
