"""Several worker hosts take one batch in together: every document once, and in its order."""

import time

import pytest

from hocba.hosts.queue import JobQueue
from hocba.index.batch_states import Order
from hocba.index.rows import Batch, BatchState
from hocba.ingest.orders import give_order
from tests.hocba.hosts.conftest import Site, now, wait_until
from tests.support.services.postgresql import PostgreSQL
from tests.support.services.seaweedfs import SeaweedFS
from tests.support.stand_in import document

pytestmark = [pytest.mark.postgresql, pytest.mark.s3, pytest.mark.xdist_group("hosts")]


def everything_once(site: Site, batch: Batch, number: int) -> None:
    """Every document has its outcome and its version, each exactly once, and bytes to it."""
    items = site.items(batch)
    assert [each.position for each in items] == list(range(1, number + 1)), site.logs()
    assert site.batch(batch).counts.accepted == number, site.logs()
    store = site.home.open_store()
    with site.home.open_index() as index, index.reading() as tx:
        for each in items:
            (version,) = tx.records.versions(each.madinhdanhhocba or "")
            assert (version.batch, version.position) == (batch.id, each.position)
            assert store.get(version.storage_key, version.version_id, version.sha256)


def half_done(site: Site, batch: Batch, number: int) -> None:
    """Wait until about half of the batch has its outcome."""
    wait_until(lambda: site.batch(batch).counts.total >= number // 3, seconds=120)
    assert site.batch(batch).state is BatchState.RUNNING


def test_two_hosts_take_a_batch_in_together(site: Site) -> None:
    first, second = site.start_host(delay=0.01), site.start_host(delay=0.01)
    batch = site.wait_for(site.send("a.zip", map(document, range(1, 201))))
    everything_once(site, batch, 200)
    for each in (first, second):
        assert "done" in each.log.read_text(), site.logs()
    depot = site.home.open_depot()
    wait_until(lambda: list(depot.parked("")) == [], seconds=30)
    assert first.stop() == 0
    assert "ended" in first.log.read_text()


def test_a_killed_host_loses_and_doubles_nothing(site: Site) -> None:
    """Whichever of them hands the batch out: it is one of the two that are killed in turn."""
    for _ in range(2):
        site.start_host(delay=0.03)
    batch = site.send("a.zip", map(document, range(1, 201)))
    half_done(site, batch, 200)
    site.processes[0].kill()
    site.start_host(delay=0.005)
    time.sleep(1)
    site.processes[1].kill()
    everything_once(site, site.wait_for(batch), 200)


def test_hosts_are_exchanged_one_by_one(site: Site) -> None:
    """A rolling restart: each is told to end and another one starts."""
    for _ in range(2):
        site.start_host(delay=0.02)
    batch = site.send("a.zip", map(document, range(1, 201)))
    half_done(site, batch, 200)
    for each in range(2):
        assert site.processes[each].stop() == 0
        site.start_host(delay=0.005)
    everything_once(site, site.wait_for(batch), 200)


def test_a_store_that_is_away_is_waited_for(site: Site, seaweedfs: SeaweedFS) -> None:
    site.start_host(delay=0.02)
    site.start_host(delay=0.02)
    batch = site.send("a.zip", map(document, range(1, 121)))
    half_done(site, batch, 120)
    seaweedfs.kill()
    try:
        wait_until(lambda: site.batch(batch).state is BatchState.PAUSED, seconds=120)
        failure = site.batch(batch).failure
        assert failure is not None
        assert failure.code == "HB-I040"
    finally:
        seaweedfs.start()
    everything_once(site, site.wait_for(batch), 120)


def test_a_database_that_is_away_is_waited_for(site: Site, postgresql: PostgreSQL) -> None:
    site.start_host(delay=0.02)
    site.start_host(delay=0.02)
    batch = site.send("a.zip", map(document, range(1, 121)))
    half_done(site, batch, 120)
    postgresql.process.kill()
    time.sleep(20)
    postgresql.process.start()
    postgresql.process.wait_until(postgresql.ready, seconds=60)
    everything_once(site, site.wait_for(batch), 120)


def test_a_document_that_kills_its_process_is_one_item(site: Site) -> None:
    site.start_host()
    poison = document(7, trouble="dies")
    batch = site.wait_for(site.send("a.zip", [*map(document, range(1, 7)), poison, document(8)]))
    assert [each.outcome.value for each in site.items(batch)].count("unreadable") == 1
    assert [each.position for each in site.items(batch) if each.findings] == [7]
    assert batch.counts.accepted == 7


def test_what_follows_in_a_batch_is_decided_after_what_it_follows(site: Site) -> None:
    """A correction stands chunks behind what it corrects; two hosts have both in hand at once."""
    for _ in range(2):
        site.start_host(delay=0.01)
    changed = [document(n, phienban=2, event="UPDATE", tenlop="1B") for n in range(1, 61)]
    batch = site.wait_for(site.send("a.zip", [*map(document, range(1, 61)), *changed]))
    assert batch.counts.accepted == 120, site.logs()
    with site.home.open_index() as index, index.reading() as tx:
        for number in (1, 60):
            found = tx.records.versions(f"00000000-0000-4000-8000-{number:012}")
            assert [each.phienban for each in found] == [1, 2]


def test_a_batch_is_held_resumed_and_cancelled(site: Site) -> None:
    site.start_host(delay=0.02)
    batch = site.send("a.zip", map(document, range(1, 121)))
    half_done(site, batch, 120)
    with site.home.open_index() as index:
        give_order(index, batch.id, Order.PAUSE, actor="test", at=now())
        time.sleep(3)
        held = site.batch(batch)
        time.sleep(2)
        assert site.batch(batch).counts == held.counts
        assert held.state is BatchState.HELD
        give_order(index, batch.id, Order.RESUME, actor="test", at=now())
    everything_once(site, site.wait_for(batch), 120)
    other = site.send("b.zip", map(document, range(201, 321)))
    half_done(site, other, 120)
    with site.home.open_index() as index:
        give_order(index, other.id, Order.CANCEL, actor="test", at=now())
    depot = site.home.open_depot()
    wait_until(lambda: list(depot.parked("")) == [], seconds=60)
    assert site.batch(other).state is BatchState.CANCELLED
    assert 0 < site.batch(other).counts.total < 120


def test_a_small_batch_is_not_behind_a_large_one(site: Site) -> None:
    site.start_host(delay=0.01)
    large = site.send("large.zip", map(document, range(1, 801)))
    wait_until(lambda: site.batch(large).counts.total > 0, seconds=60)
    small = site.wait_for(site.send("small.zip", map(document, range(1001, 1021))))
    assert small.counts.accepted == 20
    assert site.batch(large).counts.total < 500, site.logs()


def test_lost_parcels_are_sent_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever took them away, job or bytes: the batch does not wait for them for ever."""
    host = site.start_host(delay=0.05)
    batch = site.send("a.zip", map(document, range(1, 121)))
    half_done(site, batch, 120)
    depot = site.home.open_depot()
    for each in list(depot.parked("parcels/")):
        depot.remove(each.key)
    everything_once(site, site.wait_for(batch), 120)
    assert "is gone" in host.log.read_text()


def test_a_job_is_put_once(site: Site) -> None:
    queue = JobQueue(site.home.index_url)
    handing = site.handing
    for _ in range(3):
        handing.queue.put_batch("b1")
    assert queue.open_batches() == {"b1"}
    queue.close()
