"""The application: routes, pages, and what is around them."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route
from starlette.types import Scope

from hocba.errors import HocbaError
from hocba.home import Home
from hocba.web import errors
from hocba.web.answers import answer
from hocba.web.api import (
    batch_events,
    batch_orders,
    batch_reports,
    batches,
    identity,
    lifecycle,
    manifests,
    operation,
    public,
    quality,
    records,
    roster,
    transfers,
    uploads,
)
from hocba.web.followers import Followers, Rhythm
from hocba.web.limits import RateLimit
from hocba.web.metrics import Metrics
from hocba.web.middleware import HeadAsGet, LastLine, Measured, SecurityHeaders
from hocba.web.pages import check, parent, start
from hocba.web.problems import Problem
from hocba.web.readiness import Readiness
from hocba.web.repository import Repository, Service, open_repository
from hocba.web.resumable.middleware import TusProtocol
from hocba.web.sessions import Sessions
from hocba.web.settings import WebSettings
from hocba.web.standings import read_standings
from hocba.web.worker import BatchWorker
from storage.errors import StorageError

VERSION = "1.0"

_ROUTERS = tuple(
    each.router
    for each in (
        batches,
        batch_reports,
        batch_orders,
        batch_events,
        manifests,
        uploads,
        records,
        lifecycle,
        identity,
        public,
        operation,
        quality,
        roster,
        transfers,
        start,
        parent,
        check,
    )
)

# Fewer than the connections that an index lends out: a request may wait for a thread, but a
# thread never waits for a connection.
_THREADS = 12


def create_app(home: Home, *, settings: WebSettings | None = None) -> FastAPI:
    """The application over the repository in *home*.

    Raises `HocbaError` or `StorageError` where the repository cannot be opened; the index is
    closed and the worker of batches ended with the application's lifespan.
    """
    largest = home.configuration.limits.document_bytes
    settings = settings or WebSettings(max_document_bytes=largest)
    return app_of(open_repository(home), settings=settings)


def app_of(repository: Repository, *, settings: WebSettings | None = None) -> FastAPI:
    """The application over an open repository, which it closes in the end."""
    service = _service(repository, settings or WebSettings())
    worker = BatchWorker(service)
    app = FastAPI(
        title="hocba",
        version=VERSION,
        description="Kho học bạ số. Problems are answered as problem+json (RFC 9457).",
        lifespan=_lifespan(service, worker),
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    app.state.worker = worker
    for router in _ROUTERS:
        app.include_router(router)
    _handle_errors(app)
    app.add_middleware(LastLine, answer=_answer)
    app.add_middleware(SecurityHeaders)
    app.add_middleware(Measured, metrics=service.metrics)
    app.add_middleware(HeadAsGet)
    app.add_middleware(TusProtocol)
    return app


_PACKAGES_AT_ONCE = 2
"""Each takes up to `hocba.transfer.package.LIMITS` of memory."""


def _service(repository: Repository, settings: WebSettings) -> Service:
    return Service(
        repository=repository,
        settings=settings,
        metrics=Metrics(),
        verifications=RateLimit(settings.verifications_per_minute, time.monotonic),
        sign_ins=RateLimit(settings.sign_ins_per_minute, time.monotonic),
        verifying=CapacityLimiter(settings.verifications_at_once),
        verifications_in_hand=CapacityLimiter(
            settings.verifications_at_once + settings.verifications_waiting
        ),
        packages_in_hand=CapacityLimiter(_PACKAGES_AT_ONCE),
        readiness=Readiness(repository, time.monotonic),
        sessions=Sessions(settings.session_key, settings.session),
        followers=_followers(repository, settings),
    )


def _followers(repository: Repository, settings: WebSettings) -> Followers:
    rhythm = Rhythm(
        look=settings.follow_every.total_seconds(),
        heartbeat=settings.heartbeat_every.total_seconds(),
        lifetime=settings.follow_no_longer_than.total_seconds(),
    )
    return Followers(partial(read_standings, repository), rhythm, settings.followers_at_once)


def _lifespan(
    service: Service, worker: BatchWorker
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        if service.settings.work_batches:
            worker.start()
        try:
            yield
        finally:
            service.followers.close()
            if service.settings.work_batches:
                await anyio.to_thread.run_sync(worker.stop)
            service.repository.index.close()

    return lifespan


async def _answer(request: Request, problem: Problem) -> Response:
    return answer(request, problem)


def _handle_errors(app: FastAPI) -> None:
    """One way out for every error: the problem that it is, in the caller's language."""

    @app.exception_handler(Problem)
    async def problem(request: Request, error: Problem) -> Response:
        return answer(request, error)

    @app.exception_handler(HocbaError)
    async def hocba_error(request: Request, error: HocbaError) -> Response:
        return answer(request, errors.problem_of(error))

    @app.exception_handler(StorageError)
    async def storage_error(request: Request, error: StorageError) -> Response:
        return answer(request, errors.problem_of_storage(error))

    @app.exception_handler(RequestValidationError)
    async def validation_error(request: Request, error: RequestValidationError) -> Response:
        return answer(request, errors.problem_of_validation(error))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        return answer(request, errors.problem_of_http(error, _allowed(app, request.scope)))


def _allowed(app: FastAPI, scope: Scope) -> list[str]:
    """Every method that some route has for this path; a route alone knows only its own."""
    methods: set[str] = set()
    for route in (*app.routes, *(each for router in _ROUTERS for each in router.routes)):
        if isinstance(route, Route) and route.matches(scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    if "GET" in methods:
        methods.add("HEAD")
    return sorted(methods)
