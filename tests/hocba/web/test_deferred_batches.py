"""A batch whose records wait for revocation data: the server goes on by itself when it is there."""

import shutil
import time
from dataclasses import replace
from datetime import timedelta

import httpx

from hocba.home import Home
from hocba.index.rows import TokenKind
from hocba.web.app import create_app
from tests.support.sample import Province
from tests.support.web import SETTINGS, issue, running

RETRY = timedelta(seconds=0.3)


def test_the_server_tries_deferred_records_again(province: Province, tmp_path):
    trust = tmp_path / "trust"
    shutil.copytree(province.trust, trust)
    kept = tmp_path / "root.crl"
    (trust / "crls" / "root.crl").rename(kept)
    made = Home.create(tmp_path / "kho", trust=trust, roster=province.roster)
    home = replace(made, configuration=replace(made.configuration, processes=1))
    settings = replace(SETTINGS, retry_batches_after=RETRY, retry_deferred_after=2 * RETRY)
    app = create_app(home, settings=settings)
    with running(app) as url:
        repository = app.state.service.repository
        token = issue(repository.index, TokenKind.OPERATOR)
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}) as client:
            sent = client.post("/v1/batches", content=province.records[0].read_bytes())
            batch = sent.json()["id"]

            def until(state: str) -> dict:
                deadline = time.monotonic() + 60
                while True:
                    body = client.get(f"/v1/batches/{batch}").json()
                    if body["state"] == state:
                        return body
                    assert time.monotonic() < deadline, body
                    time.sleep(0.05)

            waiting = until("paused")
            assert (waiting["deferred"], waiting["accepted"]) == (1, 0)
            kept.rename(home.trust_folder / "crls" / "root.crl")
            done = until("done")
            assert (done["deferred"], done["accepted"], done["total"]) == (0, 1, 1)
