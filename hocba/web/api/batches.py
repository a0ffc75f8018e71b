"""Batches: taken in, watched, and read out item by item."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from hocba.index.rows import Batch
from hocba.ingest.report import report_lines
from hocba.ingest.standing import Standing
from hocba.model.outcome import Outcome
from hocba.web.access import Caller, Sender
from hocba.web.api.bodies import BatchBody, PageOfBatches, PageOfItems
from hocba.web.api.parameters import ApiLanguage, BatchId, file_body, problems
from hocba.web.intake import MEDIA_TYPES, IdempotencyKey, take_batch
from hocba.web.pagination import CursorText, Limit, cursor_at, next_url
from hocba.web.problems import Problem, ProblemType
from hocba.web.repository import Repository, RepositoryDependency, ServiceDependency
from hocba.web.standings import read_standing
from hocba.web.viewing import Trail
from schemas.findings import Language

router = APIRouter(prefix="/v1/batches", tags=["batches"], responses=problems(401, 403, 404, 422))

OutcomeFilter = Annotated[Outcome | None, Query(description="Only items of this outcome.")]


@router.post(
    "",
    status_code=202,
    response_model=BatchBody,
    openapi_extra=file_body(MEDIA_TYPES),
    responses=problems(400, 413, 415, 507),
)
async def send_batch(
    service: ServiceDependency,
    caller: Sender,
    language: ApiLanguage,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> dict[str, object]:
    """Send a batch: a zip, a tar (plain, gzip, zstd) or one XML document.

    It is safely kept once this answers 202, and worked in the background; `Location` says where
    to watch it.
    """
    batch = await take_batch(service, caller, request, idempotency_key)
    request.app.state.worker.wake()
    response.headers["Location"] = f"/v1/batches/{batch.id}"
    return batch_body(batch, language)


@router.get("", response_model=PageOfBatches)
def list_batches(
    repository: RepositoryDependency,
    caller: Sender,
    language: ApiLanguage,
    cursor: CursorText = None,
    limit: Limit = 50,
) -> dict[str, object]:
    """The batches of the caller's province (all for an operator), newest first."""
    after = cursor_at(cursor, moment=True)
    with repository.index.reading() as tx:
        page = tx.batches.page(masogd=caller.masogd, after=after, limit=limit)
    return {
        "items": [batch_body(each, language) for each in page.rows],
        "next": next_url("/v1/batches", page.next, {"limit": limit}),
    }


@router.get("/{batch}", response_model=BatchBody)
def read_batch(
    repository: RepositoryDependency, caller: Sender, language: ApiLanguage, batch: BatchId
) -> dict[str, object]:
    """One batch and how far it is."""
    found = visible_batch(repository, caller, batch)
    return batch_body(found, language, read_standing(repository, found))


@router.get("/{batch}/items", response_model=PageOfItems)
def list_items(
    repository: RepositoryDependency,
    caller: Sender,
    language: ApiLanguage,
    batch: BatchId,
    outcome: OutcomeFilter = None,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> dict[str, object]:
    """The documents of a batch and what became of each, with every finding."""
    after = cursor_at(cursor)
    visible_batch(repository, caller, batch, "batch.items.read")
    with repository.index.reading() as tx:
        page = tx.batches.items(batch, outcome=outcome, after=after, limit=limit)
    parameters = {"outcome": outcome.value if outcome else None, "limit": limit}
    return {
        "items": [each.as_json(language) for each in page.rows],
        "next": next_url(f"/v1/batches/{batch}/items", page.next, parameters),
    }


@router.get(
    "/{batch}/report.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
def download_report(
    repository: RepositoryDependency,
    caller: Sender,
    default_language: ApiLanguage,
    batch: BatchId,
    outcome: OutcomeFilter = None,
    lang: Annotated[Language | None, Query(description="Language of the texts.")] = None,
) -> StreamingResponse:
    """All findings of a batch as a table for a spreadsheet."""
    visible_batch(repository, caller, batch, "batch.report.read")
    lines = report_lines(
        repository.index, batch, language=lang or default_language, outcome=outcome
    )
    disposition = f'attachment; filename="bao-cao-{batch}.csv"'
    return StreamingResponse(
        _blocks(lines), media_type="text/csv", headers={"Content-Disposition": disposition}
    )


def visible_batch(
    repository: Repository, caller: Caller, identity: str, action: str | None = None
) -> Batch:
    """The batch; ends the request where it does not exist for the caller.

    Where a batch stands says nothing of a person and is asked for every second: only what names
    records (*action*) goes into the trail.
    """
    with repository.index.reading() as tx:
        batch = tx.batches.find(identity)
    if batch is None or not caller.may_see_batch(batch):
        raise Problem(ProblemType.NOT_FOUND)
    if action is not None:
        with repository.index.transaction() as tx:
            trail = Trail(tx, caller, repository)
            trail.seen(action, batch=batch.id, masogd=batch.masogd)
    return batch


def batch_body(batch: Batch, language: Language, now: Standing | None = None) -> dict[str, object]:
    """A batch as it is answered; how fast it goes where *now* tells."""
    figures = now.as_json() if now else {}
    return (
        batch.as_json()
        | figures
        | {
            "created_at": batch.created_at.isoformat(),
            "source": batch.source,
            "ignored": batch.ignored,
            "failure": batch.failure.as_json(language) if batch.failure else None,
        }
    )


def _blocks(lines: Iterator[str]) -> Iterator[str]:
    """Lines joined to larger parts: each part costs a change of thread."""
    while block := "".join(islice(lines, 200)):
        yield block
