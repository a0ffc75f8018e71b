"""Processes that write to a store while a test watches, competes or kills them."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storage.contract import Store
from tests.support.store_writer import content

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Promise:
    """What a writer was promised, and of which bytes."""

    key: str
    version_id: str
    sha256: str
    number: int

    def kept_by(self, store: Store, seed: str) -> bool:
        """Whether the store gives back exactly the bytes."""
        return store.get(self.key, self.version_id, self.sha256) == content(seed, self.number)


class Writer:
    """One process that will write COUNT versions once it is let go."""

    def __init__(
        self, url: str, environment: Mapping[str, str], mode: str, key: str, seed: str, count: int
    ) -> None:
        self.seed = seed
        command = [sys.executable, "-m", "tests.support.store_writer", url, mode, key, seed]
        self._process = subprocess.Popen(
            [*command, str(count)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=_ROOT,
            env={**os.environ, **environment, "PYTHONPATH": str(_ROOT)},
        )

    def let_go(self) -> None:
        """Start writing."""
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def finish(self) -> list[Promise]:
        """Wait for the end, which must be a good one."""
        output, _ = self._process.communicate(timeout=120)
        assert self._process.returncode == 0
        return _promises(output)

    def kill_after(self, lines: int) -> list[Promise]:
        """Kill the process once it has told of so many promises; all that it told of."""
        assert self._process.stdout is not None
        heard = [self._process.stdout.readline() for _ in range(lines)]
        self._process.kill()
        rest, _ = self._process.communicate(timeout=30)
        assert self._process.returncode < 0, "the writer ended before it was killed"
        return _promises("".join(heard) + rest)


def _promises(output: str) -> list[Promise]:
    """Whole lines only: the last one may have been cut off by the kill."""
    return [Promise(*json.loads(line)) for line in output.splitlines(True) if line.endswith("\n")]
