"""The roster over HTTP: imported whole or refused with every line, asked, and kept apart."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from hocba.examine import Judgement
from hocba.home import Home
from hocba.index.index import Index
from hocba.index.roster_rows import CertificateSource, SignerCertificate
from hocba.index.rows import TokenKind
from hocba.judging import CurrentJudgement
from hocba.roster.importing import import_roster
from tests.support.roster_files import (
    HOMEROOM,
    OTHER_SCHOOL,
    PRINCIPAL,
    SCHOOL,
    SUBSTITUTE,
    checked,
    request,
    staff,
    written,
)
from tests.support.web import Clock, Site, served, stand_in_repository

IMPORTS = "/v1/roster/imports"
SIGNERS = f"/v1/roster/schools/{SCHOOL}/signers"


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 6, 1, 3, tzinfo=UTC))


@pytest.fixture
def own_site(
    sqlite_index: Index, tmp_path: Path, no_trust: Judgement, clock: Clock
) -> Iterator[Site]:
    """The repository of province 15, without a roster."""
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust, clock=clock, masogd="15")
    with served(repository) as site:
        yield site


@pytest.fixture
def province_client(own_site: Site) -> Iterator[httpx.Client]:
    with own_site.client(own_site.token(TokenKind.PROVINCE, masogd="15")) as client:
        yield client


def sent(client: httpx.Client, lines: list[dict[str, str]], **parameters: object) -> httpx.Response:
    given = {"reason": "đầu năm học", **parameters}
    headers = {"Content-Type": "text/csv"}
    return client.post(IMPORTS, content=written(lines), params=given, headers=headers)  # type: ignore[arg-type]


def test_an_import_answers_who_may_sign_and_is_noted(
    own_site: Site, province_client: httpx.Client
) -> None:
    answer = sent(province_client, staff(SUBSTITUTE))
    assert answer.status_code == 201
    assert (answer.json()["added"], answer.json()["change"]["number"]) == (5, 1)
    body = province_client.get(SIGNERS, params={"on": "2026-05-29", "role": "GVCN"}).json()
    own, substitute = body["items"]
    assert (own["hovaten"], own["substitution"]) == (HOMEROOM["hovaten"], None)
    assert substitute["substitution"]["nguoipheduyet"] == SUBSTITUTE["nguoipheduyet"]
    assert body["change"]["digest"] == answer.json()["change"]["digest"]
    (change,) = province_client.get(IMPORTS).json()["items"]
    assert change["by"].startswith("token:")
    actions = [each.action for each in own_site.trail()]
    assert actions == ["roster.import", "roster.signers.read"]
    assert {each.masogd for each in own_site.trail()} == {"15"}


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_kept(
    own_site: Site, province_client: httpx.Client
) -> None:
    bad = staff(SUBSTITUTE | {"lydo": ""}, PRINCIPAL | {"tungay": "5/8/2017"})
    answer = sent(province_client, bad)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:hocba:problem:roster-invalid")
    assert problem["code"] == "HB-I139"
    told = [(each["line"], each["path"], each["code"]) for each in problem["findings"]]
    assert told == [(6, "lydo", "HB-I127"), (7, "tungay", "HB-I122")]
    assert "5/8/2017" in problem["findings"][1]["message"]
    assert province_client.get(IMPORTS).json()["items"] == []
    assert province_client.get(SIGNERS).status_code == 404


@pytest.mark.parametrize("data", [b"x", b"\xff\xfe\x00", b"matruong\n1\n"])
def test_what_is_no_roster_is_told_so(province_client: httpx.Client, data: bytes) -> None:
    answer = province_client.post(IMPORTS, content=data, params={"reason": "thử"})
    assert (answer.status_code, answer.json()["total"]) == (422, 1)


def test_a_dry_run_and_the_same_again_change_nothing(province_client: httpx.Client) -> None:
    dry = sent(province_client, staff(), dry_run=True)
    assert (dry.status_code, dry.json()["imported"], dry.json()["added"]) == (200, False, 4)
    assert sent(province_client, staff()).status_code == 201
    again = sent(province_client, staff())
    assert (again.status_code, again.json()["imported"]) == (200, False)


def test_an_unusual_import_is_refused_until_it_is_confirmed(province_client: httpx.Client) -> None:
    sent(province_client, staff())
    refused = sent(province_client, staff(without=[HOMEROOM]))
    assert (refused.status_code, refused.json()["code"]) == (409, "HB-I138")
    assert sent(province_client, staff(without=[HOMEROOM]), confirm=True).status_code == 201


def test_what_was_known_then_is_answered_as_well(
    province_client: httpx.Client, clock: Clock
) -> None:
    sent(province_client, staff())
    then = clock().isoformat()
    clock.forward(days=30)
    left = staff(HOMEROOM | {"denngay": "2026-03-31"}, without=[HOMEROOM])
    assert sent(province_client, left, confirm=True).status_code == 201
    asked = {"on": "2026-05-29", "role": "GVCN"}
    assert province_client.get(SIGNERS, params=asked).json()["items"] == []
    known = province_client.get(SIGNERS, params={**asked, "known_at": then}).json()
    assert [each["hovaten"] for each in known["items"]] == [HOMEROOM["hovaten"]]
    assert known["change"]["number"] == 1


@pytest.mark.parametrize("known_at", ["hôm qua", "2026-06-01", "0001-01-01T00:00:00+14:00"])
def test_a_time_without_zone_or_sense_is_refused(
    province_client: httpx.Client, known_at: str
) -> None:
    answer = province_client.get(SIGNERS, params={"known_at": known_at})
    assert (answer.status_code, answer.json()["names"]) == (422, "known_at")


def test_certificates_about_to_end_are_told_page_by_page_and_masked(
    own_site: Site, province_client: httpx.Client, clock: Clock
) -> None:
    sent(province_client, staff())
    known = [
        SignerCertificate(
            sha256=digest * 32,
            holder=holder,
            subject="CN=X",
            issuer="CN=CA Mẫu",
            serial="1f",
            valid_from=clock() - timedelta(days=700),
            valid_until=clock() + timedelta(days=days),
            source=CertificateSource.SIGNATURE,
            seen_at=clock(),
        )
        for digest, holder, days in (
            ("aa", HOMEROOM["sodinhdanh"], 20),
            ("bb", PRINCIPAL["sodinhdanh"], 10),
        )
    ]
    with own_site.repository.index.transaction() as tx:
        tx.rosters.add_certificates(known)
    first = province_client.get("/v1/roster/certificates", params={"limit": 1}).json()
    second = province_client.get(first["next"]).json()
    names = [each["name"] for each in (*first["items"], *second["items"])]
    assert (names, second["next"]) == (["L. T. Mẫu", "P. K. Mẫu"], None)
    assert HOMEROOM["sodinhdanh"] not in str(second)
    soon = province_client.get("/v1/roster/certificates", params={"expiring_within": 15}).json()
    assert [each["sha256"][:2] for each in soon["items"]] == ["bb"]


def test_another_province_and_guardians_see_no_roster(own_site: Site) -> None:
    others = [
        own_site.token(TokenKind.PROVINCE, masogd="25"),
        own_site.token(TokenKind.GUARDIAN, mahocsinh=["1"]),
    ]
    for token in others:
        with own_site.client(token) as client:
            for path in (SIGNERS, IMPORTS, "/v1/roster/certificates"):
                assert client.get(path).status_code == 403
            assert sent(client, staff()).status_code == 403
    with own_site.client() as nobody:
        assert nobody.get(SIGNERS).status_code == 401


def test_where_a_repository_has_many_provinces_the_roster_is_the_operators(site: Site) -> None:
    with site.client(site.token(TokenKind.PROVINCE, masogd="15")) as province:
        assert sent(province, staff()).status_code == 403
    with site.client(site.token(TokenKind.OPERATOR)) as operator:
        assert sent(operator, staff()).status_code == 201
        assert operator.get(SIGNERS).status_code == 200
        assert operator.get(SIGNERS.replace(SCHOOL, OTHER_SCHOOL)).json()["items"] == []


def test_a_running_server_judges_by_the_roster_that_was_imported_last(tmp_path: Path) -> None:
    (tmp_path / "roster.csv").write_bytes(written(staff()))
    home = Home.create(tmp_path / "kho", trust=None, roster=tmp_path / "roster.csv")
    passed = 0.0
    with home.open_index() as index:
        current = CurrentJudgement(home, lambda: passed, index)
        first = current().basis.roster
        with index.transaction() as tx:
            _, change = import_roster(tx, checked(staff(SUBSTITUTE)), request(), confirmed=True)
        assert change is not None
        assert current().basis.roster == first
        # The file from before is not what was imported: two rosters are none.
        passed = 10.0
        assert current().basis.roster == first
        home.roster_file.unlink()
        passed = 20.0
        assert current().basis.roster == change.digest


@pytest.mark.parametrize("effective", ["0001-01-01", "1999-12-31", "9999-12-31"])
def test_a_day_of_effect_without_sense_is_refused(
    province_client: httpx.Client, effective: str
) -> None:
    sent(province_client, [{**each, "tungay": ""} for each in staff()])
    answer = sent(province_client, staff(without=[HOMEROOM]), effective=effective, confirm=True)
    assert (answer.status_code, answer.json()["names"]) == (422, "effective")
    assert len(province_client.get(IMPORTS).json()["items"]) == 1
