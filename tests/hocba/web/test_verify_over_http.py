"""Verifying a document for anybody, without keeping anything of it."""

import json
import logging
import shutil
import socket
import time
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

import httpx
import pytest
from lxml import etree

from hocba.examine import examine
from hocba.home import Home
from hocba.index.rows import VersionSelection
from hocba.model.record import RecordStatus
from hocba.web.app import create_app
from hocba.web.verification import _standing
from tests.support.etsi_schema import etsi_schema
from tests.support.stand_in import document
from tests.support.stand_in import examine as stand_in
from tests.support.web import SETTINGS, running

XML = {"Content-Type": "application/xml"}


@pytest.fixture
def anybody(sample):
    with sample.client() as client:
        yield client


@pytest.fixture
def good(sample):
    return sample.province.records[0].read_bytes()


def altered(data: bytes) -> bytes:
    """The document with one letter more in the pupil's name, put there after signing."""
    return data.replace(b"<hovaten>", b"<hovaten>X", 1)


def test_a_good_document_is_accepted_and_known_as_current(anybody, good):
    body = anybody.post("/v1/verify", content=good, headers=XML).json()
    assert body["outcome"] == "accepted"
    assert body["standing"] == "current"
    assert {each["indication"] for each in body["signatures"]} == {"TOTAL-PASSED"}


def test_the_answer_is_the_json_of_the_command_line(sample, anybody, good):
    body = anybody.post("/v1/verify", files={"file": ("học bạ.xml", good)}).json()
    body.pop("standing")
    repository = sample.repository
    at = datetime.fromisoformat(body["record_validation"]["validated_at"])
    assert abs(repository.clock() - at) < timedelta(minutes=1)
    examined = examine(good, "học bạ.xml", repository.judgement(), at)
    assert body == json.loads(json.dumps(examined.as_json()))


def test_gives_the_etsi_report_to_who_accepts_xml(anybody, good):
    accept = {**XML, "Accept": "application/xml"}
    answer = anybody.post("/v1/verify", content=good, headers=accept)
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["hocba-standing"] == "current"
    report = etree.fromstring(answer.content)
    assert etsi_schema().validate(report), etsi_schema().error_log
    told = {
        each.text for each in report.iterfind("{*}SignatureValidationReport//{*}MainIndication")
    }
    assert told == {"urn:etsi:019102:mainindication:total-passed"}
    rejected = anybody.post("/v1/verify", content=altered(good), headers=accept)
    assert "hocba-standing" not in rejected.headers
    assert b"urn:etsi:019102:subindication:HASH_FAILURE" in rejected.content
    either = anybody.post(
        "/v1/verify", content=good, headers={**XML, "Accept": "application/json, application/xml"}
    )
    assert either.json()["outcome"] == "accepted"
    nothing = anybody.post("/v1/verify", content=b"<a", headers=accept)
    assert nothing.json()["outcome"] == "unreadable"


def test_an_altered_document_is_rejected_with_the_reason_in_the_language_asked_for(anybody, good):
    answer = anybody.post("/v1/verify", content=altered(good), headers=XML)
    body = answer.json()
    assert body["outcome"] == "rejected"
    assert body["standing"] is None
    failed = [each for each in body["signatures"] if each["indication"] == "TOTAL-FAILED"]
    assert {each["sub_indication"] for each in failed} == {"HASH_FAILURE"}
    assert "đã bị thay đổi sau khi ký" in failed[0]["messages"][0]
    english = anybody.post(
        "/v1/verify", content=altered(good), headers={**XML, "Accept-Language": "en-GB, vi;q=0.5"}
    ).json()
    assert "was altered after signing" in json.dumps(english)


@pytest.mark.parametrize(
    "data", [b"no xml", b"<a>", b"\x00\xff", b"<!DOCTYPE a []><a/>", b"<a>" * 400, b"PK\x03\x04"]
)
def test_what_is_no_document_gets_a_verdict_and_no_error(anybody, data):
    answer = anybody.post("/v1/verify", content=data)
    assert answer.status_code == 200
    body = answer.json()
    assert body["outcome"] == "unreadable"
    assert body["schema"]["findings"]


def test_another_kind_of_xml_is_rejected_by_name(anybody):
    body = anybody.post("/v1/verify", content=b"<svg/>", headers=XML).json()
    assert body["outcome"] == "rejected"
    assert body["record"] is None


def test_without_trust_nothing_is_more_than_indeterminate(sample, good, tmp_path):
    home = replace(sample.home, path=tmp_path)
    (tmp_path / "keys").symlink_to(sample.home.keys_folder)
    for name in ("index.sqlite3", "store", "hocba.toml"):
        (tmp_path / name).symlink_to(sample.home.path / name)
    app = create_app(home, settings=replace(SETTINGS, work_batches=False))
    with running(app) as url:
        body = httpx.post(f"{url}/v1/verify", content=good, headers=XML).json()
    assert body["outcome"] == "indeterminate"


def test_nothing_of_a_verified_document_is_kept(sample, anybody, good, caplog):
    def state():
        with sample.repository.index.reading() as tx:
            return tx.statistics.totals(), len(sample.trail())

    def files():
        return {path for path in sample.home.path.rglob("*") if "sqlite3" not in path.name}

    before, before_files = state(), files()
    caplog.set_level(logging.DEBUG)
    for data in (good, altered(good), b"x" * 100_000):
        anybody.post("/v1/verify", files={"file": ("Nguyễn Văn Kín.xml", data)})
    assert state() == before
    assert files() == before_files
    assert "Kín" not in caplog.text


def test_a_document_that_is_too_large_is_refused(sample, anybody):
    limit = sample.app.state.service.settings.max_document_bytes
    answer = anybody.post("/v1/verify", content=bytes(limit + 1))
    assert answer.status_code == 413
    assert answer.json()["limit"] == limit
    answer = anybody.post("/v1/verify", content=bytes(limit))
    assert (answer.status_code, answer.json()["outcome"]) == (200, "unreadable")


def test_an_address_that_asks_too_often_has_to_wait(sample):
    app = create_app(
        sample.home, settings=replace(SETTINGS, verifications_per_minute=2, work_batches=False)
    )
    with running(app) as url:
        answers = [httpx.post(f"{url}/v1/verify", content=b"x") for _ in range(3)]
        other = {"X-Forwarded-For": "192.0.2.9"}
        elsewhere = httpx.post(f"{url}/v1/verify", content=b"x", headers=other)
        page = httpx.post(f"{url}/kiem-tra", content=b"x", headers={"Accept": "text/html"})
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert int(answers[2].headers["retry-after"]) == answers[2].json()["retry_after"] > 0
    assert elsewhere.status_code == 200
    assert page.status_code == 429
    assert page.headers["retry-after"]


def test_too_much_at_once_is_told_to_come_again(sample):
    settings = replace(
        SETTINGS, work_batches=False, verifications_at_once=1, verifications_waiting=1
    )
    app = create_app(sample.home, settings=settings)
    with running(app) as url:
        # Two bodies that have begun and do not end take both places.
        slow = [socket.create_connection(address(url)) for _ in range(2)]
        for each in slow:
            head = b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nx"
            each.sendall(head)
        limiter = app.state.service.verifications_in_hand
        until(lambda: limiter.borrowed_tokens == 2)
        answer = httpx.post(f"{url}/v1/verify", content=b"x")
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        for each in slow:
            each.close()
        until(lambda: limiter.borrowed_tokens == 0)
        assert httpx.post(f"{url}/v1/verify", content=b"x").status_code == 200


def address(url):
    parts = urlsplit(url)
    return parts.hostname, parts.port


def until(holds, seconds=20.0):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


# ---------------------------------------------------------------- how an accepted one stands


@pytest.fixture
def own_home(sample, tmp_path):
    """A copy of the home, whose index a test may change."""
    path = tmp_path / "home"
    shutil.copytree(sample.home.path, path)
    return replace(sample.home, path=path)


def standing_after(home, good, change) -> str:
    app = create_app(home, settings=replace(SETTINGS, work_batches=False))
    index = app.state.service.repository.index
    with index.transaction() as tx:
        digest = sha256(good).hexdigest()
        version = next(
            each
            for each in tx.records.select_versions(_ALL, limit=1000).rows
            if each.sha256 == digest
        )
        found = tx.records.find(version.madinhdanhhocba)
        assert found is not None
        change(tx, found, version)
    with running(app) as url:
        body = httpx.post(f"{url}/v1/verify", content=good, headers=XML).json()
    assert body["outcome"] == "accepted"
    return str(body["standing"])


_ALL = VersionSelection()


def test_a_version_that_was_replaced_is_said_to_be_superseded(own_home, good):
    def replaced(tx, found, version):
        tx.records.replace([replace(found, phienban=found.phienban + 1)])

    assert standing_after(own_home, good, replaced) == "superseded"


def test_a_record_that_was_recalled_is_said_to_be_recalled(own_home, good):
    def recalled(tx, found, version):
        tx.records.replace(
            [replace(found, phienban=found.phienban + 1, status=RecordStatus.RECALLED)]
        )

    assert standing_after(own_home, good, recalled) == "recalled"


def test_bytes_that_were_never_taken_in_are_said_to_be_unknown(sample, good, tmp_path):
    home = Home.create(
        tmp_path / "empty", trust=sample.province.trust, roster=sample.province.roster
    )
    assert standing_of(home, good) == "unknown"


def standing_of(home, data: bytes) -> str:
    app = create_app(home, settings=replace(SETTINGS, work_batches=False))
    with running(app) as url:
        return str(httpx.post(f"{url}/v1/verify", content=data, headers=XML).json()["standing"])


def test_a_document_that_is_a_recall_is_recalled_wherever_it_is_shown(site):
    recall = stand_in(document(1, event="CANCEL", status="2"), "a.xml", site.repository.clock())
    assert _standing(site.repository, recall) == "recalled"
