"""A roster file read whole, with everything that is wrong or odd in it, all at once.

Errors are what cannot be meant, line by line; with a single one nothing is imported. Warnings are
what can be meant and rarely is; they hinder nothing.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from hocba.roster.errors import RosterUnusable
from hocba.roster.oddities import oddities
from schemas.findings import Finding, Severity, finding
from schemas.separators import separator_of
from signing.policy import SignaturePolicy, SignerKind
from signing.roster_rows import (
    ALL_COLUMNS,
    COLUMNS,
    OPTIONAL_COLUMNS,
    Row,
    cleaned,
    holder_of,
    row_findings,
)

MAX_BYTES: Final = 256 * 1024 * 1024
MAX_ROWS: Final = 1_000_000

MOST_FINDINGS: Final = 10_000
"""Errors after which a file is read no further, and warnings that are listed."""

MAX_RECORD: Final = 256 * 1024
"""Characters of one line with all its cells, many times what a sound one can have."""

Roles = Mapping[str, SignerKind]
Key = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRoster:
    """What stands in a roster file. `rows` are by line and may be imported only without errors."""

    rows: tuple[tuple[int, Row], ...]
    findings: tuple[Finding, ...]
    sha256: str
    columns: frozenset[str]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What must be mended."""
        return tuple(each for each in self.findings if each.severity is Severity.ERROR)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is worth a look."""
        return tuple(each for each in self.findings if each.severity is not Severity.ERROR)

    @property
    def schools(self) -> frozenset[str]:
        """The schools that it speaks of."""
        return frozenset(row["matruong"] for _, row in self.rows)


def roles_of(policies: Iterable[SignaturePolicy]) -> Roles:
    """Every role that a definition demands a signature of, with the kind of its holder."""
    return {each.role: each.kind for policy in policies for each in policy.roles}


def key_of(row: Row) -> Key:
    """What makes two lines the same mandate, in the order in which rosters are written."""
    return (row["matruong"], row["vaitro"], holder_of(row), row["tungay"], row["thaycho"])


def check_file(path: Path, roles: Roles, today: date) -> CheckedRoster:
    """The roster in the file *path*; raises `RosterUnusable`, `OSError`."""
    if path.stat().st_size > MAX_BYTES:
        raise RosterUnusable(finding("HB-I130", reason="too_large"))
    return check_bytes(path.read_bytes(), roles, today)


def check_bytes(data: bytes, roles: Roles, today: date) -> CheckedRoster:
    """The roster in *data*; raises `RosterUnusable` where it is no such file at all."""
    file = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline="")
    lines = _Lines(file)
    reader = csv.reader(lines, strict=True, delimiter=separator_of(data[:MAX_RECORD], ALL_COLUMNS))
    rows: list[tuple[int, Row]] = []
    try:
        heading = [name.strip() for name in next(reader, [])]
        findings = list(islice(_of_heading(heading), MOST_FINDINGS))
        of_lines = _of_rows(_rows(reader, lines, heading), roles, rows)
    except UnicodeDecodeError as error:
        raise RosterUnusable(finding("HB-I130", reason="encoding")) from error
    except csv.Error as error:
        raise RosterUnusable(finding("HB-I130", reason="csv")) from error
    if not rows:
        raise RosterUnusable(finding("HB-I130", reason="empty"))
    wrong = {each.line for each in of_lines}
    if len(of_lines) < MOST_FINDINGS:
        sound = [each for each in rows if each[0] not in wrong]
        unsound = {row["matruong"] for line, row in rows if line in wrong}
        of_lines += _listed(oddities(sound, unsound, roles, today))
    else:
        last = rows[-1][0]
        of_lines.append(finding("HB-I297", line=last, count=len(of_lines)))
    of_lines.sort(key=lambda each: (each.line or 0, each.severity is not Severity.ERROR))
    return CheckedRoster(
        rows=tuple(rows),
        findings=(*findings, *of_lines),
        sha256=sha256(data).hexdigest(),
        columns=frozenset(heading).intersection(ALL_COLUMNS),
    )


class _Lines:
    """The lines of a file for a reader of CSV, as long as its records are of sensible length."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._length = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline(MAX_RECORD + 1):
            self._length += len(line)
            if self._length > MAX_RECORD:
                raise RosterUnusable(finding("HB-I130", reason="too_large"))
            yield line

    def record_ended(self) -> None:
        """What comes next is another record."""
        self._length = 0


def _of_heading(heading: Sequence[str]) -> Iterator[Finding]:
    known = ", ".join(COLUMNS)
    twice = {each for each in heading if each in ALL_COLUMNS and heading.count(each) > 1}
    missing = [each for each in COLUMNS if each not in heading] or sorted(twice)
    if missing:
        raise RosterUnusable(finding("HB-I131", path=", ".join(missing), line=1, known=known))
    for name in heading:
        if name and name not in ALL_COLUMNS:
            optional = ", ".join(OPTIONAL_COLUMNS)
            yield finding("HB-I132", line=1, found=name[:80], known=optional)


def _rows(
    reader: Iterator[list[str]], lines: _Lines, heading: Sequence[str]
) -> Iterator[tuple[int, Row]]:
    """Every line that is not blank, with its number in the file."""
    count = 0
    lines.record_ended()
    for cells in reader:
        lines.record_ended()
        line: int = reader.line_num  # type: ignore[attr-defined]
        if any(cell.strip() for cell in cells):
            count += 1
            if count > MAX_ROWS:
                raise RosterUnusable(finding("HB-I130", reason="too_large"))
            yield line, cleaned(dict(zip(heading, cells, strict=False)))


def _of_rows(
    rows: Iterator[tuple[int, Row]], roles: Roles, read: list[tuple[int, Row]]
) -> list[Finding]:
    """What is wrong with each of *rows*; those that were *read* until too much was wrong."""
    first: dict[Key, int] = {}
    found: list[Finding] = []
    for line, row in rows:
        read.append((line, row))
        found += row_findings(row, line)
        found += _of_role(row, line, roles)
        other = first.setdefault(key_of(row), line)
        if other != line:
            found.append(finding("HB-I126", path="sodinhdanh", line=line, other=other))
        if len(found) >= MOST_FINDINGS:
            break
    return found


def _listed(warnings: Iterator[Finding]) -> Iterator[Finding]:
    """The first *warnings*, and how many there are beside."""
    yield from islice(warnings, MOST_FINDINGS)
    more = sum(1 for _ in warnings)
    if more:
        yield finding("HB-I298", count=more)


def _of_role(row: Row, line: int, roles: Roles) -> Iterator[Finding]:
    role = row["vaitro"]
    if not role:
        return
    kind = roles.get(role)
    if kind is None:
        known = ", ".join(sorted(roles))
        yield finding("HB-I124", path="vaitro", line=line, found=role[:80], known=known)
        return
    needed = "sodinhdanh" if kind is SignerKind.PERSON else "masothue"
    if not row[needed]:
        yield finding("HB-I125", path=needed, line=line, role=role, kind=kind.value)
