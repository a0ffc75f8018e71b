"""From a batch to its receipts: embedded, and on PostgreSQL with SeaweedFS.

Embedded is beside what two processes could validate if taking in cost nothing; the servers are
beside the rate of raw PUTs of the same bytes by the same SDK in the same run.
"""

import os
import resource
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from hocba.examine import examine
from hocba.home import Home
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
    alone = _validation_rate(home, province)
    rate = _taken_in(home, province, records)
    workers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    megabytes = (own + 2 * workers) / 1024
    return [
        Figure(
            what=f"batch to receipt, embedded, {records} records",
            measured=f"{rate:.0f} records/s",
            reference=f"validation alone {2 * alone:.0f} records/s on 2 cores",
            ratio=rate / (2 * alone),
            goal=f">= {GOAL_RATE} records/s",
            reached=rate >= GOAL_RATE,
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


def _taken_in(home: Home, province: Path, records: int) -> float:
    with home.open_index() as index:
        ingest = home.ingest(index, home.open_store())
        begin = time.perf_counter()
        batch = ingest.take_in(province / "batch.zip", sender="benchmark", masogd=None)
        seconds = time.perf_counter() - begin
    assert batch.counts.accepted == records, batch
    return records / seconds


def _validation_rate(home: Home, province: Path) -> float:
    by, at = home.judgement(), datetime.now(UTC)
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
