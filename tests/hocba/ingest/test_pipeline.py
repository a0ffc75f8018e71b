"""Whole batches with stand-in documents: outcomes, resuming, and what stops a batch."""

import errno
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hocba.errors import IndexConflict, IndexUnavailable, SourceUnreadable
from hocba.index.index import Index
from hocba.index.rows import Batch, BatchState, Counts, Item, VersionSelection
from hocba.ingest import commit
from hocba.ingest.chunks import ChunkLimits
from hocba.ingest.entry import SourceLimits
from hocba.ingest.pipeline import Ingest, IngestOptions, Progress
from hocba.ingest.report import report_lines
from hocba.ingest.source import Source
from hocba.ingest.workers import WorkerOptions
from hocba.receipts import Receipt
from schemas.findings import Language, finding
from storage.errors import StoreMisconfigured
from tests.support.archives import write_zip
from tests.support.stand_in import NOON, MemoryStore, StandInFactory, document

_OPTIONS = IngestOptions(chunk=ChunkLimits(documents=4), workers=WorkerOptions(0))


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


@pytest.fixture
def ingest(index: Index, store: MemoryStore) -> Ingest:
    """What takes batches in, in this process, four documents at a time."""
    ticks = (NOON + timedelta(seconds=n) for n in count())
    ids = (f"batch-{n}" for n in count(1))
    return Ingest(
        index=index,
        store=store,
        examiner=StandInFactory(),
        options=_OPTIONS,
        clock=lambda: next(ticks),
        new_id=lambda: next(ids),
    )


def _take_in(ingest: Ingest, path: Path, **more: Any) -> Batch:
    return ingest.take_in(path, **({"sender": "cli", "masogd": "15"} | more))


def _items(index: Index, batch: str) -> list[Item]:
    with index.reading() as tx:
        return list(tx.batches.items(batch, limit=1000).rows)


def _outcomes(index: Index, batch: str) -> dict[str, str]:
    return {
        each.file_name: " ".join([each.outcome.value, *(f.code for f in each.findings)])
        for each in _items(index, batch)
    }


def _check_promises(index: Index, store: MemoryStore) -> int:
    """Every version's receipt leads to bytes with its digest; how many there are."""
    with index.reading() as tx:
        versions = tx.records.select_versions(VersionSelection(), limit=1000).rows
    for each in versions:
        receipt = Receipt.of(each)
        data = store.get(receipt.storage_key, receipt.version_id, receipt.sha256)
        assert len(data) == receipt.size
    return len(versions)


def test_a_mixed_batch_gives_every_file_its_outcome(
    ingest: Ingest, index: Index, store: MemoryStore, tmp_path: Path
) -> None:
    path = write_zip(
        tmp_path / "lô.zip",
        {
            "lớp 1A/1.xml": document(1),
            "2.xml": document(2),
            "khác tỉnh.xml": document(3, masogd="16"),
            "hỏng.xml": b"not a document",
            "__MACOSX/rác": b"x",
            "../thoát.xml": document(4),
            "1 lần nữa.xml": document(1),
            "1 khác.xml": document(1, tenlop="1B"),
            "1 bản 2.xml": document(1, phienban=2, event="UPDATE"),
            "5.xml": document(5, outcome="indeterminate"),
            "lỗi.xml": document(6, trouble="raises"),
        },
    )
    batch = _take_in(ingest, path)
    assert _outcomes(index, batch.id) == {
        "lớp 1A/1.xml": "accepted",
        "2.xml": "accepted",
        "khác tỉnh.xml": "rejected HB-I030",
        "hỏng.xml": "unreadable HB-U001",
        "../thoát.xml": "unreadable HB-I004",
        "1 lần nữa.xml": "duplicate",
        "1 khác.xml": "rejected HB-I033",
        "1 bản 2.xml": "accepted HB-I053",
        "5.xml": "rejected HB-U006",
        "lỗi.xml": "unreadable HB-I021",
    }
    assert batch.state is BatchState.DONE
    assert batch.counts == Counts(accepted=3, duplicate=1, rejected=3, unreadable=3)
    assert (batch.ignored, batch.ignored_names) == (1, ("__MACOSX/rác",))
    assert batch.finished_at is not None
    assert _check_promises(index, store) == 3


def test_a_conflict_across_chunks_names_the_other_file(
    ingest: Ingest, index: Index, tmp_path: Path
) -> None:
    entries = {f"{n}.xml": document(n) for n in range(1, 6)}
    path = write_zip(tmp_path / "a.zip", entries | {"x.xml": document(1, tenlop="2B")})
    batch = _take_in(ingest, path)
    last = _items(index, batch.id)[-1]
    assert last.findings == (finding("HB-I033", found=1, other="1.xml"),)


def test_the_timeline_follows_new_update_and_cancel(
    ingest: Ingest, index: Index, tmp_path: Path
) -> None:
    events, steps = ["NEW", "UPDATE", "CANCEL"], ["issue", "correction", "recall"]
    for number, event in enumerate(events, 1):
        path = tmp_path / f"{number}.xml"
        path.write_bytes(document(1, phienban=number, event=event, tenlop=f"1{number}"))
        assert _take_in(ingest, path).counts == Counts(accepted=1)
    with index.reading() as tx:
        [history] = tx.records.timeline("1500000001").records
        audit = tx.audit.events(madinhdanhhocba=history.record.madinhdanhhocba).rows
    assert (history.record.phienban, history.record.status.value) == (3, "2")
    assert history.record.tenlop == "13"
    assert [(each.phienban, each.event.value) for each in history.versions] == list(
        enumerate(events, 1)
    )
    assert [(each.action, each.phienban, each.detail) for each in audit] == [
        ("version.accepted", n, (("event", event), ("step", step)))
        for n, (event, step) in enumerate(zip(events, steps, strict=True), 1)
    ]


def test_two_versions_in_one_chunk_leave_the_newer_one_current(
    ingest: Ingest, index: Index, tmp_path: Path
) -> None:
    versions = {f"{n}.xml": document(1, phienban=n, event="NEW", tenlop=f"{n}") for n in (1, 3)}
    _take_in(ingest, write_zip(tmp_path / "a.zip", versions))
    with index.reading() as tx:
        [history] = tx.records.timeline("1500000001").records
    assert history.record.tenlop == "3"
    assert [each.phienban for each in history.versions] == [1, 3]


def test_the_same_batch_again_is_all_duplicates_with_the_old_receipts(
    ingest: Ingest, index: Index, store: MemoryStore, tmp_path: Path
) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{n}.xml": document(n) for n in range(1, 11)})
    first = _take_in(ingest, path)
    with index.reading() as tx:
        before = tx.records.select_versions(VersionSelection()).rows
    second = _take_in(ingest, path)
    assert first.id != second.id
    assert second.counts == Counts(duplicate=10)
    with index.reading() as tx:
        assert tx.records.select_versions(VersionSelection()).rows == before
    for item in _items(index, second.id):
        assert item.madinhdanhhocba is not None
        assert item.phienban is not None
        with index.reading() as tx:
            version = tx.records.version(item.madinhdanhhocba, item.phienban)
        assert version is not None
        assert (version.batch, version.sha256) == (first.id, item.sha256)


@pytest.mark.parametrize("failing_call", [1, 2, 3])
def test_a_store_that_goes_away_pauses_the_batch_and_promises_nothing(
    ingest: Ingest, index: Index, store: MemoryStore, tmp_path: Path, failing_call: int
) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{n}.xml": document(n) for n in range(1, 11)})
    really_put = store.put_many

    def put_many(items: Any) -> Any:
        store.fail = int(store.calls + 1 == failing_call)
        return really_put(items)

    store.put_many = put_many  # type: ignore[method-assign]
    paused = _take_in(ingest, path)
    assert paused.state is BatchState.PAUSED
    assert paused.failure is not None
    assert "the simulator is told to fail" in paused.failure.message(Language.EN)
    assert paused.counts.total == 4 * (failing_call - 1) == _check_promises(index, store)
    done = _take_in(ingest, path)
    assert (done.id, done.state) == (paused.id, BatchState.DONE)
    assert done.failure is None
    assert done.counts == Counts(accepted=10)
    assert _check_promises(index, store) == 10
    assert [each.position for each in _items(index, done.id)] == list(range(1, 11))


def test_a_misconfigured_store_pauses_the_batch_too(
    ingest: Ingest, store: MemoryStore, tmp_path: Path
) -> None:
    def refuse(_: Any) -> Any:
        raise StoreMisconfigured("bucket has no versioning")

    store.put_many = refuse  # type: ignore[method-assign]
    (tmp_path / "1.xml").write_bytes(document(1))
    paused = _take_in(ingest, tmp_path / "1.xml")
    assert paused.state is BatchState.PAUSED
    assert paused.failure is not None
    assert "bucket has no versioning" in paused.failure.message()


class _Crash(Exception):  # noqa: N818 -- stands for a process that ends
    pass


def test_a_crash_between_bytes_and_rows_leaves_no_promise(
    ingest: Ingest,
    index: Index,
    store: MemoryStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{n}.xml": document(n) for n in range(1, 7)})

    def crash(*_: Any) -> None:
        raise _Crash

    with monkeypatch.context() as patch:
        patch.setattr(commit.Committer, "_write", crash)
        with pytest.raises(_Crash):
            _take_in(ingest, path)
    assert len(store.objects) == 4
    assert _check_promises(index, store) == 0
    done = _take_in(ingest, path)
    assert done.counts == Counts(accepted=6)
    assert _check_promises(index, store) == 6
    assert all(len(versions) == 1 for versions in store.objects.values())


@pytest.mark.parametrize(
    "write", ["_write_records", "_version", "_event"], ids=["records", "versions", "audit"]
)
def test_gives_no_receipt_when_the_index_crashes_inside_the_transaction(
    ingest: Ingest,
    index: Index,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write: str,
) -> None:
    (tmp_path / "1.xml").write_bytes(document(1))

    def crash(*_: Any, **__: Any) -> None:
        raise _Crash

    monkeypatch.setattr(commit.Committer, write, crash)
    with pytest.raises(_Crash):
        _take_in(ingest, tmp_path / "1.xml")
    with index.reading() as tx:
        totals = tx.statistics.totals()
        [batch] = tx.batches.page().rows
    assert (totals.pupils, totals.records, totals.versions) == (0, 0, 0)
    assert (batch.counts, _items(index, batch.id)) == (Counts(), [])


def test_a_batch_goes_on_with_other_chunks_than_it_began_with(
    ingest: Ingest, index: Index, store: MemoryStore, tmp_path: Path
) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{n}.xml": document(n) for n in range(1, 21)})
    store.fail = 0
    seen: list[int] = []

    def stop(progress: Progress) -> None:
        seen.append(progress.counts.total)
        if progress.counts.total == 8:
            raise IndexUnavailable(finding("HB-I102", reason="away"))

    assert _take_in(ingest, path, progress=stop).state is BatchState.PAUSED
    assert seen == [0, 4, 8]
    wider = replace(ingest, options=replace(_OPTIONS, chunk=ChunkLimits(documents=7)))
    assert _take_in(wider, path, progress=lambda p: seen.append(p.counts.total)).counts == Counts(
        accepted=20
    )
    assert seen == [0, 4, 8, 8, 15, 20]
    assert _check_promises(index, store) == 20


def test_ctrl_c_pauses_the_batch(ingest: Ingest, index: Index, tmp_path: Path) -> None:
    (tmp_path / "1.xml").write_bytes(document(1))

    def interrupt(progress: Progress) -> None:
        if progress.counts.total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _take_in(ingest, tmp_path / "1.xml", progress=interrupt)
    with index.reading() as tx:
        [batch] = tx.batches.page().rows
    assert (batch.state, batch.failure) == (BatchState.PAUSED, finding("HB-I045"))
    assert _take_in(ingest, tmp_path / "1.xml").state is BatchState.DONE


def test_a_disk_that_fails_while_reading_pauses_the_batch(
    ingest: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{n}.xml": document(n) for n in range(1, 11)})
    really_read = Source.entries

    def failing(source: Source) -> Iterator[Any]:
        for entry in really_read(source):
            if getattr(entry, "position", 0) == 6:
                raise OSError(errno.EIO, "Input/output error")
            yield entry

    with monkeypatch.context() as patch:
        patch.setattr(Source, "entries", failing)
        paused = _take_in(ingest, path)
    assert (paused.state, paused.counts) == (BatchState.PAUSED, Counts(accepted=4))
    assert paused.failure == finding("HB-I041", reason="EIO")
    assert _take_in(ingest, path).counts == Counts(accepted=10)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.zip", b"PK\x03\x04 broken", "HB-I001"),
        ("a.zip", b"PK\x05\x06" + bytes(18), "HB-I002"),
        ("a.rar", b"Rar!\x1a\x07\x01", "HB-I016"),
    ],
)
def test_an_archive_without_a_document_fails_the_batch_for_good(
    ingest: Ingest, index: Index, tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(content)
    failed = _take_in(ingest, tmp_path / name)
    assert failed.state is BatchState.FAILED
    assert failed.failure is not None
    assert failed.failure.code == code
    assert failed.finished_at is not None
    assert failed.counts == Counts()
    again = _take_in(ingest, tmp_path / name)
    assert again.id != failed.id
    with index.reading() as tx:
        actions = [each.action for each in tx.audit.events().rows]
    assert actions == ["batch.started", "batch.failed"] * 2


def test_a_source_that_is_not_there_makes_no_batch(
    ingest: Ingest, index: Index, tmp_path: Path
) -> None:
    with pytest.raises(SourceUnreadable):
        _take_in(ingest, tmp_path / "nowhere.zip")
    with index.reading() as tx:
        assert tx.batches.page().rows == ()


def test_a_truncated_archive_keeps_what_came_before(
    ingest: Ingest, index: Index, tmp_path: Path
) -> None:
    limits = replace(_OPTIONS, source=SourceLimits(entries=3))
    path = write_zip(tmp_path / "a.zip", {f"{n}.xml": document(n) for n in range(1, 6)})
    batch = _take_in(replace(ingest, options=limits), path)
    assert batch.state is BatchState.DONE
    assert batch.counts == Counts(accepted=3, unreadable=1)


def test_a_done_batch_is_not_worked_again(ingest: Ingest, index: Index, tmp_path: Path) -> None:
    (tmp_path / "1.xml").write_bytes(document(1))
    done = _take_in(ingest, tmp_path / "1.xml")
    assert ingest.work(done, tmp_path / "gone.xml") == done


def test_registering_says_what_the_batch_is(ingest: Ingest, tmp_path: Path) -> None:
    (tmp_path / "upload-17").write_bytes(document(1))
    batch = ingest.register(
        tmp_path / "upload-17", sender="Sở 15", masogd="15", idempotency_key="k", name="lô 1.xml"
    )
    assert (batch.state, batch.source) == (BatchState.RECEIVED, "lô 1.xml")
    assert (batch.idempotency_key, batch.location) == ("k", str(tmp_path / "upload-17"))
    assert ingest.work(batch, Path(batch.location or "")).counts == Counts(accepted=1)


def _between(ingest: Ingest, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Let *happens* happen once, after the bytes are stored and before the rows are written."""
    really_write = commit.Committer._write
    pending = [happens]

    def write(self: commit.Committer, *arguments: Any) -> Counts:
        if pending and self.batch.sender == "cli":
            pending.pop()()
        return really_write(self, *arguments)

    monkeypatch.setattr(commit.Committer, "_write", write)


@pytest.mark.parametrize(
    ("theirs", "ours", "counts", "outcome"),
    [
        # Both bring the same new record.
        (document(1), document(1), Counts(duplicate=1), "duplicate"),
        # The other one is faster with the same version and other bytes.
        (document(1, tenlop="1B"), document(1), Counts(rejected=1), "rejected HB-I032"),
        # The other one brings a higher version.
        (document(1, phienban=5), document(1), Counts(rejected=1), "rejected HB-I031"),
        # The record that ours needs has come in meanwhile.
        (
            document(1),
            document(1, phienban=2, event="UPDATE"),
            Counts(accepted=1),
            "accepted HB-I053",
        ),
        # Something else altogether.
        (document(2), document(1), Counts(accepted=1), "accepted"),
    ],
    ids=["same", "other bytes", "higher", "needed", "unrelated"],
)
def test_a_faster_ingest_is_decided_on_anew(
    ingest: Ingest,
    index: Index,
    store: MemoryStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    theirs: bytes,
    ours: bytes,
    counts: Counts,
    outcome: str,
) -> None:
    (tmp_path / "theirs.xml").write_bytes(theirs)
    (tmp_path / "ours.xml").write_bytes(ours)

    def other() -> None:
        assert _take_in(ingest, tmp_path / "theirs.xml", sender="web").counts.accepted == 1

    _between(ingest, monkeypatch, other)
    batch = _take_in(ingest, tmp_path / "ours.xml")
    assert batch.counts == counts
    assert _outcomes(index, batch.id) == {"ours.xml": outcome}
    _check_promises(index, store)


def test_two_runs_of_one_batch_share_the_work(
    ingest: Ingest,
    index: Index,
    store: MemoryStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{n}.xml": document(n) for n in range(1, 11)})
    other = replace(ingest, options=replace(_OPTIONS, chunk=ChunkLimits(documents=3)))

    def take_over() -> None:
        with index.reading() as tx:
            [batch] = tx.batches.page().rows
        assert other.work(batch, path).state is BatchState.DONE

    _between(ingest, monkeypatch, take_over)
    batch = _take_in(ingest, path)
    assert batch.state is BatchState.DONE
    assert batch.counts == Counts(accepted=10)
    assert [each.position for each in _items(index, batch.id)] == list(range(1, 11))
    assert _check_promises(index, store) == 10


def test_a_conflict_that_never_ends_pauses_the_batch(
    ingest: Ingest, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1.xml").write_bytes(document(1))
    attempts: list[int] = []

    def conflict(*_: Any) -> None:
        attempts.append(1)
        raise IndexConflict(finding("HB-I103", reason="deadlock"))

    monkeypatch.setattr(commit.Committer, "_write", conflict)
    paused = _take_in(ingest, tmp_path / "1.xml")
    assert paused.state is BatchState.PAUSED
    assert paused.failure == finding("HB-I103", reason="deadlock")
    assert len(attempts) == commit.ATTEMPTS


def test_a_chunk_that_is_decided_anew_without_end_pauses_the_batch(
    ingest: Ingest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1.xml").write_bytes(document(1))

    def anew(*_: Any) -> None:
        raise commit._DecideAnew

    monkeypatch.setattr(commit.Committer, "_version", anew)
    paused = _take_in(ingest, tmp_path / "1.xml")
    assert (paused.state, paused.counts) == (BatchState.PAUSED, Counts())
    assert paused.failure == finding("HB-I103", reason="8 attempts")


def test_a_store_that_keeps_other_bytes_is_not_believed(
    ingest: Ingest, index: Index, store: MemoryStore, tmp_path: Path
) -> None:
    really_put = store.put_many
    store.put_many = lambda items: really_put(  # type: ignore[method-assign]
        [(key, data + b" ") for key, data in items]
    )
    (tmp_path / "1.xml").write_bytes(document(1))
    with pytest.raises(ValueError, match="other bytes"):
        _take_in(ingest, tmp_path / "1.xml")
    with index.reading() as tx:
        assert tx.statistics.totals().versions == 0


def test_progress_says_how_far_the_batch_is(ingest: Ingest, tmp_path: Path) -> None:
    path = write_zip(tmp_path / "a.zip", {f"{n}.xml": document(n) for n in range(1, 7)})
    seen: list[Progress] = []
    batch = _take_in(ingest, path, progress=seen.append)
    assert [each.counts.total for each in seen] == [0, 4, 6]
    assert {(each.batch, each.expected) for each in seen} == {(batch.id, 6)}


def test_the_log_holds_no_personal_data(
    ingest: Ingest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_zip(
        tmp_path / "Nguyễn Thị Ánh.zip",
        {
            "Trần Văn Bình.xml": document(1),
            "2.xml": document(2, trouble="raises"),
            "3.xml": document(3, masogd="16"),
        },
    )
    with caplog.at_level(logging.DEBUG, logger="hocba"):
        _take_in(ingest, path)
    assert "positions 1 to 3 done" in caplog.text
    for word in ("Nguyễn", "Trần", "Học Sinh", "1500000001", "015219000001", "personal"):
        assert word not in caplog.text


def test_the_report_has_a_line_for_every_finding(
    ingest: Ingest, index: Index, tmp_path: Path
) -> None:
    path = write_zip(
        tmp_path / "a.zip",
        {
            "tốt.xml": document(1),
            "=HYPERLINK(1).xml": document(2, outcome="rejected", findings=2),
            "hai, ba.xml": b'"',
        },
    )
    batch = _take_in(ingest, path)
    text = "".join(report_lines(index, batch.id))
    columns = "file,outcome,record,version,code,severity,path,line,message"
    assert text.startswith(f"\ufeff{columns},name,label,found,allowed,mend\r\n")
    lines = text.splitlines()
    assert len(lines) == 5
    assert lines[1] == "tốt.xml,accepted,00000000-0000-4000-8000-000000000001,1" + "," * 10
    assert lines[2].startswith("'=HYPERLINK(1).xml,rejected,")
    assert "HB-U006,error,,1,Dòng 1:" in lines[2]
    assert lines[4].startswith('"hai, ba.xml",unreadable,,,HB-U001,error,')
    english = "".join(report_lines(index, batch.id, language=Language.EN))
    assert "Line 1:" in english


def test_the_report_of_a_long_batch_comes_page_by_page(
    ingest: Ingest, index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hocba.ingest.report._PAGE", 3)
    path = write_zip(tmp_path / "a.zip", {f"{n}.xml": document(n) for n in range(1, 8)})
    batch = _take_in(ingest, path)
    assert len(list(report_lines(index, batch.id))) == 8
