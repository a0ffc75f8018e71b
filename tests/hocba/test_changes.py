"""What each version of a stored record changes, on the command line, over HTTP and on pages."""

from dataclasses import replace

import httpx
import pytest

from hocba.changes import changes_between
from hocba.index.rows import TokenKind
from hocba.web.app import create_app
from schemas.findings import Language
from schemas.registry import DefinitionRegistry
from storage.errors import ObjectNotFound
from tests.support import signed_records
from tests.support.command import call
from tests.support.signed_home import PUPIL, RECORD, make_home, take_in, version
from tests.support.web import SETTINGS, issue, running

MARK = "Toán, Điểm học kỳ 2: 7,5 → 8,0"
AVERAGE = "Toán, Điểm cả năm: 7,8 → 8,2"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    made = make_home(tmp_path_factory.mktemp("changes"))
    batch, items = take_in(
        made,
        version(),
        version(2, "UPDATE", "8.0"),
        version(3, "CANCEL", "8.0", trangthaithongtinhocba="2"),
    )
    assert batch.counts.accepted == 3, [each.findings for each in items]
    return made


@pytest.fixture(scope="module")
def server(home):
    app = create_app(home, settings=SETTINGS)
    with running(app) as url:
        yield url, app.state.service.repository


def client(server, kind=TokenKind.OPERATOR, **bounds):

    url, repository = server
    token = issue(repository.index, kind, **bounds)
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"})


def versions(home):
    with home.open_index() as index, index.reading() as tx:
        return tx.records.versions(RECORD)


def test_a_correction_reads_as_people_say_it_with_who_signed_it(home):
    ran = call("history", PUPIL, "--changes", "--home", home.path)
    assert ran.code == 0
    [line] = [each for each in ran.out.splitlines() if MARK in each]
    assert "; ký bởi " in line
    assert signed_records.PEOPLE["GVBM"] not in line  # a name, not a subject


def test_the_command_says_it_in_english_too(home):
    ran = call("history", PUPIL, "--changes", "--home", home.path, "--lang=en")
    assert "7.5 → 8.0; signed by " in ran.out


def test_without_the_option_nothing_is_read_from_the_store(home):
    assert MARK not in call("history", PUPIL, "--home", home.path).out


def test_json_has_changes_for_every_version_after_the_first(home):
    first, second, third = call(
        "history", PUPIL, "--changes", "--home", home.path, "--format=json"
    ).json["records"][0]["versions"]
    assert "changes" not in first
    mark, average = second["changes"]
    assert (average["before"], average["after"]) == ("7.8", "8.2")
    assert (mark["field"], mark["before"], mark["after"]) == ("diemhocky2", "7.5", "8.0")
    assert [each["field"] for each in third["changes"]] == ["trangthaithongtinhocba"]


def test_reading_changes_is_an_audit_event(home):
    call("history", PUPIL, "--changes", "--home", home.path)
    with home.open_index() as index, index.reading() as tx:
        last = tx.audit.events(madinhdanhhocba=RECORD, limit=1000).rows[-1]
    assert (last.actor, last.action) == ("cli", "timeline.changes.read")


def test_signers_are_named_although_their_certificates_have_expired_since(home):
    """Validated as of the time of acceptance: the kit's certificates end before 2040."""
    old, new, _ = versions(home)
    found = changes_between(old, new, home.open_store(), home.judgement())
    assert found.changes[0].signed_by
    late = replace(new, accepted_at=new.accepted_at.replace(year=2045))
    assert not changes_between(old, late, home.open_store(), home.judgement()).changes[0].signed_by


def test_other_bytes_in_the_store_are_never_compared(home):
    old, new, _ = versions(home)
    with pytest.raises(ObjectNotFound):
        changes_between(replace(old, version_id="other"), new, home.open_store(), home.judgement())


def test_a_version_whose_definition_is_gone_is_said_not_to_be_compared(home):
    old, new, _ = versions(home)
    without = replace(home.judgement(), definitions=DefinitionRegistry([]))
    found = changes_between(old, new, home.open_store(), without)
    assert not found.compared
    assert found.as_json(Language.VI)["changes"] == []


class TestOverHttp:
    def test_says_from_which_version_to_which(self, server):
        with client(server) as http:
            answer = http.get(f"/v1/records/{RECORD}/versions/2/changes")
        assert answer.status_code == 200
        body = answer.json()
        assert (body["from"], body["to"], body["event"], body["compared"]) == (1, 2, "UPDATE", True)
        assert [each["text"] for each in body["changes"]] == [MARK, AVERAGE]
        assert body["changes"][0]["signed_by"]

    def test_labels_are_in_the_language_of_the_caller(self, server):
        with client(server) as http:
            answer = http.get(
                f"/v1/records/{RECORD}/versions/2/changes", headers={"Accept-Language": "en"}
            )
        assert "7.5 → 8.0" in answer.json()["changes"][0]["text"]

    def test_a_first_version_changes_nothing(self, server):
        with client(server) as http:
            body = http.get(f"/v1/records/{RECORD}/versions/1/changes").json()
        assert (body["from"], body["compared"], body["changes"]) == (None, False, [])

    def test_a_version_that_is_not_there_is_not_found(self, server):
        with client(server) as http:
            assert http.get(f"/v1/records/{RECORD}/versions/9/changes").status_code == 404

    def test_another_province_learns_nothing_and_that_is_noted(self, server):
        with client(server, TokenKind.PROVINCE, masogd="16") as http:
            assert http.get(f"/v1/records/{RECORD}/versions/2/changes").status_code == 404
        with server[1].index.reading() as tx:
            last = tx.audit.events(madinhdanhhocba=RECORD, limit=1000).rows[-1]
        assert last.action == "access.refused"
        assert dict(last.detail)["wanted"] == "version.changes.read"

    def test_a_guardian_sees_them_on_the_page(self, server):
        url, repository = server

        code = issue(repository.index, TokenKind.GUARDIAN, mahocsinh=[PUPIL])
        with httpx.Client(base_url=url, follow_redirects=True) as http:
            assert http.post("/phu-huynh", data={"ma": code}).status_code == 200
            page = http.get(f"/phu-huynh/hoc-ba/{RECORD}/ban/2").text
            first = http.get(f"/phu-huynh/hoc-ba/{RECORD}/ban/1").text
        assert "Thay đổi so với bản 1" in page
        assert MARK in page
        assert "Thay đổi so với" not in first
