"""A province works its own mismatches through over HTTP, and sees no other's."""

import csv
import io
from collections.abc import Iterator

import httpx
import pytest
from openpyxl import load_workbook

from hocba.identity.model import Person, PersonKind, Problem
from hocba.index.identity_rows import Claim, NewMismatch
from hocba.index.index import Index
from hocba.index.rows import TokenKind
from schemas.findings import finding
from tests.support.rows import NOW
from tests.support.web import Site, served, stand_in_repository

URL = "/v1/identity/mismatches"
EVIL = '=HYPERLINK("http://x")'


@pytest.fixture
def site(sqlite_index: Index, tmp_path, no_trust) -> Iterator[Site]:
    with sqlite_index.transaction() as tx:
        for number, masogd in enumerate(("15", "15", "79", "15"), start=1):
            person = Person(f"01021204363{number}", EVIL if number == 4 else "Lê A", "2012")
            claim = Claim(
                masogd=masogd, matruong=f"{masogd}000001", kind=PersonKind.PUPIL, person=person
            )
            findings = (finding("HB-I190", found=person.id),)
            tx.identities.open(
                NewMismatch(
                    claim=claim,
                    role="pupil",
                    problem=Problem.UNKNOWN,
                    findings=findings,
                    madinhdanhhocba="hb-1",
                    namhoc="2025-2026",
                ),
                NOW,
            )
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust)
    with served(repository, work_batches=False) as made:
        yield made


@pytest.fixture
def province(site: Site) -> Iterator[httpx.Client]:
    with site.client(site.token(TokenKind.PROVINCE, masogd="15")) as client:
        yield client


def test_a_province_sees_its_own_page_by_page(site: Site, province: httpx.Client) -> None:
    first = province.get(URL, params={"limit": 2}).json()
    rest = province.get(first["next"]).json()
    assert [each["id"] for each in (*first["items"], *rest["items"])] == [1, 2, 4]
    assert rest["next"] is None
    assert first["items"][0]["problem"] == "unknown"
    assert first["items"][0]["findings"][0]["code"] == "HB-I190"
    with site.client(site.token(TokenKind.OPERATOR)) as operator:
        assert len(operator.get(URL).json()["items"]) == 4
    assert [each.action for each in site.trail()] == ["identity.mismatches.read"] * 3
    assert [each.masogd for each in site.trail()] == ["15", "15", None]


def test_the_list_is_narrowed_by_state_and_school(province: httpx.Client) -> None:
    assert province.get(URL, params={"state": "explained"}).json()["items"] == []
    assert len(province.get(URL, params={"matruong": "15000001"}).json()["items"]) == 3
    assert province.get(URL, params={"matruong": "79000001"}).json()["items"] == []
    assert province.get(URL, params={"state": "?"}).status_code == 422


def test_a_mismatch_is_resolved_with_who_and_why(site: Site, province: httpx.Client) -> None:
    body = {"state": "explained", "reason": "Đã đổi tên", "by": "Phòng GDPT"}
    done = province.post(f"{URL}/1/resolution", json=body)
    assert done.status_code == 200
    assert (done.json()["state"], done.json()["resolved_by"]) == ("explained", "Phòng GDPT")
    again = province.post(f"{URL}/1/resolution", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "HB-I201")
    assert site.trail()[0].action == "identity.mismatch.explained"
    nameless = province.post(f"{URL}/2/resolution", json={"state": "rejected", "reason": "Sai"})
    assert nameless.json()["resolved_by"].startswith("token:")


@pytest.mark.parametrize(
    "body",
    [
        {"state": "open", "reason": "x"},
        {"state": "explained"},
        {"state": "explained", "reason": ""},
        {"state": "explained", "reason": "x" * 1001},
        {"state": "explained", "reason": "x", "more": 1},
    ],
)
def test_a_resolution_that_says_too_little_or_too_much_changes_nothing(
    province: httpx.Client, body: dict[str, object]
) -> None:
    assert province.post(f"{URL}/1/resolution", json=body).status_code == 422
    assert province.get(URL).json()["items"][0]["state"] == "open"


def test_another_province_s_mismatch_does_not_exist(site: Site, province: httpx.Client) -> None:
    body = {"state": "explained", "reason": "x"}
    theirs = province.post(f"{URL}/3/resolution", json=body)
    nothing = province.post(f"{URL}/99/resolution", json=body)
    assert (theirs.status_code, nothing.status_code) == (404, 404)
    assert theirs.content == nothing.content
    assert {each.action for each in site.trail()} == {"access.refused"}


def test_a_guardian_has_nothing_to_do_with_it(site: Site) -> None:
    with site.client(site.token(TokenKind.GUARDIAN, mahocsinh=["1"])) as guardian:
        for path in (URL, f"{URL}.csv", f"{URL}.xlsx"):
            assert guardian.get(path).status_code == 403
    with site.client() as nobody:
        assert nobody.get(URL).status_code == 401


def test_the_queue_opens_in_a_spreadsheet(province: httpx.Client) -> None:
    table = province.get(f"{URL}.csv")
    assert table.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(table.content.decode("utf-8-sig"))))
    assert [each["id"] for each in rows] == ["1", "2", "4"]
    assert rows[0]["problem"] == "không có số định danh này"
    assert rows[0]["mend"].startswith("Hãy đối chiếu")
    assert rows[2]["hovaten"] == "'" + EVIL
    book = load_workbook(io.BytesIO(province.get(f"{URL}.xlsx", params={"lang": "en"}).content))
    assert book.sheetnames == ["Mismatches", "Guide"]
    assert book["Mismatches"]["H4"].value == EVIL
    assert book["Mismatches"]["H4"].data_type == "s"
