"""Every error is a problem (RFC 9457), whatever is sent: a walk over the OpenAPI document."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.exceptions import HTTPException

from hocba.errors import (
    BadCursor,
    HocbaError,
    IndexOutdated,
    ReceiptInvalid,
    SourceUnreadable,
)
from hocba.index.rows import TokenKind
from hocba.web.api.bodies import ProblemBody
from hocba.web.errors import problem_of, problem_of_http
from hocba.web.problems import MEDIA_TYPE, TYPE_PREFIX, Problem, ProblemType
from schemas.findings import Language, finding
from tests.support.rows import fill, record
from tests.support.web import served, stand_in_repository

ODD_TEXTS = (
    "",
    " ",
    "x" * 5000,
    "-1",
    "0",
    "99999999999999999999999999",
    "1e400",
    "NaN",
    "true",
    "null",
    "[]",
    "%00",
    "\x00",
    "a\x00b",
    "\ufeff",
    "\u202e",
    "\U0001f9e8",
    "e\u0301" * 50,
    "٣",
    "../../etc/passwd",
    "..",
    "%2e%2e%2f",
    "'; DROP TABLE records; --",
    "${jndi:ldap://x}",
    "<script>alert(1)</script>",
    "vi-VN",
    "bnVsbA",
    "WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwiXHUwMDAwIl0",  # ["2026-01-01T00:00:00+00:00","\u0000"]
    "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwieCJd",  # ["0001-01-01T00:00:00+14:00","x"]
    "WyIyMDI2LTEzLTQ1VDk5OjAwOjAwKzAwOjAwIiwieCJd",  # a day that no month has
    "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5XQ",  # a number beyond every column
    "WzEuNV0",
    "W10",
    "W1td" + "W1td" * 200,
)

RAW_PATHS = (
    b"/%00",
    b"/v1/records/%00",
    b"/v1/records/%ff%fe",
    b"/v1/records/%",
    b"/v1/records/a%2Fb",
    b"/v1/records/..%2f..%2fetc%2fpasswd",
    b"/v1/batches/%F0%9F%A7%A8/items?cursor=%00&limit=%00",
    b"/v1/batches?cursor=%ff&limit=",
    b"/v1/students/%C3%28/records",
    b"/static/%00",
    b"/static/..%2fapp.py",
    b"/phu-huynh/hoc-ba/%00/ban/1",
    b"//v1//records",
    b"/v1/records/x/versions/1/document/",
    b"/?lang=%00",
    b"/kiem-tra?lang=xx",
    b"*",
)


@pytest.fixture(scope="module", params=["nobody", "guardian", "province", "operator"])
def caller(request, sample):
    """A client of every kind; what it may not do, it must be told properly."""
    tokens = {
        "nobody": lambda: None,
        "guardian": lambda: sample.guardian(sample.records()[0].mahocsinh),
        "province": lambda: sample.token(TokenKind.PROVINCE, masogd=sample.records()[0].masogd),
        "operator": lambda: sample.token(TokenKind.OPERATOR),
    }
    with sample.client(tokens[request.param](), timeout=30) as client:
        yield client


def assert_proper(answer: httpx.Response, context: object = "") -> None:
    """An answer that a client can work with: no fault of ours, no traceback, problems as such."""
    assert answer.status_code not in {500, 502, 503}, (context, answer.text)
    assert "Traceback" not in answer.text, context
    assert 'File "' not in answer.text, context
    assert answer.headers["x-content-type-options"] == "nosniff"
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == MEDIA_TYPE, (context, answer.text)
        if answer.request.method == "HEAD":
            assert answer.content == b""
            return
        body = ProblemBody.model_validate(answer.json())
        assert body.status == answer.status_code
        assert body.type.removeprefix(TYPE_PREFIX) in {each.slug for each in ProblemType}
        assert answer.headers["cache-control"] == "no-store"


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation.get("parameters", [])


def test_the_document_is_openapi_3_1_and_names_every_route_for_systems(sample):
    answer = httpx.get(f"{sample.url}/openapi.json")
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    assert {path for _, path, _ in operations(document)} == {
        "/v1/batches",
        "/v1/batches/{batch}",
        "/v1/batches/{batch}/cancel",
        "/v1/batches/{batch}/events",
        "/v1/batches/{batch}/items",
        "/v1/batches/{batch}/pause",
        "/v1/batches/{batch}/report.csv",
        "/v1/batches/{batch}/report.xlsx",
        "/v1/batches/{batch}/resume",
        "/v1/batches/{batch}/summary",
        "/v1/batches/{batch}/summary.csv",
        "/v1/manifests",
        "/v1/uploads",
        "/v1/uploads/{upload}",
        "/v1/records/{madinhdanhhocba}/issues",
        "/v1/transfers",
        "/v1/transfers/incoming",
        "/v1/transfers/{transfer}",
        "/v1/transfers/{transfer}/acknowledgement",
        "/v1/transfers/{transfer}/package",
        "/v1/records/{madinhdanhhocba}/requests",
        "/v1/records/{madinhdanhhocba}/requests/{number}/approval",
        "/v1/records/{madinhdanhhocba}/requests/{number}/withdrawal",
        "/v1/records/{madinhdanhhocba}/versions/{phienban}/changes",
        "/v1/students/{mahocsinh}/links",
        "/v1/students/{mahocsinh}/records",
        "/v1/records/{madinhdanhhocba}",
        "/v1/records/{madinhdanhhocba}/receipt",
        "/v1/records/{madinhdanhhocba}/versions",
        "/v1/records/{madinhdanhhocba}/versions/{phienban}",
        "/v1/records/{madinhdanhhocba}/versions/{phienban}/document",
        "/v1/records/{madinhdanhhocba}/versions/{phienban}/receipt",
        "/v1/keys",
        "/v1/verify",
        "/v1/statistics",
        "/v1/identity/mismatches",
        "/v1/identity/mismatches.csv",
        "/v1/identity/mismatches.xlsx",
        "/v1/identity/mismatches/{number}/resolution",
        "/v1/quality",
        "/v1/quality.csv",
        "/v1/students/{mahocsinh}/continuity",
        "/v1/roster/certificates",
        "/v1/roster/imports",
        "/v1/roster/schools/{matruong}/signers",
        "/healthz",
        "/readyz",
        "/metrics",
    }


def test_bad_values_of_every_parameter_are_answered_properly(sample, caller):
    document = httpx.get(f"{sample.url}/openapi.json").json()
    sound = {
        "batch": "x",
        "madinhdanhhocba": sample.records()[0].madinhdanhhocba,
        "mahocsinh": sample.records()[0].mahocsinh,
        "phienban": "1",
    }
    tried = 0
    for method, path, parameters in operations(document):
        for parameter in parameters:
            for odd in ODD_TEXTS:
                answer = send(caller, method, path, parameter, odd, sound)
                assert_proper(answer, (method, path, parameter["name"], odd))
                tried += 1
    assert tried > 500


def send(
    client: httpx.Client,
    method: str,
    path: str,
    parameter: dict[str, Any],
    odd: str,
    sound: dict[str, str],
) -> httpx.Response:
    values, query, headers = dict(sound), {}, {}
    match parameter["in"]:
        case "path":
            values[parameter["name"]] = odd
        case "query":
            query[parameter["name"]] = odd
        case "header":
            text = odd.encode("utf-8").replace(b"\x00", b"?").strip()
            headers[parameter["name"]] = text
        case place:
            raise AssertionError(place)
    for name, value in values.items():
        path = path.replace("{" + name + "}", quote(value, safe=""))
    return client.request(method, path, params=query or None, headers=headers)


@pytest.mark.parametrize(
    "method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"]
)
def test_every_method_on_every_path_is_answered_properly(sample, caller, method):
    document = httpx.get(f"{sample.url}/openapi.json").json()
    pages = ("/", "/phu-huynh", "/phu-huynh/thoat", "/phu-huynh/hoc-ba/x", "/kiem-tra", "/nothing")
    for path in (*document["paths"], *pages):
        answer = caller.request(method, path.replace("{", "").replace("}", ""))
        assert_proper(answer, (method, path))
        if answer.status_code == 405:
            assert answer.headers["allow"]
            assert method not in answer.headers["allow"].split(", ")


def test_a_method_that_is_not_there_is_told_all_that_are(sample):
    answer = httpx.delete(f"{sample.url}/v1/batches")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


@pytest.mark.parametrize("path", RAW_PATHS)
def test_odd_paths_are_answered_properly(sample, caller, path):
    head, _, body = raw_request(sample.url, b"GET", path, caller.headers.get("authorization"))
    status = int(head.split(b" ", 2)[1])
    assert status < 500
    assert b"Traceback" not in body
    if status >= 400:
        assert b"application/problem+json" in head.lower()
        assert json.loads(body[: body.rindex(b"}") + 1])["status"] == status


@pytest.mark.parametrize(
    "request_line", [b"\x00\x01", b"GET / HTTP/9.9", b"GET /\xff HTTP/1.1", b"A" * 70_000]
)
def test_what_is_no_request_does_not_harm_the_server(sample, request_line):
    with connected(sample.url) as raw:
        raw.sendall(request_line + b"\r\nHost: x\r\n\r\n")
        answer = raw.recv(65536)
    assert b"Traceback" not in answer
    assert httpx.get(f"{sample.url}/healthz").status_code == 200


def raw_request(url: str, method: bytes, path: bytes, authorization: str | None):
    with connected(url) as raw:
        lines = [method + b" " + path + b" HTTP/1.1", b"Host: x", b"Connection: close"]
        if authorization:
            lines.append(b"Authorization: " + authorization.encode())
        raw.sendall(b"\r\n".join([*lines, b"", b""]))
        received = b""
        while part := raw.recv(65536):
            received += part
    return received.partition(b"\r\n\r\n")


def connected(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


# ---------------------------------------------------------------- words


@pytest.mark.parametrize("kind", ProblemType)
@pytest.mark.parametrize("language", Language)
def test_every_problem_has_words_in_every_language(kind, language):
    members = {"limit": 1, "accepted": "a", "names": "n", "retry_after": 1, "incident": "i"}
    members |= {"offset": 1, "header": "h"}
    problem = Problem(kind, members=members)
    assert problem.title(language).strip()
    assert "{" not in problem.detail(language)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (None, "vi"),
        ("*", "vi"),
        ("en", "en"),
        ("en-US,en;q=0.9", "en"),
        ("fr, en;q=0.3, vi;q=0.2", "en"),
        ("en;q=0.1, vi", "vi"),
        ("en;q=0", "vi"),
        ("en;q=x", "vi"),
        ("en;level=1", "en"),
        (",;q=,", "vi"),
    ],
)
def test_a_problem_is_in_the_language_that_was_asked_for(sample, asked, given):
    headers = {"Accept-Language": asked} if asked else {}
    with httpx.Client() as client:
        client.headers.pop("accept-language", None)
        answer = client.get(f"{sample.url}/nothing", headers=headers)
    assert answer.headers["content-language"] == given
    assert answer.json()["title"] == {"vi": "Không tìm thấy", "en": "Not found"}[given]
    assert answer.headers["vary"] == "Accept-Language"


def test_a_browser_gets_a_page_for_what_is_not_there(sample):
    answer = httpx.get(f"{sample.url}/nothing", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "Không tìm thấy" in answer.text
    system = httpx.get(f"{sample.url}/v1/nothing", headers={"Accept": "text/html"})
    assert system.headers["content-type"] == MEDIA_TYPE


def test_validation_names_the_parameter_and_the_rule_and_not_the_value(sample):
    with sample.client(sample.token(TokenKind.OPERATOR)) as client:
        answer = client.get("/v1/batches", params={"limit": "Nguyễn Văn Kín"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"in": "query", "name": "limit", "rule": "int_parsing"}]
    assert "Kín" not in answer.text


# ---------------------------------------------------------------- faults of our own


def test_a_fault_becomes_an_incident_without_what_it_was_about(
    sqlite_index, tmp_path, no_trust, monkeypatch, caplog
):
    def broken(*_: object, **__: object) -> None:
        try:
            raise ValueError("Nguyễn Văn Kín")
        except ValueError as error:
            raise RuntimeError("Nguyễn Văn Kín") from error

    repository = stand_in_repository(sqlite_index, tmp_path, no_trust)
    monkeypatch.setattr("hocba.web.api.operation.values_of", broken)
    with (
        served(repository, work_batches=False) as site,
        site.client(site.token(TokenKind.OPERATOR)) as client,
    ):
        answer = client.get("/v1/statistics")
        page = client.get("/v1/statistics", headers={"Accept": "text/html"})
    assert answer.status_code == page.status_code == 500
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.json()["incident"] in caplog.text
    assert "RuntimeError" in caplog.text
    assert "ValueError" in caplog.text
    assert "Kín" not in caplog.text + answer.text
    assert "Traceback" not in caplog.text + answer.text


def test_a_fault_in_the_middle_of_an_answer_cuts_it_off(
    sqlite_index, tmp_path, no_trust, monkeypatch, caplog
):
    def broken(*_: object, **__: object) -> Iterator[str]:
        yield from ["a" * 100] * 300
        raise RuntimeError("Nguyễn Văn Kín")

    fill(sqlite_index, record())
    repository = stand_in_repository(sqlite_index, tmp_path, no_trust)
    monkeypatch.setattr("hocba.web.api.batches.report_lines", broken)
    with (
        served(repository, work_batches=False) as site,
        site.client(site.token(TokenKind.OPERATOR)) as client,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        client.get("/v1/batches/batch-1/report.csv")
    assert "incident" in caplog.text
    assert "Kín" not in caplog.text


def test_a_database_that_is_away_is_said_as_such(site):
    token = site.token(TokenKind.OPERATOR)
    path = site.repository.index._engine.url.database
    site.repository.index.close()
    moved = Path(path).with_name("moved")
    Path(path).rename(moved)
    Path(path).mkdir()
    with site.client(token) as client:
        answer = client.get("/v1/batches")
        ready = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["type"] == f"{TYPE_PREFIX}unavailable"
    assert answer.headers["retry-after"]
    assert "sqlite" not in answer.text.lower()
    assert (ready.status_code, ready.json()["failed"]) == (503, ["index"])


def test_what_the_caller_can_mend_is_explained():
    error = SourceUnreadable(finding("HB-I016", found="7z"))
    answer = problem_of(error).response(Language.VI)
    body = json.loads(bytes(answer.body))
    assert (body["status"], body["code"]) == (400, "HB-I016")
    assert "7z" in body["detail"]
    cursor = problem_of(BadCursor(finding("HB-I104", found="x")))
    assert cursor.kind is ProblemType.INVALID_CURSOR


@pytest.mark.parametrize(("status", "kind"), [(418, "bad-request"), (511, "unavailable")])
def test_statuses_of_the_framework_are_problems_too(status, kind):
    assert problem_of_http(HTTPException(status), ()).kind.slug == kind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (IndexOutdated(finding("HB-I101", expected="2", found="1")), ProblemType.NOT_READY),
        (ReceiptInvalid(finding("HB-I101", expected="2", found="1")), ProblemType.INTERNAL_ERROR),
    ],
)
def test_errors_of_the_operator_are_not_explained_to_callers(error: HocbaError, kind):
    problem = problem_of(error)
    assert problem.kind is kind
    assert problem.finding is None
