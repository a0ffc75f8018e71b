"""Worker processes: results in order, and one document never takes its neighbours down."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from hocba.ingest.chunks import Chunk, ChunkLimits, Ignored, chunks
from hocba.ingest.entry import BadEntry, Document, Entry
from hocba.ingest.workers import (
    Examined,
    Examiner,
    WorkerOptions,
    Workers,
    WorkersUnavailable,
    _work,
)
from hocba.model.examination import Examination
from schemas.findings import finding
from tests.support.stand_in import NOON, StandInFactory, document


def _chunks(documents: Iterable[bytes], size: int = 3) -> Iterator[Chunk]:
    entries: list[Entry] = [Document(n, f"{n}.xml", data) for n, data in enumerate(documents, 1)]
    return chunks(entries, ChunkLimits(documents=size), Ignored())


def _run(documents: Iterable[bytes], options: WorkerOptions, size: int = 3) -> list[str]:
    """What came of every document, as its outcome or its finding's code, in order."""
    with Workers(StandInFactory(), options, lambda: NOON) as workers:
        return [
            _said(each)
            for _, examined in workers.examined(_chunks(documents, size))
            for each in examined
        ]


def _said(examined: Examined) -> str:
    if isinstance(examined, Examination):
        return f"{examined.file_name} {examined.outcome.value}"
    return examined.code


@pytest.mark.parametrize("processes", [0, 1, 2, 3])
def test_results_come_in_the_order_of_the_documents(processes: int) -> None:
    documents = [document(n) for n in range(1, 20)]
    expected = [f"{n}.xml accepted" for n in range(1, 20)]
    assert _run(documents, WorkerOptions(processes)) == expected


@pytest.mark.parametrize("processes", [0, 2])
def test_a_chunk_of_bad_entries_is_passed_through(processes: int) -> None:
    chunk = Chunk((BadEntry(1, "x", finding("HB-I004")),))
    with Workers(StandInFactory(), WorkerOptions(processes), lambda: NOON) as workers:
        assert list(workers.examined([chunk])) == [(chunk, ())]


@pytest.mark.parametrize("processes", [0, 2])
def test_an_exception_is_a_finding_of_one_document(
    processes: int, caplog: pytest.LogCaptureFixture
) -> None:
    documents = [document(1), document(2, trouble="raises"), document(3)]
    with caplog.at_level(logging.DEBUG):
        found = _run(documents, WorkerOptions(processes))
    assert found == ["1.xml accepted", "HB-I021", "3.xml accepted"]
    assert "personal data" not in caplog.text


def test_a_document_that_kills_its_worker_is_isolated() -> None:
    documents = [document(n, **({"trouble": "dies"} if n in {5, 6} else {})) for n in range(1, 13)]
    found = _run(documents, WorkerOptions(2), size=4)
    expected = [f"{n}.xml accepted" for n in range(1, 13)]
    expected[4:6] = ["HB-I020", "HB-I020"]
    assert found == expected


def test_a_worker_killed_once_costs_nothing(tmp_path: Path) -> None:
    mark = str(tmp_path / "mark")
    documents = [document(1), document(2, trouble="dies once", mark=mark), document(3)]
    assert _run(documents, WorkerOptions(2)) == [f"{n}.xml accepted" for n in (1, 2, 3)]
    assert Path(mark).exists()


def test_a_document_that_hangs_is_ended() -> None:
    documents = [document(1), document(2, trouble="hangs"), document(3)]
    found = _run(documents, WorkerOptions(2, document_seconds=1))
    assert found == ["1.xml accepted", "HB-I020", "3.xml accepted"]


@dataclass(frozen=True, slots=True)
class _OnlyHere:
    """A factory that works in the process it was made in and in no other."""

    process: int

    def __call__(self) -> Examiner:
        if os.getpid() != self.process:
            raise RuntimeError("not in a worker")
        return StandInFactory()()


def test_workers_that_do_not_start_say_nothing_about_documents() -> None:
    with (
        Workers(_OnlyHere(os.getpid()), WorkerOptions(2), lambda: NOON) as workers,
        pytest.raises(WorkersUnavailable) as raised,
    ):
        list(workers.examined(_chunks([document()])))
    assert raised.value.finding.code == "HB-I044"


def _broken() -> Examiner:
    raise FileNotFoundError("trust")


def test_a_factory_that_cannot_work_is_said_before_any_process_starts() -> None:
    with pytest.raises(FileNotFoundError):
        Workers(_broken, WorkerOptions(2), lambda: NOON)


def test_no_more_is_read_ahead_than_keeps_the_processes_busy() -> None:
    read: list[int] = []

    def source() -> Iterator[Chunk]:
        for chunk in _chunks([document(n) for n in range(1, 31)], size=1):
            read.append(chunk.first)
            yield chunk

    with Workers(StandInFactory(), WorkerOptions(2), lambda: NOON) as workers:
        for done, _ in enumerate(workers.examined(source()), 1):
            assert len(read) <= done + 3


def test_work_outside_a_worker_is_a_programming_error() -> None:
    with pytest.raises(RuntimeError, match="not a worker"):
        _work((), NOON)


def test_submitting_to_a_dead_pool_is_not_lost() -> None:
    """The pool may break between two chunks; the chunk then goes the way of those in flight."""
    with Workers(StandInFactory(), WorkerOptions(2), lambda: NOON) as workers:
        steps = workers.examined(_chunks([document(n) for n in range(1, 10)], size=1))
        found = [next(steps)]
        pool = workers._pool
        assert pool is not None
        for process in list(pool._processes.values()):
            os.kill(process.pid, signal.SIGKILL)
        _wait_until_broken(pool)
        found += steps
    assert [chunk.first for chunk, _ in found] == list(range(1, 10))
    assert all(isinstance(each, Examination) for _, examined in found for each in examined)


def _wait_until_broken(pool: ProcessPoolExecutor) -> None:
    with contextlib.suppress(BrokenExecutor):
        while True:
            pool.submit(time.sleep, 0.01).result()


_PARENT = """
import sys, time
from tests.support.stand_in import NOON, StandInFactory, document
from hocba.ingest.chunks import Chunk
from hocba.ingest.entry import Document
from hocba.ingest.workers import WorkerOptions, Workers
if __name__ == "__main__":
    with Workers(StandInFactory(delay=0.01), WorkerOptions(2), lambda: NOON) as workers:
        def endless():
            position = 0
            while True:
                position += 1
                yield Chunk((Document(position, "x", document(position)),))
        for n, _ in enumerate(workers.examined(endless())):
            if n == 5:
                print(*(p.pid for p in workers._pool._processes.values()), flush=True)
"""


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        text=True,
    )
    assert parent.stdout is not None
    workers = [int(each) for each in parent.stdout.readline().split()]
    assert len(workers) == 2
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 20
    while any(_runs(each) for each in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(_runs(each) for each in workers)


def _runs(process: int) -> bool:
    """Whether the process is there and no zombie that nobody has waited for."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
