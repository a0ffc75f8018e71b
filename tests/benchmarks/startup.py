"""How long `hocba --help` takes, beside a Python that does nothing."""

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.measure import Figure, interleaved

GOAL_SECONDS = 0.3


def figures(*, rounds: int) -> list[Figure]:
    """The start-up time of the command line."""
    hocba = str(Path(sys.executable).with_name("hocba"))
    timings = interleaved(
        {
            "help": lambda: _run(hocba, "--help"),
            "python": lambda: _run(sys.executable, "-c", "pass"),
        },
        units=1,
        rounds=rounds,
    )
    ours = timings["help"].median
    return [
        Figure(
            what="hocba --help",
            measured=f"{ours:.3f} s",
            reference=f"python -c pass {timings['python'].median:.3f} s",
            ratio=ours / timings["python"].median,
            goal=f"< {GOAL_SECONDS} s",
            reached=ours < GOAL_SECONDS,
        )
    ]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
