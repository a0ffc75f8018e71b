"""Transfers over HTTP: two servers, tokens of provinces, and the issues of a record."""

from contextlib import ExitStack
from dataclasses import replace

import pytest

from hocba.index.rows import TokenKind
from hocba.web.repository import open_repository
from tests.support import signed_home
from tests.support.transfers import RECEIVER, SENDER, SENT_AT
from tests.support.web import served

PUPIL, RECORD = signed_home.PUPIL, signed_home.RECORD
ORDER = {"mahocsinh": PUPIL, "receiver": RECEIVER, "reason": "Chuyển theo gia đình"}


@pytest.fixture
def sites(provinces):
    with ExitStack() as stack:
        made = []
        for home in (provinces.sender, provinces.receiver):
            repository = replace(open_repository(home), clock=lambda: SENT_AT)
            made.append(stack.enter_context(served(repository, work_batches=False)))
        yield made


def client(site, masogd):
    return site.client(site.token(TokenKind.PROVINCE, masogd=masogd))


def test_a_pupil_moves_from_server_to_server(sites) -> None:
    sender, receiver = sites
    with client(sender, SENDER) as a, client(receiver, RECEIVER) as b:
        made = a.post("/v1/transfers", json=ORDER)
        assert made.status_code == 201
        here = made.headers["Location"]
        assert a.get(here).json()["state"] == "made"
        package = a.get(f"{here}/package")
        assert package.headers["content-type"] == "application/zip"
        etag = {"If-None-Match": package.headers["ETag"]}
        assert a.get(f"{here}/package", headers=etag).status_code == 304

        zipped = {"Content-Type": "application/zip"}
        assert b.get(f"/v1/students/{PUPIL}/records").status_code == 404
        taken = b.post("/v1/transfers/incoming", content=package.content, headers=zipped)
        assert taken.status_code == 201
        assert (taken.json()["accepted"], taken.json()["duplicate"]) == (1, 0)
        again = b.post("/v1/transfers/incoming", content=package.content, headers=zipped)
        assert (again.json()["accepted"], again.json()["duplicate"]) == (0, 1)
        # The receiving province sees the records of the pupil who moved to it, and no others.
        assert len(b.get(f"/v1/students/{PUPIL}/records").json()["records"]) == 1
        with client(receiver, "77") as other:
            assert other.get(f"/v1/records/{RECORD}").status_code == 404
            assert other.get(here).status_code == 404

        answer = b.get(f"{here}/acknowledgement").content
        filed = a.post(
            f"{here}/acknowledgement", content=answer, headers={"Content-Type": "application/jose"}
        )
        assert (filed.status_code, filed.json()["state"]) == (200, "accepted")
        assert [each["state"] for each in a.get("/v1/transfers").json()["items"]] == ["accepted"]
        assert [e["direction"] for e in b.get("/v1/transfers").json()["items"]] == ["in"]

        issues = a.get(f"/v1/records/{RECORD}/issues").json()["items"]
        assert [(each["action"], each["phienban"]) for each in issues] == [
            ("version.transferred", 1),
            # Once: what was answered with 304 gave nothing out.
            ("version.handed_out", 1),
        ]
        a.get(f"/v1/records/{RECORD}/versions/1/document")
        issues = a.get(f"/v1/records/{RECORD}/issues").json()["items"]
        assert [each["action"] for each in issues][-1] == "document.read"


def test_what_is_refused_says_why_and_keeps_nothing(sites, provinces) -> None:
    sender, receiver = sites
    with client(sender, SENDER) as a, client(receiver, RECEIVER) as b:
        made = a.post("/v1/transfers", json=ORDER)
        package = a.get(made.headers["Location"] + "/package").content
        zipped = {"Content-Type": "application/zip"}
        bad = b.post("/v1/transfers/incoming", content=package[:-40], headers=zipped)
        assert (bad.status_code, bad.json()["code"]) == (409, "HB-I080")
        assert bad.headers["content-type"] == "application/problem+json"
        assert b.get("/v1/transfers").json()["items"] == []
        spool = provinces.receiver.path / "spool"
        assert list(spool.iterdir()) == []
        declined = b.post(
            "/v1/transfers/incoming",
            params={"reason": "Nhầm nơi nhận"},
            content=package,
            headers=zipped,
        )
        assert declined.json()["transfer"]["state"] == "declined"
        late = b.post("/v1/transfers/incoming", content=package, headers=zipped)
        assert (late.status_code, late.json()["code"]) == (409, "HB-I114")


def test_who_may_send_and_see(sites) -> None:
    sender, _ = sites
    with client(sender, "77") as other:
        assert other.post("/v1/transfers", json=ORDER).status_code == 403
        assert other.get("/v1/transfers").json()["items"] == []
    guardian = sender.token(TokenKind.GUARDIAN, mahocsinh=[PUPIL])
    with sender.client(guardian) as parent:
        assert parent.post("/v1/transfers", json=ORDER).status_code == 403
        assert parent.get("/v1/transfers").status_code == 403
        assert parent.get(f"/v1/records/{RECORD}/issues").status_code == 403
    with client(sender, SENDER) as a:
        unknown = a.post("/v1/transfers", json={**ORDER, "mahocsinh": "khong-co"})
        assert (unknown.status_code, unknown.json()["code"]) == (409, "HB-I112")
        assert a.post("/v1/transfers", json={**ORDER, "receiver": "../x"}).status_code == 422
