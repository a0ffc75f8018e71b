"""Small parts: limits, sessions, cursors, settings, words."""

import json
import re
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import Response

import hocba.web
from hocba.web.limits import MAX_ADDRESSES, RateLimit
from hocba.web.pagination import cursor_at, next_url
from hocba.web.problems import Problem
from hocba.web.reading import read_document, result_in_words
from hocba.web.sessions import Sessions
from hocba.web.settings import WebSettings
from hocba.web.spool import file_name
from hocba.web.texts import _flattened, text, texts
from hocba.wording import subject_names, written
from schemas.findings import Language
from schemas.registry import DefinitionRegistry
from tests.support.records import primary_record, secondary_record, secondary_row

WEB = Path(hocba.web.__file__).parent


class Seconds:
    now = 0.0

    def __call__(self) -> float:
        return self.now


# ---------------------------------------------------------------- how often


def test_an_address_has_its_share_at_once_and_then_evenly():
    seconds = Seconds()
    limit = RateLimit(6, seconds)
    assert [limit.take("192.0.2.1") for _ in range(6)] == [0.0] * 6
    assert limit.take("192.0.2.1") == pytest.approx(10)
    assert limit.take("192.0.2.2") == 0
    seconds.now += 10
    assert limit.take("192.0.2.1") == 0
    assert limit.take("192.0.2.1") == pytest.approx(10)
    seconds.now += 3600
    assert [limit.take("192.0.2.1") for _ in range(7)][5:] == [0.0, pytest.approx(10)]


def test_a_household_of_ipv6_addresses_is_one():
    limit = RateLimit(1, Seconds())
    assert limit.take("2001:db8:1:2::1") == 0
    assert limit.take("2001:db8:1:2:ffff::2") > 0
    assert limit.take("2001:db8:1:3::1") == 0
    assert limit.take("") == 0
    assert limit.take("") > 0


def test_many_addresses_do_not_fill_the_memory():
    limit = RateLimit(1, Seconds())
    for number in range(MAX_ADDRESSES + 50):
        limit.take(f"host-{number}")
    assert len(limit._buckets) == MAX_ADDRESSES


# ---------------------------------------------------------------- sessions


def request_with(cookie: str | None = None, scheme: str = "http") -> Request:
    headers = [(b"cookie", cookie.encode("latin-1"))] if cookie else []
    return Request(
        {
            "type": "http",
            "scheme": scheme,
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": headers,
            "server": ("localhost", 80),
        }
    )


def test_a_session_opens_with_its_own_key_until_it_ends():
    start = datetime(2026, 6, 1, tzinfo=UTC)
    sessions = Sessions(b"k" * 32, timedelta(minutes=30))
    response = Response()
    sessions.begin(request_with(), response, "hocba_Ánh", start)
    cookie = response.headers["set-cookie"].partition(";")[0]
    back = request_with(cookie)
    assert sessions.open(back, start + timedelta(minutes=30)) == "hocba_Ánh"
    assert sessions.open(back, start + timedelta(minutes=31)) is None
    assert Sessions(b"x" * 32, timedelta(minutes=30)).open(back, start) is None
    assert sessions.open(request_with(cookie, "https"), start) is None
    changed = cookie[:-2] + ("A" if cookie[-2] != "A" else "B") + cookie[-1]
    assert sessions.open(request_with(changed), start) is None


# ---------------------------------------------------------------- cursors


def cursor_of(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "value",
    [
        {},
        [],
        1,
        None,
        [None],
        [True],
        [1.5],
        [-1],
        [2**31],
        ["\x00"],
        ["é"],
        ["x" * 129],
        [[1]],
        "x",
    ],
)
def test_a_cursor_that_no_page_gave_is_refused(value):
    with pytest.raises(Problem):
        cursor_at(cursor_of(value))


@pytest.mark.parametrize(
    "moment", [1, "", "2026", "1999-01-01T00:00:00+00:00", "2026-13-01T00:00:00+00:00"]
)
def test_a_cursor_of_batches_begins_with_a_time(moment):
    with pytest.raises(Problem):
        cursor_at(cursor_of([moment, "x"]), moment=True)


def test_a_cursor_that_a_page_gave_is_taken():
    good = cursor_of(["2026-06-01T05:00:00.123456+00:00", "batch-1"])
    assert cursor_at(good, moment=True) == good
    assert cursor_at(cursor_of([7])) == cursor_of([7])
    assert cursor_at(None) is None


@given(st.text(max_size=60))
def test_any_text_is_a_cursor_or_a_problem(value):
    try:
        assert cursor_at(value) == value
    except Problem as problem:
        assert problem.kind.slug == "invalid-cursor"  # noqa: PT017


def test_the_next_page_keeps_what_was_asked_for():
    assert next_url("/v1/x", None, {"limit": 5}) is None
    assert next_url("/v1/x", "a+b", {"limit": 5, "outcome": None}) == "/v1/x?limit=5&cursor=a%2Bb"


# ---------------------------------------------------------------- settings, names


@pytest.mark.parametrize(
    "setting",
    [
        {"session_key": b"short"},
        {"max_batch_bytes": 0},
        {"max_document_bytes": 0},
        {"verifications_per_minute": 0},
        {"sign_ins_per_minute": -1},
        {"verifications_at_once": 0},
    ],
)
def test_a_setting_that_would_switch_a_limit_off_is_refused(setting):
    with pytest.raises(ValueError, match=r"key|limit"):
        WebSettings(**setting)


def test_the_key_of_sessions_is_not_shown():
    settings = WebSettings()
    assert repr(settings.session_key) not in repr(settings)


@given(st.text(max_size=300))
def test_any_name_becomes_one_that_a_folder_can_hold(name):
    safe = file_name(name)
    assert safe
    assert "/" not in safe
    assert "\x00" not in safe
    assert not safe.startswith(".")
    assert len(safe.encode("utf-8")) <= 240


def test_no_name_is_a_batch():
    assert file_name(None) == "batch"


def test_a_subject_that_cannot_be_read_gives_no_names():
    assert subject_names("=?=") == {}
    assert subject_names("CN=Trần Thị Ánh,O=Trường\\, Mẫu") == {
        "name": "Trần Thị Ánh",
        "organization": "Trường, Mẫu",
    }


# ---------------------------------------------------------------- a record in words


@pytest.fixture(scope="module")
def definitions():
    return DefinitionRegistry.load()


@pytest.mark.parametrize(
    ("raw", "vi", "en"),
    [
        ("2026-05-30", "30/05/2026", "30/05/2026"),
        ("2012-09", "09/2012", "09/2012"),
        ("8.5", "8,5", "8.5"),
        ("10", "10", "10"),
        ("1.0.2", "1.0.2", "1.0.2"),
        ("", "", ""),
    ],
)
def test_days_and_numbers_are_written_as_people_write_them(raw, vi, en):
    assert written(raw, Language.VI) == vi
    assert written(raw, Language.EN) == en


def test_a_record_is_read_results_first_and_codes_in_words(definitions):
    reading = read_document(primary_record(), definitions, Language.VI)
    first = reading.sections[0]
    assert "Hoàn thành tốt" in {each.value for each in first.entries}
    table = reading.sections[1]
    assert table.columns[0] == "Môn học"
    assert [row[0] for row in table.rows][:3] == ["Tiếng Việt", "Toán", "Giáo dục thể chất"]
    everything = repr(reading.sections)
    assert "Nguyễn Văn Mẫu" in everything
    assert "025185000022" not in everything
    assert "cokhuyettat" not in everything
    assert "ban-ghi-1" in repr(reading.technical)


def test_one_subject_alone_is_still_a_table(definitions):
    data = secondary_record(rows=[secondary_row("TOC", "Toán")])
    (table,) = [
        each
        for each in read_document(data, definitions, Language.EN).sections
        if hasattr(each, "columns") and each.rows[0][0] == "Toán"
    ]
    assert "8.5" in table.rows[0]


def test_a_document_that_no_definition_knows_is_not_read(definitions):
    assert read_document(b"<a/>", definitions, Language.VI).sections == ()


def test_a_result_that_is_not_in_letters_is_left_as_it_is(definitions):
    definition = next(each for each in definitions if each.name == "trung-hoc")
    assert result_in_words(definition, "Hoàn thành tốt", Language.VI) == ()
    assert result_in_words(definition, "T/?", Language.VI) == ()
    assert result_in_words(None, "T/T", Language.VI) == ()
    words = result_in_words(definition, "K/T", Language.VI)
    assert [each.value for each in words] == ["Khá", "Tốt"]


# ---------------------------------------------------------------- words


def test_every_text_that_a_template_names_exists_and_none_is_left_over():
    named: set[str] = set()
    prefixes: set[str] = set()
    for path in (WEB / "templates").glob("*.html"):
        source = path.read_text("utf-8")
        named |= set(re.findall(r"""\bt\(["']([\w.\-]+)["'](?!\s*~)""", source))
        prefixes |= set(re.findall(r"""\bt\(["']([\w.\-]+\.)["']\s*~""", source))
    prefixes.add("problem.")
    assert {each for each in named if each not in texts()} == set()
    left = {e for e in texts() if e not in named and not any(e.startswith(p) for p in prefixes)}
    assert left == set()


def test_texts_are_filled_in_and_unknown_ones_are_an_error():
    assert text("check.file", Language.EN, name="{x}") == "File: {x}"
    with pytest.raises(KeyError):
        text("no.such", Language.VI)
    with pytest.raises(TypeError):
        dict(_flattened("", {"a": "not a table"}))
