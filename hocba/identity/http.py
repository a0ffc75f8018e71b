"""A register that is asked over HTTP, as `docs/identity.md` documents it.

Trust: the register is believed in what it says of a person and in nothing else. It is asked over
TLS at a listed host only, never redirected, and what it answers is bounded and checked whole: a
person about whom the answer is missing, doubled or malformed has no answer.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx

from hocba.identity.comparison import is_birth, tidy_name
from hocba.identity.errors import RegisterUnusable
from hocba.identity.model import Answer, NoAnswer, NotRegistered, Person, Registered
from hocba.identity.settings import IdentitySettings
from schemas.findings import finding

MOST_BYTES = 4 * 1024 * 1024
"""The largest answer that is read."""

_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 60.0
_LONGEST_NAME = 300


@dataclass(frozen=True, slots=True)
class Pace:
    """The clock and the rest between requests; passed in, so that tests need not wait."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


class HttpRegister:
    """The register at the address of *settings*; raises `RegisterUnusable` for one not allowed."""

    def __init__(
        self, settings: IdentitySettings, token: str | None, pace: Pace | None = None
    ) -> None:
        self._settings = settings
        self._url = _allowed(settings)
        self._host = urlsplit(self._url).netloc
        self._pace = pace or Pace()
        self._next = 0.0
        self._wait = 1.0
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # a few bytes may unpack to very many
            "User-Agent": "hocba",
        }
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._client = httpx.Client(
            headers=headers,
            timeout=settings.timeout,
            follow_redirects=False,
            trust_env=False,
        )

    @property
    def name(self) -> str:
        """The host."""
        return self._host

    @property
    def batch(self) -> int:
        """People in one request."""
        return self._settings.batch

    def ask(self, people: Sequence[Person]) -> Mapping[Person, Answer]:
        """What the register says of each of *people*; `NoAnswer` for all where it is away.

        Raises `RegisterUnusable` where it refuses this caller or answers in another form.
        """
        distinct = sorted(set(people))
        answers: dict[Person, Answer] = {}
        for start in range(0, len(distinct), self.batch):
            part = distinct[start : start + self.batch]
            answers.update(self._ask(part))
        return answers

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, people: Sequence[Person]) -> Mapping[Person, Answer]:
        body = {"people": [_asked(number, each) for number, each in enumerate(people)]}
        reason = "connection"
        for attempt in range(self._settings.retries + 1):
            if attempt:
                self._pace.sleep(self._wait)
            self._take_turn()
            self._wait = min(2.0**attempt, _LONGEST_WAIT)
            try:
                status, data = self._exchange(body)
            except httpx.TimeoutException:
                reason = "time-out"
            except httpx.TransportError as error:
                reason = "tls" if "SSL" in str(error) or "TLS" in str(error) else "connection"
            else:
                if status == httpx.codes.OK:
                    return self._answers(people, data)
                if status not in _RETRIED:
                    raise RegisterUnusable(finding("HB-I197", host=self._host, status=status))
                reason = "broken"
        return dict.fromkeys(people, NoAnswer(reason))

    def _take_turn(self) -> None:
        """Wait until the rate allows the next request."""
        now = self._pace.now()
        if now < self._next:
            self._pace.sleep(self._next - now)
        self._next = max(now, self._next) + 60.0 / self._settings.per_minute

    def _exchange(self, body: Mapping[str, object]) -> tuple[int, bytes]:
        """Status and body of one exchange; raises what httpx raises."""
        deadline = self._pace.now() + 2 * self._settings.timeout
        with self._client.stream("POST", self._url, json=body) as answer:
            if answer.status_code in _RETRIED:
                self._wait = max(self._wait, _retry_after(answer))
            if answer.status_code != httpx.codes.OK:
                return answer.status_code, b""
            if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise self._malformed("Content-Encoding")
            data = bytearray()
            for part in answer.iter_raw():
                data += part
                if len(data) > MOST_BYTES:
                    raise self._malformed(f"more than {MOST_BYTES} bytes")
                if self._pace.now() > deadline:
                    raise httpx.ReadTimeout("the answer takes too long")
            return answer.status_code, bytes(data)

    def _answers(self, people: Sequence[Person], data: bytes) -> Mapping[Person, Answer]:
        try:
            found = json.loads(data)["people"]
            if not isinstance(found, list):
                raise TypeError("people")
            by_ref: dict[str, list[Answer]] = {}
            for each in found:
                by_ref.setdefault(str(each["ref"]), []).append(_answer(each))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._malformed(type(error).__name__) from None
        answers: dict[Person, Answer] = {}
        for number, person in enumerate(people):
            given = by_ref.get(str(number), [])
            answers[person] = given[0] if len(given) == 1 else NoAnswer("broken")
        return answers

    def _malformed(self, reason: str) -> RegisterUnusable:
        return RegisterUnusable(finding("HB-I198", host=self._host, reason=reason))


def _asked(number: int, person: Person) -> dict[str, str]:
    asked = {"ref": str(number), "id": person.id, "name": person.name}
    return asked | ({"birth_date": person.birth} if person.birth else {})


def _answer(raw: Mapping[str, object]) -> Answer:
    match raw["status"]:
        case "found":
            name, birth = raw["name"], raw.get("birth_date") or ""
            if not isinstance(name, str) or not isinstance(birth, str):
                raise TypeError("name")
            usable = tidy_name(name) and len(name) <= _LONGEST_NAME and name.isprintable()
            if not usable or (birth and not is_birth(birth)):
                return NoAnswer("broken")
            return Registered(tidy_name(name), birth)
        case "unknown":
            return NotRegistered()
        case "unavailable":
            return NoAnswer("broken")
        case _:
            raise ValueError("status")


def _retry_after(answer: httpx.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), _LONGEST_WAIT) if text.isascii() and text.isdigit() else 0.0


def _allowed(settings: IdentitySettings) -> str:
    """The address, if it may be asked; raises `RegisterUnusable`."""
    url = settings.url or ""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise _refused(url, "no-address") from None
    if parts.scheme not in {"http", "https"} or not host or parts.username or parts.fragment:
        raise _refused(host, "no-address")
    if parts.scheme == "http" and not _is_loopback(host):
        raise _refused(host, "https")
    named = {host} if port is None else {host, f"{host}:{port}"}
    if not named & set(settings.hosts):
        raise _refused(host, "host")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _refused(host: str, reason: str) -> RegisterUnusable:
    return RegisterUnusable(finding("HB-I196", found=host or "–", reason=reason))
