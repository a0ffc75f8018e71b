"""Batches are paused, resumed and cancelled at any moment, and the index holds what was ordered."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hocba.errors import BatchRefused, BatchUnknown
from hocba.index.batch_states import FINAL, OBEYED_ALREADY, OBEYED_FROM, UNFINISHED, Order
from hocba.index.index import Index
from hocba.index.rows import Batch, BatchState, Counts
from hocba.ingest.chunks import ChunkLimits
from hocba.ingest.orders import give_order
from hocba.ingest.pipeline import Ingest, IngestOptions, Progress
from hocba.ingest.workers import WorkerOptions
from hocba.model.outcome import Outcome
from storage.configuration import open_store
from tests.hocba.ingest.conftest import Deployment
from tests.support.archives import write_zip
from tests.support.stand_in import NOON, StandInFactory, document

_OPTIONS = IngestOptions(ChunkLimits(documents=4), WorkerOptions(1))


@pytest.fixture
def index(deployment: Deployment) -> Iterator[Index]:
    with Index.open(deployment.index_url) as index:
        yield index


@pytest.fixture
def ingest(index: Index, deployment: Deployment) -> Ingest:
    return Ingest(
        index=index,
        store=open_store(deployment.store_url),
        examiner=StandInFactory(),
        options=_OPTIONS,
    )


@pytest.fixture
def batch_file(tmp_path: Path) -> Path:
    return write_zip(tmp_path / "lô.zip", {f"{n:02}.xml": document(n) for n in range(1, 21)})


def _order(index: Index, batch: str, order: Order) -> Batch:
    return give_order(index, batch, order, actor="token:1", at=NOON)


def _after(documents: int, act: Callable[[str], object]) -> Callable[[Progress], None]:
    """A watcher that acts once, when so many documents have their outcome."""
    done: list[object] = []

    def watch(now: Progress) -> None:
        if now.counts.total >= documents and not done:
            done.append(act(now.batch))

    return watch


def _take_in(ingest: Ingest, path: Path, watch: Callable[[Progress], None]) -> Batch:
    return ingest.take_in(path, sender="cli", masogd="15", progress=watch)


def _actions(index: Index) -> list[str]:
    with index.reading() as tx:
        events = tx.audit.events(limit=1000).rows
    return [each.action for each in events if each.action.startswith("batch.")]


def test_a_paused_batch_stops_after_the_part_in_hand_and_goes_on_once_it_is_resumed(
    ingest: Ingest, index: Index, batch_file: Path
) -> None:
    held = _take_in(ingest, batch_file, _after(8, lambda b: _order(index, b, Order.PAUSE)))
    assert held.state is BatchState.HELD
    assert held.failure is not None
    assert held.failure.code == "HB-I210"
    # The part that was being committed when the order came, and none after it.
    assert held.counts.total in {8, 12}
    assert ingest.work(held, batch_file) == held  # nobody else goes on with it either
    resumed = _order(index, held.id, Order.RESUME)
    assert (resumed.state, resumed.failure) == (BatchState.RECEIVED, None)
    done = _take_in(ingest, batch_file, lambda _: None)
    assert (done.id, done.state, done.counts) == (held.id, BatchState.DONE, Counts(accepted=20))
    assert _actions(index) == [
        "batch.started",
        "batch.held",
        "batch.resumed",
        "batch.started",
        "batch.done",
    ]


def test_running_a_held_batch_again_does_not_resume_it(
    ingest: Ingest, index: Index, batch_file: Path
) -> None:
    held = _take_in(ingest, batch_file, _after(4, lambda b: _order(index, b, Order.PAUSE)))
    again = _take_in(ingest, batch_file, lambda _: None)
    assert (again.id, again.state, again.counts) == (held.id, BatchState.HELD, held.counts)


def test_a_pause_that_came_before_the_start_is_not_overrun(
    ingest: Ingest, index: Index, batch_file: Path
) -> None:
    registered = ingest.register(batch_file, sender="cli", masogd="15")
    _order(index, registered.id, Order.PAUSE)
    # As a worker that read its list before the order came.
    assert ingest.work(registered, batch_file).state is BatchState.HELD
    assert _actions(index) == ["batch.held"]


def test_a_cancelled_batch_keeps_what_was_taken_in_and_says_what_it_was(
    ingest: Ingest, index: Index, batch_file: Path
) -> None:
    cancelled = _take_in(ingest, batch_file, _after(8, lambda b: _order(index, b, Order.CANCEL)))
    assert cancelled.state is BatchState.CANCELLED
    assert cancelled.finished_at == NOON
    assert cancelled.failure is not None
    assert cancelled.failure.parameters == (("accepted", str(cancelled.counts.accepted)),)
    with index.reading() as tx:
        taken = tx.batches.items(cancelled.id, outcome=Outcome.ACCEPTED, limit=100).rows
        totals = tx.statistics.totals()
    assert len(taken) == totals.versions == cancelled.counts.accepted < 20
    # Sent again it is another batch, which knows what is there.
    again = _take_in(ingest, batch_file, lambda _: None)
    assert again.id != cancelled.id
    assert again.counts == Counts(accepted=20 - len(taken), duplicate=len(taken))


def test_a_finished_batch_refuses_every_order(
    ingest: Ingest, index: Index, batch_file: Path
) -> None:
    done = _take_in(ingest, batch_file, lambda _: None)
    for order in Order:
        with pytest.raises(BatchRefused) as refused:
            _order(index, done.id, order)
        assert refused.value.finding.code == "HB-I212"
        assert dict(refused.value.finding.parameters) == {"order": order.value, "state": "done"}
    with index.reading() as tx:
        assert tx.batches.find(done.id) == done


def test_an_order_given_twice_changes_nothing_the_second_time(
    ingest: Ingest, index: Index, batch_file: Path
) -> None:
    batch = ingest.register(batch_file, sender="cli", masogd="15")
    for order in (Order.PAUSE, Order.RESUME, Order.CANCEL):
        first = _order(index, batch.id, order)
        assert _order(index, batch.id, order) == first
    assert _actions(index) == ["batch.held", "batch.resumed", "batch.cancelled"]


def test_an_order_about_no_batch_says_so(index: Index) -> None:
    with pytest.raises(BatchUnknown) as unknown:
        _order(index, "nowhere", Order.PAUSE)
    assert unknown.value.finding.code == "HB-I214"


def test_every_state_either_obeys_an_order_or_says_that_it_cannot() -> None:
    assert set(BatchState) == UNFINISHED | FINAL
    assert not UNFINISHED & FINAL
    for order in Order:
        assert not OBEYED_FROM[order] & OBEYED_ALREADY[order]
        assert not OBEYED_FROM[order] & FINAL


def test_the_pace_is_that_of_the_last_parts(ingest: Ingest, index: Index, batch_file: Path) -> None:
    with index.reading() as tx:
        assert tx.batches.pace("nowhere") is None
    done = _take_in(ingest, batch_file, lambda _: None)
    with index.reading() as tx:
        pace = tx.batches.pace(done.id)
    assert pace is not None
    assert (pace.documents, pace.seconds >= 0) == (16, True)
