"""`hocba batch`: seeing batches and giving orders about them, on the command line."""

from pathlib import Path

import pytest

from hocba.home import Home
from hocba.index.rows import BatchState
from tests.support.command import call


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A repository with one batch that waits, of three files."""
    made = Home.create(tmp_path / "kho", trust=None, roster=None)
    (tmp_path / "lô").mkdir()
    for number in range(3):
        (tmp_path / "lô" / f"{number}.xml").write_bytes(b"no record")
    with made.open_index() as index:
        ingest = made.ingest(index, made.open_store())
        ingest.register(tmp_path / "lô", sender="cli", masogd=None)
    return made


def _the_batch(home: Home) -> str:
    with home.open_index() as index, index.reading() as tx:
        [batch] = tx.batches.page().rows
    return batch.id


def test_batches_are_listed_with_their_state(home: Home) -> None:
    ran = call("batch", "list", "--home", home.path)
    assert ran.code == 0
    heading, row = ran.said.splitlines()
    assert heading.startswith("Số của lô")
    assert row.startswith(_the_batch(home))
    assert "chờ xử lý" in row
    assert call("batch", "list", "--state", "done", "--home", home.path).said.startswith(
        "Kho chưa có lô nào như vậy."
    )
    english = call("batch", "list", "--home", home.path, "--lang", "en")
    assert "received" in english.said


def test_a_list_says_that_there_are_more(home: Home, tmp_path: Path) -> None:
    (tmp_path / "khác.xml").write_bytes(b"no record either")
    with home.open_index() as index:
        home.ingest(index, home.open_store()).register(
            tmp_path / "khác.xml", sender="cli", masogd=None
        )
    ran = call("batch", "list", "--limit", "1", "--home", home.path)
    assert "Chỉ hiện 1 lô mới nhất" in ran.said


def test_a_batch_is_paused_resumed_worked_and_refuses_orders_afterwards(
    home: Home, tmp_path: Path
) -> None:
    batch = _the_batch(home)
    paused = call("batch", "pause", batch, "--home", home.path)
    assert (paused.code, paused.said.strip()) == (0, f"Lô {batch} đang tạm dừng theo yêu cầu.")
    again = call("ingest", tmp_path / "lô", "--home", home.path, "--jobs", "1")
    assert f"hocba batch resume {batch}" in again.said
    assert again.code == 3
    shown = call("batch", "show", batch, "--home", home.path)
    assert "HB-I210" in shown.said
    assert "Đã xử lý 0 tệp" in shown.said
    assert call("batch", "resume", batch, "--home", home.path).code == 0
    call("ingest", tmp_path / "lô", "--home", home.path, "--jobs", "1")
    done = call("batch", "show", batch, "--home", home.path)
    assert f"Lô {batch} đã xử lý xong." in done.said
    assert "không đọc được 3" in done.said
    refused = call("batch", "cancel", batch, "--home", home.path)
    assert refused.code == 2
    assert "Không thực hiện được lệnh huỷ: lô đang ở trạng thái đã xong." in refused.err


def test_a_batch_is_cancelled_for_good(home: Home) -> None:
    batch = _the_batch(home)
    ran = call("batch", "cancel", batch, "--home", home.path, "--format", "json")
    assert (ran.json["state"], ran.json["failure"]["code"]) == ("cancelled", "HB-I211")
    with home.open_index() as index, index.reading() as tx:
        found = tx.batches.find(batch)
    assert found is not None
    assert found.state is BatchState.CANCELLED


@pytest.mark.parametrize("order", ["show", "pause", "resume", "cancel"])
def test_a_batch_that_is_not_there_is_named(home: Home, order: str) -> None:
    ran = call("batch", order, "nowhere", "--home", home.path)
    assert ran.code == 2
    assert "Không có lô nào mang số nowhere." in ran.err


def test_watching_is_for_terminals(home: Home) -> None:
    ran = call("batch", "show", _the_batch(home), "--watch", "--home", home.path)
    assert ran.code == 2
    assert "--watch" in ran.err
