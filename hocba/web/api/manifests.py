"""Which documents of a manifest are held already: asked before anything is sent."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from hocba.index.rows import NewAuditEvent, Version
from hocba.web.access import Caller, Sender
from hocba.web.api.bodies import KnownDocument, ManifestAnswer
from hocba.web.api.parameters import IDENTIFIER, problems
from hocba.web.downloads import receipt_of
from hocba.web.intake import refuse_other_province
from hocba.web.repository import Repository, RepositoryDependency
from hocba.web.uploads import Memory, receive

router = APIRouter(prefix="/v1/manifests", tags=["batches"])

MOST_DOCUMENTS = 1000
"""In one request: two look-ups of the index, and an answer of under a megabyte."""

_MOST_BYTES = 512 * 1024
_JSON = frozenset({"application/json"})


class ManifestDocument(BaseModel):
    """One document of the sender: which version it says it is, and the digest of its bytes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    madinhdanhhocba: Annotated[str, Field(pattern=IDENTIFIER)]
    phienban: Annotated[int, Field(ge=1, le=2**31 - 1)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ManifestBody(BaseModel):
    """Part of a manifest."""

    model_config = ConfigDict(extra="forbid", strict=True)

    documents: Annotated[list[ManifestDocument], Field(min_length=1, max_length=MOST_DOCUMENTS)]
    receipts: bool = False


def _body_schema() -> dict[str, Any]:
    """The body for OpenAPI, which knows no definitions beside a schema."""
    schema = ManifestBody.model_json_schema()
    documents = schema.pop("$defs")
    schema["properties"]["documents"]["items"] = documents[ManifestDocument.__name__]
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


@router.post(
    "",
    response_model=ManifestAnswer,
    openapi_extra=_body_schema(),
    responses=problems(401, 403, 413, 415, 422),
)
async def compare_manifest(
    repository: RepositoryDependency, caller: Sender, request: Request
) -> dict[str, object]:
    """Which of up to 1000 documents the repository holds with exactly these bytes.

    Only the caller's own records are looked at: those of others are missing like any that were
    never sent. With `receipts`, each that is held comes with its receipt.
    """
    refuse_other_province(repository, caller)
    memory = Memory()
    await receive(request, memory, limit=_MOST_BYTES, media_types=_JSON)
    body = _read(bytes(memory.data))
    return await run_in_threadpool(_compare, repository, caller, body)


def _read(data: bytes) -> ManifestBody:
    try:
        return ManifestBody.model_validate_json(data)
    except ValidationError as error:
        details = [{"loc": ("body", *each["loc"]), "type": each["type"]} for each in error.errors()]
        raise RequestValidationError(details) from None


def _compare(repository: Repository, caller: Caller, body: ManifestBody) -> dict[str, object]:
    asked = {(each.madinhdanhhocba, each.phienban, each.sha256) for each in body.documents}
    with repository.index.transaction() as tx:
        versions = tx.records.known_versions((record, number) for record, number, _ in asked)
        held = {
            digest: version
            for record, number, digest in asked
            if (version := versions.get((record, number))) is not None
            and version.sha256 == digest
            and caller.masogd in {None, version.masogd}
        }
        tx.audit.extend(_events(repository, caller, body, held))
    return {
        "known": [
            _known(repository, held[each], receipt=body.receipts)
            for each in dict.fromkeys(each.sha256 for each in body.documents)
            if each in held
        ],
        "missing": sorted({each.sha256 for each in body.documents} - held.keys()),
    }


def _events(
    repository: Repository, caller: Caller, body: ManifestBody, held: Mapping[str, Version]
) -> Sequence[NewAuditEvent]:
    """One event for the comparison, which shows nothing of a record; one for each receipt."""
    at = repository.clock()
    compared = NewAuditEvent(
        at=at,
        actor=caller.actor,
        action="manifest.compared",
        masogd=caller.masogd,
        detail=(("documents", str(len(body.documents))), ("known", str(len(held)))),
    )
    receipts = held.values() if body.receipts else ()
    return [
        compared,
        *(
            NewAuditEvent(
                at=at,
                actor=caller.actor,
                action="receipt.read",
                madinhdanhhocba=each.madinhdanhhocba,
                phienban=each.phienban,
                masogd=each.masogd,
            )
            for each in receipts
        ),
    ]


def _known(repository: Repository, version: Version, *, receipt: bool) -> dict[str, object]:
    return KnownDocument(
        sha256=version.sha256,
        madinhdanhhocba=version.madinhdanhhocba,
        phienban=version.phienban,
        accepted_at=version.accepted_at.isoformat(),
        receipt=receipt_of(repository, version).decode("ascii") if receipt else None,
    ).model_dump()
