"""Requests and links over HTTP: who may ask, who may decide, and who sees what follows."""

import httpx
import pytest

from hocba.index.rows import TokenKind
from hocba.links import link_pupils, unlink_pupils
from tests.support.rows import NOW, fill, record
from tests.support.web import issue, served, stand_in_repository

OLD, NEW = "TAM-1", "1500000001"
NEW_REQUEST = {"kind": "correction", "reason": "entry-error", "text": "Nhập nhầm điểm"}


def act(index, what=link_pupils):
    with index.transaction() as tx:
        what(tx, OLD, NEW, reason="Đã có mã chính thức", by="Sở", at=NOW, actor="cli")


@pytest.fixture
def site(sqlite_index, tmp_path, no_trust):
    fill(
        sqlite_index,
        record(madinhdanhhocba="hb-1", mahocsinh=OLD, namhoc="2023-2024"),
        record(madinhdanhhocba="hb-2", mahocsinh=NEW, namhoc="2024-2025"),
    )
    with served(stand_in_repository(sqlite_index, tmp_path, no_trust)) as running:
        yield running


def client_of(site, kind=TokenKind.PROVINCE, **bounds):
    if kind is TokenKind.PROVINCE:
        bounds = {"masogd": "15", **bounds}
    return site.client(issue(site.repository.index, kind, **bounds))


def test_one_token_asks_and_another_approves(site):
    url = "/v1/records/hb-1/requests"
    with client_of(site) as asking, client_of(site, TokenKind.OPERATOR) as deciding:
        opened = asking.post(url, json=NEW_REQUEST)
        assert (opened.status_code, opened.json()["state"]) == (201, "waiting")
        own = asking.post(f"{url}/1/approval", json={})
        assert (own.status_code, own.json()["code"]) == (409, "HB-I058")
        approved = deciding.post(f"{url}/1/approval", json={"decision": "approved"})
        assert (approved.status_code, approved.json()["state"]) == (200, "approved")
        [listed] = asking.get(url).json()["items"]
    assert listed == approved.json()
    assert listed["requested_by"] != listed["decided_by"]


def test_a_second_request_of_the_kind_is_a_conflict(site):
    with client_of(site) as asking:
        asking.post("/v1/records/hb-1/requests", json=NEW_REQUEST)
        second = asking.post("/v1/records/hb-1/requests", json=NEW_REQUEST)
    assert (second.status_code, second.json()["code"]) == (409, "HB-I055")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**NEW_REQUEST, "kind": "issue"},
        {**NEW_REQUEST, "reason": "because"},
        {**NEW_REQUEST, "text": ""},
        {**NEW_REQUEST, "approved_by": "me"},
    ],
)
def test_a_body_that_says_anything_else_is_refused(site, body):
    with client_of(site) as asking:
        assert asking.post("/v1/records/hb-1/requests", json=body).status_code == 422


def test_what_is_not_there_cannot_be_decided(site):
    with client_of(site) as deciding:
        answer = deciding.post("/v1/records/hb-1/requests/7/approval", json={})
    assert answer.status_code == 404


def test_another_province_can_neither_ask_nor_decide_nor_read(site):
    with client_of(site) as asking:
        asking.post("/v1/records/hb-1/requests", json=NEW_REQUEST)
    with client_of(site, masogd="16") as other:
        url = "/v1/records/hb-1/requests"
        answers = [
            other.post(url, json=NEW_REQUEST),
            other.post(f"{url}/1/approval", json={}),
            other.get(url),
        ]
    assert [each.status_code for each in answers] == [404, 404, 404]
    refused = [dict(e.detail)["wanted"] for e in site.trail() if e.action == "access.refused"]
    assert refused == ["request.opened", "request.approved", "record.requests.read"]


def test_guardians_and_nobody_are_kept_out(site):
    with client_of(site, TokenKind.GUARDIAN, mahocsinh=[OLD]) as guardian:
        url = "/v1/records/hb-1/requests"
        assert guardian.post(url, json=NEW_REQUEST).status_code == 403
        assert guardian.get(url).status_code == 403
    with site.client() as nobody:
        assert nobody.post(url, json=NEW_REQUEST).status_code == 401


def test_only_an_operator_links_ids(site):
    body = {"new": NEW, "reason": "Đã có mã chính thức"}
    url = f"/v1/students/{OLD}/links"
    with client_of(site) as province:
        assert province.post(url, json=body).status_code == 403
        assert province.get(url).status_code == 403
    with client_of(site, TokenKind.OPERATOR) as operator:
        assert operator.post(url, json=body).status_code == 201
        again = operator.post(url, json=body)
        assert (again.status_code, again.json()["code"]) == (409, "HB-I064")
        found = operator.get(f"/v1/students/{NEW}/links").json()
        assert (found["ids"], len(found["items"])) == ([NEW, OLD], 1)
        timeline = operator.get(f"/v1/students/{OLD}/records").json()["records"]
        assert [each["namhoc"] for each in timeline] == ["2023-2024", "2024-2025"]
        undone = operator.post(url, json={**body, "linked": False})
        assert (undone.status_code, undone.json()["linked"]) == (201, False)
        assert len(operator.get(f"/v1/students/{OLD}/records").json()["records"]) == 1


def test_a_guardian_keeps_seeing_the_child_under_the_new_id(site):
    code = issue(site.repository.index, TokenKind.GUARDIAN, mahocsinh=[OLD])
    with site.client(code) as guardian:
        assert guardian.get("/v1/records/hb-2").status_code == 404
        act(site.repository.index)
        assert guardian.get("/v1/records/hb-2").status_code == 200
        for each in (OLD, NEW):
            found = guardian.get(f"/v1/students/{each}/records").json()["records"]
            assert len(found) == 2
        act(site.repository.index, unlink_pupils)
        assert guardian.get("/v1/records/hb-2").status_code == 404


def test_a_child_with_two_ids_stands_once_on_the_page(site):
    act(site.repository.index)
    code = issue(site.repository.index, TokenKind.GUARDIAN, mahocsinh=[OLD, NEW])
    with httpx.Client(base_url=site.url, follow_redirects=True) as http:
        page = http.post("/phu-huynh", data={"ma": code}).text
    assert page.count("/phu-huynh/hoc-ba/hb-1") == page.count("/phu-huynh/hoc-ba/hb-2") > 0
    assert page.count("2023-2024") == page.count("2024-2025")
