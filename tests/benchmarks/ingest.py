"""From a batch to its receipts: embedded, and on PostgreSQL with SeaweedFS.

Embedded is beside what two processes could validate if taking in cost nothing; the servers are
beside the rate of raw PUTs of the same bytes by the same SDK in the same run.
"""

import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from multiprocessing import active_children
from pathlib import Path
from unittest.mock import patch

from hocba.examine import examine
from hocba.home import Home
from hocba.ingest.pipeline import Progress
from hocba.model.outcome import Outcome
from hocba.sample.levels import Level
from hocba.sample.province import build_province
from storage.configuration import open_store
from storage.contract import Store
from tests.benchmarks.measure import Figure
from tests.support.services.postgresql import running_postgresql
from tests.support.services.seaweedfs import running_seaweedfs

PILOT = 1_747_231
GOAL_RATE = 1_500
FILLED_GOAL = 0.85
_AHEAD = 4
PUT_GOAL = 0.6
PUT_THREADS = 16


def make_province(folder: Path, records: int) -> Path:
    """Primary records of about 20 KB with three signatures each."""
    build_province(folder, records=records, level=Level.PRIMARY, seed=1, style="xades")
    return folder


def embedded(folder: Path, province: Path, records: int) -> list[Figure]:
    """SQLite and a folder, two worker processes."""
    home = Home.create(
        folder / "embedded", trust=province / "trust", roster=province / "roster.csv"
    )
    alone = _validation_alone(home, province)
    spent = Spent()
    rate = _taken_in(home, province, records, spent)
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = (own + 2 * workers) / 1024
    return [
        Figure(
            what=f"batch to receipt, embedded, {records} records",
            measured=f"{rate:.0f} records/s",
            reference=f"validation alone {alone:.0f} records/s, two processes at once",
            ratio=rate / alone,
            goal=f">= {GOAL_RATE} records/s",
            reached=rate >= GOAL_RATE,
        ),
        Figure(
            what="the same once the workers have started",
            measured=f"{spent.rate:.0f} records/s",
            reference=f"validation alone {alone:.0f} records/s, two processes at once",
            ratio=spent.rate / alone,
            goal=f">= {FILLED_GOAL} of validation alone",
            reached=spent.rate >= FILLED_GOAL * alone,
        ),
        Figure(
            what="CPU a record of examining, of all that taking in costs",
            measured=f"{spent.workers * 1e6:.0f} µs",
            reference=f"{spent.parent * 1e6:.0f} µs for reading, storing, index",
            ratio=spent.workers / (spent.workers + spent.parent),
            goal=f">= {FILLED_GOAL}",
            reached=spent.workers >= FILLED_GOAL * (spent.workers + spent.parent),
        ),
        Figure(
            what="the national pilot at that rate",
            measured=f"{PILOT / rate / 60:.0f} min",
            reference=f"{PILOT:,} records",
            ratio=None,
            goal="<= 20 min",
            reached=PILOT / rate <= 20 * 60,
        ),
        Figure(
            what="memory while taking in (parent and two workers)",
            measured=f"{megabytes:.0f} MB",
            reference="peak resident, added up",
            ratio=None,
            goal="< 1 GB in all",
            reached=megabytes < 1000,
        ),
    ]


def servers(folder: Path, province: Path, records: int) -> list[Figure]:
    """PostgreSQL and SeaweedFS on this machine."""
    with (
        running_postgresql() as postgresql,
        running_seaweedfs() as weed,
        patch.dict(os.environ, weed.environment),
        postgresql.database() as index_url,
    ):
        home = Home.create(
            folder / "servers",
            trust=province / "trust",
            roster=province / "roster.csv",
            index_url=index_url,
            store_url=weed.url("hoc-ba"),
        )
        raw = _put_rate(open_store(weed.url("hoc-ba")), province)
        rate = _taken_in(home, province, records)
    return [
        Figure(
            what=f"batch to receipt, PostgreSQL + SeaweedFS, {records} records",
            measured=f"{rate:.0f} records/s",
            reference=f"raw PUT {raw:.0f}/s, {PUT_THREADS} threads",
            ratio=rate / raw,
            goal=f">= {PUT_GOAL} of raw PUT",
            reached=rate >= PUT_GOAL * raw,
        )
    ]


class Spent:
    """What taking in costs from its first chunk on, when the worker processes have started."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, float, float, float]] = []

    def __call__(self, now: Progress) -> None:
        """Note where the batch is."""
        workers = sum(_cpu_seconds(each.pid or 0) for each in active_children())
        step = (now.counts.total, time.perf_counter(), time.process_time(), workers)
        if now.counts.total:
            self._steps.append(step)

    @property
    def rate(self) -> float:
        """Records a second."""
        return 1 / self._a_record(1)

    @property
    def parent(self) -> float:
        """CPU seconds a record of the process that reads, stores and commits."""
        return self._a_record(2)

    @property
    def workers(self) -> float:
        """CPU seconds a record of the processes that examine."""
        return self._a_record(3)

    def _a_record(self, clock: int) -> float:
        # Workers that have ended have no clock any more.
        steps = [each for each in self._steps if each[3] > 0] or self._steps
        # At both ends the workers are equally far ahead of what is committed.
        steps = steps[:-_AHEAD] if len(steps) > 2 * _AHEAD else steps
        first, last = steps[0], steps[-1]
        return max((last[clock] - first[clock]) / max(last[0] - first[0], 1), 1e-9)


def _cpu_seconds(process: int) -> float:
    """CPU time of a process, 0 once it has ended."""
    try:
        after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _taken_in(
    home: Home, province: Path, records: int, progress: Callable[[Progress], None] = lambda _: None
) -> float:
    with home.open_index() as index:
        ingest = home.ingest(index, home.open_store())
        workers = replace(ingest.options.workers, processes=2)
        # So that a small batch has several chunks, too, and the first does not say everything.
        chunk = replace(ingest.options.chunk, documents=min(200, max(records // 4, 1)))
        ingest = replace(ingest, options=replace(ingest.options, workers=workers, chunk=chunk))
        begin = time.perf_counter()
        batch = ingest.take_in(
            province / "batch.zip", sender="benchmark", masogd=None, progress=progress
        )
        seconds = time.perf_counter() - begin
    assert batch.counts.accepted == records, batch
    return records / seconds


def _validation_alone(home: Home, province: Path) -> float:
    """Documents a second that two processes examine at once, which share what two cores share."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        rates = [pool.submit(_validation_rate, home.path, province) for _ in range(2)]
        return sum(each.result() for each in rates)


def _validation_rate(path: Path, province: Path) -> float:
    by, at = Home.open(path).judgement(), datetime.now(UTC)
    documents = list(_documents(province))[:300]
    for data in documents[:20]:
        assert examine(data, "x.xml", by, at).outcome is Outcome.ACCEPTED
    begin = time.perf_counter()
    for data in documents:
        examine(data, "x.xml", by, at)
    return len(documents) / (time.perf_counter() - begin)


def _put_rate(store: Store, province: Path) -> float:
    documents = list(_documents(province))[:500]
    with ThreadPoolExecutor(PUT_THREADS) as pool:
        begin = time.perf_counter()
        keys = (f"raw/{number}.xml" for number in range(len(documents)))
        list(pool.map(store.put, keys, documents))
        return len(documents) / (time.perf_counter() - begin)


def _documents(province: Path) -> Iterator[bytes]:
    return (file.read_bytes() for file in sorted((province / "records").glob("*.xml")))
