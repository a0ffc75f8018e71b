"""Batches over HTTP: sent, worked in the background, watched, read out."""

import csv
import io
import json
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from hocba.errors import IndexUnavailable
from hocba.examine import Judgement
from hocba.index.batches import Batches
from hocba.index.engine import sqlite_url
from hocba.index.index import Index
from hocba.index.rows import Batch, BatchState, NewBatch, TokenKind
from hocba.web.spool import Spool
from hocba.web.worker import _unfinished
from schemas.findings import finding
from tests.support.archives import compressed, tar_bytes, write_zip
from tests.support.stand_in import MemoryStore, document
from tests.support.web import Site, issue, served, stand_in_repository

SECOND_FILE = b'--x\r\nContent-Disposition: form-data; filename="b"\r\n\r\n2\r\n--x--\r\n'


def zip_of(tmp_path: Path, *documents: bytes) -> bytes:
    entries = {f"học bạ {number}.xml": data for number, data in enumerate(documents, 1)}
    return write_zip(tmp_path / "b.zip", entries).read_bytes()


def finished(client: httpx.Client, batch: str, states: tuple[str, ...] = ("done", "failed")):
    """The batch once it came to one of these states."""
    deadline = time.monotonic() + 30
    while True:
        body = client.get(f"/v1/batches/{batch}").json()
        if body["state"] in states:
            return body
        assert time.monotonic() < deadline, body
        time.sleep(0.02)


@pytest.fixture
def sender(site: Site):
    with site.client(site.token(TokenKind.PROVINCE, masogd="15")) as client:
        yield client


def test_a_zip_is_taken_worked_and_read_out(site, sender, tmp_path):
    archive = zip_of(tmp_path, document(1), document(2), b"no record", document(3, masogd="79"))
    answer = sender.post(
        "/v1/batches", content=archive, headers={"Content-Type": "application/zip"}
    )
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/batches/{answer.json()['id']}"
    done = finished(sender, answer.json()["id"])
    counts = {name: done[name] for name in ("total", "accepted", "rejected", "unreadable")}
    assert counts == {"total": 4, "accepted": 2, "rejected": 1, "unreadable": 1}
    items = sender.get(f"{answer.headers['location']}/items").json()
    assert [each["outcome"] for each in items["items"]] == [
        "accepted",
        "accepted",
        "unreadable",
        "rejected",
    ]
    assert items["next"] is None
    assert items["items"][3]["findings"][0]["code"] == "HB-I030"


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tar.zst"])
def test_tars_are_taken(sender, suffix):
    data = compressed(tar_bytes({"a.xml": document(1)}), suffix)
    answer = sender.post("/v1/batches", content=data)
    assert finished(sender, answer.json()["id"])["accepted"] == 1


def test_one_document_is_a_batch_with_the_name_that_it_was_sent_with(sender):
    files = {"file": ("học bạ của Ánh.xml", document(1), "application/xml")}
    answer = sender.post("/v1/batches", files=files)
    assert answer.json()["source"] == "học bạ của Ánh.xml"
    body = finished(sender, answer.json()["id"])
    assert body["accepted"] == 1
    (item,) = sender.get(f"/v1/batches/{body['id']}/items").json()["items"]
    assert item["file"] == "học bạ của Ánh.xml"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\b.xml", "b.xml"),
        (".part", "part"),
        ("...", "batch"),
        ("x" * 500 + ".xml", "x" * 56 + ".xml"),
        ("a\u202egpj.exe", "a_gpj.exe"),
    ],
)
def test_a_sent_name_cannot_lead_out_of_the_spool(site, sender, name, kept):
    data = document(1)
    form = (
        b'--b\r\nContent-Disposition: form-data; name=file; filename="'
        + name.replace("\\", "\\\\").encode()
        + b'"\r\n\r\n'
        + data
        + b"\r\n--b--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = sender.post("/v1/batches", content=form, headers=headers)
    assert answer.json()["source"] == kept
    assert finished(sender, answer.json()["id"])["accepted"] == 1


def test_nothing_is_left_in_the_spool_once_a_batch_is_final(site, sender, tmp_path):
    answer = sender.post("/v1/batches", content=zip_of(tmp_path, document(1)))
    finished(sender, answer.json()["id"])
    deadline = time.monotonic() + 10
    while any(each.is_dir() for each in site.repository.spool.folder.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_batch_is_in_the_trail(site, sender, tmp_path):
    answer = sender.post("/v1/batches", content=zip_of(tmp_path, document(1)))
    batch = finished(sender, answer.json()["id"])["id"]
    sender.get(f"/v1/batches/{batch}/items")
    sender.get(f"/v1/batches/{batch}/report.csv")
    actions = [each.action for each in site.trail() if each.batch == batch]
    assert actions[0] == "batch.received"
    assert actions[-2:] == ["batch.items.read", "batch.report.read"]


# ---------------------------------------------------------------- the same upload twice


def test_the_same_key_and_body_give_the_same_batch(site, sender, tmp_path):
    archive = zip_of(tmp_path, document(1))
    first = sender.post("/v1/batches", content=archive, headers={"Idempotency-Key": "k-1"})
    finished(sender, first.json()["id"])
    again = sender.post("/v1/batches", content=archive, headers={"Idempotency-Key": '"k-1"'})
    assert again.status_code == 202
    assert again.headers["location"] == first.headers["location"]
    assert len(sender.get("/v1/batches").json()["items"]) == 1


def test_the_same_key_with_another_body_is_refused(sender, tmp_path):
    key = {"Idempotency-Key": "k-1"}
    sender.post("/v1/batches", content=zip_of(tmp_path, document(1)), headers=key)
    answer = sender.post("/v1/batches", content=zip_of(tmp_path, document(2)), headers=key)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:hocba:problem:idempotency-key-reused"
    assert len(sender.get("/v1/batches").json()["items"]) == 1


@pytest.mark.parametrize(
    "index_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
def test_the_same_key_sent_many_times_at_once_gives_one_batch(index, tmp_path, no_trust):
    archive = zip_of(tmp_path, document(1))
    with served(stand_in_repository(index, tmp_path, no_trust)) as site:
        token = site.token(TokenKind.OPERATOR)

        def send(_: int) -> str:
            with site.client(token, headers={"Idempotency-Key": "k-1"}) as client:
                answer = client.post("/v1/batches", content=archive)
                assert answer.status_code == 202, answer.text
                return str(answer.json()["id"])

        with ThreadPoolExecutor(8) as pool:
            batches = set(pool.map(send, range(16)))
        assert len(batches) == 1
        with site.client(token) as client:
            assert finished(client, batches.pop())["accepted"] == 1
            assert len(client.get("/v1/batches").json()["items"]) == 1


def test_of_two_uploads_with_one_key_the_slower_gets_the_batch_of_the_faster(
    site, sender, tmp_path, monkeypatch
):
    """The race, held still: the slower one looks before the faster one has written."""
    archive, key = zip_of(tmp_path, document(1)), {"Idempotency-Key": "k-1"}
    first = sender.post("/v1/batches", content=archive, headers=key).json()["id"]
    look, looks = Batches.find_by_idempotency_key, []

    def too_early(self: Batches, *names: str) -> Batch | None:
        looks.append(names)
        return None if len(looks) == 1 else look(self, *names)

    monkeypatch.setattr(Batches, "find_by_idempotency_key", too_early)
    second = sender.post("/v1/batches", content=archive, headers=key)
    assert (second.status_code, second.json()["id"]) == (202, first)
    assert len(looks) == 2


def test_a_key_is_the_senders_own(site, sender, tmp_path):
    archive, key = zip_of(tmp_path, document(1)), {"Idempotency-Key": "k-1"}
    first = sender.post("/v1/batches", content=archive, headers=key)
    with site.client(site.token(TokenKind.PROVINCE, masogd="15")) as other:
        second = other.post("/v1/batches", content=archive, headers=key)
    assert first.json()["id"] != second.json()["id"]


def test_without_a_key_the_same_body_is_a_new_batch_of_duplicates(sender, tmp_path):
    archive = zip_of(tmp_path, document(1))
    first = finished(sender, sender.post("/v1/batches", content=archive).json()["id"])
    second = finished(sender, sender.post("/v1/batches", content=archive).json()["id"])
    assert (first["accepted"], second["duplicate"]) == (1, 1)


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 500, 'a"b', "\x7f"])
def test_a_key_that_is_none_is_refused(sender, key):
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = sender.post("/v1/batches", content=document(1), headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["name"] == "idempotency-key"


# ---------------------------------------------------------------- bad uploads


def problem(answer: httpx.Response, status: int, name: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:hocba:problem:{name}"
    return body


def test_nothing_is_not_a_batch(site, sender):
    problem(sender.post("/v1/batches"), 422, "nothing-sent")
    form = {"file": ("", b"", "application/xml")}
    problem(sender.post("/v1/batches", files=form), 422, "nothing-sent")
    assert [each for each in site.repository.spool.folder.iterdir() if each.is_dir()] == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": "text/html"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "é/é".encode()},
        {"Content-Encoding": "gzip"},
    ],
)
def test_another_media_type_is_refused(sender, headers):
    answer = sender.post("/v1/batches", content=document(1), headers=headers)
    problem(answer, 415, "unsupported-media-type")
    assert "application/zip" in answer.headers["accept"]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; filename="a"\r\n\r\ncut',
        ),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; filename="a"\r\n\r\n1\r\n' + SECOND_FILE,
        ),
        ("multipart/form-data; boundary=" + "x" * 5000, b""),
    ],
    ids=["no boundary", "empty boundary", "other boundary", "cut off", "two files", "long"],
)
def test_a_broken_form_is_refused(sender, content_type, body):
    headers = {"Content-Type": content_type}
    problem(sender.post("/v1/batches", content=body, headers=headers), 400, "bad-request")


def test_fields_beside_the_file_are_let_pass(sender):
    files = {"file": ("a.xml", document(1))}
    answer = sender.post("/v1/batches", data={"note": "x"}, files=files)
    assert finished(sender, answer.json()["id"])["accepted"] == 1


def test_an_archive_of_a_kind_that_is_not_read_fails_with_its_reason(sender):
    answer = sender.post("/v1/batches", content=b"7z\xbc\xaf\x27\x1c" + bytes(100))
    body = finished(sender, answer.json()["id"])
    assert body["state"] == "failed"
    assert body["failure"]["code"] == "HB-I016"
    assert "7z" in body["failure"]["message"]


def test_an_archive_that_holds_nothing_fails_with_its_reason(sender, tmp_path):
    answer = sender.post("/v1/batches", content=write_zip(tmp_path / "e.zip", {}).read_bytes())
    body = finished(sender, answer.json()["id"])
    assert body["state"] == "failed"
    assert body["failure"]["code"] == "HB-I002"


@pytest.fixture
def small(sqlite_index: Index, tmp_path: Path, no_trust: Judgement):
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust)
    with served(repository, max_batch_bytes=1000) as site:
        yield site


def test_too_much_is_refused_by_its_declared_size_before_a_byte_is_read(small):
    with small.client(small.token(TokenKind.OPERATOR)) as client:
        body = problem(client.post("/v1/batches", content=bytes(1001)), 413, "too-large")
        assert body["limit"] == 1000
        problem(client.post("/v1/batches", files={"file": ("a", bytes(70_000))}), 413, "too-large")


def test_too_much_is_refused_whatever_was_declared(small):
    def endless():
        for _ in range(100):
            yield bytes(100)

    with small.client(small.token(TokenKind.OPERATOR)) as client:
        problem(client.post("/v1/batches", content=endless()), 413, "too-large")
        answer = client.post("/v1/batches", files={"file": ("a", bytes(1001))})
        problem(answer, 413, "too-large")
    folders = [each for each in small.repository.spool.folder.iterdir() if each.is_dir()]
    assert folders == []


def test_a_form_of_fields_without_end_is_cut_off(small):
    def endless():
        yield b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'
        for _ in range(100):
            yield bytes(1000)

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with small.client(small.token(TokenKind.OPERATOR)) as client:
        answer = client.post("/v1/batches", content=endless(), headers=headers)
        problem(answer, 413, "too-large")


def test_a_full_disk_is_said_and_nothing_is_kept(site, sender, monkeypatch):
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hocba.web.spool.Draft._flush", full)
    problem(sender.post("/v1/batches", content=document(1)), 507, "insufficient-storage")
    monkeypatch.undo()
    assert [each for each in site.repository.spool.folder.iterdir() if each.is_dir()] == []
    assert sender.get("/v1/batches").json()["items"] == []


def test_a_spool_that_cannot_be_made_is_said(site, sender):
    site.repository.spool.folder.rename(site.repository.spool.folder.with_name("gone"))
    site.repository.spool.folder.write_bytes(b"in the way")
    problem(sender.post("/v1/batches", content=document(1)), 507, "insufficient-storage")


def test_a_client_that_goes_away_leaves_nothing(site):
    token = site.token(TokenKind.OPERATOR)
    host, port = site.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.sendall(
            f"POST /v1/batches HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            "Content-Length: 100000\r\n\r\nabc".encode()
        )
        folder = site.repository.spool.folder
        deadline = time.monotonic() + 10
        while not any(each.is_dir() for each in folder.iterdir()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    while any(each.is_dir() for each in folder.iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    with site.client(token) as client:
        assert client.get("/v1/batches").json()["items"] == []


# ---------------------------------------------------------------- whose batch


def test_a_repository_of_one_province_takes_nothing_from_another(sqlite_index, tmp_path, no_trust):
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust, masogd="15")
    with served(repository) as site:
        other = site.token(TokenKind.PROVINCE, masogd="79")
        with site.client(other) as client:
            problem(client.post("/v1/batches", content=document(1)), 403, "forbidden")
        with site.client(site.token(TokenKind.OPERATOR)) as client:
            answer = client.post("/v1/batches", content=document(1, masogd="79"))
            assert finished(client, answer.json()["id"])["rejected"] == 1


def test_an_operator_sends_records_of_any_province(site):
    with site.client(site.token(TokenKind.OPERATOR)) as client:
        answer = client.post("/v1/batches", content=document(1, masogd="79"))
        assert finished(client, answer.json()["id"])["accepted"] == 1


# ---------------------------------------------------------------- pages


def test_pages_of_batches_and_items_hold_everything_once(site, sender, tmp_path):
    for number in range(5):
        answer = sender.post("/v1/batches", content=zip_of(tmp_path, document(number)))
        finished(sender, answer.json()["id"])
    assert len(set(walk(sender, "/v1/batches?limit=2", "id"))) == 5
    many = zip_of(tmp_path, *(document(number) for number in range(7)), b"x")
    batch = finished(sender, sender.post("/v1/batches", content=many).json()["id"])["id"]
    assert walk(sender, f"/v1/batches/{batch}/items?limit=3", "position") == list(range(1, 9))
    only = f"/v1/batches/{batch}/items?limit=3&outcome=duplicate"
    assert walk(sender, only, "position") == [1, 2, 3, 4, 5]
    assert walk(sender, f"/v1/batches/{batch}/items?outcome=unreadable", "position") == [8]


def walk(client: httpx.Client, url: str | None, name: str) -> list[Any]:
    """A member of every item, page by page."""
    found: list[Any] = []
    while url is not None:
        answer = client.get(url)
        assert answer.status_code == 200, answer.text
        found += [each[name] for each in answer.json()["items"]]
        url = answer.json()["next"]
    return found


# ---------------------------------------------------------------- the report


def test_the_report_is_a_table_in_the_language_asked_for(sender, tmp_path):
    archive = write_zip(tmp_path / "f.zip", {"=1+2.xml": b"no record", "b.xml": document(1)})
    batch = finished(sender, sender.post("/v1/batches", content=archive.read_bytes()).json()["id"])
    url = f"/v1/batches/{batch['id']}/report.csv"
    answer = sender.get(url)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(each["file"], each["outcome"]) for each in rows] == [
        ("'=1+2.xml", "unreadable"),
        ("b.xml", "accepted"),
    ]
    assert "trống" in rows[0]["message"]
    english = sender.get(url, params={"lang": "en"}).content.decode()
    assert "empty" in english
    assert "empty" in sender.get(url, headers={"Accept-Language": "en"}).content.decode()
    accepted = sender.get(url, params={"outcome": "accepted"}).content.decode()
    assert "=1+2" not in accepted


def test_one_mistake_of_a_batch_is_one_group(sender, tmp_path):
    files = {f"{number:02}.xml": b"no record" for number in range(12)}
    archive = write_zip(tmp_path / "m.zip", {**files, "b.xml": document(1)})
    batch = finished(sender, sender.post("/v1/batches", content=archive.read_bytes()).json()["id"])
    url = f"/v1/batches/{batch['id']}/summary"
    summary = sender.get(url).json()
    assert summary["documents"] == 13
    assert summary["outcomes"] == {"accepted": 1, "unreadable": 12}
    (group,) = summary["groups"]
    assert (group["count"], group["files"]) == (12, 12)
    assert [each["file"] for each in group["examples"]] == ["00.xml", "01.xml", "02.xml"]
    assert group["mend"].startswith("Hãy ")
    assert sender.get(url, params={"lang": "en"}).json()["groups"][0]["mend"].startswith("Export")
    table = sender.get(f"{url}.csv")
    assert table.headers["content-type"].startswith("text/csv")
    assert table.content.startswith(b"\xef\xbb\xbf")
    (row,) = csv.DictReader(io.StringIO(table.content.decode("utf-8-sig")))
    assert row["files"] == "12"


def test_a_batch_comes_as_a_workbook(sender, tmp_path):
    archive = write_zip(tmp_path / "x.zip", {"=1+2.xml": b"no record", "b.xml": document(1)})
    batch = finished(sender, sender.post("/v1/batches", content=archive.read_bytes()).json()["id"])
    answer = sender.get(f"/v1/batches/{batch['id']}/report.xlsx", params={"lang": "en"})
    assert answer.headers["content-type"].endswith("spreadsheetml.sheet")
    assert "attachment" in answer.headers["content-disposition"]
    assert int(answer.headers["content-length"]) == len(answer.content)
    book = load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["Summary", "Details", "Guide"]
    assert book["Details"]["A2"].value == "=1+2.xml"
    assert book["Details"]["A2"].data_type == "s"


# ---------------------------------------------------------------- the worker


def wait_for(site: Site, batch: str, *states: BatchState):
    deadline = time.monotonic() + 30
    while True:
        with site.repository.index.reading() as tx:
            found = tx.batches.find(batch)
        assert found is not None
        if found.state in states:
            return found
        assert time.monotonic() < deadline, found.state
        time.sleep(0.01)


def test_what_a_stopped_server_left_is_worked_at_the_next_start(sqlite_index, tmp_path, no_trust):
    url = sqlite_url(tmp_path / "index.sqlite3")
    store = MemoryStore()

    def repository(index: Index, delay: float):
        return stand_in_repository(index, tmp_path, no_trust, store=store, chunk=1, delay=delay)

    archive = zip_of(tmp_path, *(document(number) for number in range(12)))
    with served(repository(sqlite_index, 0.05)) as site:
        token = issue(site.repository.index, TokenKind.OPERATOR)
        with site.client(token) as client:
            batch = client.post("/v1/batches", content=archive).json()["id"]
            while not client.get(f"/v1/batches/{batch}").json()["accepted"]:
                time.sleep(0.01)
    with Index.open(url) as index, index.reading() as tx:
        stopped = tx.batches.find(batch)
    assert stopped is not None
    assert stopped.state is BatchState.PAUSED
    assert stopped.failure is not None
    assert stopped.failure.code == "HB-I045"
    assert 0 < stopped.counts.accepted < 12
    with served(repository(Index.open(url), 0)) as site, site.client(token) as client:
        assert finished(client, batch)["accepted"] == 12
    assert sum(len(each) for each in store.objects.values()) == 12


def test_a_batch_goes_on_by_itself_when_the_store_is_back(sqlite_index, tmp_path, no_trust):
    store = MemoryStore(fail=1)
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust, store=store)
    with (
        served(repository, retry_batches_after=timedelta(milliseconds=50)) as site,
        site.client(site.token(TokenKind.OPERATOR)) as client,
    ):
        answer = client.post("/v1/batches", content=document(1))
        assert finished(client, answer.json()["id"])["accepted"] == 1
    actions = {each.action for each in _trail(tmp_path)}
    assert "batch.paused" in actions


def _trail(tmp_path: Path):
    with Index.open(sqlite_url(tmp_path / "index.sqlite3")) as index, index.reading() as tx:
        return tx.audit.events(limit=1000).rows


def test_two_servers_on_one_home_do_not_work_the_same_spool(sqlite_index, tmp_path, no_trust):
    store = MemoryStore()
    first = stand_in_repository(sqlite_index, tmp_path, no_trust, store=store, chunk=1, delay=0.05)
    other_index = Index.open(sqlite_url(tmp_path / "index.sqlite3"))
    second = stand_in_repository(other_index, tmp_path, no_trust, store=store)
    archive = zip_of(tmp_path, *(document(number) for number in range(6)))
    with served(first) as one, served(second) as two:
        token = one.token(TokenKind.OPERATOR)
        with one.client(token) as client, two.client(token) as beside:
            batch = client.post("/v1/batches", content=archive).json()["id"]
            finished(client, batch, ("running", "done"))
            two.app.state.worker.wake()
            other = beside.post("/v1/batches", content=document(9)).json()["id"]
            assert finished(client, batch)["accepted"] == 6
            one.app.state.worker.wake()
            assert finished(beside, other)["accepted"] == 1
    started = [each.batch for each in _trail(tmp_path) if each.action == "batch.started"]
    assert started.count(batch) == 1


def test_a_fault_in_one_batch_does_not_end_the_worker(site, sender, monkeypatch, caplog):
    def broken(*_: object) -> None:
        raise RuntimeError("personal data")

    with monkeypatch.context() as patched:
        patched.setattr("hocba.ingest.pipeline.Ingest.work", broken)
        answer = sender.post("/v1/batches", content=document(1))
        deadline = time.monotonic() + 10
        while "incident" not in caplog.text:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    assert "personal data" not in caplog.text
    site.app.state.worker.wake()
    assert finished(sender, answer.json()["id"])["accepted"] == 1


def test_the_worker_waits_while_the_index_is_away(site, sender, monkeypatch, caplog):
    def away(*_: object) -> None:
        raise IndexUnavailable(finding("HB-I102", reason="away"))

    with monkeypatch.context() as patched:
        patched.setattr("hocba.ingest.pipeline.Ingest.work", away)
        answer = sender.post("/v1/batches", content=document(1))
        deadline = time.monotonic() + 10
        while "batches wait: HB-I102" not in caplog.text:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    site.app.state.worker.wake()
    assert finished(sender, answer.json()["id"])["accepted"] == 1


def test_batches_of_others_are_left_alone_and_all_waiting_ones_are_found(site, monkeypatch):
    site.app.state.worker.stop()
    spool = site.repository.spool
    with site.repository.index.transaction() as tx:
        for number in range(12):
            sent = number < 5
            name = f"sent-{number}" if sent else f"cli-{number}"
            tx.batches.create(
                NewBatch(
                    id=name,
                    source="lô",
                    fingerprint=f"sha256:{number}",
                    sender="cli",
                    masogd=None,
                    created_at=site.repository.clock(),
                    location="/elsewhere/lô.zip",
                )
            )
            if sent:
                (spool.folder / name).mkdir()
                (spool.folder / name / "lô.zip").write_bytes(b"")
    (spool.folder / "coming").mkdir()
    (spool.folder / "coming" / ".part").write_bytes(b"")
    assert spool.find("coming") is None
    monkeypatch.setattr("hocba.web.worker._PAGE", 3)
    found = [each.id for each in _unfinished(site.repository)]
    assert found == [f"sent-{number}" for number in range(5)]


def test_the_spool_forgets_what_nobody_finished_sending(tmp_path):
    spool = Spool(tmp_path / "spool")
    spool.prepare()
    for name in ("old", "waiting", "young", "slow"):
        (spool.folder / name).mkdir()
        (spool.folder / name / ".part").write_bytes(b"x")
    (spool.folder / "a file").write_bytes(b"")
    for name in ("old", "waiting", "slow"):
        os.utime(spool.folder / name, (0, 0))
    for name in ("old", "waiting"):
        os.utime(spool.folder / name / ".part", (0, 0))
    spool.sweep(["waiting"])
    left = sorted(each.name for each in spool.folder.iterdir())
    assert left == ["a file", "slow", "waiting", "young"]


def test_what_is_spooled_is_what_was_sent(site, sender):
    site.app.state.worker.stop()
    data = document(1) + b" " * 3_000_000
    sender.post("/v1/batches", content=data)
    (folder,) = [each for each in site.repository.spool.folder.iterdir() if each.is_dir()]
    (file,) = folder.iterdir()
    assert sha256(file.read_bytes()).digest() == sha256(data).digest()
    assert json.loads(file.read_bytes())["mahocsinh"]
    assert folder.stat().st_mode & 0o077 == 0


def test_a_batch_that_fails_in_an_unforeseen_way_does_not_keep_the_others_unfinished(
    site, sender, tmp_path, monkeypatch
):
    work = type(site.repository.ingest).work

    def explode_on_the_first(self, batch, path, progress=None):
        if batch.source.startswith("first"):
            raise ValueError("unforeseen")
        return work(self, batch, path, progress)

    monkeypatch.setattr(type(site.repository.ingest), "work", explode_on_the_first)
    headers = {"Content-Type": "application/xml"}
    first = sender.post(
        "/v1/batches",
        content=document(),
        headers=headers | {"Content-Disposition": 'attachment; filename="first.xml"'},
    ).json()
    assert finished(sender, first["id"], ("paused",))["failure"]["code"] == "HB-I046"
    second = sender.post(
        "/v1/batches",
        content=zip_of(tmp_path, document()),
        headers={"Content-Type": "application/zip"},
    ).json()
    assert finished(sender, second["id"])["state"] == "done"


def test_the_bytes_stay_when_only_the_databases_answer_is_lost(site, sender, monkeypatch):
    create = Batches.create

    def lost(self, new):
        create(self, new)
        self._connection.commit()
        raise IndexUnavailable(finding("HB-I102", reason="gone"))

    monkeypatch.setattr(Batches, "create", lost)
    headers = {"Content-Type": "application/xml", "Idempotency-Key": "once"}
    assert sender.post("/v1/batches", content=document(), headers=headers).status_code == 503
    monkeypatch.undo()
    again = sender.post("/v1/batches", content=document(), headers=headers).json()
    assert finished(sender, again["id"])["accepted"] == 1
