"""Submissions over lines that are cut, from clients and to servers that are killed."""

import os
import subprocess
import time
from hashlib import sha256

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from hocba.ingest.source import open_source
from hocba.submit.connection import Connection, Patience, connect
from hocba.submit.sending import SendLimits
from hocba.submit.state import open_state
from hocba.submit.submission import Submission
from hocba.submit.uploading import PartSizes
from schemas.registry import DefinitionRegistry
from tests.support.command import HOCBA, environment, run
from tests.support.cut_line import Line, carried

SMALL = SendLimits(line=PartSizes(first=400_000, least=64 * 1024, most=800_000))


@pytest.fixture
def line(kept):
    """A line to the server; tests say where it is cut."""
    return Line(("127.0.0.1", kept.served.port))


class Patches:
    """What went over the line in PATCH requests, by whether the server took it."""

    def __init__(self):
        self.taken = []

    def __call__(self, answer):
        request = answer.request
        if request.method == "PATCH" and answer.is_success:
            start = int(request.headers["upload-offset"])
            self.taken.append((start, start + int(request.headers["content-length"])))


def submitted(kept, url, source, folder, *, seen=None):
    """Submit without the command; gives what came of it and the outcomes."""
    client = connect(url, kept.token)
    if seen is not None:
        client.event_hooks["response"].append(seen)
    with (
        Connection(
            server=url,
            client=client,
            patience=Patience(seconds=600, first_pause=0.5),
            sleep=lambda seconds: time.sleep(seconds / 10),
        ) as connection,
        open_state(folder, url, open_source(source).fingerprint()) as state,
    ):
        submission = Submission(
            connection=connection,
            source=open_source(source),
            state=state,
            definitions=DefinitionRegistry.load(),
            folder=folder,
            limits=SMALL,
        )
        submission.send()
        final, _ = submission.await_outcomes()
        told = list(submission.outcomes())
        promises = submission.receipts(None, None)
        return submission.summary(final=final, promises=promises), told


def assert_identical(kept, batch, size):
    """The server worked exactly the bytes that were packed: the key names their digest."""
    with kept.home.open_index() as index, index.reading() as tx:
        row = tx.batches.find(batch)
    assert row.fingerprint.removeprefix("sha256:")[:40] == row.idempotency_key.split("-")[1]
    assert size > 0


def test_a_line_that_is_cut_ten_times_changes_no_byte(kept, heavy, line, tmp_path):
    line.cuts = [300_000 * number for number in range(1, 11)]
    patches = Patches()
    with carried(line) as url:
        result, told = submitted(kept, url, heavy, tmp_path / "state", seen=patches)
    assert line.done == 10
    assert result.final
    assert result.outcomes == {"accepted": 12, "unreadable": 3}
    assert result.promises.verified == 12
    assert not result.promises.faulty
    sent = {each.file: each.sha256 for each in told}
    assert sent == {each.name: sha256(each.read_bytes()).hexdigest() for each in heavy.iterdir()}
    # No byte that the server had went over the line again: what it took lies side by side.
    starts, ends = zip(*patches.taken, strict=True)
    assert starts[0] == 0
    assert starts[1:] == ends[:-1]
    assert_identical(kept, result.batches[0], ends[-1])


def test_a_foreign_client_comes_through_ten_cuts(kept, line, tmp_path):
    path = tmp_path / "random.tar"
    path.write_bytes(os.urandom(3_000_000))
    line.cuts = [250_000 * number for number in range(1, 11)]
    with carried(line) as url:
        client = TusClient(f"{url}/v1/uploads", headers={"Authorization": f"Bearer {kept.token}"})
        uploader = client.uploader(str(path), chunk_size=100_000)
        uploader.set_url(uploader.create_url())
        for _ in range(200):
            try:
                uploader.offset = uploader.get_offset()
                uploader.upload()
                break
            except (TusCommunicationError, OSError):
                time.sleep(0.05)
    assert line.done == 10
    batch = uploader.url.rpartition("/")[2]
    with kept.home.open_index() as index, index.reading() as tx:
        row = tx.batches.find(batch)
    assert row.fingerprint == f"sha256:{sha256(path.read_bytes()).hexdigest()}"


def test_a_server_that_is_killed_goes_on_where_it_was(kept, heavy, line, tmp_path):
    line.cuts = [700_000, 1_600_000]

    def die(_number):
        kept.served.kill()
        kept.served.start()

    line.at_cut = die
    with carried(line) as url:
        result, _ = submitted(kept, url, heavy, tmp_path / "state")
    assert line.done == 2
    assert result.outcomes == {"accepted": 12, "unreadable": 3}
    assert result.promises.verified == 12
    assert len(result.batches) == 1
    assert_identical(kept, result.batches[0], 1)


def test_a_command_that_is_killed_goes_on_with_the_next_run(kept, heavy, line, tmp_path):
    line.rate = 1_500_000
    environ = environment(HOCBA_TOKEN=kept.token)
    with carried(line) as url:
        arguments = ("submit", str(heavy), "--server", url, "--state", str(tmp_path / "state"))
        killed = subprocess.Popen(
            [*HOCBA, *arguments], env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        deadline = time.monotonic() + 120
        while line.sent < 200_000:  # the first part, which is larger than that, is on its way
            assert killed.poll() is None, killed.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        killed.kill()
        killed.communicate()
        line.rate = None
        ran = run(
            *arguments,
            *("--format", "json", "--receipts", tmp_path / "r.jsonl"),
            env={"HOCBA_TOKEN": kept.token},
        )
    assert ran.code == 1, ran.said
    assert ran.json["outcomes"] == {"accepted": 12, "unreadable": 3}
    assert ran.json["receipts"] == 12
    assert len((tmp_path / "r.jsonl").read_text("utf-8").splitlines()) == 12
    with kept.home.open_index() as index, index.reading() as tx:
        assert len(tx.batches.page().rows) == 1
        assert tx.statistics.totals().versions == 12
    assert len(list((kept.home.path / "uploads").iterdir())) == 1  # what the killed one began
    assert not list((tmp_path / "state").glob("*/submission.sqlite3"))


def test_what_was_refused_before_is_sent_once_more(kept, records, tmp_path):
    (records / "khong-phai-xml.xml").write_bytes(b"?")
    url = kept.served.url
    sent = []
    for attempt in range(3):
        result, _ = submitted(kept, url, records, tmp_path / f"state-{attempt}")
        sent.append((result.known, result.sent, result.promises.verified))
    assert sent == [(0, 13, 12), (12, 1, 12), (12, 1, 12)]
    with kept.home.open_index() as index, index.reading() as tx:
        keys = [each.idempotency_key for each in tx.batches.page().rows]
        assert tx.statistics.totals().versions == 12
    assert len(keys) == 3
    assert keys[0] == f"{keys[1]}-2"  # the same bytes, and their first batch was worked
