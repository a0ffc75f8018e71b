"""A server process that a test starts, and that cannot outlive the tests.

The server runs below a guard (this file, run as a script). The guard holds the read end of a pipe
whose write end is held by pytest alone: when pytest ends, in whatever way, the pipe closes and the
guard stops the server. It runs in a session of its own, so Ctrl-C reaches pytest only.
"""

import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_STOP_SECONDS = 15.0
_LOG_TAIL = 4000


class ServiceFailed(Exception):  # noqa: N818 -- says what is the case
    """A server of the tests did not start or did not answer; carries the end of its log."""


@dataclass(slots=True)
class GuardedProcess:
    """A running server. `stop` is idempotent."""

    command: Sequence[str]
    log: Path
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    environment: Mapping[str, str] = field(default_factory=dict)
    _guard: subprocess.Popen[bytes] | None = None
    _pid: int = 0

    def start(self) -> None:
        """Start the server; it writes its output to the end of `log`."""
        with self.log.open("ab") as log:
            arguments = [str(int(self.stop_signal)), self.user or "", *self.command]
            self._guard = subprocess.Popen(
                [sys.executable, __file__, *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        assert self._guard.stdout is not None
        line = self._guard.stdout.readline()
        if not line:
            raise ServiceFailed(f"{self.command[0]} did not start\n{self.log_tail()}")
        self._pid = int(line)

    @property
    def pid(self) -> int:
        """Process id of the server itself, for tests that kill it."""
        return self._pid

    @property
    def running(self) -> bool:
        """Whether the server's process is still there."""
        return self._guard is not None and self._guard.poll() is None

    def wait_until(self, ready: Callable[[], bool], *, seconds: float) -> None:
        """Return once *ready* says yes; raise `ServiceFailed` with the log when it does not."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise ServiceFailed(f"{self.command[0]} ended while starting\n{self.log_tail()}")
            if time.monotonic() > deadline:
                self.stop()
                raise ServiceFailed(
                    f"{self.command[0]} did not answer within {seconds:.0f} s\n{self.log_tail()}"
                )
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill the server as a power cut would end it (SIGKILL), and wait until it is gone."""
        os.kill(self._pid, signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        """Ask the server to end, kill it when it does not, and wait until it is gone."""
        self._reap()

    def _reap(self) -> None:
        guard, self._guard = self._guard, None
        if guard is None:
            return
        assert guard.stdin is not None
        assert guard.stdout is not None
        guard.stdin.close()
        guard.wait(timeout=2 * _STOP_SECONDS)
        guard.stdout.close()

    def log_tail(self) -> str:
        """The last lines that the server wrote."""
        if not self.log.exists():
            return "(no log)"
        return f"--- {self.log}\n" + self.log.read_text("utf-8", "replace")[-_LOG_TAIL:]


def _guard(stop_signal: int, user: str, command: Sequence[str]) -> int:
    """Run *command* until it ends or standard input closes; then stop it. Returns its status."""
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        **as_user(user or None),
    )
    sys.stdout.write(f"{server.pid}\n")
    sys.stdout.flush()
    # The server's own end wakes the guard through SIGCHLD, which interrupts the read below.
    signal.signal(signal.SIGCHLD, lambda *_: os._exit(0) if server.poll() is not None else None)
    if server.poll() is not None:
        return 1
    sys.stdin.buffer.read()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if server.poll() is None:
        server.send_signal(stop_signal)
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
    return 0


def as_user(user: str | None) -> dict[str, Any]:
    """Arguments of `subprocess` to run as *user*, in a folder that every user may enter."""
    if user is None:
        return {"cwd": "/"}
    return {"cwd": "/", "user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}


if __name__ == "__main__":
    sys.exit(_guard(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
