"""One run of a command: its language, its format, and where it writes."""

import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import IO

import typer

from cli.errors import OutputClosed
from cli.texts import text
from schemas.findings import Language
from schemas.vietnam import VIETNAM_TIME

"""What a time without a zone is in; Vietnam has one zone and no summer time."""


class Format(StrEnum):
    """How results are written: for people, or for programs."""

    TEXT = "text"
    JSON = "json"


class Tone(StrEnum):
    """What a piece of text means; only a terminal shows it, as a colour."""

    GOOD = "green"
    BAD = "red"
    DOUBTFUL = "yellow"
    STRONG = "cyan"
    FAINT = "bright_black"


_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Controls of terminals and of the direction of writing."""


def visible(words: str) -> str:
    """*words* from a document, fit for a terminal: nothing in them moves, colours or reverses."""
    return _HIDDEN.sub("\ufffd", words)


@dataclass(frozen=True, slots=True)
class Session:
    """Everything a command needs to answer."""

    language: Language = Language.VI
    format: Format = Format.TEXT

    @property
    def json(self) -> bool:
        """Whether a program reads the results."""
        return self.format is Format.JSON

    def text(self, key: str, /, **values: object) -> str:
        """A text of `texts.toml` in the caller's language."""
        return text(key, self.language, **values)

    def say(self, key: str, /, **values: object) -> None:
        """Write a text of `texts.toml` as a result."""
        self.write(self.text(key, **values))

    def note(self, key: str, /, **values: object) -> None:
        """Write a text of `texts.toml` beside the results, where programs do not read."""
        _write(sys.stderr, self.text(key, **values))

    def write(self, line: str = "") -> None:
        """Write one line as a result; raises `OutputClosed`."""
        _write(sys.stdout, line)

    def write_bytes(self, data: bytes) -> None:
        """Write *data* as the only result; raises `OutputClosed`."""
        try:
            sys.stdout.buffer.write(data)
            sys.stdout.flush()
        except BrokenPipeError as error:
            raise OutputClosed from error

    def emit(self, value: Mapping[str, object]) -> None:
        """Write one JSON object, on a line of its own."""
        _write(sys.stdout, json.dumps(value, ensure_ascii=False))

    def paint(self, words: str, tone: Tone, *, strong: bool = False) -> str:
        """*words* in colour where a terminal shows the results."""
        if not self.colours:
            return words
        return typer.style(words, fg=tone.value, bold=strong)

    @property
    def colours(self) -> bool:
        """Whether results go to a terminal that shows colours."""
        return sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def moment(self, time: datetime) -> str:
        """A time as people in Vietnam write it."""
        return time.astimezone(VIETNAM_TIME).strftime("%d/%m/%Y %H:%M:%S (UTC+7)")

    def table(self, rows: Sequence[Sequence[str]], *, indent: int = 0) -> None:
        """Write *rows* in aligned columns, the first row as heading."""
        rows = [[visible(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for number, row in enumerate(rows):
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            line = " " * indent + "  ".join(cells).rstrip()
            self.write(self.paint(line, Tone.FAINT) if number == 0 else line)


def _write(stream: IO[str], line: str) -> None:
    try:
        stream.write(line + "\n")
        stream.flush()
    except BrokenPipeError as error:
        raise OutputClosed from error
