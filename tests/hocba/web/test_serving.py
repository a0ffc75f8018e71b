"""The server process: its address, its end, and a batch that survives its death."""

import asyncio
import socket
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from hocba.home import Home
from hocba.index.rows import TokenKind
from hocba.web import serving
from hocba.web.settings import WebSettings
from tests.support.archives import write_zip
from tests.support.services.process import GuardedProcess
from tests.support.web import issue

SERVE = """
import sys
from dataclasses import replace
from pathlib import Path
from hocba.home import Home
from hocba.web.serving import serve

if __name__ == "__main__":
    home = Home.open(Path(sys.argv[1]))
    home = replace(home, configuration=replace(home.configuration, processes=1, chunk=1))
    serve(home, port=0, ready=lambda url: Path(sys.argv[2]).write_text(url))
"""


@pytest.fixture
def home(province, tmp_path):
    return Home.create(tmp_path / "home", trust=province.trust, roster=province.roster)


def started(home, tmp_path, number: int) -> tuple[GuardedProcess, str]:
    script, address = tmp_path / "serve.py", tmp_path / f"address-{number}"
    script.write_text(SERVE)
    process = GuardedProcess(
        [sys.executable, str(script), str(home.path), str(address)],
        tmp_path / "log",
        environment={"PYTHONPATH": str(Path(__file__).parents[3])},
    )
    process.start()
    process.wait_until(lambda: address.exists() and address.read_text() != "", seconds=60)
    return process, address.read_text()


def test_a_batch_survives_the_death_of_the_server(home, province, tmp_path):
    """SIGKILL in the middle: the next server goes on, every record exactly once."""
    with home.open_index() as index:
        token = issue(index, TokenKind.OPERATOR)
    entries = {path.name: path.read_bytes() for path in province.records}
    archive = write_zip(tmp_path / "b.zip", entries).read_bytes()
    headers = {"Authorization": f"Bearer {token}"}
    process, url = started(home, tmp_path, 1)
    try:
        sent = httpx.post(f"{url}/v1/batches", content=archive, headers=headers, timeout=30)
        batch = f"/v1/batches/{sent.json()['id']}"
        until(lambda: httpx.get(url + batch, headers=headers).json()["total"] > 0)
    finally:
        process.kill()
    with home.open_index() as index, index.reading() as tx:
        found = tx.batches.find(sent.json()["id"])
    assert found is not None
    assert found.counts.accepted < len(entries)
    process, url = started(home, tmp_path, 2)
    try:
        until(lambda: httpx.get(url + batch, headers=headers).json()["state"] == "done")
        body = httpx.get(url + batch, headers=headers).json()
    finally:
        process.stop()
    assert body["accepted"] == len(entries)
    assert body["total"] == len(entries)
    with home.open_index() as index, index.reading() as tx:
        assert tx.statistics.totals().versions == len(entries)


def until(done) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_serve_tells_its_address_and_ends_when_it_is_told_to(home, monkeypatch):
    servers: list[serving.Server] = []
    make = serving.Server

    def noted(*arguments: object) -> serving.Server:
        servers.append(make(*arguments))
        return servers[-1]

    monkeypatch.setattr(serving, "Server", noted)
    answers: list[int] = []

    def ready(url: str) -> None:
        def ask() -> None:
            answers.append(httpx.get(f"{url}/healthz").status_code)
            servers[0].should_exit = True

        threading.Thread(target=ask).start()

    serving.serve(home, port=0, settings=WebSettings(work_batches=False), ready=ready)
    assert answers == [200]


def test_serve_needs_nobody_to_be_told(home, monkeypatch):
    async def at_once(self: serving.Server, sockets: object = None) -> None:
        self.started = True
        self._ready()
        raise KeyboardInterrupt

    monkeypatch.setattr(serving.Server, "serve", at_once)
    serving.serve(home, port=0, settings=WebSettings(work_batches=False))


def test_an_address_that_is_taken_is_an_oserror_before_anything_is_opened(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            serving.serve(replace(_NOWHERE, path=tmp_path), port=port)


_NOWHERE = Home(path=None, configuration=None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "shown"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("localhost", None)],  # noqa: S104
)
def test_the_address_is_one_that_a_browser_takes(host, shown):
    with serving.listening(host, 0) as listener:
        address = serving.address_of(listener)
    if shown:
        assert address.startswith(f"http://{shown}:")
    assert httpx.URL(address).port


def test_an_ipv6_address_is_written_in_brackets():
    if not socket.has_ipv6:
        pytest.skip("this machine knows no IPv6")
    try:
        listener = serving.listening("::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6 address")
    with listener:
        assert serving.address_of(listener).startswith("http://[::1]:")


def test_a_server_that_cannot_start_tells_nobody():
    told: list[bool] = []
    server = serving.Server(serving.configuration(FastAPI()), lambda: told.append(True))

    async def not_started(self: object, sockets: object = None) -> None:
        return None

    original = uvicorn.Server.startup
    uvicorn.Server.startup = not_started  # type: ignore[method-assign]
    try:
        asyncio.run(server.startup())
    finally:
        uvicorn.Server.startup = original  # type: ignore[method-assign]
    assert told == []
