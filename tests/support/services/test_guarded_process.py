"""A server that tests started ends with them, however they end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.services.process import GuardedProcess, ServiceFailed

_ROOT = Path(__file__).parents[3]
_STARTER = """
import pathlib, sys, time
from tests.support.services.process import GuardedProcess
server = GuardedProcess(["sleep", "600"], pathlib.Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


def gone(pid: int, *, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_server_does_not_outlive_the_process_that_started_it(
    tmp_path: Path, ending: signal.Signals
) -> None:
    starter = subprocess.Popen(
        [sys.executable, "-c", _STARTER, str(tmp_path / "log")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=_ROOT,
        text=True,
    )
    assert starter.stdout is not None
    pid = int(starter.stdout.readline())
    assert not gone(pid, seconds=0.1)
    starter.send_signal(ending)
    starter.wait(10)
    starter.stdout.close()
    assert gone(pid)


def test_a_server_that_ends_while_it_starts_is_told_with_its_log(tmp_path: Path) -> None:
    server = GuardedProcess(["sh", "-c", "echo no such option >&2; exit 2"], tmp_path / "log")
    server.start()
    with pytest.raises(ServiceFailed, match="no such option"):
        server.wait_until(lambda: False, seconds=10)
    server.stop()


def test_a_server_that_never_answers_is_stopped(tmp_path: Path) -> None:
    server = GuardedProcess(["sleep", "600"], tmp_path / "log")
    server.start()
    with pytest.raises(ServiceFailed, match="did not answer"):
        server.wait_until(lambda: False, seconds=0.2)
    assert gone(server.pid)


def test_a_server_that_ignores_being_asked_is_killed_by_kill(tmp_path: Path) -> None:
    server = GuardedProcess(["sh", "-c", "trap '' TERM; exec sleep 600"], tmp_path / "log")
    server.start()
    server.kill()
    assert gone(server.pid)
    assert not server.running


def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    server = GuardedProcess(["/no/such/program"], tmp_path / "log")
    with pytest.raises(ServiceFailed, match="did not start"):
        server.start()
    server.stop()
    assert not server.running
