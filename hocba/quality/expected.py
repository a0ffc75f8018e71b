"""Expected numbers of pupils, from a CSV: `matruong,namhoc,makhoi,sohocsinh`.

All lines are judged; where one of them is wrong, nothing is imported. A file replaces what was
expected of the schools and years that it names, and leaves the others as they are.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hocba.errors import CallerError
from hocba.index.expected import ExpectedPupils
from hocba.index.index import Transaction
from hocba.index.rows import NewAuditEvent
from hocba.index.schools import School
from schemas.findings import Finding, finding
from schemas.separators import separator_of

COLUMNS = ("matruong", "namhoc", "makhoi", "sohocsinh")
OPTIONAL_COLUMNS = ("masogd", "maxa")
MAX_BYTES = 64 * 2**20

_CODE = re.compile(r"[A-Za-z0-9_-]{1,20}\Z")
_SCHOOL_YEAR = re.compile(r"([0-9]{4})-([0-9]{4})\Z")
_GRADE = re.compile(r"0?[1-9]\Z|1[0-2]\Z")
_NUMBER = re.compile(r"[0-9]{1,6}\Z")
_PROVINCE = re.compile(r"[0-9A-Za-z]{2}\Z")
_COMMUNE = re.compile(r"[0-9]{5}\Z")
_PROVINCE_DIGITS = 2


class ExpectedRefused(CallerError):  # noqa: N818 -- says what is the case
    """Nothing was imported; `findings` has one for each wrong line."""

    def __init__(self, finding: Finding, findings: tuple[Finding, ...] = ()) -> None:
        super().__init__(finding)
        self.findings = findings


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedLine:
    """One line of the file."""

    line: int
    matruong: str
    namhoc: str
    makhoi: str
    sohocsinh: int
    masogd: str | None
    maxa: str | None


def read_expected(data: bytes, file_name: str) -> tuple[ExpectedLine, ...]:
    """The lines of a file; raises `ExpectedRefused` naming every wrong one."""
    rows = _rows(data, file_name)
    lines: list[ExpectedLine] = []
    wrong: list[Finding] = []
    seen: dict[tuple[str, str, str], int] = {}
    for number, row in rows:
        problems = tuple(_problems(row))
        wrong += [finding(code, line=number, found=row[name][:40]) for code, name in problems]
        if problems:
            continue
        line = _line(number, row)
        key = (line.matruong, line.namhoc, line.makhoi)
        if key in seen:
            wrong.append(finding("HB-I174", line=number, other=seen[key]))
        seen.setdefault(key, number)
        lines.append(line)
    if not rows:
        raise ExpectedRefused(finding("HB-I175", file=file_name))
    if wrong:
        raise ExpectedRefused(_summary(file_name, wrong), tuple(wrong))
    return tuple(lines)


def import_expected(
    tx: Transaction,
    lines: Sequence[ExpectedLine],
    *,
    masogd: str | None,
    at: datetime,
    by: str,
    file_name: str = "CSV",
) -> tuple[ExpectedPupils, ...]:
    """Put the lines in place of what was expected of their schools and years.

    *masogd* is the only province that the numbers may be of, None for any. A school's province is
    what the line says, or its records, or *masogd*, or the first two characters of its code.
    """
    known: dict[str, list[School]] = {}
    for each in sorted({line.matruong for line in lines}):
        known[each] = list(tx.schools.find(matruong=each))
    wrong = []
    rows = []
    schools = {}
    for line in lines:
        province = _province(line, known[line.matruong], masogd)
        if masogd not in {None, province}:
            wrong.append(finding("HB-I176", line=line.line, found=province, expected=masogd))
            continue
        schools[province, line.matruong] = School(
            masogd=province, matruong=line.matruong, maxa=line.maxa
        )
        rows.append(_expected(line, province, at, by))
    if wrong:
        raise ExpectedRefused(_summary(file_name, wrong), tuple(wrong))
    tx.schools.note_expected(schools.values())
    tx.expected.put(rows)
    tx.audit.append(
        NewAuditEvent(
            at=at,
            actor=by,
            action="expected.imported",
            masogd=masogd,
            detail=(("lines", str(len(rows))), ("schools", str(len(schools)))),
        )
    )
    return tuple(rows)


def _rows(data: bytes, file_name: str) -> list[tuple[int, Mapping[str, str]]]:
    if len(data) > MAX_BYTES:
        raise ExpectedRefused(finding("HB-I177", file=file_name, limit=MAX_BYTES // 2**20))
    try:
        text = data.decode("utf-8-sig")
        known = {*COLUMNS, *OPTIONAL_COLUMNS}
        separator = separator_of(data, known)
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
        header = [(name or "").strip() for name in reader.fieldnames or ()]
        if not set(COLUMNS) <= set(header) <= known or len(set(header)) != len(header):
            found = ",".join(header)[:80]
            raise ExpectedRefused(finding("HB-I178", file=file_name, found=found))
        reader.fieldnames = header
        return [
            (reader.line_num, {name: _text(row.get(name)) for name in header})
            for row in reader
            if any(_text(value) for value in row.values())
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        reason = "UTF-8" if isinstance(error, UnicodeDecodeError) else "CSV"
        raise ExpectedRefused(finding("HB-I179", file=file_name, expected=reason)) from error


def _text(value: object) -> str:
    """A cell; cells beyond the header come as a list."""
    return "".join(value).strip() if isinstance(value, list) else str(value or "").strip()


def _problems(row: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    year = _SCHOOL_YEAR.match(row["namhoc"])
    if not _CODE.match(row["matruong"]):
        yield "HB-I169", "matruong"
    if year is None or int(year[2]) != int(year[1]) + 1:
        yield "HB-I170", "namhoc"
    if not _GRADE.match(row["makhoi"]):
        yield "HB-I171", "makhoi"
    if not _NUMBER.match(row["sohocsinh"]):
        yield "HB-I172", "sohocsinh"
    if row.get("masogd") and not _PROVINCE.match(row["masogd"]):
        yield "HB-I173", "masogd"
    if row.get("maxa") and not _COMMUNE.match(row["maxa"]):
        yield "HB-I173", "maxa"


def _line(number: int, row: Mapping[str, str]) -> ExpectedLine:
    return ExpectedLine(
        line=number,
        matruong=row["matruong"],
        namhoc=row["namhoc"],
        makhoi=row["makhoi"].zfill(2),
        sohocsinh=int(row["sohocsinh"]),
        masogd=row.get("masogd") or None,
        maxa=row.get("maxa") or None,
    )


def _province(line: ExpectedLine, known: Sequence[School], masogd: str | None) -> str:
    provinces = {each.masogd for each in known}
    if line.masogd is not None:
        return line.masogd
    if masogd is not None and (not provinces or masogd in provinces):
        return masogd
    if len(provinces) == 1:
        return provinces.pop()
    return line.matruong[:_PROVINCE_DIGITS]


def _expected(line: ExpectedLine, province: str, at: datetime, by: str) -> ExpectedPupils:
    return ExpectedPupils(
        masogd=province,
        namhoc=line.namhoc,
        matruong=line.matruong,
        makhoi=line.makhoi,
        sohocsinh=line.sohocsinh,
        imported_at=at,
        imported_by=by,
    )


def _summary(file_name: str, wrong: Sequence[Finding]) -> Finding:
    return finding("HB-I166", file=file_name, count=len(wrong))
