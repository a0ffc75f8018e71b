"""Who may see what: on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from hocba.examine import Judgement
from hocba.index.engine import sqlite_url
from hocba.index.index import Index
from hocba.index.migrate import migrate
from hocba.index.rows import TokenKind
from hocba.web.access import authenticated
from tests.support.rows import fill, record, version_of
from tests.support.services.postgresql import PostgreSQL
from tests.support.stand_in import MemoryStore
from tests.support.web import Clock, Site, issue, served, stand_in_repository

OWN = "hb-own"
OTHER = "hb-other"
PUPIL, OTHER_PUPIL = "1500000001", "7900000001"

READING = (
    "/v1/records/{}",
    "/v1/records/{}/versions",
    "/v1/records/{}/versions/1",
    "/v1/records/{}/versions/1/document",
    "/v1/records/{}/versions/1/receipt",
    "/v1/records/{}/receipt",
)


@dataclass(frozen=True)
class Two:
    """A site with a record in province 15 and one in province 79, and tokens."""

    site: Site
    clock: Clock

    def get(self, path: str, token: str | None, **options: object) -> httpx.Response:
        with self.site.client(token) as client:
            return client.get(path, **options)

    def last(self, count: int = 1):
        return self.site.trail()[-count:]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]
)
def two(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, no_trust: Judgement
) -> Iterator[Two]:
    folder = tmp_path_factory.mktemp("two")
    if request.param == "sqlite":
        with _two(sqlite_url(folder / "index.sqlite3"), folder, no_trust) as made:
            yield made
    else:
        server: PostgreSQL = request.getfixturevalue("postgresql")
        with server.database() as url, _two(url, folder, no_trust) as made:
            yield made


@contextmanager
def _two(url: str, folder: Path, judgement: Judgement) -> Iterator[Two]:
    migrate(url)
    index = Index.open(url)
    store, clock = MemoryStore(), Clock()
    rows = (
        record(madinhdanhhocba=OWN, mahocsinh=PUPIL, masogd="15"),
        record(madinhdanhhocba=OTHER, mahocsinh=OTHER_PUPIL, masogd="79"),
    )
    fill(index, *rows)
    for each in rows:
        version = version_of(each)
        data = f"{each.madinhdanhhocba} 1".encode()
        assert sha256(data).hexdigest() == version.sha256
        assert store.put(version.storage_key, data).version_id == version.version_id
    repository = stand_in_repository(index, folder, judgement, store=store, clock=clock)
    with served(repository, work_batches=False) as site:
        yield Two(site, clock)


def tokens(two: Two) -> dict[str, str]:
    index = two.site.repository.index
    return {
        "province": issue(index, TokenKind.PROVINCE, masogd="15"),
        "guardian": issue(index, TokenKind.GUARDIAN, mahocsinh=[PUPIL]),
        "operator": issue(index, TokenKind.OPERATOR),
    }


@pytest.mark.parametrize("kind", ["province", "guardian", "operator"])
@pytest.mark.parametrize("path", READING)
def test_a_caller_sees_what_is_theirs(two, kind, path):
    answer = two.get(path.format(OWN), tokens(two)[kind])
    assert answer.status_code == 200
    event = two.last()[0]
    assert event.madinhdanhhocba == OWN
    assert event.action.endswith(".read")
    assert event.masogd == "15"


@pytest.mark.parametrize("kind", ["province", "guardian"])
@pytest.mark.parametrize("path", READING)
def test_what_is_not_theirs_is_answered_exactly_like_what_is_not_there(two, kind, path):
    token = tokens(two)[kind]
    forbidden, absent = two.get(path.format(OTHER), token), two.get(path.format("hb-x"), token)
    assert (forbidden.status_code, absent.status_code) == (404, 404)
    assert forbidden.content == absent.content
    assert set(forbidden.headers) == set(absent.headers)
    refused, missed = two.last(2)
    assert refused.action == missed.action == "access.refused"
    assert (refused.madinhdanhhocba, missed.madinhdanhhocba) == (OTHER, "hb-x")


@pytest.mark.parametrize("path", READING)
def test_an_operator_sees_every_province(two, path):
    assert two.get(path.format(OTHER), tokens(two)["operator"]).status_code == 200


@pytest.mark.parametrize("path", [*READING, "/v1/students/{}/records"])
def test_nobody_sees_anything_without_a_token(two, path):
    before = two.site.trail()
    answer = two.get(path.format(OWN), None)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="hocba"'
    assert answer.headers["content-type"] == "application/problem+json"
    assert two.site.trail() == before


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer  x", "Basic abc", "bearer hocba_nothing", "Bearer é", "Bearer a b", ""],
)
def test_a_malformed_or_unknown_token_opens_nothing(two, header):
    with httpx.Client(base_url=two.site.url) as client:
        answer = client.get(
            READING[0].format(OWN), headers={"Authorization": header.encode("latin-1")}
        )
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_an_expired_token_opens_nothing(two):
    index, now = two.site.repository.index, two.clock.now
    token = issue(index, TokenKind.OPERATOR, at=now, expires_at=now + timedelta(minutes=1))
    assert two.get(READING[0].format(OWN), token).status_code == 200
    two.clock.forward(minutes=1)
    answer = two.get(READING[0].format(OWN), token)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_a_revoked_token_opens_nothing_from_then_on(two):
    token = tokens(two)["operator"]
    with two.site.repository.index.transaction() as tx:
        revoked = tx.tokens.revoke(sha256(token.encode()).hexdigest()[:16], two.clock.now)
    assert revoked is not None
    assert two.get(READING[0].format(OWN), token).status_code == 401


@pytest.mark.parametrize("kind", ["province", "guardian", "operator"])
def test_a_timeline_shows_the_records_that_the_caller_may_see(two, kind):
    answer = two.get(f"/v1/students/{PUPIL}/records", tokens(two)[kind])
    assert answer.status_code == 200
    body = answer.json()
    assert body["mahocsinh"] == PUPIL
    assert [each["madinhdanhhocba"] for each in body["records"]] == [OWN]
    assert two.last()[0].madinhdanhhocba == OWN


def test_the_timeline_over_http_is_the_one_of_the_command_line(two):
    with two.site.repository.index.reading() as tx:
        expected = tx.records.timeline(PUPIL).as_json()
    answer = two.get(f"/v1/students/{PUPIL}/records", tokens(two)["operator"])
    assert answer.json() == expected


@pytest.mark.parametrize("kind", ["province", "guardian"])
def test_a_pupil_of_others_does_not_exist(two, kind):
    token = tokens(two)[kind]
    forbidden = two.get(f"/v1/students/{OTHER_PUPIL}/records", token)
    absent = two.get("/v1/students/123/records", token)
    assert (forbidden.status_code, absent.status_code) == (404, 404)
    assert forbidden.content == absent.content
    refused = two.last(2)[0]
    assert refused.action == "access.refused"
    assert dict(refused.detail) == {"wanted": "timeline.read", "mahocsinh": OTHER_PUPIL}


def test_a_guardian_learns_that_there_is_no_record_yet(two):
    token = issue(two.site.repository.index, TokenKind.GUARDIAN, mahocsinh=["1500000099"])
    answer = two.get("/v1/students/1500000099/records", token)
    assert (answer.status_code, answer.json()["records"]) == (200, [])
    assert two.last()[0].action == "timeline.read"


@pytest.mark.parametrize(
    "path", ["/v1/batches", "/v1/batches/batch-1", "/v1/batches/batch-1/items", "/v1/statistics"]
)
def test_a_guardian_has_nothing_to_do_with_batches(two, path):
    answer = two.get(path, tokens(two)["guardian"])
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_a_province_sees_its_own_batches_only(two):
    index = two.site.repository.index
    own = issue(index, TokenKind.PROVINCE, masogd="15")
    other = issue(index, TokenKind.PROVINCE, masogd="79")
    assert two.get("/v1/batches/batch-1", own).status_code == 200
    assert [each["id"] for each in two.get("/v1/batches", own).json()["items"]] == ["batch-1"]
    assert two.get("/v1/batches", other).json() == {"items": [], "next": None}
    for path in ("", "/items", "/report.csv", "/report.xlsx", "/summary", "/summary.csv"):
        answer = two.get(f"/v1/batches/batch-1{path}", other)
        assert answer.status_code == 404
        assert answer.content == two.get(f"/v1/batches/nothing{path}", other).content


@pytest.mark.parametrize("kind", ["province", "guardian"])
def test_only_an_operator_reads_the_metrics(two, kind):
    of = tokens(two)
    assert two.get("/metrics", of[kind]).status_code == 403
    assert two.get("/metrics", None).status_code == 401
    assert two.get("/metrics", of["operator"]).status_code == 200


def test_the_trail_names_the_token_and_not_the_person(two):
    token = tokens(two)["guardian"]
    two.get(READING[0].format(OWN), token)
    event = two.last()[0]
    assert event.actor == f"token:{sha256(token.encode()).hexdigest()[:16]}"
    assert token not in repr(two.site.trail())


def test_what_is_personal_is_not_kept_on_the_way(two):
    token = tokens(two)["guardian"]
    for path in (*READING, f"/v1/students/{PUPIL}/records"):
        cache = two.get(path.format(OWN), token).headers["cache-control"]
        assert cache in {"no-store", "private, no-cache"}, path


def test_no_batch_exists_for_a_guardian(two):
    caller = authenticated(two.site.repository, tokens(two)["guardian"])
    with two.site.repository.index.reading() as tx:
        batch = tx.batches.find("batch-1")
    assert caller is not None
    assert batch is not None
    assert not caller.may_see_batch(batch)
