"""A register over HTTP: documented request and answer, bounded, and never trusted to agree."""

import gzip
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hocba.identity.errors import RegisterUnusable
from hocba.identity.http import MOST_BYTES, HttpRegister, Pace
from hocba.identity.model import Answer, NoAnswer, NotRegistered, Person, Registered
from hocba.identity.settings import IdentitySettings

TOKEN = "bí-mật".encode().hex()
PEOPLE = [Person("010212043633", "Lê A", "2012-09-02"), Person("010212043634", "Lê B")]
Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Register:
    """A small register on loopback; `asked` are the requests as they came."""

    url: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)


@contextmanager
def serving(reply: Callable[[dict[str, Any], int], Reply]) -> Iterator[Register]:
    """A register that answers with *reply(request, how many came before)*."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            number = len(made.asked)
            made.asked.append(body)
            made.authorizations.append(self.headers.get("Authorization"))
            status, headers, data = reply(body, number)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(data)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Register(f"http://127.0.0.1:{server.server_port}/v1/check")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join()


def population(request: dict[str, Any], _: int) -> Reply:
    """Knows Lê A and nobody else."""
    people = [
        {"ref": each["ref"], "status": "found", "name": "Lê A", "birth_date": "2012-09-02"}
        if each["id"] == PEOPLE[0].id
        else {"ref": each["ref"], "status": "unknown"}
        for each in request["people"]
    ]
    return 200, {"Content-Type": "application/json"}, json.dumps({"people": people}).encode()


class Rest:
    """A clock whose time passes only by resting."""

    def __init__(self) -> None:
        self.time = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    @property
    def pace(self) -> Pace:
        return Pace(now=lambda: self.time, sleep=self.sleep)


def ask(
    url: str, people: list[Person] = PEOPLE, rest: Rest | None = None, **settings: Any
) -> dict[Person, Answer]:
    options = {"hosts": ("127.0.0.1",), "per_minute": 6000, "retries": 0, **settings}
    register = HttpRegister(IdentitySettings(url=url, **options), TOKEN, (rest or Rest()).pace)
    try:
        return dict(register.ask(people))
    finally:
        register.close()


def answered(*people: dict[str, Any]) -> Callable[[dict[str, Any], int], Reply]:
    data = json.dumps({"people": people}).encode()
    return lambda *_: (200, {}, data)


def test_several_people_go_in_one_request_as_documented() -> None:
    with serving(population) as register:
        assert ask(register.url) == {
            PEOPLE[0]: Registered("Lê A", "2012-09-02"),
            PEOPLE[1]: NotRegistered(),
        }
    assert register.asked == [
        {
            "people": [
                {"ref": "0", "id": "010212043633", "name": "Lê A", "birth_date": "2012-09-02"},
                {"ref": "1", "id": "010212043634", "name": "Lê B"},
            ]
        }
    ]
    assert register.authorizations == [f"Bearer {TOKEN}"]


def test_request_and_answer_of_the_documentation_are_those_of_the_program() -> None:
    page = (Path(__file__).parents[3] / "docs" / "identity.md").read_text("utf-8")
    request, answer = (
        json.loads(part.partition("```")[0]) for part in page.split("```json\n")[1:3]
    )
    people = [
        Person(each["id"], each["name"], each.get("birth_date", "")) for each in request["people"]
    ]
    with serving(lambda *_: (200, {}, json.dumps(answer).encode())) as register:
        found = ask(register.url, people)
    assert register.asked == [request]
    kinds = [type(found[each]) for each in people]
    assert kinds == [Registered, NotRegistered, NoAnswer]


def test_more_people_than_a_request_takes_go_in_several() -> None:
    people = [Person(f"{number:012}", "x") for number in range(7)]
    with serving(population) as register:
        assert set(ask(register.url, people, batch=3)) == set(people)
    assert [len(each["people"]) for each in register.asked] == [3, 3, 1]


def test_requests_keep_to_the_rate() -> None:
    rest = Rest()
    people = [Person(f"{number:012}", "x") for number in range(3)]
    with serving(population) as register:
        ask(register.url, people, rest, batch=1, per_minute=6)
    assert rest.slept == [10.0, 10.0]


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_register_that_is_busy_is_asked_again(status: int) -> None:
    rest = Rest()

    def reply(request: dict[str, Any], before: int) -> Reply:
        return (status, {"Retry-After": "7"}, b"") if before < 2 else population(request, before)

    with serving(reply) as register:
        found = ask(register.url, rest=rest, retries=3)
    assert found[PEOPLE[1]] == NotRegistered()
    assert [each for each in rest.slept if each >= 7] == [7.0, 7.0]


def test_the_wait_before_another_attempt_doubles() -> None:
    rest = Rest()
    with serving(lambda *_: (503, {}, b"")) as register:
        found = ask(register.url, rest=rest, retries=4)
    assert set(found.values()) == {NoAnswer("broken")}
    assert [each for each in rest.slept if each >= 1] == [1.0, 2.0, 4.0, 8.0]
    assert len(register.asked) == 5


def test_nobody_there_is_no_answer() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = ask(f"http://127.0.0.1:{port}/", retries=1)
    assert set(found.values()) == {NoAnswer("connection")}


def test_silence_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        found = ask(f"http://127.0.0.1:{port}/", timeout=1)
    assert set(found.values()) == {NoAnswer("time-out")}


@pytest.mark.parametrize("status", [204, 302, 307, 400, 401, 403, 404, 418])
def test_who_is_refused_does_not_ask_again_and_follows_nobody(status: int) -> None:
    elsewhere = {"Location": "http://evil.example/"}
    with (
        serving(lambda *_: (status, elsewhere, b"")) as register,
        pytest.raises(RegisterUnusable, match=str(status)),
    ):
        ask(register.url, retries=5)
    assert len(register.asked) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no json",
        b"[]",
        b"{}",
        b'{"people": {}}',
        b'{"people": [1]}',
        b'{"people": [{"status": "found"}]}',
        b'{"people": [{"ref": "0", "status": "perhaps"}]}',
        b'{"people": [{"ref": "0", "status": "found", "name": 1}]}',
        b"[" * 100_000,
        b'"' + b"x" * MOST_BYTES + b'"',
    ],
)
def test_an_answer_of_another_form_is_never_an_agreement(data: bytes) -> None:
    with (
        serving(lambda *_: (200, {}, data)) as register,
        pytest.raises(RegisterUnusable, match="another form"),
    ):
        ask(register.url)


@pytest.mark.parametrize(
    "people",
    [
        [],
        [{"ref": "7", "status": "found", "name": "Lê A"}],
        [{"ref": "0", "status": "unavailable"}],
        [{"ref": "0", "status": "found", "name": "Lê A"}, {"ref": "0", "status": "unknown"}],
        [{"ref": "0", "status": "found", "name": " "}],
        [{"ref": "0", "status": "found", "name": "x" * 301}],
        [{"ref": "0", "status": "found", "name": "Lê\x1bA"}],
        [{"ref": "0", "status": "found", "name": "Lê A", "birth_date": "2012-13-01"}],
    ],
)
def test_who_is_left_out_doubled_or_malformed_has_no_answer(people: list[dict[str, Any]]) -> None:
    with serving(answered(*people)) as register:
        assert ask(register.url, PEOPLE[:1]) == {PEOPLE[0]: NoAnswer("broken")}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://danh-tinh.example/", "https"),
        ("https://other.example/", "not listed"),
        ("https://127.0.0.1.evil.example/", "not listed"),
        ("https://user:pass@danh-tinh.example/", "form"),
        ("file:///etc/passwd", "form"),
        ("https://[::1", "form"),
        ("https:///path", "form"),
    ],
)
def test_only_listed_hosts_are_asked_and_over_tls(url: str, reason: str) -> None:
    settings = IdentitySettings(url=url, hosts=("danh-tinh.example",))
    with pytest.raises(RegisterUnusable, match=reason):
        HttpRegister(settings, None)


def test_nobody_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(population) as register:
        ask(register.url)
    with serving(lambda *_: (401, {}, b"")) as register, pytest.raises(RegisterUnusable) as raised:
        ask(register.url)
    said = caplog.text + str(raised.value)
    for secret in (TOKEN, PEOPLE[0].id, "Lê A", "2012-09-02"):
        assert secret not in said


def test_what_unpacks_to_very_much_is_not_unpacked() -> None:
    """Refused by its heading: the answer could have been an agreement."""
    data = gzip.compress(json.dumps({"people": [{"ref": "0", "status": "unknown"}]}).encode())
    with (
        serving(lambda *_: (200, {"Content-Encoding": "gzip"}, data)) as register,
        pytest.raises(RegisterUnusable, match="another form"),
    ):
        ask(register.url, PEOPLE[:1])
