"""Figures and pupils' years over HTTP: who may ask, and what they see."""

import csv
import io

import pytest

from hocba.continuity.refresh import refresh
from hocba.index.rows import TokenKind
from hocba.index.schools import School
from tests.support.rows import NOW, fill, record

A, B, ELSEWHERE = "15000001", "15000002", "79000001"


@pytest.fixture
def filled(site):
    """A pupil who moves from province 15 to 79, not promoted in between; another one beside."""
    moved = {"mahocsinh": "m", "warnings": 0, "days_to_arrive": 3, "accepted_at": NOW}
    rows = (
        record(madinhdanhhocba="m1", namhoc="2023-2024", matruong=A, duoclenlop=False, **moved),
        record(
            madinhdanhhocba="m2",
            namhoc="2024-2025",
            makhoi="02",
            matruong=ELSEWHERE,
            masogd="79",
            **moved,
        ),
        record(madinhdanhhocba="m3", namhoc="2025-2026", makhoi="05", matruong=B, **moved),
        record(madinhdanhhocba="x", mahocsinh="x", sodinhdanh="1", namhoc="2025-2026", matruong=B),
    )
    fill(site.repository.index, *rows)
    with site.repository.index.transaction() as tx:
        tx.schools.note(
            School(
                masogd=each.masogd,
                matruong=each.matruong,
                tentruong=each.tentruong,
                maxa="03001" if each.matruong == A else None,
                namhoc=each.namhoc,
            )
            for each in rows
        )
        refresh(tx, ["m", "x"])
    return site


def records_counted(answer) -> int:
    figures = answer.json()["units"][0]["figures"]
    return next(each["denominator"] for each in figures if each["code"] == "sach.thu-hoi")


def test_a_province_counts_its_own_and_an_operator_all(filled):
    with filled.client(filled.token(TokenKind.PROVINCE, masogd="15")) as client:
        assert records_counted(client.get("/v1/quality")) == 3
        assert records_counted(client.get("/v1/quality", params={"province": "15"})) == 3
        assert records_counted(client.get("/v1/quality", params={"school": B})) == 2
        assert records_counted(client.get("/v1/quality", params={"commune": "03001"})) == 1
        body = client.get("/v1/quality", params={"namhoc": "2025-2026", "by": "school"}).json()
    assert [each["code"] for each in body["units"]] == [B]
    assert body["scope"] == {"masogd": "15", "maxa": None, "matruong": None, "namhoc": "2025-2026"}
    with filled.client(filled.token(TokenKind.OPERATOR)) as client:
        assert records_counted(client.get("/v1/quality")) == 4
        assert records_counted(client.get("/v1/quality", params={"province": "79"})) == 1


def test_another_province_s_school_is_not_there(filled):
    token = filled.token(TokenKind.PROVINCE, masogd="15")
    with filled.client(token) as client:
        asked = [{"school": ELSEWHERE}, {"province": "79"}, {"school": "0"}, {"commune": "99999"}]
        answers = [client.get("/v1/quality", params=each) for each in asked]
    assert {each.status_code for each in answers} == {404}
    assert len({each.text for each in answers}) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"namhoc": "2025"},
        {"namhoc": "2025-2027"},
        {"commune": "1"},
        {"by": "class"},
        {"days": "-1"},
        {"school": "a b"},
    ],
)
def test_what_makes_no_sense_is_said_so(filled, asked):
    with filled.client(filled.token(TokenKind.OPERATOR)) as client:
        answer = client.get("/v1/quality", params=asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_year_without_anything_has_no_values(filled):
    with filled.client(filled.token(TokenKind.PROVINCE, masogd="15")) as client:
        answer = client.get("/v1/quality", params={"namhoc": "2031-2032"})
    assert answer.status_code == 200
    assert {each["value"] for each in answer.json()["units"][0]["figures"]} == {None}


def test_the_same_figures_come_as_csv_by_name_or_by_accept(filled):
    with filled.client(filled.token(TokenKind.PROVINCE, masogd="15")) as client:
        named = client.get("/v1/quality.csv", params={"by": "school"})
        negotiated = client.get(
            "/v1/quality", params={"by": "school"}, headers={"Accept": "text/csv"}
        )
        english = client.get("/v1/quality.csv", params={"lang": "en"})
        both = client.get("/v1/quality", headers={"Accept": "application/json, text/csv"})
    assert named.headers["content-type"].startswith("text/csv")
    assert "attachment" in named.headers["content-disposition"]
    assert named.text == negotiated.text
    assert named.text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(named.text.removeprefix("\ufeff"), newline="")))
    assert {each["matruong"] for each in rows} == {A, B}
    assert "Records recalled" in english.text
    assert both.headers["content-type"] == "application/json"


def test_a_pupil_s_years_are_judged_as_far_as_the_caller_sees_them(filled):
    path = "/v1/students/m/continuity"
    with filled.client(filled.token(TokenKind.OPERATOR)) as client:
        everything = client.get(path, headers={"Accept-Language": "en"}).json()
    with filled.client(filled.token(TokenKind.PROVINCE, masogd="15")) as client:
        own = client.get(path).json()
    with filled.client(filled.token(TokenKind.PROVINCE, masogd="79")) as client:
        other = client.get(path).json()
        assert client.get("/v1/students/x/continuity").status_code == 404
        assert client.get("/v1/students/nobody/continuity").status_code == 404
    assert [each["code"] for each in everything["findings"]] == ["HB-I149", "HB-I147"]
    assert everything["records"] == 3
    assert not everything["in_order"]
    assert "promoted" in everything["findings"][0]["message"]
    # What rests on a record of another province is not told: neither side can see both.
    assert (own["records"], own["findings"]) == (2, [])
    assert (other["records"], other["findings"]) == (1, [])


def test_every_record_that_is_looked_at_is_noted(filled):
    with filled.client(filled.token(TokenKind.PROVINCE, masogd="15")) as client:
        client.get("/v1/students/m/continuity")
        client.get("/v1/students/nobody/continuity")
    with filled.repository.index.reading() as tx:
        events = tx.audit.events().rows
    assert [each.madinhdanhhocba for each in events if each.action == "continuity.read"] == [
        "m1",
        "m3",
    ]
    assert events[-1].action == "access.refused"
    assert dict(events[-1].detail) == {"wanted": "continuity.read", "mahocsinh": "nobody"}


def test_guardians_see_nothing_of_this(filled):
    with filled.client(filled.token(TokenKind.GUARDIAN, mahocsinh=("m",))) as client:
        for path in ("/v1/quality", "/v1/quality.csv", "/v1/students/m/continuity"):
            assert client.get(path).status_code == 403
    with filled.client() as client:
        assert client.get("/v1/quality").status_code == 401
