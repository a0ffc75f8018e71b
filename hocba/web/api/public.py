"""What anybody may ask: a verdict on a document, and the keys that receipts are verified with."""

from typing import Any

from fastapi import APIRouter, Request, Response

from hocba.receipts import published_jwk
from hocba.web.api.bodies import KeySet
from hocba.web.api.parameters import ApiLanguage, file_body, problems
from hocba.web.repository import RepositoryDependency, ServiceDependency
from hocba.web.verification import MEDIA_TYPES, verify_upload

router = APIRouter(tags=["public"])


@router.post(
    "/v1/verify",
    openapi_extra=file_body(MEDIA_TYPES),
    responses=problems(400, 413, 415, 422, 429, 503),
)
async def verify(
    service: ServiceDependency, language: ApiLanguage, request: Request
) -> dict[str, Any]:
    """Verify one document: schema, rules and all signatures, as `hocba verify` does.

    The answer is the same JSON, with `standing`: whether these bytes are what this repository
    holds now. Nothing is kept and nothing is logged.
    """
    verification = await verify_upload(service, request)
    standing = verification.standing
    return verification.examination.as_json(language) | {
        "standing": standing.value if standing else None
    }


@router.get("/v1/keys", response_model=KeySet)
def read_keys(repository: RepositoryDependency, response: Response) -> dict[str, Any]:
    """The public keys of receipts, as a JWK set."""
    response.headers["Cache-Control"] = "public, max-age=3600"
    return {"keys": [published_jwk(repository.receipts.public_key)]}
