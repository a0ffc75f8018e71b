"""An uploaded batch, from its bytes to its row: durable before it is promised."""

from typing import Annotated
from uuid import uuid4

from fastapi import Header
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from hocba.errors import IndexConflict
from hocba.index.batch_states import UNFINISHED
from hocba.index.index import Transaction
from hocba.index.rows import Batch, NewBatch
from hocba.web.access import Caller
from hocba.web.problems import Problem, ProblemType
from hocba.web.repository import Repository, Service
from hocba.web.spool import Draft, Spooled, file_name
from hocba.web.uploads import ANY_BYTES, receive
from hocba.web.viewing import Trail

MEDIA_TYPES = frozenset(
    {
        "application/zip",
        "application/x-zip-compressed",
        "application/x-tar",
        "application/gzip",
        "application/x-gzip",
        "application/zstd",
        "application/xml",
        "text/xml",
        ANY_BYTES,
    }
)

IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r'^"?[!#-\[\]-~]{1,200}"?$',
        description="A name that the sender makes up for this upload: sent again with the same "
        "body it gives the same batch, with another body an error.",
    ),
]


async def take_batch(
    service: Service, caller: Caller, request: Request, idempotency_key: str | None
) -> Batch:
    """The batch that the body of *request* is, ready to be worked once this returns."""
    repository = service.repository
    refuse_other_province(repository, caller)
    key = plain_key(idempotency_key)
    identity = str(uuid4())
    draft = await run_in_threadpool(_draft, repository, identity)
    try:
        received = await receive(
            request, draft, limit=service.settings.max_batch_bytes, media_types=MEDIA_TYPES
        )
        spooled = await draft.keep(received.file_name)
    except OSError as error:
        raise Problem(ProblemType.INSUFFICIENT_STORAGE) from error
    finally:
        draft.discard()
    name = file_name(received.file_name)
    return await run_in_threadpool(register, repository, caller, identity, spooled, name, key)


def refuse_other_province(repository: Repository, caller: Caller) -> None:
    """Ends the request where this repository is not that of the caller's province."""
    if repository.masogd is not None and caller.masogd not in {None, repository.masogd}:
        raise Problem(ProblemType.FORBIDDEN)


def plain_key(idempotency_key: str | None) -> str | None:
    """The key without the quotes that a structured header may have."""
    return idempotency_key.strip('"') if idempotency_key else None


def _draft(repository: Repository, identity: str) -> Draft:
    try:
        repository.spool.prepare()
        return repository.spool.draft(identity)
    except OSError as error:
        raise Problem(ProblemType.INSUFFICIENT_STORAGE) from error


def register(
    repository: Repository,
    caller: Caller,
    identity: str,
    spooled: Spooled,
    name: str,
    key: str | None,
) -> Batch:
    """The row of the batch: a new one, or the one that was sent with the same key before.

    The bytes lie in the spool under *identity*; those of an earlier batch that are still needed
    take their place, others are removed.
    """
    new = NewBatch(
        id=identity,
        source=name,
        fingerprint=f"sha256:{spooled.sha256}",
        sender=caller.actor,
        masogd=caller.masogd or repository.masogd,
        created_at=repository.clock(),
        idempotency_key=key,
        location=str(spooled.path),
    )
    try:
        batch = _create(repository, caller, new)
    except (Problem, IndexConflict):
        repository.spool.remove(identity)
        raise
    # After any other error the row may be there all the same, when only the answer of the database
    # was lost: the bytes stay until they are claimed or swept.
    if batch.id != identity:
        unfinished = batch.state in UNFINISHED
        if not (unfinished and repository.spool.adopt(identity, batch.id)):
            repository.spool.remove(identity)
    return batch


def _create(repository: Repository, caller: Caller, new: NewBatch) -> Batch:
    try:
        with repository.index.transaction() as tx:
            return _created(tx, caller, repository, new)
    except IndexConflict:
        # The same key came in twice at once, and the other was faster.
        with repository.index.transaction() as tx:
            return _created(tx, caller, repository, new)


def _created(tx: Transaction, caller: Caller, repository: Repository, new: NewBatch) -> Batch:
    if new.idempotency_key is not None:
        known = tx.batches.find_by_idempotency_key(new.sender, new.idempotency_key)
        if known is not None:
            if known.fingerprint != new.fingerprint:
                raise Problem(ProblemType.IDEMPOTENCY_KEY_REUSED)
            return known
    tx.batches.create(new)
    Trail(tx, caller, repository).seen("batch.received", batch=new.id, masogd=new.masogd)
    created = tx.batches.find(new.id)
    if created is None:
        raise LookupError("a batch is gone in the transaction that made it")
    return created
