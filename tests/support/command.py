"""Runs `hocba`: as its users do, in a process of its own, or, much sooner, in this one."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cli.main import main

ROOT = Path(__file__).parents[2]
HOCBA = (sys.executable, "-m", "cli.main")


@dataclass(frozen=True)
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """One JSON object a line; fails where a line is anything else."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def json(self) -> dict[str, Any]:
        """The only line, as JSON."""
        (line,) = self.lines
        return line

    @property
    def said(self) -> str:
        """Everything it wrote, for looking for what must not be there."""
        return self.out + self.err


def environment(**changes: str | None) -> dict[str, str]:
    """This process's environment without what would change a command, and with *changes*."""
    names = ("HOCBA_", "NO_COLOR", "COLUMNS")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    clean["PYTHONPATH"] = str(ROOT)
    for name, value in changes.items():
        if value is None:
            clean.pop(name, None)
        else:
            clean[name] = value
    return clean


def call(
    *arguments: str | Path,
    cwd: Path | None = None,
    given: str = "",
    env: Mapping[str, str | None] = {},
) -> Ran:
    """What `run` gives, without a process: everything below the console script is the same."""
    out, err = (TextIOWrapper(BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with (
        chdir(cwd or Path.cwd()),
        patch.dict(os.environ, environment(**env), clear=True),
        patch.object(sys, "stdin", StringIO(given)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        code = main([str(each) for each in arguments], os.environ)
    return Ran(code, *(each.buffer.getvalue().decode("utf-8") for each in (out, err)))  # type: ignore[attr-defined]


def run(
    *arguments: str | Path,
    cwd: Path | None = None,
    given: str = "",
    env: Mapping[str, str | None] = {},
) -> Ran:
    """Run `hocba` with *arguments*; *given* is what it reads from standard input."""
    ran = subprocess.run(
        [*HOCBA, *map(str, arguments)],
        cwd=cwd,
        input=given,
        env=environment(**env),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)
