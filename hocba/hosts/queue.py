"""Jobs between machines: Procrastinate on the PostgreSQL of the index, in a schema of its own.

Two kinds: `batch` works one batch to its end (one job a batch), `parcel` examines and commits one
chunk. A job of a host that died is taken up by another once its heartbeat has been missing for
`STALLED_SECONDS`.
"""

import asyncio
import logging
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.schema import SchemaManager
from psycopg_pool import PoolTimeout

from hocba.errors import IndexUnavailable
from hocba.hosts.parcel import Parcel
from hocba.index.engine import libpq_url
from schemas.findings import finding

logger = logging.getLogger(__name__)

SCHEMA = "hocba_queue"
HEARTBEAT_SECONDS = 5
STALLED_SECONDS = 20
MOST_BATCHES = 32
"""Batches that one host hands out at the same time; each waits most of its time."""

_BATCHES, _PARCELS = "batches", "parcels"
_LONGEST_WAIT = 300
_AWAY_SECONDS = 2.0


class Later(Exception):  # noqa: N818 -- a signal to the queue
    """The job cannot go on now; again in *seconds*, by whichever host comes first."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


class Handlers(Protocol):
    """What a host does with jobs; called in threads, several at once. May raise `Later`."""

    def work_batch(self, batch: str) -> None:
        """Work the batch to its end."""
        ...

    def take_parcel(self, parcel: Parcel) -> None:
        """Examine and commit one chunk."""
        ...


class JobQueue:
    """Where jobs are put; safe for use from several threads. Close it."""

    def __init__(self, index_url: str) -> None:
        self._app = _app(SyncPsycopgConnector(**_connection(index_url, pool=4)), None)
        with translated_errors():
            self._app.open()

    def close(self) -> None:
        """Give the connections back."""
        self._app.close()

    def put_batch(self, batch: str) -> None:
        """Have *batch* worked; does nothing where somebody has or waits for that already.

        Two jobs of one batch are never worked at once, and a second finds nothing to do.
        """
        if batch in self.open_batches():
            return
        task = self._app.configure_task("batch", queue=_BATCHES, lock=f"batch/{batch}")
        with translated_errors():
            task.defer(batch=batch)

    def put_parcel(self, parcel: Parcel, *, number: int) -> None:
        """Have *parcel* taken: the *number*-th of its batch in this run.

        The earlier in its batch, the sooner: so batches advance alike, and a small one is not
        behind everything of a large one. Put twice, it is taken twice, and committed once.
        """
        task = self._app.configure_task("parcel", queue=_PARCELS, priority=-number)
        with translated_errors():
            task.defer(
                batch=parcel.batch, first=parcel.first, last=parcel.last, sha256=parcel.sha256
            )

    def open_parcels(self, batch: str) -> int:
        """How many parcels of *batch* wait or are being taken."""
        with translated_errors():
            row = self._app.connector.get_sync_connector().execute_query_one(
                "SELECT count(*) AS number FROM procrastinate_jobs"
                " WHERE status IN ('todo', 'doing') AND task_name = 'parcel'"
                " AND args->>'batch' = %(batch)s",
                batch=batch,
            )
        return int(row["number"])

    def open_batches(self) -> frozenset[str]:
        """The batches that have a job to work them."""
        with translated_errors():
            rows = self._app.connector.get_sync_connector().execute_query_all(
                "SELECT args->>'batch' AS batch FROM procrastinate_jobs"
                " WHERE status IN ('todo', 'doing') AND task_name = 'batch'"
            )
        return frozenset(str(row["batch"]) for row in rows)


def prepare_queue(index_url: str) -> None:
    """Make the tables of the queue unless they are there; two at once go one after the other."""
    with (
        translated_errors(),
        psycopg.connect(libpq_url(index_url), autocommit=False) as connection,
    ):
        connection.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", (SCHEMA,))
        there = connection.execute(
            "SELECT 1 FROM information_schema.tables"
            " WHERE table_schema = %s AND table_name = 'procrastinate_jobs'",
            (SCHEMA,),
        ).fetchone()
        if there is None:
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
            connection.execute(f"SET LOCAL search_path TO {SCHEMA}")
            connection.execute(_schema())


def run(index_url: str, handlers: Handlers, *, parcels: int, stopping: threading.Event) -> None:
    """Take jobs until *stopping* is set: *parcels* at a time; what was begun is finished.

    A database that goes away is waited for.
    """
    asyncio.run(_run(index_url, handlers, parcels, stopping))


async def _run(index_url: str, handlers: Handlers, parcels: int, stopping: threading.Event) -> None:
    threads = MOST_BATCHES + parcels + 4
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(threads, "hocba-job"))
    while not stopping.is_set():
        app = _app(PsycopgConnector(**_connection(index_url, pool=parcels + 8)), handlers)
        try:
            async with app.open_async():
                await _take_jobs(app, parcels, stopping)
        except (ConnectorException, PoolTimeout, psycopg.Error, OSError) as error:
            logger.warning("the queue is away: %s", type(error).__name__)
            await asyncio.to_thread(stopping.wait, _AWAY_SECONDS)


async def _take_jobs(app: App, parcels: int, stopping: threading.Event) -> None:
    """Until *stopping*, or until the database is away: then the first error is raised."""
    options: Mapping[str, Any] = {
        "install_signal_handlers": False,
        "delete_jobs": "always",
        "update_heartbeat_interval": HEARTBEAT_SECONDS,
        "stalled_worker_timeout": STALLED_SECONDS,
        "fetch_job_polling_interval": 1.0,
    }
    tasks = [
        asyncio.create_task(each)
        for each in (
            app.run_worker_async(queues=[_BATCHES], concurrency=MOST_BATCHES, **options),
            app.run_worker_async(queues=[_PARCELS], concurrency=parcels, **options),
            _take_up_stalled(app),
        )
    ]
    stopped = asyncio.create_task(asyncio.to_thread(stopping.wait))
    try:
        done, _ = await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if not stopped.done():
            stopped.cancel()


async def _take_up_stalled(app: App) -> None:
    """Let jobs of hosts that are dead be taken up by others."""
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
        for job in stalled:
            logger.warning("job %s of a dead host is taken up again", job.id)
            await app.job_manager.retry_job(job)


class _Again(BaseRetryStrategy):
    """Every job is tried until it is done: what can be given up, its handler gives up itself."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        if isinstance(exception, Later):
            return RetryDecision(retry_in={"seconds": exception.seconds})
        seconds = min(_LONGEST_WAIT, 2 ** min(job.attempts + 1, 16))
        logger.error("job %s failed, again in %d s: %s", job.id, seconds, type(exception).__name__)
        return RetryDecision(retry_in={"seconds": seconds})


def _app(connector: Any, handlers: Handlers | None) -> App:
    app = App(connector=connector)

    def work_batch(batch: str) -> None:
        if handlers is not None:
            handlers.work_batch(batch)

    def take_parcel(batch: str, first: int, last: int, sha256: str) -> None:
        if handlers is not None:
            handlers.take_parcel(Parcel(batch=batch, first=first, last=last, sha256=sha256))

    app.task(name="batch", queue=_BATCHES, retry=_Again())(work_batch)
    app.task(name="parcel", queue=_PARCELS, retry=_Again())(take_parcel)
    return app


def _connection(index_url: str, *, pool: int) -> dict[str, Any]:
    return {
        "conninfo": libpq_url(index_url),
        "kwargs": {"options": f"-c search_path={SCHEMA} -c timezone=UTC"},
        "min_size": 1,
        "max_size": pool,
        "timeout": 10.0,
    }


def _schema() -> Any:
    return SchemaManager.get_schema()


@contextmanager
def translated_errors() -> Iterator[None]:
    """Tell errors of the queue as those of the index: it is the same database."""
    try:
        yield
    except (ConnectorException, PoolTimeout, psycopg.Error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise IndexUnavailable(finding("HB-I102", reason=reason)) from error
