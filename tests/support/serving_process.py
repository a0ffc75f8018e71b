"""`hocba serve` over a home, in a process of its own that a test may kill and start again.

python -m tests.support.serving_process HOME PORT ADDRESS_FILE
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from hocba.home import Home
from hocba.web.serving import serve
from tests.support.services.process import GuardedProcess

ROOT = Path(__file__).parents[2]


@dataclass
class ServedHome:
    """A home and the process that serves it, always at the same port."""

    home: Path
    folder: Path
    port: int
    process: GuardedProcess | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start; it answers once this returns."""
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        self.process = GuardedProcess(
            [
                sys.executable,
                "-m",
                "tests.support.serving_process",
                str(self.home),
                str(self.port),
                str(ready),
            ],
            self.folder / "serve.log",
            environment={"PYTHONPATH": str(ROOT)},
        )
        self.process.start()
        self.process.wait_until(ready.exists, seconds=120)

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process is not None:
            self.process.stop()


@contextmanager
def serving(home: Path, folder: Path) -> Iterator[ServedHome]:
    """The home, served until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    served = ServedHome(home, folder, port)
    served.start()
    try:
        yield served
    finally:
        served.stop()


def main() -> None:
    """Serve until told to end."""
    path, port, ready = sys.argv[1:]
    home = Home.open(Path(path))
    home = replace(home, configuration=replace(home.configuration, processes=1))
    serve(home, port=int(port), ready=lambda url: Path(ready).write_text(url))


if __name__ == "__main__":
    main()
