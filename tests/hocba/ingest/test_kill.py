"""Killed ingests, and several at once, lose nothing and double nothing."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from hocba.index.index import Index
from hocba.index.rows import BatchState, Counts, Item, Version, VersionSelection
from hocba.receipts import Receipt
from storage.configuration import open_store
from tests.hocba.ingest.conftest import Deployment
from tests.support.archives import write_zip
from tests.support.stand_in import document

_RECORDS = 600
_KILLS = 6
_ROOT = Path(__file__).parents[3]


def _start(deployment: Deployment, batch: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.support.ingest_process"]
    return subprocess.Popen(
        [*command, deployment.index_url, deployment.store_url, str(batch)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=_ROOT,
        start_new_session=True,
    )


def _kill_somewhere(process: "subprocess.Popen[str]", chance: random.Random) -> None:
    """Kill the process, or all of its group, some chunks and some milliseconds after it began."""
    assert process.stdout is not None
    for _ in range(chance.randint(1, 5)):
        process.stdout.readline()
    time.sleep(chance.random() * 0.05)
    if chance.random() < 0.5:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    process.stdout.close()


def _batch(folder: Path) -> Path:
    """Good records, each tenth of them followed by trouble of one kind."""
    entries: dict[str, bytes] = {}
    for n in range(1, _RECORDS + 1):
        entries[f"{n:04}.xml"] = document(n)
        if n % 40 == 0:
            entries[f"{n:04}-again.xml"] = document(n)
        elif n % 40 == 10:
            entries[f"{n:04}-other.xml"] = document(n, tenlop="9Z")
        elif n % 40 == 20:
            entries[f"{n:04}-second.xml"] = document(n, phienban=2, event="UPDATE")
        elif n % 40 == 30:
            entries[f"{n:04}-broken.xml"] = b"broken"
    return write_zip(folder / "batch.zip", entries)


def test_a_killed_ingest_goes_on_and_every_record_has_one_outcome(
    deployment: Deployment, tmp_path: Path
) -> None:
    chance = random.Random(7)  # noqa: S311 -- only times
    batch = _batch(tmp_path)
    for _ in range(_KILLS):
        _kill_somewhere(_start(deployment, batch), chance)
    last = _start(deployment, batch)
    assert last.stdout is not None
    assert last.stdout.read().split()[-1] == "done"
    assert last.wait() == 0
    _check(deployment)


def test_ingests_of_the_same_records_at_once_accept_each_record_once(
    deployment: Deployment, tmp_path: Path
) -> None:
    numbers = list(range(1, 301))
    chance = random.Random(7)  # noqa: S311 -- only an order
    processes = []
    for name in ("a", "b", "c"):
        chance.shuffle(numbers)
        entries = {f"{n}.xml": document(n) for n in numbers}
        entries["unlike.xml"] = document(999, tenlop=name)
        batch = write_zip(tmp_path / f"{name}.zip", entries)
        processes.append(_start(deployment, batch))
    processes.append(_start(deployment, tmp_path / "a.zip"))  # shares the work of the first
    for process in processes:
        assert process.communicate()[0].split()[-1] == "done"
    with Index.open(deployment.index_url) as index:
        with index.reading() as tx:
            counts = [each.counts for each in tx.batches.page().rows]
        versions = _versions(index)
    assert len(versions) == 301
    assert sum(each.accepted for each in counts) == 301
    # The second "a" finds the first one unfinished; come late, it is a batch of its own.
    assert len(counts) in {3, 4}
    assert all(each.total == 301 for each in counts)
    rejected = sum(each.rejected for each in counts)
    assert rejected in ({2} if len(counts) == 3 else {2, 3})
    assert sum(each.duplicate for each in counts) == 301 * (len(counts) - 1) - rejected
    store = open_store(deployment.store_url)
    for each in versions:
        assert store.get(each.storage_key, each.version_id, each.sha256)


def _check(deployment: Deployment) -> None:
    fourth = _RECORDS // 40
    expected = Counts(
        accepted=_RECORDS + fourth, duplicate=fourth, rejected=fourth, unreadable=fourth
    )
    store = open_store(deployment.store_url)
    with Index.open(deployment.index_url) as index:
        with index.reading() as tx:
            [batch] = tx.batches.page().rows
            audit = Counter(each.action for each in tx.audit.events(limit=1000).rows)
            totals = tx.statistics.totals()
        items, versions = _items(index, batch.id), _versions(index)
    assert (batch.state, batch.counts) == (BatchState.DONE, expected)
    assert [each.position for each in items] == list(range(1, expected.total + 1))
    outcomes = Counter(each.outcome.value for each in items)
    assert outcomes["accepted"] == len(versions) == expected.accepted
    assert (totals.records, totals.pupils) == (_RECORDS, _RECORDS)
    assert audit["version.accepted"] == expected.accepted
    assert audit["batch.started"] >= 2  # a kill may come before the first word of it
    for each in versions:
        receipt = Receipt.of(each)
        data = store.get(receipt.storage_key, receipt.version_id, receipt.sha256)
        assert len(data) == receipt.size


def _items(index: Index, batch: str) -> list[Item]:
    found: list[Item] = []
    after: str | None = None
    while True:
        with index.reading() as tx:
            page = tx.batches.items(batch, after=after, limit=1000)
        found += page.rows
        after = page.next
        if after is None:
            return found


def _versions(index: Index) -> list[Version]:
    found: list[Version] = []
    after: str | None = None
    while True:
        with index.reading() as tx:
            page = tx.records.select_versions(VersionSelection(), after=after, limit=1000)
        found += page.rows
        after = page.next
        if after is None:
            return found
