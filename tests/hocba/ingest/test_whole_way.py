"""Signed records of a synthetic province, the whole way from the archive to the receipt."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from hocba.home import Home
from hocba.index.index import Index
from hocba.index.rows import Batch, BatchState, Item, Timeline, Version, VersionSelection, values_of
from hocba.ingest.report import report_lines
from hocba.model.outcome import Outcome
from hocba.receipts import Receipt, read_public_key, verify_receipt
from hocba.sample.levels import Level
from hocba.sample.province import SampleSummary, build_province
from storage.contract import Store
from tests.hocba.ingest.conftest import Deploy
from tests.support.archives import add_to_tar, compressed

_RECORDS = 24
_DEFECTS = 20


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    """A small province of all levels with some bad records."""
    return build_province(
        tmp_path_factory.mktemp("sample") / "province",
        records=_RECORDS,
        level=Level("mix"),
        seed=7,
        defects=_DEFECTS,
        processes=2,
    )


@pytest.fixture(scope="module")
def records(province: SampleSummary, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the good records alone."""
    folder = tmp_path_factory.mktemp("records")
    for each in (province.out / "records").iterdir():
        if not each.name.startswith("loi-"):
            (folder / each.name).hardlink_to(each)
    return folder


class _Repository:
    """A home with its parts open."""

    def __init__(self, home: Home, index: Index, store: Store) -> None:
        self.home, self.index, self.store = home, index, store

    def take_in(self, path: Path, masogd: str | None = None) -> Batch:
        return self.home.ingest(self.index, self.store).take_in(path, sender="cli", masogd=masogd)

    def items(self, batch: Batch) -> tuple[Item, ...]:
        with self.index.reading() as tx:
            return tx.batches.items(batch.id, limit=1000).rows

    def versions(self) -> tuple[Version, ...]:
        with self.index.reading() as tx:
            return tx.records.select_versions(VersionSelection(), limit=1000).rows

    def document(self, version: Version) -> bytes:
        return self.store.get(version.storage_key, version.version_id, version.sha256)

    def timelines(self) -> list[Timeline]:
        with self.index.reading() as tx:
            records = [tx.records.find(each.madinhdanhhocba) for each in self.versions()]
            pupils = sorted({each.mahocsinh for each in records if each is not None})
            return [tx.records.timeline(each) for each in pupils]


@contextmanager
def _repository(path: Path, province: SampleSummary, **urls: Any) -> Iterator[_Repository]:
    home = Home.create(
        path, trust=province.out / "trust", roster=province.out / "roster.csv", **urls
    )
    with home.open_index() as index:
        yield _Repository(home, index, home.open_store())


@pytest.fixture
def repository(province: SampleSummary, tmp_path: Path) -> Iterator[_Repository]:
    """An embedded repository that trusts the province."""
    with _repository(tmp_path / "kho", province) as opened:
        yield opened


def test_a_mixed_batch_of_a_province_is_taken_in(
    repository: _Repository, province: SampleSummary
) -> None:
    batch = repository.take_in(province.out / "batch.zip")
    assert batch.state is BatchState.DONE
    assert batch.counts.accepted >= _RECORDS
    assert batch.counts.rejected + batch.counts.unreadable >= _DEFECTS - 2
    assert batch.counts.total == len(repository.items(batch))
    for item in repository.items(batch):
        refused = item.outcome in {Outcome.REJECTED, Outcome.UNREADABLE}
        assert bool([each for each in item.findings if each.severity.value == "error"]) == refused
    assert len("".join(report_lines(repository.index, batch.id)).splitlines()) > batch.counts.total


def test_every_document_comes_back_as_it_was_sent_with_a_receipt_that_proves_it(
    repository: _Repository, records: Path
) -> None:
    repository.take_in(records)
    sent = {sha256(each.read_bytes()).hexdigest(): each.read_bytes() for each in records.iterdir()}
    versions = repository.versions()
    assert len(versions) == len(sent) == _RECORDS
    key = repository.home.receipt_key()
    public = read_public_key(repository.home.keys_folder / "receipt-key.pub.pem")
    for version in versions:
        data = repository.document(version)
        assert data == sent[version.sha256]
        receipt = verify_receipt(key.issue(Receipt.of(version)), public)
        assert (receipt.sha256, receipt.size) == (sha256(data).hexdigest(), len(data))


def test_a_pupil_has_one_timeline_over_grades(
    repository: _Repository, province: SampleSummary, records: Path
) -> None:
    repository.take_in(records)
    with repository.index.reading() as tx:
        timeline = tx.records.timeline(province.pupils[0])
    years = [each.record.namhoc for each in timeline.records]
    assert len(years) > 1
    assert years == sorted(years)
    assert len({each.record.makhoi for each in timeline.records}) == len(years)


def test_the_same_records_again_are_duplicates_from_any_kind_of_source(
    repository: _Repository, records: Path, tmp_path: Path
) -> None:
    repository.take_in(records)
    before = repository.versions()
    plain = tmp_path / "records.tar"
    with tarfile.open(plain, "w") as archive:
        for each in sorted(records.iterdir()):
            add_to_tar(archive, each.name, each.read_bytes())
    for suffix in (".tar", ".tar.gz", ".tar.zst"):
        path = tmp_path / f"again{suffix}"
        path.write_bytes(compressed(plain.read_bytes(), suffix))
        counts = repository.take_in(path).counts
        assert (counts.duplicate, counts.total) == (_RECORDS, _RECORDS)
    assert repository.versions() == before


def test_another_province_cannot_bring_these_records(
    repository: _Repository, records: Path
) -> None:
    batch = repository.take_in(records, masogd="99")
    assert batch.counts.rejected == batch.counts.total == _RECORDS
    assert {each.findings[-1].code for each in repository.items(batch)} == {"HB-I030"}
    assert repository.versions() == ()


def test_without_trust_nothing_is_accepted(records: Path, tmp_path: Path) -> None:
    home = Home.create(tmp_path / "kho", trust=None, roster=None)
    with home.open_index() as index:
        batch = home.ingest(index, home.open_store()).take_in(records, sender="cli", masogd=None)
    assert batch.counts.rejected == batch.counts.total == _RECORDS


def _deferred_then_accepted(repository: _Repository, records: Path, kept: Path) -> None:
    crls = repository.home.trust_folder / "crls"
    root = next(crls.glob("root.crl"))
    root.rename(kept)  # the authorities' own certificates may have been revoked: nobody knows
    waiting = repository.take_in(records)
    assert waiting.state is BatchState.PAUSED
    assert waiting.failure is not None
    assert waiting.failure.code == "HB-I047"
    assert (waiting.counts.deferred, waiting.counts.total) == (_RECORDS, _RECORDS)
    assert repository.versions() == ()
    for item in repository.items(waiting):
        assert item.outcome is Outcome.DEFERRED
        assert "HB-S060" in {each.code for each in item.findings}
    still = repository.take_in(records)
    assert (still.id, still.state, still.counts) == (
        waiting.id,
        BatchState.PAUSED,
        waiting.counts,
    )
    kept.rename(root)
    done = repository.take_in(records)
    assert (done.id, done.state) == (waiting.id, BatchState.DONE)
    assert (done.counts.accepted, done.counts.total) == (_RECORDS, _RECORDS)
    assert len(repository.versions()) == len(repository.items(done)) == _RECORDS
    assert repository.take_in(records).counts.duplicate == _RECORDS


def test_records_wait_for_revocation_data_and_are_accepted_once_when_it_is_there(
    repository: _Repository, records: Path, tmp_path: Path
) -> None:
    _deferred_then_accepted(repository, records, tmp_path / "root.crl")


@pytest.mark.postgresql
@pytest.mark.s3
def test_records_wait_for_revocation_data_on_servers_too(
    servers: Deploy, province: SampleSummary, records: Path, tmp_path: Path
) -> None:
    with servers(tmp_path) as deployment:
        urls = {"index_url": deployment.index_url, "store_url": deployment.store_url}
        with _repository(tmp_path / "other", province, **urls) as other:
            _deferred_then_accepted(other, records, tmp_path / "root.crl")


def test_of_a_mixed_batch_only_what_waits_is_examined_again(
    repository: _Repository, province: SampleSummary, tmp_path: Path
) -> None:
    crls = repository.home.trust_folder / "crls"
    one = crls / "person-ec.crl"
    one.rename(tmp_path / one.name)
    first = repository.take_in(province.out / "batch.zip")
    assert first.state is BatchState.PAUSED
    assert 0 < first.counts.deferred < first.counts.total
    decided = {
        each.position: each
        for each in repository.items(first)
        if each.outcome is not Outcome.DEFERRED
    }
    (tmp_path / one.name).rename(one)
    done = repository.take_in(province.out / "batch.zip")
    assert done.state is BatchState.DONE
    assert done.counts.deferred == 0
    assert done.counts.total == first.counts.total == len(repository.items(done))
    after = {each.position: each for each in repository.items(done)}
    assert all(after[position] == item for position, item in decided.items())


def _content(repository: _Repository, batch: Batch) -> dict[str, Any]:
    """Everything that must not depend on where it is kept."""
    ours = ("version_id", "batch", "accepted_at")  # ids and times of this repository
    versions = [values_of(each) for each in repository.versions()]
    with repository.index.reading() as tx:
        statistics = (tx.statistics.totals(), tx.statistics.records(), tx.statistics.schools().rows)
        audit = tx.audit.events(limit=1000).rows
    return {
        "versions": [
            {name: value for name, value in each.items() if name not in ours} for each in versions
        ],
        "records": [
            [replace(history.record, accepted_at=None) for history in timeline.records]
            for timeline in repository.timelines()
        ],
        "items": [values_of(each) | {"batch": None} for each in repository.items(batch)],
        "counts": batch.counts,
        "statistics": statistics,
        "audit": [(each.action, each.madinhdanhhocba, each.phienban) for each in audit],
        "documents": [repository.document(each) for each in repository.versions()],
    }


@pytest.mark.postgresql
@pytest.mark.s3
def test_embedded_and_on_servers_the_content_is_the_same(
    repository: _Repository, servers: Deploy, province: SampleSummary, tmp_path: Path
) -> None:
    here = _content(repository, repository.take_in(province.out / "batch.zip"))
    with servers(tmp_path) as deployment:
        urls = {"index_url": deployment.index_url, "store_url": deployment.store_url}
        with _repository(tmp_path / "other", province, **urls) as other:
            there = _content(other, other.take_in(province.out / "batch.zip"))
    assert here == there
    assert len(here["documents"]) >= _RECORDS
