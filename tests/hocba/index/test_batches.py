"""Batches, their items and the parts that are done, on both databases."""

from datetime import timedelta

import pytest

from hocba.errors import BadCursor, IndexConflict
from hocba.index.index import Index
from hocba.index.pages import cursor
from hocba.index.rows import Batch, BatchState, Counts
from hocba.model.outcome import Outcome
from schemas.findings import Finding, Language, Severity, finding
from tests.support.rows import NOW, batch, item

_LATER = NOW + timedelta(minutes=5)


def _found(index: Index, identity: str = "batch-1") -> Batch:
    with index.reading() as tx:
        found = tx.batches.find(identity)
    assert found is not None
    return found


@pytest.fixture
def received(index: Index) -> Index:
    """An index with one batch that came in."""
    with index.transaction() as tx:
        tx.batches.create(batch(location="/tmp/lô.zip"))  # noqa: S108 -- a text
    return index


def test_a_batch_comes_back_as_it_came_in(received: Index) -> None:
    found = _found(received)
    assert found.state is BatchState.RECEIVED
    assert (found.source, found.sender, found.masogd) == ("lô.zip", "cli", "15")
    assert found.created_at == NOW
    assert found.counts == Counts()
    assert (found.failure, found.ignored_names, found.started_at) == (None, (), None)


def test_a_finished_batch_has_the_shape_of_the_design(received: Index) -> None:
    with received.transaction() as tx:
        tx.batches.start("batch-1", NOW)
        tx.batches.add_chunk("batch-1", [item(1), item(2, Outcome.REJECTED)], NOW)
        tx.batches.add_chunk(
            "batch-1", [item(3, Outcome.DUPLICATE), item(4, Outcome.UNREADABLE)], NOW
        )
        tx.batches.finish("batch-1", _LATER, ignored=2, names=["__MACOSX/ô"])
    found = _found(received)
    assert found.as_json() == {
        "id": "batch-1",
        "state": "done",
        "total": 4,
        "accepted": 1,
        "duplicate": 1,
        "rejected": 1,
        "unreadable": 1,
        "deferred": 0,
        "started_at": NOW.isoformat(),
        "finished_at": _LATER.isoformat(),
    }
    assert (found.ignored, found.ignored_names) == (2, ("__MACOSX/ô",))


def test_a_batch_that_goes_on_keeps_its_first_beginning(received: Index) -> None:
    with received.transaction() as tx:
        tx.batches.start("batch-1", NOW)
        tx.batches.pause("batch-1", finding("HB-I040", reason="away"))
    paused = _found(received)
    assert paused.state is BatchState.PAUSED
    assert paused.failure == finding("HB-I040", reason="away")
    with received.transaction() as tx:
        tx.batches.start("batch-1", _LATER)
    running = _found(received)
    assert (running.state, running.started_at) == (BatchState.RUNNING, NOW)
    assert running.failure is None


def test_a_failed_batch_says_why(received: Index) -> None:
    with received.transaction() as tx:
        tx.batches.fail("batch-1", finding("HB-I001"), _LATER)
    failed = _found(received)
    assert (failed.state, failed.finished_at) == (BatchState.FAILED, _LATER)
    assert failed.failure is not None
    assert "tệp nén" in failed.failure.message()


@pytest.mark.parametrize(
    ("fingerprint", "sender", "masogd", "found"),
    [
        ("sha256:1", "cli", "15", True),
        ("sha256:2", "cli", "15", False),
        ("sha256:1", "web", "15", False),
        ("sha256:1", "cli", "16", False),
        ("sha256:1", "cli", None, False),
    ],
)
def test_an_unfinished_batch_is_found_again_by_what_it_is(
    received: Index, fingerprint: str, sender: str, masogd: str | None, found: bool
) -> None:
    with received.reading() as tx:
        again = tx.batches.find_unfinished(fingerprint, sender=sender, masogd=masogd)
    assert (again is not None) is found


def test_a_batch_of_any_province_is_found_again(index: Index) -> None:
    with index.transaction() as tx:
        tx.batches.create(batch(masogd=None))
    with index.reading() as tx:
        assert tx.batches.find_unfinished("sha256:1", sender="cli", masogd=None)


def test_a_finished_batch_is_not_gone_on_with(received: Index) -> None:
    with received.transaction() as tx:
        tx.batches.finish("batch-1", _LATER, ignored=0, names=[])
    with received.reading() as tx:
        assert tx.batches.find_unfinished("sha256:1", sender="cli", masogd="15") is None


def test_a_final_state_stays(received: Index) -> None:
    with received.transaction() as tx:
        tx.batches.finish("batch-1", NOW, ignored=1, names=[])
    done = _found(received)
    with received.transaction() as tx:
        tx.batches.pause("batch-1", finding("HB-I045"))
        tx.batches.fail("batch-1", finding("HB-I001"), _LATER)
        tx.batches.finish("batch-1", _LATER, ignored=0, names=[])
        tx.batches.start("batch-1", _LATER)
    assert _found(received).state is BatchState.DONE
    assert _found(received).finished_at == done.finished_at


def test_an_idempotency_key_stands_for_one_batch_of_a_sender(index: Index) -> None:
    with index.transaction() as tx:
        tx.batches.create(batch(idempotency_key="k"))
        tx.batches.create(batch(id="batch-2", sender="other", idempotency_key="k"))
        tx.batches.create(batch(id="batch-3"))
        tx.batches.create(batch(id="batch-4"))
    with index.reading() as tx:
        again = tx.batches.find_by_idempotency_key("cli", "k")
        assert again is not None
        assert again.id == "batch-1"
        assert tx.batches.find_by_idempotency_key("cli", "other") is None

    def twice() -> None:
        with index.transaction() as tx:
            tx.batches.create(batch(id="batch-5", idempotency_key="k"))

    with pytest.raises(IndexConflict):
        twice()


def test_batches_come_newest_first_page_by_page(index: Index) -> None:
    with index.transaction() as tx:
        for n in range(5):
            tx.batches.create(
                batch(
                    id=f"b{n}",
                    created_at=NOW + timedelta(seconds=n // 2),
                    masogd="16" if n == 1 else "15",
                )
            )
        tx.batches.fail("b0", finding("HB-I001"), NOW)
    with index.reading() as tx:
        first = tx.batches.page(limit=3)
        second = tx.batches.page(after=first.next, limit=3)
        assert [each.id for each in first.rows + second.rows] == ["b4", "b3", "b2", "b1", "b0"]
        assert second.next is None
        assert [each.id for each in tx.batches.page(masogd="16").rows] == ["b1"]
        assert [each.id for each in tx.batches.page(states=[BatchState.FAILED]).rows] == ["b0"]
        for bad in (cursor((1,)), cursor(("no time", "b1")), "x"):
            with pytest.raises(BadCursor):
                tx.batches.page(after=bad)


def test_items_keep_their_findings_for_either_language(received: Index) -> None:
    findings = (
        finding("HB-U006", path="HOC_BA_SO/x[2]", line=7, reason="thẻ {lạ}"),
        Finding("HB-I037", Severity.WARNING),
    )
    with received.transaction() as tx:
        tx.batches.add_chunk("batch-1", [item(1, Outcome.REJECTED, findings=findings)], NOW)
    with received.reading() as tx:
        found = tx.batches.item("batch-1", 1)
        assert tx.batches.item("batch-1", 2) is None
    assert found is not None
    assert found.findings == findings
    assert "thẻ {lạ}" in str(found.as_json(Language.VI)["findings"])
    assert "not well-formed" in str(found.as_json(Language.EN)["findings"])


def test_a_damaged_file_name_is_kept_as_text(received: Index) -> None:
    odd = finding("HB-I033", found=1, other="l\udcffô\x00.xml")
    with received.transaction() as tx:
        tx.batches.add_chunk("batch-1", [item(1, Outcome.REJECTED, findings=(odd,))], NOW)
    with received.reading() as tx:
        found = tx.batches.item("batch-1", 1)
    assert found is not None
    assert dict(found.findings[0].parameters)["other"] == "l?ô\x00.xml"


def test_items_come_page_by_page_of_one_outcome_or_of_all(received: Index) -> None:
    outcomes = [Outcome.ACCEPTED, Outcome.REJECTED] * 5
    with received.transaction() as tx:
        rows = [item(n, outcome) for n, outcome in enumerate(outcomes, 1)]
        tx.batches.add_chunk("batch-1", rows, NOW)
    found: list[int] = []
    after: str | None = None
    while True:
        with received.reading() as tx:
            page = tx.batches.items("batch-1", outcome=Outcome.REJECTED, after=after, limit=2)
        found += [each.position for each in page.rows]
        after = page.next
        if after is None:
            break
    assert found == [2, 4, 6, 8, 10]
    with received.reading() as tx:
        assert len(tx.batches.items("batch-1").rows) == 10


def test_an_outcome_is_noted_once(received: Index) -> None:
    with received.transaction() as tx:
        tx.batches.add_chunk("batch-1", [item(1), item(2)], NOW)

    def again() -> None:
        with received.transaction() as tx:
            tx.batches.add_chunk("batch-1", [item(2), item(3)], NOW)

    with pytest.raises(IndexConflict):
        again()
    assert _found(received).counts == Counts(accepted=2)
    with received.reading() as tx:
        assert tx.batches.known_positions("batch-1", 2, 9) == frozenset({2})
        assert tx.batches.done_ranges("batch-1") == ((1, 2),)


def test_a_chunk_has_no_gap(received: Index) -> None:
    with received.transaction() as tx, pytest.raises(ValueError, match="from position 1 to 3"):
        tx.batches.add_chunk("batch-1", [item(1), item(3)], NOW)


def test_items_of_an_unknown_batch_are_refused(index: Index) -> None:
    def add() -> None:
        with index.transaction() as tx:
            tx.batches.add_chunk("nowhere", [item(1, batch="nowhere")], NOW)

    with pytest.raises(IndexConflict):
        add()
