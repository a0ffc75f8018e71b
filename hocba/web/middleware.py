"""What is around every request: figures, security headers, and the last line against errors."""

import logging
import time
import traceback
from collections.abc import Awaitable, Callable
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hocba.web.metrics import Metrics
from hocba.web.problems import Problem, ProblemType

logger = logging.getLogger(__name__)

Answer = Callable[[Request, Problem], Awaitable[ASGIApp]]
"""How a problem is answered: as JSON or, to a browser, as a page."""

# No inline script or style, nothing from elsewhere. HSTS is the business of the proxy, which alone
# knows whether every name of this host speaks TLS.
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


_HEAD = "hocba.head"


class SecurityHeaders:
    """Puts the headers above on every answer; what no route said of caching is `no-store`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers)


class HeadAsGet:
    """Answers HEAD like GET; the server itself leaves the body out (RFC 9110, clause 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", _HEAD: True}
        await self._app(scope, receive, send)


def is_head(scope: Scope) -> bool:
    """Whether the request was HEAD: an answer without end must know."""
    return bool(scope.get(_HEAD))


class Measured:
    """Counts and times every request by the template of its route."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        start = time.perf_counter()

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        finally:
            template = getattr(scope.get("route"), "path", None)
            seconds = time.perf_counter() - start
            self._metrics.request(scope["method"], template, status, seconds)


class LastLine:
    """No error leaves the application: it becomes a problem with an incident id.

    The log gets the id, the kind of the error and where it happened, but no text of it and no
    values: those could hold what a document says of a child.
    """

    def __init__(self, app: ASGIApp, answer: Answer) -> None:
        self._app = app
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def send_and_note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_and_note)
        except ClientDisconnect:
            logger.info("a client went away while it was sending")
        except Exception as error:  # noqa: BLE001 -- the outermost loop of a request
            incident = log_incident(error)
            if started:  # too late for an answer: the connection is cut, which the client sees
                return
            problem = Problem(ProblemType.INTERNAL_ERROR, members={"incident": incident})
            response = await self._answer(Request(scope, receive), problem)
            await response(scope, receive, send)


def log_incident(error: BaseException) -> str:
    """Note an error in the log, without its text; gives the id to find it by."""
    incident = str(uuid4())
    logger.error("incident %s: %s", incident, " <- ".join(_places(error)))
    return incident


def _places(error: BaseException) -> list[str]:
    """Kind of the error and its causes, each with the innermost lines of code it came through."""
    places: list[str] = []
    current: BaseException | None = error
    while current is not None and len(places) < 5:
        frames = traceback.extract_tb(current.__traceback__)[-4:]
        way = " > ".join(f"{each.name} ({each.filename}:{each.lineno})" for each in frames)
        places.append(f"{type(current).__name__} in {way or '?'}")
        current = current.__cause__
    return places
