"""How a batch goes, as it goes: server-sent events (WHATWG HTML, 9.2)."""

import json
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse

from hocba.index.batch_states import FINAL
from hocba.ingest.standing import Standing
from hocba.web.access import Sender
from hocba.web.api.batches import batch_body, visible_batch
from hocba.web.api.parameters import ApiLanguage, BatchId, problems
from hocba.web.followers import mark_of
from hocba.web.middleware import is_head
from hocba.web.problems import too_many_requests
from hocba.web.repository import Service, ServiceDependency
from schemas.findings import Language

MEDIA_TYPE = "text/event-stream"

# Milliseconds until a client whose line broke comes again.
_RETRY = 3000
_FULL_SECONDS = 30.0

router = APIRouter(prefix="/v1/batches", tags=["batches"])

LastEvent = Annotated[
    str | None,
    Header(alias="Last-Event-ID", description="The id of the last event that arrived."),
]


@router.get(
    "/{batch}/events",
    response_class=Response,
    responses={
        200: {"content": {MEDIA_TYPE: {}}},
        204: {"description": "The batch is final, and the client knows: it need not come again."},
        **problems(401, 403, 404, 429),
    },
)
async def follow_batch(
    service: ServiceDependency,
    caller: Sender,
    language: ApiLanguage,
    request: Request,
    batch: BatchId,
    last_event: LastEvent = None,
) -> Response:
    """Follow a batch: an event `progress` whenever it has moved, then `end` once it is final.

    Each carries the batch as `GET /v1/batches/{batch}` has it. A client whose line broke comes
    again with `Last-Event-ID` and is told only what it does not know. Comments are signs of life.
    """
    look = partial(visible_batch, service.repository, caller, batch)
    found = await anyio.to_thread.run_sync(look)
    if found.state in FINAL and last_event == mark_of(found):
        return Response(status_code=204)
    if service.followers.full:
        raise too_many_requests(_FULL_SECONDS)
    if is_head(request.scope):
        return Response(media_type=MEDIA_TYPE)
    stream = _events(service, batch, language, last_event)
    return StreamingResponse(stream, media_type=MEDIA_TYPE, headers={"X-Accel-Buffering": "no"})


async def _events(
    service: Service, batch: str, language: Language, seen: str | None
) -> AsyncIterator[str]:
    yield f"retry: {_RETRY}\n\n"
    async with aclosing(service.followers.follow(batch, seen)) as steps:
        async for now in steps:
            yield ":\n\n" if now is None else _event(now, language)


def _event(now: Standing, language: Language) -> str:
    """One event; its data is one line, since JSON has no line breaks outside of strings."""
    kind = "end" if now.batch.state in FINAL else "progress"
    data = json.dumps(batch_body(now.batch, language, now), ensure_ascii=False)
    return f"id: {mark_of(now.batch)}\nevent: {kind}\ndata: {data}\n\n"
