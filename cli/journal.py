"""A journal of results, so that an interrupted run goes on where it stood.

Trust: the journal is the caller's own file and believed as it stands; whoever can write it decides
what the rest of the run says. It belongs to one run: other trust, roster, time or version of the
program, and it is refused.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from cli.errors import Misuse
from cli.result import Result, read_result

_KIND = "hocba verify journal 1"


@dataclass(slots=True)
class Journal:
    """Results by the SHA-256 of the document; only where they stand is kept in memory."""

    _file: IO[bytes]
    _offsets: dict[bytes, int]

    @classmethod
    def open(
        cls, path: Path, run: Mapping[str, str], adopted: Collection[str] = ()
    ) -> tuple[Self, Mapping[str, str]]:
        """The journal at *path*, made if there is none, and the run that it belongs to.

        *run* says what results depend on. A journal that differs in what is not *adopted* from it
        belongs to another run: raises `Misuse` for that, and for a file that is no journal.
        """
        path.touch(mode=0o600)
        file = path.open("r+b")
        journal = cls(file, {})
        try:
            begun = journal._read(path)
            if begun is None:
                journal._append({"journal": _KIND, **run})
                return journal, run
            for name, value in run.items():
                if name not in adopted and begun.get(name) != value:
                    raise Misuse("misuse.journal_of_another_run", file=path, name=name)
        except BaseException:
            file.close()
            raise
        return journal, begun

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def __len__(self) -> int:
        """How many documents it knows."""
        return len(self._offsets)

    def __contains__(self, sha256: str) -> bool:
        """Whether the document with this digest is known."""
        return bytes.fromhex(sha256) in self._offsets

    def find(self, sha256: str) -> Result:
        """The result of a known document."""
        self._file.seek(self._offsets[bytes.fromhex(sha256)])
        return read_result(json.loads(self._file.readline()))

    def add(self, result: Result) -> None:
        """Note *result*; after a crash at most the line being written is lost."""
        self._offsets[bytes.fromhex(result.sha256)] = self._append(result.as_json())

    def _append(self, value: dict[str, Any]) -> int:
        offset = self._file.seek(0, 2)
        self._file.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
        self._file.flush()
        return offset

    def _read(self, path: Path) -> dict[str, str] | None:
        """Note where each result stands and cut a torn last line off; gives the heading."""
        heading: dict[str, str] | None = None
        offset = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            try:
                value = json.loads(line)
                if heading is None:
                    heading = _heading(value)
                else:
                    self._offsets[bytes.fromhex(value["sha256"])] = offset
            except (ValueError, KeyError, TypeError):
                raise Misuse("misuse.not_a_journal", file=path) from None
            offset += len(line)
        if heading is None and offset == 0 and self._file.seek(0, 2) > 0:
            raise Misuse("misuse.not_a_journal", file=path)
        self._file.truncate(offset)
        return heading


def _heading(value: dict[str, str]) -> dict[str, str]:
    if value.pop("journal") != _KIND:
        raise ValueError("another kind of file")
    return value
