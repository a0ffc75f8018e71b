"""Resumable uploads by the tus protocol: with a client that no one here wrote, and byte by byte."""

import base64
import os
import socket
import time
from datetime import timedelta
from hashlib import sha1, sha256
from urllib.parse import urlsplit

import pytest
from tusclient.client import TusClient

from hocba.index.rows import TokenKind
from hocba.web.resumable.uploads import UploadFolder
from tests.support.archives import write_zip
from tests.support.stand_in import document
from tests.support.web import Clock, served, stand_in_repository

VERSION = {"Tus-Resumable": "1.0.0"}
STREAM = {**VERSION, "Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def archive(tmp_path):
    """A zip of two documents, made large by what does not compress."""
    entries = {"1.xml": document(1), "2.xml": document(2), "Thumbs.db": os.urandom(3_000_000)}
    return write_zip(tmp_path / "lô.zip", entries)


@pytest.fixture
def token(site):
    return site.token(TokenKind.PROVINCE, masogd="15")


@pytest.fixture
def sender(site, token):
    with site.client(token) as client:
        yield client


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def create(sender, length, **headers):
    answer = sender.post(
        "/v1/uploads", headers={**VERSION, "Upload-Length": str(length), **headers}
    )
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def send(sender, url, offset, data, **headers):
    return sender.patch(
        url, content=data, headers={**STREAM, "Upload-Offset": str(offset), **headers}
    )


def offset_of(sender, url):
    answer = sender.head(url, headers=VERSION)
    assert answer.status_code == 200
    return int(answer.headers["upload-offset"])


def finished(sender, url):
    deadline = time.monotonic() + 30
    while True:
        body = sender.get(url).json()
        if body["state"] in {"done", "failed"}:
            return body
        assert time.monotonic() < deadline, body
        time.sleep(0.02)


def problem_of(answer):
    assert answer.headers["tus-resumable"] == "1.0.0"
    return answer.json()["type"].removeprefix("urn:hocba:problem:")


# ------------------------------------------------------------------------- by a foreign client


def test_a_foreign_client_uploads_in_parts_with_checksums(site, sender, token, archive):
    client = TusClient(f"{site.url}/v1/uploads", headers={"Authorization": f"Bearer {token}"})
    uploader = client.uploader(
        str(archive),
        chunk_size=700_000,
        metadata={"filename": "lô tháng 6.zip"},
        upload_checksum=True,
    )
    uploader.upload()
    batch = sender.get(uploader.url, headers=VERSION).json()["batch"]
    done = finished(sender, f"/v1/batches/{batch}")
    assert (done["accepted"], done["source"]) == (2, "lô tháng 6.zip")


def test_a_foreign_client_goes_on_after_the_line_was_cut(site, sender, token, archive):
    client = TusClient(f"{site.url}/v1/uploads", headers={"Authorization": f"Bearer {token}"})
    first = client.uploader(str(archive), chunk_size=500_000)
    for _ in range(3):
        first.upload_chunk()
    again = client.uploader(str(archive), chunk_size=500_000, url=first.url)
    assert again.offset == 1_500_000
    again.upload()
    batch = sender.get(first.url, headers=VERSION).json()["batch"]
    assert finished(sender, f"/v1/batches/{batch}")["accepted"] == 2


# ---------------------------------------------------------------------------------- byte by byte


def test_says_what_it_speaks(sender):
    answer = sender.options("/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert answer.headers["tus-extension"].split(",") == [
        "creation",
        "creation-with-upload",
        "checksum",
        "expiration",
        "termination",
    ]
    assert "sha1" in answer.headers["tus-checksum-algorithm"].split(",")
    assert int(answer.headers["tus-max-size"]) > 0


def test_what_came_before_the_line_broke_is_kept(site, sender, token, archive):
    data = archive.read_bytes()
    url = create(sender, len(data))
    address = urlsplit(site.url)
    for _ in range(10):
        start = offset_of(sender, url)
        with socket.create_connection((address.hostname, address.port)) as line:
            head = (
                f"PATCH {url} HTTP/1.1\r\nHost: {address.netloc}\r\n"
                f"Authorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\n"
                f"Content-Type: application/offset+octet-stream\r\nUpload-Offset: {start}\r\n"
                f"Content-Length: {len(data) - start}\r\n\r\n"
            )
            line.sendall(head.encode() + data[start : start + 200_000])
        deadline = time.monotonic() + 10
        while offset_of(sender, url) < start + 200_000:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    start = offset_of(sender, url)
    assert start == 2_000_000
    answer = send(sender, url, start, data[start:])
    assert answer.status_code == 204
    stored = finished(sender, answer.headers["hocba-batch"])
    assert stored["accepted"] == 2
    with site.repository.index.reading() as tx:
        batch = tx.batches.find(stored["id"])
    assert batch.fingerprint == f"sha256:{sha256(data).hexdigest()}"


def test_asks_for_the_place_where_the_bytes_end(sender):
    url = create(sender, 10)
    assert send(sender, url, 0, b"12345").headers["upload-offset"] == "5"
    for wrong in (0, 4, 6):
        answer = send(sender, url, wrong, b"6")
        assert answer.status_code == 409
        assert (problem_of(answer), answer.json()["offset"]) == ("wrong-offset", 5)
        assert answer.headers["upload-offset"] == "5"
    assert offset_of(sender, url) == 5


@pytest.mark.parametrize("algorithm", [sha1, sha256])
def test_keeps_nothing_of_a_part_that_was_damaged(sender, algorithm):
    url = create(sender, 10)
    name = algorithm().name
    wrong = {"Upload-Checksum": f"{name} {encoded('other')}"}
    answer = send(sender, url, 0, b"12345", **wrong)
    assert (answer.status_code, problem_of(answer)) == (460, "checksum-mismatch")
    assert offset_of(sender, url) == 0
    right = base64.b64encode(algorithm(b"12345").digest()).decode()
    assert send(sender, url, 0, b"12345", **{"Upload-Checksum": f"{name} {right}"}).is_success
    assert offset_of(sender, url) == 5


def test_takes_no_more_than_was_announced(sender):
    url = create(sender, 5)
    answer = send(sender, url, 0, b"123456")
    assert (answer.status_code, problem_of(answer)) == (413, "too-large")
    assert offset_of(sender, url) == 0


@pytest.mark.parametrize(
    ("headers", "status", "problem"),
    [
        ({"Upload-Length": "10", "Tus-Resumable": "0.2.2"}, 412, "tus-version"),
        ({"Upload-Length": "-1"}, 400, "bad-upload-header"),
        ({"Upload-Length": "x"}, 400, "bad-upload-header"),
        ({}, 400, "bad-upload-header"),
        ({"Upload-Length": "0"}, 422, "nothing-sent"),
        ({"Upload-Length": str(10**15)}, 413, "too-large"),
        ({"Upload-Length": "10", "Upload-Metadata": "filename &&"}, 400, "bad-upload-header"),
        ({"Upload-Length": "10", "Upload-Metadata": "a YQ==,a YQ=="}, 400, "bad-upload-header"),
        ({"Upload-Length": "10", "Upload-Metadata": "a " + "A" * 5000}, 400, "bad-upload-header"),
    ],
)
def test_refuses_what_is_not_as_the_protocol_has_it(sender, headers, status, problem):
    answer = sender.post("/v1/uploads", headers={**VERSION, **headers})
    assert (answer.status_code, problem_of(answer)) == (status, problem)


@pytest.mark.parametrize(
    "headers",
    [
        {"Upload-Checksum": "crc32 AAAA"},
        {"Upload-Checksum": "sha1 &&"},
        {"Upload-Offset": "-5"},
    ],
)
def test_refuses_a_part_with_malformed_headers(sender, headers):
    url = create(sender, 10)
    answer = sender.patch(url, content=b"1", headers={**STREAM, "Upload-Offset": "0", **headers})
    assert (answer.status_code, problem_of(answer)) == (400, "bad-upload-header")
    assert answer.json()["header"] in headers


def test_refuses_a_part_of_another_type(sender):
    url = create(sender, 10)
    answer = sender.patch(url, content=b"1", headers={**VERSION, "Upload-Offset": "0"})
    assert (answer.status_code, problem_of(answer)) == (415, "unsupported-media-type")


def test_the_first_bytes_may_come_with_the_announcement(sender):
    data = document(1)
    answer = sender.post(
        "/v1/uploads",
        content=data,
        headers={
            **STREAM,
            "Upload-Length": str(len(data)),
            "Upload-Metadata": f"filename {encoded('a.xml')},is_confidential",
        },
    )
    assert answer.status_code == 201
    assert answer.headers["upload-offset"] == str(len(data))
    assert finished(sender, answer.headers["hocba-batch"])["source"] == "a.xml"


def test_post_stands_for_what_a_proxy_stops(sender):
    url = create(sender, 10)
    headers = {**STREAM, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert sender.post(url, content=b"12345", headers=headers).status_code == 204
    headers = {**VERSION, "X-HTTP-Method-Override": "DELETE"}
    assert sender.post(url, headers=headers).status_code == 204
    headers = {**VERSION, "X-HTTP-Method-Override": "GET"}
    assert sender.post(url, headers=headers).status_code == 405


def test_an_upload_that_was_given_up_is_gone(site, sender):
    url = create(sender, 10)
    assert sender.delete(url, headers=VERSION).status_code == 204
    assert sender.head(url, headers=VERSION).status_code == 404
    assert list(site.repository.uploads.folder.iterdir()) == []


def test_the_same_key_gives_the_same_upload(sender):
    key = {"Idempotency-Key": "tháng-6".encode().hex()}
    url = create(sender, 10, **key)
    assert create(sender, 10, **key) == url
    answer = sender.post("/v1/uploads", headers={**VERSION, "Upload-Length": "11", **key})
    assert problem_of(answer) == "idempotency-key-reused"


def test_asked_again_after_the_last_answer_was_lost_it_names_the_batch(site, sender):
    data = document(1)
    url = create(sender, len(data))
    upload = site.repository.uploads.find(url.rpartition("/")[2])
    with upload.writer(0, None) as writer:  # the server dies before it makes a batch of it
        writer.write(data)
    answer = sender.get(url, headers=VERSION)
    assert answer.json()["offset"] == len(data)
    batch = answer.json()["batch"]
    assert finished(sender, f"/v1/batches/{batch}")["accepted"] == 1
    assert sender.get(url, headers=VERSION).json()["batch"] == batch


def test_goes_on_where_a_crash_left_the_bytes(site, sender):
    data = document(1)
    url = create(sender, len(data))
    identity = url.rpartition("/")[2]
    upload = site.repository.uploads.find(identity)
    with upload.writer(0, None) as writer:
        writer.write(data)
    name = "batch"
    upload.hand_over(site.repository.spool.folder / identity / name)  # and dies before the row
    batch = sender.get(url, headers=VERSION).json()["batch"]
    assert batch == identity
    assert finished(sender, f"/v1/batches/{batch}")["accepted"] == 1


def test_bytes_that_no_disk_has_for_certain_are_sent_again(site, sender):
    url = create(sender, 10)
    send(sender, url, 0, b"12345")
    place = site.repository.uploads.folder / url.rpartition("/")[2]
    with (place / "bytes").open("ab") as file:
        file.write(b"\0\0")  # what a power cut may leave
    assert offset_of(sender, url) == 5
    assert send(sender, url, 5, b"6").headers["upload-offset"] == "6"
    assert (place / "bytes").read_bytes() == b"123456"


def test_one_request_writes_at_a_time(site, sender):
    url = create(sender, 10)
    upload = site.repository.uploads.find(url.rpartition("/")[2])
    with upload.locked():
        answer = send(sender, url, 0, b"1")
    assert (answer.status_code, problem_of(answer)) == (423, "upload-busy")
    assert send(sender, url, 0, b"1").status_code == 204


def test_nobody_else_sees_an_upload(site, sender):
    url = create(sender, 10)
    for masogd, status in (("79", 404), ("15", 200)):
        with site.client(site.token(TokenKind.PROVINCE, masogd=masogd)) as other:
            assert other.head(url, headers=VERSION).status_code == status
    with site.client(site.token(TokenKind.GUARDIAN, mahocsinh=("1",))) as guardian:
        assert guardian.head(url, headers=VERSION).status_code == 403
    with site.client() as nobody:
        assert nobody.head(url, headers=VERSION).status_code == 401


@pytest.fixture
def clocked(sqlite_index, no_trust, tmp_path):
    """A server whose clock a test sets."""
    clock = Clock()
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust, clock=clock)
    with (
        served(repository, max_uploads_at_once=2) as site,
        site.client(site.token(TokenKind.PROVINCE, masogd="15")) as client,
    ):
        yield site, client, clock


def test_an_upload_left_for_too_long_is_given_up(clocked):
    site, client, clock = clocked
    url = create(client, 10)
    assert "upload-expires" in client.head(url, headers=VERSION).headers
    clock.forward(days=8)
    answer = client.get(url, headers=VERSION)
    assert (answer.status_code, problem_of(answer)) == (410, "upload-expired")
    site.repository.uploads.sweep(clock())
    assert list(site.repository.uploads.folder.iterdir()) == []


def test_one_sender_has_only_so_many_uploads_open(clocked):
    _, client, _ = clocked
    first = create(client, 10)
    create(client, 10)
    answer = client.post("/v1/uploads", headers={**VERSION, "Upload-Length": "10"})
    assert answer.status_code == 429
    client.delete(first, headers=VERSION)
    create(client, 10)


def test_an_upload_that_the_disk_has_no_room_for_is_not_begun(site, sender, monkeypatch):
    class Usage:
        free = 1000

    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage)
    answer = sender.post("/v1/uploads", headers={**VERSION, "Upload-Length": "2000"})
    assert (answer.status_code, problem_of(answer)) == (507, "insufficient-storage")


def test_what_a_crash_left_half_made_is_swept_after_a_day(tmp_path):
    uploads = UploadFolder(tmp_path / "uploads")
    clock = Clock()
    uploads.sweep(clock())  # there is no folder yet
    (uploads.folder / "half").mkdir(parents=True)
    uploads.sweep(clock())
    assert (uploads.folder / "half").exists()
    uploads.sweep(clock() + timedelta(days=2))
    assert not (uploads.folder / "half").exists()
