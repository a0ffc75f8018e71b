"""Resumable uploads of batches: the tus protocol 1.0 (tus.io)."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from hocba.web.access import Caller, Sender
from hocba.web.api.parameters import BatchId, problems
from hocba.web.intake import IdempotencyKey, plain_key, refuse_other_province
from hocba.web.problems import Problem, ProblemType
from hocba.web.repository import Repository, RepositoryDependency, ServiceDependency
from hocba.web.resumable import protocol
from hocba.web.resumable.middleware import PATH
from hocba.web.resumable.receiving import append, complete, create, find
from hocba.web.resumable.uploads import Upload, status

router = APIRouter(prefix=PATH, tags=["uploads"])

_VERSION = [Depends(protocol.refuse_other_version)]
_REFUSALS = problems(400, 401, 403, 404, 409, 410, 412, 413, 415, 423, 460, 507)


@router.options("", status_code=204, response_class=Response)
@router.options("/{upload}", status_code=204, response_class=Response)
async def describe_protocol(service: ServiceDependency) -> Response:
    """What of the tus protocol is spoken here."""
    return Response(
        status_code=204,
        headers={
            "Tus-Version": protocol.VERSION,
            "Tus-Max-Size": str(service.settings.max_batch_bytes),
            "Tus-Extension": protocol.EXTENSIONS,
            "Tus-Checksum-Algorithm": ",".join(protocol.CHECKSUMS),
        },
    )


@router.post(
    "", status_code=201, response_class=Response, dependencies=_VERSION, responses=_REFUSALS
)
async def create_upload(
    service: ServiceDependency,
    caller: Sender,
    request: Request,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Announce a batch of `Upload-Length` bytes; `Location` is where they go.

    A body of the type application/offset+octet-stream is the first of them. With an
    `Idempotency-Key` that was sent before, the answer is the upload that was created then.
    """
    refuse_other_province(service.repository, caller)
    length = protocol.upload_length(request, service.settings.max_batch_bytes)
    name = protocol.metadata(request).get("filename")
    upload = await run_in_threadpool(
        create, service, caller, length, name, plain_key(idempotency_key)
    )
    if request.headers.get("content-type") == protocol.OFFSET_STREAM and upload.offset == 0:
        await append(request, upload, 0, protocol.checksum(request))
    response = await _answer(service.repository, caller, request, upload, 201)
    response.headers["Location"] = f"{PATH}/{upload.announced.id}"
    return response


@router.get("/{upload}", dependencies=_VERSION, responses=_REFUSALS)
async def read_upload(
    repository: RepositoryDependency, caller: Sender, request: Request, upload: BatchId
) -> Response:
    """How far an upload is: `Upload-Offset`; HEAD says the same without a body."""
    found = await run_in_threadpool(find, repository, caller, upload)
    return await _answer(repository, caller, request, found, 200)


@router.patch(
    "/{upload}",
    status_code=204,
    response_class=Response,
    dependencies=_VERSION,
    responses=_REFUSALS,
)
async def append_to_upload(
    repository: RepositoryDependency, caller: Sender, request: Request, upload: BatchId
) -> Response:
    """Send bytes from `Upload-Offset` on; what came is kept even if the line breaks.

    With the last byte the upload becomes a batch: `Hocba-Batch` says where to watch it.
    """
    if request.headers.get("content-type") != protocol.OFFSET_STREAM:
        accepted = {"accepted": protocol.OFFSET_STREAM}
        raise Problem(ProblemType.UNSUPPORTED_MEDIA_TYPE, members=accepted)
    offset, checksum = protocol.upload_offset(request), protocol.checksum(request)
    found = await run_in_threadpool(find, repository, caller, upload)
    await append(request, found, offset, checksum)
    return await _answer(repository, caller, request, found, 204)


@router.delete(
    "/{upload}",
    status_code=204,
    response_class=Response,
    dependencies=_VERSION,
    responses=_REFUSALS,
)
async def terminate_upload(
    repository: RepositoryDependency, caller: Sender, upload: BatchId
) -> Response:
    """Give an upload up; a batch that it has become is not touched."""
    found = await run_in_threadpool(find, repository, caller, upload)
    await run_in_threadpool(found.remove)
    return Response(status_code=204)


async def _answer(
    repository: Repository, caller: Caller, request: Request, upload: Upload, code: int
) -> Response:
    """Where the upload stands; one that is whole becomes a batch first."""
    batch: str | None = None
    if await run_in_threadpool(lambda: upload.whole):
        batch = await run_in_threadpool(complete, repository, caller, upload)
        request.app.state.worker.wake()
    announced = upload.announced
    headers = {
        "Upload-Offset": str(upload.offset),
        "Upload-Length": str(announced.length),
        "Upload-Expires": protocol.http_date(announced.expires_at),
        "Cache-Control": "no-store",
    }
    if batch is not None:
        headers["Hocba-Batch"] = f"/v1/batches/{batch}"
    if code != 200:
        return Response(status_code=code, headers=headers)
    return JSONResponse({**status(upload), "batch": batch}, headers=headers)
