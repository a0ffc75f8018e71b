"""The figures of one province and school year, counted on demand.

    python -m tests.benchmarks.quality 300000 sqlite:///q.sqlite3

Records of one province and year: nothing narrows the counting down.
"""

import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from hocba.index.continuity import ContinuityRow
from hocba.index.engine import sqlite_url
from hocba.index.expected import ExpectedPupils
from hocba.index.index import Index
from hocba.index.migrate import migrate
from hocba.index.rows import Item, NewBatch, Pupil, Record
from hocba.index.schools import School
from hocba.model.outcome import Outcome
from hocba.model.record import EarlierYear, RecordStatus
from hocba.quality.counting import Grouping
from hocba.quality.report import quality_report
from hocba.quality.scope import Scope
from schemas.findings import finding
from tests.benchmarks.measure import Figure

GOAL_SECONDS = 5.0
PILOT = 1_700_000
"""Pupils of the largest province."""

_CHUNK = 5_000
_PER_SCHOOL = 800
_NOW = datetime(2026, 6, 10, tzinfo=UTC)
_YEAR = "2025-2026"


def figures(folder: Path, records: int) -> list[Figure]:
    """The seconds that a province's figures take, on SQLite."""
    url = sqlite_url(folder / "quality.sqlite3")
    seconds = measured(url, records)
    whole = seconds["province"] * PILOT / records
    return [
        Figure(
            what=f"data quality of a province and year, {records:,} records",
            measured=f"{seconds['province']:.2f} s (a school: {seconds['school'] * 1e3:.0f} ms)",
            reference=f"by school {seconds['schools']:.2f} s; 1.7 M records ≈ {whole:.1f} s",
            ratio=None,
            goal=f"< {GOAL_SECONDS:.0f} s at 1.7 M",
            reached=whole < GOAL_SECONDS,
        )
    ]


def measured(url: str, records: int) -> dict[str, float]:
    """Seconds of each question, the better of three, on an index filled with *records*."""
    migrate(url)
    with Index.open(url) as index:
        _fill(index, records)
        asked = {
            "province": (Scope(masogd="15", namhoc=_YEAR), Grouping.NONE),
            "schools": (Scope(masogd="15", namhoc=_YEAR), Grouping.SCHOOL),
            "commune": (Scope(masogd="15", maxa="00000", namhoc=_YEAR), Grouping.NONE),
            "school": (Scope(matruong=_school(0), namhoc=_YEAR), Grouping.NONE),
            "all years": (Scope(masogd="15"), Grouping.NONE),
        }
        return {name: min(_seconds(index, *each) for _ in range(3)) for name, each in asked.items()}


def _seconds(index: Index, scope: Scope, by: Grouping) -> float:
    begin = time.perf_counter()
    with index.reading() as tx:
        report = quality_report(tx, scope, at=_NOW, by=by)
    assert not report.empty
    return time.perf_counter() - begin


def _school(number: int) -> str:
    return f"15{number // _PER_SCHOOL:06}"


def _fill(index: Index, records: int) -> None:
    with index.transaction() as tx:
        tx.batches.create(
            NewBatch(
                id="benchmark",
                source="benchmark",
                fingerprint="0",
                sender="benchmark",
                masogd="15",
                created_at=_NOW,
            )
        )
        schools = sorted({_school(n) for n in range(0, records, _PER_SCHOOL)})
        tx.schools.note(
            School(
                masogd="15",
                matruong=each,
                tentruong="Trường Mẫu",
                maxa=f"{n // 4:05}",
                namhoc=_YEAR,
            )
            for n, each in enumerate(schools)
        )
        tx.expected.put([_expected(each, grade) for each in schools for grade in range(1, 6)])
    for start in range(0, records, _CHUNK):
        numbers = range(start, min(records, start + _CHUNK))
        with index.transaction() as tx:
            tx.records.put_pupils(
                Pupil(mahocsinh=f"15{n:08}", sodinhdanh=f"0152{n:08}") for n in numbers
            )
            tx.records.add(_record(n) for n in numbers)
            tx.batches.add_chunk("benchmark", [_item(n) for n in numbers], _NOW)
            tx.continuity.replace((), [_found(n) for n in numbers if n % 50 == 0])


def _id(number: int) -> str:
    return str(UUID(int=(number * 0x9E3779B97F4A7C15) % 2**128, version=4))


def _record(number: int) -> Record:
    grade = number % 5 + 1
    return Record(
        madinhdanhhocba=_id(number),
        mahocsinh=f"15{number:08}",
        sodinhdanh=f"0152{number:08}",
        hovaten="Người Mẫu",
        namhoc=_YEAR,
        masogd="15",
        matruong=_school(number),
        tentruong="Trường Mẫu",
        macaphoc="02",
        makhoi=f"{grade:02}",
        tenlop=f"{grade}A",
        ketqua="Hoàn thành tốt",
        definition="tieu-hoc/1.0",
        phienban=1,
        status=RecordStatus.RECALLED if number % 200 == 0 else RecordStatus.VALID,
        duoclenlop=True,
        ngaykyphathanh=date(2026, 5, 30),
        earlier=tuple(
            EarlierYear(f"{2025 - n}-{2026 - n}", f"{grade - n}A", "Trường Mẫu", "Tỉnh Mẫu")
            for n in range(1, grade)
        ),
        warnings=number % 3,
        signature_warnings=0,
        days_to_arrive=number % 60,
        accepted_at=_NOW,
    )


def _item(number: int) -> Item:
    """One of a hundred documents is refused."""
    refused = number % 100 == 0
    return Item(
        batch="benchmark",
        position=number + 1,
        file_name=f"{number}.xml",
        outcome=Outcome.REJECTED if refused else Outcome.ACCEPTED,
        madinhdanhhocba=_id(number),
        phienban=1,
        sha256=f"{number:064x}",
        findings=(),
        masogd="15" if refused else None,
        namhoc=_YEAR if refused else None,
        matruong=_school(number) if refused else None,
    )


def _found(number: int) -> ContinuityRow:
    return ContinuityRow(
        madinhdanhhocba=_id(number),
        mahocsinh=f"15{number:08}",
        masogd="15",
        namhoc=_YEAR,
        matruong=_school(number),
        finding=finding("HB-I143", year="2024-2025"),
    )


def _expected(matruong: str, grade: int) -> ExpectedPupils:
    return ExpectedPupils(
        masogd="15",
        namhoc=_YEAR,
        matruong=matruong,
        makhoi=f"{grade:02}",
        sohocsinh=170,
        imported_at=_NOW,
        imported_by="benchmark",
    )


if __name__ == "__main__":
    for name, each in measured(sys.argv[2], int(sys.argv[1])).items():
        print(f"{name}: {each * 1e3:.0f} ms")
