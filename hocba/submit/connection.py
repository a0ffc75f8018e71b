"""Requests to a server over a line that breaks: tried again, and explained where that is no use.

httpx, as everywhere here; of tus only what one sender of known files needs (`uploading`), since no
client library shrinks its parts on a bad line or honours Retry-After.
"""

import random
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from hocba.errors import HocbaError, ServerAway, SubmissionRefused
from schemas.findings import Language, finding

_TIMEOUT = httpx.Timeout(60, connect=15, read=180)
# 460: a part did not come as it was sent (tus); 423: another request has not ended yet.
_RETRIED = frozenset({408, 423, 425, 429, 460, 500, 502, 503, 504})
_REFUSALS = {
    401: "HB-I242",
    403: "HB-I243",
    404: "HB-I244",
    412: "HB-I248",
    413: "HB-I245",
    507: "HB-I259",
}
_MOST_REASON = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a server that does not answer is tried again: *seconds* since it last did."""

    seconds: float = 30 * 60
    first_pause: float = 1.0
    longest_pause: float = 60.0


@dataclass(slots=True)
class _Trouble:
    """Failures in a row, and since when."""

    since: float
    failures: int = 0


class Interruption(Exception):  # noqa: N818 -- a signal: the line broke in the middle of a request
    """A request that may not simply be repeated broke off; how far it came is to be asked."""


@dataclass(slots=True, kw_only=True)
class Connection:
    """One server, asked with one token. *waiting* is told for how long nothing will be heard."""

    server: str
    client: httpx.Client
    patience: Patience = field(default_factory=Patience)
    waiting: Callable[[float], None] = lambda _seconds: None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    jitter: Callable[[], float] = random.random
    _trouble: _Trouble | None = None

    def __enter__(self) -> Self:
        """The connection itself, closed at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        also: Iterable[int] = (),
        headers: Mapping[str, str] | None = None,
        json: object = None,
    ) -> httpx.Response:
        """The answer to a request that may be repeated: a success, or a status in *also*.

        Raises `ServerAway` once patience is at its end, `SubmissionRefused` for what trying again
        does not mend.
        """
        also = frozenset(also)
        while True:
            try:
                return self.once(method, path, also=also, headers=headers, json=json)
            except Interruption:
                continue

    def once(
        self,
        method: str,
        path: str,
        *,
        also: Iterable[int] = (),
        headers: Mapping[str, str] | None = None,
        json: object = None,
        content: Iterable[bytes] | None = None,
    ) -> httpx.Response:
        """As `ask`, but a failure that may pass raises `Interruption`, after a pause."""
        body: dict[str, Any] = {} if json is None else {"json": json}
        if content is not None:
            body["content"] = content
        try:
            answer = self.client.request(method, path, headers=headers, **body)
        except httpx.TransportError as error:
            _refuse_untrusted(self.server, error)
            away = ServerAway(finding("HB-I240", server=self.server, reason=_reach(error)))
            self._pause(away, None)
            raise Interruption from error
        if answer.is_success or answer.status_code in frozenset(also):
            self._trouble = None
            return answer
        if answer.status_code in _RETRIED:
            code = "HB-I246" if answer.status_code == 429 else "HB-I247"
            reason = _detail(answer)
            status = answer.status_code
            away = ServerAway(finding(code, server=self.server, status=status, reason=reason))
            self._pause(away, _retry_after(answer))
            raise Interruption
        raise refusal(self.server, answer)

    def _pause(self, error: HocbaError, asked_for: float | None) -> None:
        """Wait before the next attempt; raises *error* once patience is at its end."""
        now = self.clock()
        trouble = self._trouble = self._trouble or _Trouble(now)
        trouble.failures += 1
        grown = self.patience.first_pause * 2.0 ** min(trouble.failures - 1, 16)
        pause = min(grown, self.patience.longest_pause) * (0.5 + self.jitter() / 2)
        pause = max(pause, asked_for or 0.0)
        if now + pause - trouble.since > self.patience.seconds:
            self._trouble = None
            raise error
        self.waiting(pause)
        self.sleep(pause)


def connect(
    server: str,
    token: str,
    *,
    language: Language = Language.VI,
    authorities: Path | None = None,
) -> httpx.Client:
    """A client for *server*; *authorities* are certificates (PEM) to trust beside the usual ones.

    Raises `SubmissionRefused` for an address that a token must not be sent to.
    """
    parts = urlsplit(server)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise SubmissionRefused(finding("HB-I264", server=_cut(server)))
    if parts.scheme == "http" and not _is_here(parts.hostname):
        raise SubmissionRefused(finding("HB-I258", server=server))
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise SubmissionRefused(finding("HB-I253"))
    return httpx.Client(
        base_url=server.rstrip("/"),
        headers={
            "Authorization": f"Bearer {token}",
            "Accept-Language": language.value,
            "User-Agent": "hocba-submit",
        },
        timeout=_TIMEOUT,
        verify=_trusted(authorities) if parts.scheme == "https" else False,
        follow_redirects=False,  # a token is for the server that it was given to
    )


def refusal(server: str, answer: httpx.Response) -> SubmissionRefused:
    """What an answer means that trying again does not mend."""
    code = _REFUSALS.get(answer.status_code, "HB-I249")
    status, reason = answer.status_code, _detail(answer)
    return SubmissionRefused(finding(code, server=server, status=status, reason=reason))


def _trusted(authorities: Path | None) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    if authorities is not None:
        try:
            context.load_verify_locations(cafile=authorities)
        except ssl.SSLError as error:
            raise SubmissionRefused(finding("HB-I263", file=authorities.name)) from error
    return context


def _is_here(host: str) -> bool:
    """Whether *host* is this machine, from which nothing goes over a line."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _reach(error: httpx.TransportError) -> str:
    """Why no answer came, as the vocabulary `reach` words it."""
    if isinstance(error, httpx.TimeoutException):
        return "time-out"
    return "connection" if isinstance(error, httpx.ConnectError) else "broken"


def _refuse_untrusted(server: str, error: httpx.TransportError) -> None:
    """Raises where the server did not prove who it is: trying again would prove no more."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = _cut(cause.verify_message or str(cause))
            raise SubmissionRefused(finding("HB-I241", server=server, reason=reason)) from error
        cause = cause.__cause__ or cause.__context__


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds that the server asks to wait (RFC 9110, clause 10.2.3), an hour at most."""
    value = answer.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value[:6]), 3600.0)
    try:
        seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(seconds, 0.0), 3600.0)


def _detail(answer: httpx.Response) -> str:
    """What a problem (RFC 9457) says, or the bare status."""
    try:
        body = answer.json()
        return _cut(str(body["detail"]))
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase or str(answer.status_code)


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_REASON else text[: _MOST_REASON - 1] + "…"
