"""Figures, health and metrics, and what the server does when trust or roster change under it."""

import logging
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import schemas
from hocba.index.rows import TokenKind
from hocba.judging import CurrentJudgement
from hocba.web.app import create_app
from storage.errors import StoreMisconfigured
from tests.support.rows import fill, record
from tests.support.stand_in import MemoryStore, document
from tests.support.web import served, stand_in_repository


def test_a_process_that_answers_is_healthy_and_one_that_can_work_is_ready(sample):
    with sample.client() as client:
        assert client.get("/healthz").json() == {"status": "ok"}
        assert client.get("/readyz").json() == {"status": "ready"}


def test_a_store_that_cannot_be_used_is_not_ready_and_not_explained(
    sqlite_index, tmp_path, no_trust
):
    class Misconfigured(MemoryStore):
        def check(self) -> None:
            raise StoreMisconfigured("password 123")

    repository = stand_in_repository(sqlite_index, tmp_path, no_trust, store=Misconfigured())
    with served(repository, work_batches=False) as site, site.client() as client:
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["failed"]) == (503, ["store"])
    assert "123" not in answer.text


def test_a_province_sees_its_own_figures_and_an_operator_all(site):
    rows = (
        record(madinhdanhhocba="a", masogd="15"),
        record(madinhdanhhocba="b", masogd="15", namhoc="2024-2025"),
        record(madinhdanhhocba="c", masogd="79"),
    )
    fill(site.repository.index, *rows)
    with site.client(site.token(TokenKind.PROVINCE, masogd="15")) as client:
        own = client.get("/v1/statistics").json()
        year = client.get("/v1/statistics", params={"namhoc": "2024-2025"}).json()
        assert client.get("/v1/statistics", params={"namhoc": "x"}).status_code == 422
    with site.client(site.token(TokenKind.OPERATOR)) as client:
        everything = client.get("/v1/statistics").json()
    assert own["masogd"] == "15"
    assert own["totals"] is None
    assert {each["masogd"] for each in own["records"]} == {"15"}
    assert [each["records"] for each in year["records"]] == [1]
    assert everything["totals"]["records"] == 3
    assert {each["masogd"] for each in everything["records"]} == {"15", "79"}


def test_metrics_count_by_route_and_outcome_and_name_nobody(site):
    token = site.token(TokenKind.OPERATOR)
    with site.client(token) as client:
        batch = client.post("/v1/batches", content=document(1)).json()["id"]
        while client.get(f"/v1/batches/{batch}").json()["state"] != "done":
            pass
        client.get("/v1/records/00000000-0000-4000-8000-000000000001")
        client.get("/v1/students/1500000001/records")
        client.get("/nguyen-van-kin")
        client.request("BREW", "/v1/batches")
        client.post("/v1/verify", content=b"x")
        figures = client.get("/metrics").text
    assert 'hocba_batch_items_total{outcome="accepted"} 1.0' in figures
    assert 'hocba_verifications_total{outcome="unreadable"} 1.0' in figures
    assert 'route="/v1/records/{madinhdanhhocba}"' in figures
    assert 'route="unmatched",status="404"' in figures
    assert 'method="other"' in figures
    assert 'hocba_batch_seconds_count{state="done"} 1.0' in figures
    labels = set(re.findall(r'="([^"]*)"', figures))
    for secret in ("1500000001", "00000000-0000", "kin", batch, token):
        assert not any(secret in each for each in labels)


def test_requests_are_logged_nowhere_by_address(sample, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    each = sample.records()[0]
    with sample.client(sample.token(TokenKind.OPERATOR)) as client:
        client.get(f"/v1/records/{each.madinhdanhhocba}")
        client.get(f"/v1/students/{each.mahocsinh}/records")
    out, err = capfd.readouterr()
    logged = "".join(r.getMessage() for r in caplog.records if r.name.startswith(("hocba", "uvi")))
    for text in (logged, out, err):
        assert each.madinhdanhhocba not in text
        assert each.mahocsinh not in text


# ---------------------------------------------------------------- trust and roster change


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def own_home(sample, tmp_path):
    path = tmp_path / "home"
    path.mkdir()
    shutil.copytree(sample.home.trust_folder, path / "trust")
    shutil.copyfile(sample.home.roster_file, path / "roster.csv")
    return replace(sample.home, path=path)


def test_a_changed_roster_holds_for_the_next_document_without_a_restart(own_home):
    seconds = Seconds()
    current = CurrentJudgement(own_home, seconds)
    before = current()
    lines = own_home.roster_file.read_text("utf-8").splitlines(keepends=True)
    own_home.roster_file.write_text("".join(lines[:2]), "utf-8")
    assert current() is before
    seconds.now += 6
    assert len(current().roster) == 1
    assert current() is current()


def test_a_definition_that_is_dropped_in_is_known_without_a_restart(
    own_home, tmp_path, monkeypatch
):
    shipped = Path(schemas.__file__).parent / "definitions" / "tieu-hoc"
    folder = tmp_path / "definitions"
    folder.mkdir()
    monkeypatch.setenv("HOCBA_DEFINITIONS", str(folder))
    seconds = Seconds()
    current = CurrentJudgement(own_home, seconds)
    before = len(current().definitions)
    shutil.copytree(shipped, folder / "next")
    for name in ("definition.toml", "signature-policy.toml"):
        file = folder / "next" / name
        file.write_text(file.read_text("utf-8").replace('"1.0"', '"2.0"', 1), "utf-8")
    seconds.now += 6
    assert len(current().definitions) == before + 1


def test_nothing_changes_while_nothing_changes(own_home):
    seconds = Seconds()
    current = CurrentJudgement(own_home, seconds)
    before = current()
    seconds.now += 6
    assert current() is before


def test_a_broken_roster_leaves_the_last_good_one_in_force(own_home, caplog):
    seconds = Seconds()
    current = CurrentJudgement(own_home, seconds)
    before = current()
    own_home.roster_file.write_text("Nguyễn Văn Kín", "utf-8")
    seconds.now += 6
    assert current() is before
    assert "RosterError" in caplog.text
    assert "Kín" not in caplog.text


def test_files_that_are_being_changed_are_looked_at_again_later(own_home, monkeypatch):
    seconds = Seconds()
    current = CurrentJudgement(own_home, seconds)
    before = current()
    (own_home.trust_folder / "gone").symlink_to("nowhere")
    roster = own_home.roster_file
    os.utime(roster, (0, 0))

    def vanished(*_: object) -> list[object]:
        raise FileNotFoundError

    with monkeypatch.context() as patched:
        patched.setattr("hocba.judging._files", vanished)
        seconds.now += 6
        assert current() is before
    (own_home.trust_folder / "gone").unlink()
    seconds.now += 6
    assert current() is not before


def test_a_home_without_trust_or_roster_can_be_served(sample, tmp_path):
    home = type(sample.home).create(tmp_path / "bare", trust=None, roster=None)
    app = create_app(home)
    judgement = app.state.service.repository.judgement()
    assert judgement.paths is None
    assert judgement.roster is None
    app.state.service.repository.index.close()
