"""From requests to an upload, and from a whole upload to a batch."""

import errno
import shutil
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import anyio
from anyio.to_thread import run_sync
from starlette.requests import Request

from hocba.index.rows import Batch
from hocba.web.access import Caller
from hocba.web.intake import register
from hocba.web.problems import Problem, ProblemType, too_many_requests
from hocba.web.repository import Repository, Service
from hocba.web.resumable.protocol import Checksum
from hocba.web.resumable.uploads import (
    Announced,
    ChecksumMismatchError,
    OffsetMismatchError,
    TooManyBytesError,
    Upload,
    UploadBusyError,
    Writer,
)
from hocba.web.spool import Spooled, file_name
from hocba.web.uploads import too_large

_BLOCK = 1024 * 1024
# What other parts of the machine need: an upload is not begun that would leave less.
_DISK_RESERVE = 256 * 1024 * 1024
_BUSY_SECONDS = 60
_FULL = (errno.ENOSPC, errno.EDQUOT)


def create(
    service: Service, caller: Caller, length: int, name: str | None, key: str | None
) -> Upload:
    """A new upload, or the one that the caller created with the same key before."""
    repository, settings = service.repository, service.settings
    now = repository.clock()
    if key is not None:
        known = repository.uploads.find_by_key(caller.actor, key)
        if known is not None:
            if known.announced.length != length:
                raise Problem(ProblemType.IDEMPOTENCY_KEY_REUSED)
            return known
    open_ones = [
        each
        for each in repository.uploads
        if each.announced.actor == caller.actor and not each.whole
    ]
    if len(open_ones) >= settings.max_uploads_at_once:
        raise too_many_requests(_BUSY_SECONDS)
    announced = Announced(
        id=str(uuid4()),
        length=length,
        actor=caller.actor,
        masogd=caller.masogd,
        file_name=name,
        idempotency_key=key,
        created_at=now,
        expires_at=now + settings.upload_expires_after,
    )
    try:
        repository.uploads.folder.mkdir(mode=0o700, exist_ok=True)
        if shutil.disk_usage(repository.uploads.folder).free < length + _DISK_RESERVE:
            raise Problem(ProblemType.INSUFFICIENT_STORAGE)
        return repository.uploads.create(announced)
    except OSError as error:
        raise Problem(ProblemType.INSUFFICIENT_STORAGE) from error


def find(repository: Repository, caller: Caller, identity: str) -> Upload:
    """The upload; 404 where there is none for the caller, 410 where it has expired."""
    upload = repository.uploads.find(identity)
    if upload is None or not _may_use(caller, upload):
        raise Problem(ProblemType.NOT_FOUND)
    if upload.announced.expires_at <= repository.clock():
        raise Problem(ProblemType.UPLOAD_EXPIRED)
    return upload


def _may_use(caller: Caller, upload: Upload) -> bool:
    """An operator may use all, a province those that it sent, with whichever of its tokens."""
    return caller.masogd is None or caller.masogd == upload.announced.masogd


async def append(request: Request, upload: Upload, offset: int, checksum: Checksum | None) -> None:
    """Add the body of *request* to *upload* from *offset* on; what came stays, whatever happens."""
    stack = ExitStack()
    try:
        writer = await run_sync(stack.enter_context, upload.writer(offset, checksum))
        try:
            await _write_all(request, writer)
        finally:
            with anyio.CancelScope(shield=True):
                await run_sync(stack.close)
    except UploadBusyError as error:
        raise Problem(ProblemType.UPLOAD_BUSY) from error
    except OffsetMismatchError as error:
        there = str(error.offset)
        raise Problem(
            ProblemType.WRONG_OFFSET,
            headers={"Upload-Offset": there},
            members={"offset": error.offset},
        ) from error
    except ChecksumMismatchError as error:
        raise Problem(ProblemType.CHECKSUM_MISMATCH) from error
    except TooManyBytesError as error:
        raise too_large(upload.announced.length) from error
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise Problem(ProblemType.INSUFFICIENT_STORAGE) from error


async def _write_all(request: Request, writer: Writer) -> None:
    waiting = bytearray()
    try:
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= _BLOCK:
                block = bytes(waiting)
                waiting.clear()
                await run_sync(writer.write, block)
    finally:
        # A line that broke brought what it brought.
        if waiting:
            with anyio.CancelScope(shield=True):
                await run_sync(writer.write, bytes(waiting))


def complete(repository: Repository, caller: Caller, upload: Upload) -> str | None:
    """The batch that a whole upload has become; None while another request makes it one.

    Done again after a crash it comes to the same: the bytes are in one place or the other, and
    the batch bears the upload's own id.
    """
    try:
        with upload.locked():
            known = upload.batch
            if known is None:
                known = _become_batch(repository, caller, upload).id
                upload.note_batch(known)
            return known
    except UploadBusyError:
        return None
    except OSError as error:
        raise Problem(ProblemType.INSUFFICIENT_STORAGE) from error


def _become_batch(repository: Repository, caller: Caller, upload: Upload) -> Batch:
    announced = upload.announced
    name = file_name(announced.file_name)
    repository.spool.prepare()
    target = Path(repository.spool.folder / announced.id / name)
    digest = upload.digest(target)
    upload.hand_over(target)
    spooled = Spooled(target, digest)
    key = announced.idempotency_key
    return register(repository, caller, announced.id, spooled, name, key)
