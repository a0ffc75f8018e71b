"""Transfers of pupils: packages made, handed out, taken in, answered; issues of documents."""

from functools import partial
from typing import Annotated, Any
from uuid import uuid4

from anyio import WouldBlock
from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from hocba.index.transfer_rows import Transfer, TransferDirection, TransferState
from hocba.issues import issues_of_record
from hocba.transfer.acknowledgement import MAX_LENGTH, file_acknowledgement
from hocba.transfer.making import Order, handed_out, make_transfer
from hocba.transfer.package import MAX_BYTES
from hocba.transfer.taking_in import accept_package, decline_package, open_package
from hocba.web.access import Caller, Sender
from hocba.web.api.bodies import FindingBody, Moment
from hocba.web.api.parameters import IDENTIFIER, ApiLanguage, RecordId, file_body, problems
from hocba.web.downloads import attachment, matches, quoted
from hocba.web.errors import unavailable
from hocba.web.intake import refuse_other_province
from hocba.web.pagination import CursorText, Limit, cursor_at, next_url
from hocba.web.problems import Problem, ProblemType
from hocba.web.repository import Repository, RepositoryDependency, ServiceDependency
from hocba.web.uploads import ANY_BYTES, Memory, receive
from hocba.web.viewing import Trail, visible_record
from schemas.findings import Language

router = APIRouter(tags=["transfers"], responses=problems(401, 403, 404))

_ZIP, _JOSE = "application/zip", "application/jose"
_ZIPS = frozenset({_ZIP, "application/x-zip-compressed", ANY_BYTES})
_TOKENS = frozenset({_JOSE, "text/plain", ANY_BYTES})

TransferId = Annotated[str, Path(pattern=IDENTIFIER)]
Direction = Annotated[
    TransferDirection | None, Query(description="Made here (out), or come in here (in).")
]


class NewTransferBody(BaseModel):
    """Which pupil goes where, and why."""

    model_config = ConfigDict(extra="forbid")

    mahocsinh: str = Field(pattern=IDENTIFIER)
    receiver: str = Field(pattern=r"^[0-9A-Za-z]{1,10}$", description="The receiving province.")
    matruong: str | None = Field(default=None, pattern=r"^[0-9A-Za-z]{1,20}$")
    reason: str = Field(min_length=1, max_length=1000)
    decision: str | None = Field(default=None, min_length=1, max_length=200)
    days: int | None = Field(default=None, ge=1, le=366)
    sender: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Za-z]{1,10}$",
        description="The sending province, where neither the caller nor the repository says it.",
    )


class TransferBody(BaseModel):
    """One transfer, as the side whose row it is knows it."""

    id: str
    direction: TransferDirection
    state: TransferState
    sender: str
    receiver: str
    matruong: str | None
    mahocsinh: str
    reason: str
    decision: str | None
    documents: int
    issued_at: Moment
    expires_at: Moment
    noted_at: Moment
    noted_by: str
    decided_at: Moment | None
    decided_by: str | None
    note: str | None
    sha256: str


class PageOfTransfers(BaseModel):
    """Transfers, newest first."""

    items: list[TransferBody]
    next: str | None


class ArrivedDocument(BaseModel):
    """A document of a package and what became of it."""

    file: str
    outcome: str
    findings: list[FindingBody]


class ArrivalBody(BaseModel):
    """What became of a package; `acknowledgement` is for the sender (JWS)."""

    transfer: TransferBody
    accepted: int
    duplicate: int
    documents: list[ArrivedDocument]
    acknowledgement: str


class IssueBody(BaseModel):
    """One issue of a record's document: which version, when, to whom, how."""

    at: Moment
    actor: str
    action: str
    phienban: int | None
    detail: dict[str, str]


class PageOfIssues(BaseModel):
    """Issues of a record's documents, oldest first."""

    items: list[IssueBody]
    next: str | None


@router.post(
    "/v1/transfers", status_code=201, response_model=TransferBody, responses=problems(409, 422)
)
def create_transfer(
    repository: RepositoryDependency,
    caller: Sender,
    language: ApiLanguage,
    body: NewTransferBody,
    response: Response,
) -> dict[str, object]:
    """Make the package for a pupil; `Location` says where it is handed out."""
    refuse_other_province(repository, caller)
    order = Order(**body.model_dump() | {"sender": caller.masogd or body.sender})
    made = make_transfer(
        repository.office,
        order,
        by=caller.actor,
        actor=caller.actor,
        language=language,
    )
    response.headers["Location"] = f"/v1/transfers/{made.id}"
    return made.as_json(repository.clock())


@router.get("/v1/transfers", response_model=PageOfTransfers, responses=problems(422))
def list_transfers(
    repository: RepositoryDependency,
    caller: Sender,
    direction: Direction = None,
    mahocsinh: Annotated[str | None, Query(pattern=IDENTIFIER)] = None,
    cursor: CursorText = None,
    limit: Limit = 50,
) -> dict[str, object]:
    """The transfers of the caller's province (all for an operator), newest first."""
    after = cursor_at(cursor, moment=True)
    with repository.index.transaction() as tx:
        page = tx.transfers.page(
            province=caller.masogd,
            direction=direction,
            mahocsinh=mahocsinh,
            after=after,
            limit=limit,
        )
        Trail(tx, caller, repository).seen("transfers.read", masogd=caller.masogd)
    now = repository.clock()
    given = {
        "direction": direction.value if direction else None,
        "mahocsinh": mahocsinh,
        "limit": limit,
    }
    return {
        "items": [each.as_json(now) for each in page.rows],
        "next": next_url("/v1/transfers", page.next, given),
    }


@router.post(
    "/v1/transfers/incoming",
    status_code=201,
    response_model=ArrivalBody,
    openapi_extra=file_body(_ZIPS),
    responses=problems(400, 409, 413, 415, 422, 503, 507),
)
async def receive_package(
    service: ServiceDependency,
    caller: Sender,
    language: ApiLanguage,
    request: Request,
    reason: Annotated[
        str | None,
        Query(min_length=1, max_length=1000, description="Declines the package, and says why."),
    ] = None,
) -> dict[str, object]:
    """Take a package in, whole or not at all; with `reason` decline it instead."""
    repository = service.repository
    refuse_other_province(repository, caller)
    try:
        repository.spool.prepare()
        draft = repository.spool.draft(identity := f"transfer-{uuid4()}")
        try:
            limit = min(MAX_BYTES, service.settings.max_batch_bytes)
            await receive(request, draft, limit=limit, media_types=_ZIPS)
            spooled = await draft.keep("package.zip")
        finally:
            draft.discard()
    except OSError as error:
        raise Problem(ProblemType.INSUFFICIENT_STORAGE) from error
    try:
        # A package is unpacked in memory: few at once, the others come again.
        service.packages_in_hand.acquire_on_behalf_of_nowait(identity)
    except WouldBlock:
        repository.spool.remove(identity)
        raise unavailable() from None
    try:
        work = partial(_arrive, repository, caller, spooled.path, reason, language)
        return await run_sync(work)
    finally:
        service.packages_in_hand.release_on_behalf_of(identity)
        repository.spool.remove(identity)


@router.get("/v1/transfers/{transfer}", response_model=TransferBody)
def read_transfer(
    repository: RepositoryDependency,
    caller: Sender,
    transfer: TransferId,
    direction: Direction = None,
) -> dict[str, object]:
    """One transfer of the caller's province."""
    found = _visible(repository, caller, transfer, direction, "transfer.read")
    return found.as_json(repository.clock())


@router.get(
    "/v1/transfers/{transfer}/package",
    response_class=Response,
    responses={200: {"content": {_ZIP: {}}}},
)
def download_package(
    repository: RepositoryDependency, caller: Sender, transfer: TransferId, request: Request
) -> Response:
    """The package of a transfer that was made here, for the receiving province."""
    found = _visible(repository, caller, transfer, TransferDirection.OUT, "transfer.package.read")
    headers = {"ETag": quoted(found.sha256), "Cache-Control": "private, no-store"}
    if matches(request.headers.get("if-none-match"), found.sha256):
        return Response(status_code=304, headers=headers)
    data = repository.store.get(found.storage_key, found.version_id, found.sha256)
    with repository.index.transaction() as tx:
        tx.audit.extend(handed_out(found, data, repository.clock(), caller.actor))
    return attachment(data, _ZIP, f"chuyen-truong-{found.id}.zip", headers)


@router.get(
    "/v1/transfers/{transfer}/acknowledgement",
    response_class=Response,
    responses={200: {"content": {_JOSE: {}}}},
)
def download_acknowledgement(
    repository: RepositoryDependency,
    caller: Sender,
    transfer: TransferId,
    direction: Direction = None,
) -> Response:
    """What the receiving side signed."""
    found = _visible(repository, caller, transfer, direction, "transfer.acknowledgement.read")
    if found.acknowledgement is None:
        raise Problem(ProblemType.NOT_FOUND)
    data = found.acknowledgement.encode("ascii")
    name = f"chuyen-truong-{found.id}.xac-nhan.jws"
    return attachment(data, _JOSE, name, {"Cache-Control": "private, no-store"})


@router.post(
    "/v1/transfers/{transfer}/acknowledgement",
    response_model=TransferBody,
    openapi_extra=file_body(_TOKENS),
    responses=problems(400, 409, 413, 415, 422),
)
async def send_acknowledgement(
    repository: RepositoryDependency, caller: Sender, transfer: TransferId, request: Request
) -> dict[str, object]:
    """File the receiver's signed answer with the transfer that was made here."""
    memory = Memory()
    await receive(request, memory, limit=MAX_LENGTH, media_types=_TOKENS)
    token = bytes(memory.data).decode("ascii", "replace").strip()
    return await run_sync(partial(_file, repository, caller, transfer, token))


@router.get(
    "/v1/records/{madinhdanhhocba}/issues", response_model=PageOfIssues, responses=problems(422)
)
def list_issues(
    repository: RepositoryDependency,
    caller: Sender,
    madinhdanhhocba: RecordId,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> dict[str, object]:
    """Every time that a document of the record was given out, oldest first."""
    after = cursor_at(cursor)
    visible_record(repository, caller, madinhdanhhocba, "record.issues.read")
    with repository.index.reading() as tx:
        page = issues_of_record(tx, madinhdanhhocba, after=after, limit=limit)
    here = f"/v1/records/{madinhdanhhocba}/issues"
    return {
        "items": [each.as_json() for each in page.rows],
        "next": next_url(here, page.next, {"limit": limit}),
    }


def _arrive(
    repository: Repository, caller: Caller, path: Any, reason: str | None, language: Language
) -> dict[str, object]:
    office, masogd = repository.office, caller.masogd or repository.masogd
    actor = caller.actor
    package = open_package(office, path, actor=actor)
    now = repository.clock()
    if reason is not None:
        declined = decline_package(
            office, package, masogd=masogd, note=reason, by=actor, actor=actor
        )
        body = {"accepted": 0, "duplicate": 0, "documents": []}
        answer = declined.acknowledgement
        return body | {"transfer": declined.as_json(now), "acknowledgement": answer}
    arrival = accept_package(office, package, masogd=masogd, by=actor, actor=actor)
    return {
        "transfer": arrival.transfer.as_json(now),
        "accepted": arrival.counts.accepted,
        "duplicate": arrival.counts.duplicate,
        "documents": [
            {
                "file": each.file_name,
                "outcome": each.outcome.value,
                "findings": [found.as_json(language) for found in each.findings],
            }
            for each in arrival.decisions
        ],
        "acknowledgement": arrival.transfer.acknowledgement,
    }


def _file(repository: Repository, caller: Caller, transfer: str, token: str) -> dict[str, object]:
    _visible(repository, caller, transfer, TransferDirection.OUT, "transfer.acknowledged")
    office = repository.office
    with repository.index.transaction() as tx:
        filed = file_acknowledgement(
            tx,
            transfer,
            token,
            office.partners,
            own=office.key.public_key,
            at=repository.clock(),
            actor=caller.actor,
        )
    return filed.as_json(repository.clock())


def _visible(
    repository: Repository,
    caller: Caller,
    identity: str,
    direction: TransferDirection | None,
    action: str,
) -> Transfer:
    """The transfer; ends the request where it does not exist for the caller."""
    wanted = tuple(TransferDirection) if direction is None else (direction,)
    with repository.index.transaction() as tx:
        rows = (tx.transfers.find(identity, each) for each in wanted)
        found = next(
            (each for each in rows if each and caller.masogd in {None, each.province}), None
        )
        trail = Trail(tx, caller, repository)
        if found is None:
            trail.refused(action, transfer=identity)
        else:
            trail.seen(action, masogd=found.province)
    if found is None:
        raise Problem(ProblemType.NOT_FOUND)
    return found
