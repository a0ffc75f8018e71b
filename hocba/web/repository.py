"""The parts of a repository that the server works with."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends, Request

from hocba.examine import Judgement
from hocba.home import Home
from hocba.hosts.host import Handing
from hocba.index.index import Index
from hocba.ingest.pipeline import Ingest
from hocba.judging import CurrentJudgement
from hocba.receipts import ReceiptKey
from hocba.transfer.office import Office
from hocba.transfer.package import Partners
from hocba.web.followers import Followers
from hocba.web.limits import RateLimit
from hocba.web.metrics import Metrics
from hocba.web.readiness import Readiness
from hocba.web.resumable.uploads import UploadFolder
from hocba.web.sessions import Sessions
from hocba.web.settings import WebSettings
from hocba.web.spool import Spool
from storage.contract import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """An open repository; safe for use from several threads.

    `judgement` gives what documents are judged by now: trust and roster may change while the
    server runs. `masogd` is the only province whose records are taken in here, None for any.
    `roster_file` is the roster from before any import, if there is one.
    """

    index: Index
    store: Store
    receipts: ReceiptKey
    judgement: Callable[[], Judgement]
    ingest: Ingest
    spool: Spool
    uploads: UploadFolder
    clock: Callable[[], datetime]
    masogd: str | None = None
    roster_file: Path | None = None
    handing: Handing | None = None
    partners: Partners = field(default_factory=dict)
    trust_folder: Path | None = None
    transfer_validity: timedelta = timedelta(days=30)

    @property
    def office(self) -> Office:
        """What pupils are sent and taken in with."""
        return Office(
            index=self.index,
            store=self.store,
            key=self.receipts,
            judgement=self.judgement,
            partners=self.partners,
            masogd=self.masogd,
            trust_folder=self.trust_folder,
            validity=self.transfer_validity,
            clock=self.clock,
            approval=self.ingest.approval,
            extracts=self.ingest.extracts,
        )


def open_repository(home: Home) -> Repository:
    """The repository in *home*, its index to be closed.

    Raises `HocbaError`, `StorageError`, `SigningError` or `SchemasError` where a part of it
    cannot be used: a server does not start with half a repository.
    """
    store, receipts, partners = home.open_store(), home.receipt_key(), home.partners()
    index = home.open_index()
    try:
        judgement = CurrentJudgement(home, time.monotonic, index)
        handing = Handing.opened(home)
    except BaseException:
        index.close()
        raise
    return Repository(
        index=index,
        store=store,
        receipts=receipts,
        judgement=judgement,
        ingest=home.ingest(index, store),
        spool=Spool(home.path.absolute() / "spool"),
        uploads=UploadFolder(home.path.absolute() / "uploads"),
        clock=lambda: datetime.now(UTC),
        masogd=home.configuration.masogd,
        roster_file=home.roster_file,
        partners=partners,
        trust_folder=home.trust_folder,
        transfer_validity=timedelta(days=home.configuration.transfer_days),
        handing=handing,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What one application is made of."""

    repository: Repository
    settings: WebSettings
    metrics: Metrics
    verifications: RateLimit
    sign_ins: RateLimit
    verifying: CapacityLimiter
    verifications_in_hand: CapacityLimiter
    packages_in_hand: CapacityLimiter
    readiness: Readiness
    sessions: Sessions
    followers: Followers


# Asynchronous without awaiting anything: what is not, costs a change of thread at each request.
async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceDependency = Annotated[Service, Depends(_service)]


async def _repository(service: ServiceDependency) -> Repository:
    return service.repository


RepositoryDependency = Annotated[Repository, Depends(_repository)]
