"""Orders about batches: pause, resume, cancel."""

from fastapi import APIRouter, Request

from hocba.index.batch_states import Order
from hocba.ingest.orders import give_order
from hocba.web.access import Caller, Sender
from hocba.web.api.batches import batch_body, visible_batch
from hocba.web.api.bodies import BatchBody
from hocba.web.api.parameters import ApiLanguage, BatchId, problems
from hocba.web.repository import Repository, RepositoryDependency
from schemas.findings import Language

router = APIRouter(
    prefix="/v1/batches/{batch}", tags=["batches"], responses=problems(401, 403, 404, 409)
)


@router.post("/pause", response_model=BatchBody)
def pause_batch(
    repository: RepositoryDependency, caller: Sender, language: ApiLanguage, batch: BatchId
) -> dict[str, object]:
    """Take nothing more in from the batch until it is resumed, also after a restart.

    The part in hand is given up; what was taken in stays. Paused twice is paused.
    """
    return _ordered(repository, caller, language, batch, Order.PAUSE)


@router.post("/resume", response_model=BatchBody)
def resume_batch(
    request: Request,
    repository: RepositoryDependency,
    caller: Sender,
    language: ApiLanguage,
    batch: BatchId,
) -> dict[str, object]:
    """Go on with the batch where it stopped."""
    body = _ordered(repository, caller, language, batch, Order.RESUME)
    request.app.state.worker.wake()
    return body


@router.post("/cancel", response_model=BatchBody)
def cancel_batch(
    repository: RepositoryDependency, caller: Sender, language: ApiLanguage, batch: BatchId
) -> dict[str, object]:
    """Give the batch up for good. What was taken in stays; items and report say what that is."""
    body = _ordered(repository, caller, language, batch, Order.CANCEL)
    repository.spool.remove(batch)  # a worker that is reading it keeps its open file
    return body


def _ordered(
    repository: Repository, caller: Caller, language: Language, identity: str, order: Order
) -> dict[str, object]:
    batch = visible_batch(repository, caller, identity)
    at = repository.clock()
    return batch_body(
        give_order(repository.index, batch.id, order, actor=caller.actor, at=at), language
    )
