"""A real server for tests: uvicorn on a free loopback port, in a thread of this process."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

from hocba.examine import Judgement
from hocba.index.index import Index
from hocba.index.rows import AuditEvent, TokenKind
from hocba.ingest.chunks import ChunkLimits
from hocba.ingest.pipeline import Ingest, IngestOptions
from hocba.ingest.workers import WorkerOptions
from hocba.receipts import ReceiptKey
from hocba.web.app import app_of
from hocba.web.repository import Repository
from hocba.web.resumable.uploads import UploadFolder
from hocba.web.serving import Server, address_of, configuration, listening
from hocba.web.settings import WebSettings
from hocba.web.spool import Spool
from storage.contract import Store
from tests.support.stand_in import MemoryStore, StandInFactory

SETTINGS = WebSettings(verifications_per_minute=6000, sign_ins_per_minute=6000)
"""Settings under which no test meets a limit that it did not ask for."""


@dataclass
class Clock:
    """A clock that a test sets."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass(frozen=True)
class Site:
    """A running server and what it serves."""

    url: str
    repository: Repository
    app: FastAPI

    def client(self, token: str | None = None, **options: Any) -> httpx.Client:
        """A client with this token; to be closed."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(
            base_url=self.url, headers={**headers, **options.pop("headers", {})}, **options
        )

    def token(self, kind: TokenKind, **bounds: Any) -> str:
        """A new token."""
        return issue(self.repository.index, kind, **bounds)

    def trail(self) -> tuple[AuditEvent, ...]:
        """The whole audit trail."""
        events: list[AuditEvent] = []
        after: str | None = None
        while True:
            with self.repository.index.reading() as tx:
                page = tx.audit.events(after=after, limit=1000)
            events.extend(page.rows)
            if page.next is None:
                return tuple(events)
            after = page.next


def issue(index: Index, kind: TokenKind, **bounds: Any) -> str:
    """The text of a new token."""
    at = bounds.pop("at", datetime.now(UTC))
    with index.transaction() as tx:
        return tx.tokens.issue(kind, label="test", at=at, **bounds).text


def stand_in_repository(
    index: Index,
    folder: Path,
    judgement: Judgement,
    *,
    store: Store | None = None,
    clock: Callable[[], datetime] | None = None,
    chunk: int = 200,
    delay: float = 0.0,
    masogd: str | None = None,
) -> Repository:
    """A repository over *index* that believes stand-in documents."""
    store = store or MemoryStore()
    clock = clock or (lambda: datetime.now(UTC))
    ingest = Ingest(
        index=index,
        store=store,
        examiner=StandInFactory(delay),
        options=IngestOptions(
            chunk=ChunkLimits(documents=chunk), workers=WorkerOptions(processes=1)
        ),
        clock=clock,
    )
    return Repository(
        index=index,
        store=store,
        receipts=ReceiptKey(Ed25519PrivateKey.generate()),
        judgement=lambda: judgement,
        ingest=ingest,
        spool=Spool(folder / "spool"),
        uploads=UploadFolder(folder / "uploads"),
        clock=clock,
        masogd=masogd,
    )


@contextmanager
def served(repository: Repository, **changes: Any) -> Iterator[Site]:
    """The repository, served until the end of the block; closes its index."""
    app = app_of(repository, settings=replace(SETTINGS, **changes))
    with running(app) as url:
        yield Site(url, repository, app)


@contextmanager
def running(app: FastAPI, *, proxies: str = "127.0.0.1") -> Iterator[str]:
    """The application on a free port of the loopback interface; gives its address."""
    listener = listening("127.0.0.1", 0)
    ready = threading.Event()
    ending = app.state.service.followers.close
    server = Server(configuration(app, trusted_proxies=proxies), ready.set, ending)
    thread = threading.Thread(target=_serve, args=(server, [listener]))
    thread.start()
    try:
        assert ready.wait(30), "the server did not start"
        yield address_of(listener)
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


def _serve(server: Server, sockets: Sequence[Any]) -> None:
    asyncio.run(server.serve(sockets=list(sockets)))
