"""Orders about batches over HTTP, and following one as it goes."""

import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hocba.errors import IndexUnavailable
from hocba.index.batches import Batches
from hocba.index.rows import TokenKind
from schemas.findings import finding
from tests.support.archives import write_zip
from tests.support.stand_in import document
from tests.support.web import Site, served, stand_in_repository

QUICK = timedelta(seconds=0.05)


@pytest.fixture
def slow_site(sqlite_index, tmp_path, no_trust) -> Iterator[Site]:
    """A site whose batches take a while: two documents a part, each examined in 20 ms."""
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust, chunk=2, delay=0.02)
    with served(
        repository, follow_every=QUICK, heartbeat_every=QUICK, retry_batches_after=QUICK
    ) as site:
        yield site


@pytest.fixture
def sender(slow_site: Site) -> Iterator[httpx.Client]:
    with slow_site.client(slow_site.token(TokenKind.PROVINCE, masogd="15"), timeout=30) as client:
        yield client


def _send(client: httpx.Client, tmp_path, documents: int) -> str:
    entries = {f"{n:03}.xml": document(n) for n in range(1, documents + 1)}
    data = write_zip(tmp_path / "b.zip", entries).read_bytes()
    answer = client.post("/v1/batches", content=data, headers={"Content-Type": "application/zip"})
    return answer.json()["id"]


def _until(client: httpx.Client, batch: str, reached) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while True:
        body = client.get(f"/v1/batches/{batch}").json()
        if reached(body):
            return body
        assert time.monotonic() < deadline, body
        time.sleep(0.02)


@contextmanager
def _followed(client: httpx.Client, batch: str, **headers: str):
    with client.stream("GET", f"/v1/batches/{batch}/events", headers=headers) as answer:
        yield answer, _events(answer)


def _events(answer: httpx.Response) -> Iterator[dict[str, Any]]:
    """Events as dictionaries; a comment as an empty one."""
    event: dict[str, Any] = {}
    for line in answer.iter_lines():
        if line.startswith(":"):
            yield {}
        elif line:
            name, _, value = line.partition(": ")
            event[name] = json.loads(value) if name == "data" else value
        elif "data" in event:
            yield event
            event = {}
        else:
            event = {}


def test_a_batch_is_paused_resumed_and_ends_with_every_document(slow_site, sender, tmp_path):
    batch = _send(sender, tmp_path, 40)
    _until(sender, batch, lambda body: body["total"] >= 2)
    paused = sender.post(f"/v1/batches/{batch}/pause")
    assert (paused.status_code, paused.json()["state"]) == (200, "held")
    assert paused.json()["failure"]["code"] == "HB-I210"
    total = paused.json()["total"]
    time.sleep(0.3)  # several rounds of the worker
    held = sender.get(f"/v1/batches/{batch}").json()
    assert (held["state"], held["total"]) == ("held", total)
    resumed = sender.post(f"/v1/batches/{batch}/resume").json()
    assert (resumed["state"], resumed["failure"]) == ("received", None)
    done = _until(sender, batch, lambda body: body["state"] == "done")
    assert (done["accepted"], done["total"]) == (40, 40)
    actors = {each.action: each.actor for each in slow_site.trail() if each.batch == batch}
    assert actors["batch.held"] == actors["batch.resumed"]
    assert actors["batch.held"].startswith("token:")


def test_a_cancelled_batch_lists_what_was_taken_in_and_leaves_the_spool(
    slow_site, sender, tmp_path
):
    batch = _send(sender, tmp_path, 60)
    _until(sender, batch, lambda body: body["total"] >= 4)
    cancelled = sender.post(f"/v1/batches/{batch}/cancel").json()
    assert cancelled["state"] == "cancelled"
    assert cancelled["finished_at"] is not None
    taken = sender.get(f"/v1/batches/{batch}/items", params={"outcome": "accepted"}).json()
    assert len(taken["items"]) == cancelled["accepted"] < 60
    again = sender.post(f"/v1/batches/{batch}/resume")
    assert again.status_code == 409
    assert again.json()["code"] == "HB-I212"
    assert "đã huỷ" in again.json()["detail"]
    deadline = time.monotonic() + 30
    while slow_site.repository.spool.find(batch) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("order", ["pause", "resume", "cancel"])
def test_orders_are_for_those_who_see_the_batch(slow_site, sender, tmp_path, order):
    batch = _send(sender, tmp_path, 1)
    path = f"/v1/batches/{batch}/{order}"
    with slow_site.client(slow_site.token(TokenKind.PROVINCE, masogd="79")) as other:
        assert other.post(path).status_code == 404
        assert other.get(f"/v1/batches/{batch}/events").status_code == 404
    with slow_site.client(slow_site.token(TokenKind.GUARDIAN, mahocsinh=("1",))) as guardian:
        assert guardian.post(path).status_code == 403
    with slow_site.client() as nobody:
        assert nobody.post(path).status_code == 401
        assert nobody.get(f"/v1/batches/{batch}/events").status_code == 401


def test_a_batch_is_followed_to_its_end(sender, tmp_path):
    batch = _send(sender, tmp_path, 40)
    with _followed(sender, batch) as (answer, events):
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = [each for each in events if each]
    *before, last = told
    assert {each["event"] for each in before} <= {"progress"}
    assert last["event"] == "end"
    assert (last["data"]["state"], last["data"]["total"]) == ("done", 40)
    assert last["data"]["expected"] == 40
    totals = [each["data"]["total"] for each in told]
    assert totals == sorted(totals)
    assert len({each["id"] for each in told}) == len(told)
    # Whoever knows the end need not come again.
    assert (
        sender.get(f"/v1/batches/{batch}/events", headers={"Last-Event-ID": last["id"]}).status_code
        == 204
    )


def test_a_running_batch_says_how_fast_it_goes_and_how_long_it_takes(sender, tmp_path):
    batch = _send(sender, tmp_path, 60)
    body = _until(sender, batch, lambda body: body["rate"] is not None)
    assert body["expected"] == 60
    assert body["rate"] > 0
    assert 0 <= body["seconds_left"] < 600
    done = _until(sender, batch, lambda body: body["state"] == "done")
    assert (done["rate"], done["seconds_left"], done["expected"]) == (None, None, 60)


def test_a_listener_that_comes_again_is_told_only_what_it_does_not_know(
    slow_site, sender, tmp_path
):
    batch = _send(sender, tmp_path, 30)
    _until(sender, batch, lambda body: body["total"] >= 2)
    sender.post(f"/v1/batches/{batch}/pause")
    with _followed(sender, batch) as (_, events):
        first = next(each for each in events if each)
    with _followed(sender, batch, **{"Last-Event-ID": first["id"]}) as (_, events):
        assert next(events) == {}  # a sign of life, and not what is known
        sender.post(f"/v1/batches/{batch}/cancel")
        after = next(each for each in events if each)
    assert (after["event"], after["data"]["state"]) == ("end", "cancelled")


def test_many_listeners_cost_the_index_as_much_as_one(slow_site, sender, tmp_path, monkeypatch):
    batch = _send(sender, tmp_path, 2)
    _until(sender, batch, lambda body: body["state"] == "done")
    with slow_site.repository.index.transaction() as tx:
        tx.batches._set(batch, state="paused")
    sender.post(f"/v1/batches/{batch}/pause")
    asked: list[float] = []
    really_find = Batches.find

    def find(self: Batches, identity: str):
        if threading.current_thread().name.startswith("AnyIO"):
            asked.append(time.monotonic())
        return really_find(self, identity)

    with slow_site.client(sender.headers["authorization"][7:], timeout=30) as client:
        streams = [_followed(client, batch) for _ in range(20)]
        opened = [each.__enter__() for each in streams]
        for _, events in opened:
            assert next(each for each in events if each)["data"]["state"] == "held"
        monkeypatch.setattr(Batches, "find", find)
        began = time.monotonic()
        for _ in range(5):
            for _, events in opened:
                assert next(events) == {}
        # One look for all of them each QUICK; the margin is for the look under way.
        looks = (time.monotonic() - began) / QUICK.total_seconds() + 2
        assert 1 <= len(asked) <= looks
        for each in streams:
            each.__exit__(None, None, None)
    deadline = time.monotonic() + 30
    while slow_site.app.state.service.followers.count:
        assert time.monotonic() < deadline, "listeners that went away are still counted"
        time.sleep(0.02)


def test_no_more_listen_than_the_settings_allow(sqlite_index, tmp_path, no_trust):
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust, delay=0.05)
    with (
        served(repository, follow_every=QUICK, followers_at_once=1, work_batches=False) as site,
        site.client(site.token(TokenKind.PROVINCE, masogd="15")) as client,
    ):
        batch = _send(client, tmp_path, 2)
        with _followed(client, batch) as (_, events):
            assert next(each for each in events if each)["data"]["state"] == "received"
            refused = client.get(f"/v1/batches/{batch}/events")
    assert refused.status_code == 429
    assert "retry-after" in refused.headers


@pytest.mark.parametrize("ends", ["its time is up", "the server ends"])
def test_a_stream_ends_before_its_batch(sqlite_index, tmp_path, no_trust, ends):
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust)
    lifetime = 4 * QUICK if ends == "its time is up" else timedelta(hours=1)
    with (
        served(
            repository, follow_every=QUICK, follow_no_longer_than=lifetime, work_batches=False
        ) as site,
        site.client(site.token(TokenKind.PROVINCE, masogd="15"), timeout=60) as client,
    ):
        batch = _send(client, tmp_path, 1)
        with _followed(client, batch) as (_, events):
            assert next(each for each in events if each)["data"]["state"] == "received"
            if ends == "the server ends":
                site.app.state.service.followers.close()
            assert [each for each in events if each] == []


def test_head_of_the_events_has_no_body_and_ends(sender, tmp_path):
    batch = _send(sender, tmp_path, 1)
    answer = sender.head(f"/v1/batches/{batch}/events")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")


def test_metrics_tell_of_batches_by_state_and_of_what_is_left(slow_site, sender, tmp_path):
    batch = _send(sender, tmp_path, 30)
    _until(sender, batch, lambda body: body["rate"] is not None)
    with slow_site.client(slow_site.token(TokenKind.OPERATOR)) as operator:
        running = _figures(operator)
        sender.post(f"/v1/batches/{batch}/pause")
        held = _figures(operator)
    assert running['hocba_batches{state="running"}'] == 1
    assert running["hocba_batch_documents_per_second"] > 0
    assert 0 < running["hocba_batch_documents_left"] < 30
    assert (held['hocba_batches{state="held"}'], held['hocba_batches{state="running"}']) == (1, 0)
    assert held["hocba_batch_documents_left"] == 0


def test_metrics_are_there_while_the_index_is_away(slow_site, sender, monkeypatch):
    def away(*_: object) -> None:
        raise IndexUnavailable(finding("HB-I102", reason="gone"))

    with slow_site.client(slow_site.token(TokenKind.OPERATOR)) as operator:
        monkeypatch.setattr(Batches, "by_state", away)
        figures = _figures(operator)
    assert not any(name.startswith("hocba_batches{") for name in figures)
    assert math.isnan(figures["hocba_batch_documents_left"])


def _figures(client: httpx.Client) -> dict[str, float]:
    lines = client.get("/metrics").text.splitlines()
    pairs = (each.rpartition(" ") for each in lines if not each.startswith("#"))
    return {name: float(value) for name, _, value in pairs}
