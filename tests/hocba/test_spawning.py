"""Ctrl-C on a terminal reaches every process of the group; those of a pool never notice."""

import os
import signal
import subprocess
import sys
import time

from tests.support.command import ROOT, environment

SCRIPT = """
import signal, time
from hocba.spawning import SpawnedPool

if __name__ == "__main__":
    signal.signal(signal.SIGINT, lambda *_: None)
    with SpawnedPool(2) as pool:
        waiting = [pool.submit(time.sleep, 1), pool.submit(abs, -3)]
        print("started", flush=True)
        print([each.result() for each in waiting], flush=True)
"""


def test_processes_that_are_only_starting_are_not_interrupted(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, "utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
        cwd=ROOT,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    for _ in range(40):
        if process.poll() is not None:
            break
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.05)
    out, err = process.communicate(timeout=60)
    assert out == "[None, 3]\n"
    assert err == ""
