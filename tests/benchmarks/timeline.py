"""A pupil's twelve-year timeline over HTTP, in an index of many records.

Beside it, the same look-up without HTTP: what is left is the server.
"""

import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx

from hocba.home import Home
from hocba.index.index import Index
from hocba.index.rows import NewBatch, Pupil, Record, TokenKind, Version
from hocba.model.record import Event, RecordStatus
from tests.benchmarks.measure import Figure

YEARS = 12
GOAL_SECONDS = 0.02
_CHUNK = 2_000


def figures(folder: Path, records: int, requests: int) -> list[Figure]:
    """p50 and p99 of GET /v1/students/{mahocsinh}/records."""
    home = Home.create(folder / "timeline", trust=None, roster=None, masogd="15")
    pupils = records // YEARS
    with home.open_index() as index:
        _fill(index, pupils)
        token = _token(index)
        source = random.Random(1)  # noqa: S311 -- which pupils to ask for
        asked = [_code(source.randrange(pupils)) for _ in range(requests)]
        direct = _seconds_each(asked, lambda code: _direct(index, code))
    with _server(home) as address, httpx.Client(base_url=address) as client:
        client.headers["Authorization"] = f"Bearer {token}"

        def over_http(code: str) -> None:
            answer = client.get(f"/v1/students/{code}/records")
            assert answer.status_code == 200, answer.text
            assert len(answer.json()["records"]) == YEARS

        served = _seconds_each(asked, over_http)
    p99 = served[int(len(served) * 0.99)]
    return [
        Figure(
            what=f"12-year timeline over HTTP, p99, {records:,} records",
            measured=f"{p99 * 1e3:.1f} ms (p50 {served[len(served) // 2] * 1e3:.1f} ms)",
            reference=f"index alone p99 {direct[int(len(direct) * 0.99)] * 1e3:.1f} ms",
            ratio=None,
            goal="p99 < 20 ms (at 3 M)",
            reached=p99 < GOAL_SECONDS,
        )
    ]


def _seconds_each(asked: list[str], ask: Callable[[str], None]) -> list[float]:
    for code in asked[:20]:
        ask(code)
    seconds = []
    for code in asked:
        begin = time.perf_counter()
        ask(code)
        seconds.append(time.perf_counter() - begin)
    return sorted(seconds)


def _direct(index: Index, code: str) -> None:
    with index.reading() as tx:
        assert len(tx.records.timeline(code).records) == YEARS


def _token(index: Index) -> str:
    now = datetime.now(UTC)
    with index.transaction() as tx:
        return tx.tokens.issue(TokenKind.PROVINCE, label="benchmark", at=now, masogd="15").text


@contextmanager
def _server(home: Home) -> Iterator[str]:
    """`hocba serve` in a process of its own, as it would run."""
    command = (sys.executable, "-m", "tests.benchmarks.serve", str(home.path))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def _code(pupil: int) -> str:
    return f"15{pupil:08}"


def _fill(index: Index, pupils: int) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    with index.transaction() as tx:
        tx.batches.create(
            NewBatch(
                id="benchmark",
                source="benchmark",
                fingerprint="0",
                sender="benchmark",
                masogd=None,
                created_at=now,
            )
        )
    for start in range(0, pupils, _CHUNK // YEARS):
        numbers = range(start, min(pupils, start + _CHUNK // YEARS))
        with index.transaction() as tx:
            tx.records.put_pupils(
                Pupil(mahocsinh=_code(each), sodinhdanh=f"0152{each:08}") for each in numbers
            )
            rows = [(each, year) for each in numbers for year in range(YEARS)]
            tx.records.add(_record(each, year) for each, year in rows)
            tx.records.add_versions([_version(each, year, now) for each, year in rows])


def _id(pupil: int, year: int) -> str:
    return str(UUID(int=pupil * YEARS + year, version=4))


def _record(pupil: int, year: int) -> Record:
    return Record(
        madinhdanhhocba=_id(pupil, year),
        mahocsinh=_code(pupil),
        sodinhdanh=f"0152{pupil:08}",
        hovaten="Người Mẫu",
        namhoc=f"{2014 + year}-{2015 + year}",
        masogd="15",
        matruong=f"15{pupil % 500:06}",
        tentruong="Trường Mẫu",
        macaphoc="02" if year < 5 else "03" if year < 9 else "04",
        makhoi=f"{year + 1:02}",
        tenlop=f"{year + 1}A",
        ketqua="T/T",
        definition="trung-hoc/1.0",
        phienban=1,
        status=RecordStatus.VALID,
    )


def _version(pupil: int, year: int, now: datetime) -> Version:
    return Version(
        madinhdanhhocba=_id(pupil, year),
        phienban=1,
        event=Event.NEW,
        status=RecordStatus.VALID,
        masogd="15",
        storage_key=f"records/15/x/{_id(pupil, year)}.xml",
        version_id="1",
        sha256="0" * 64,
        size=20_000,
        accepted_at=now,
        batch="benchmark",
        position=pupil * YEARS + year,
        definition="trung-hoc/1.0",
        policy="trung-hoc/1.0",
    )
