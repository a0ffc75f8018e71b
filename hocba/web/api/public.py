"""What anybody may ask: a verdict on a document, and the keys that receipts are verified with."""

from typing import Any

from fastapi import APIRouter, Request, Response

from hocba.receipts import published_jwk
from hocba.web.api.bodies import KeySet
from hocba.web.api.parameters import ApiLanguage, file_body, problems
from hocba.web.repository import RepositoryDependency, ServiceDependency
from hocba.web.verification import MEDIA_TYPES, verify_upload

router = APIRouter(tags=["public"])

_XML = "application/xml"


@router.post(
    "/v1/verify",
    openapi_extra=file_body(MEDIA_TYPES),
    response_model=dict[str, Any],
    responses=problems(400, 413, 415, 422, 429, 503) | {200: {"content": {_XML: {}}}},
)
async def verify(
    service: ServiceDependency, language: ApiLanguage, request: Request
) -> Response | dict[str, Any]:
    """Verify one document: schema, rules and all signatures, as `hocba verify` does.

    The answer is the same JSON, with `standing`: whether these bytes are what this repository
    holds now. With `Accept: application/xml` it is the validation report of ETSI TS 119 102-2, the
    standing in the header `Hocba-Standing`; what is no document at all is still answered in JSON.
    Nothing is kept and nothing is logged.
    """
    accepted = request.headers.get("Accept", "")
    wants_report = _XML in accepted and "json" not in accepted
    verification = await verify_upload(service, request, language if wants_report else None)
    standing = verification.standing.value if verification.standing else None
    if verification.etsi_report is not None:
        headers = {"Hocba-Standing": standing} if standing else {}
        return Response(verification.etsi_report, media_type=_XML, headers=headers)
    return verification.examination.as_json(language) | {"standing": standing}


@router.get("/v1/keys", response_model=KeySet)
def read_keys(repository: RepositoryDependency, response: Response) -> dict[str, Any]:
    """The public keys of receipts, as a JWK set."""
    response.headers["Cache-Control"] = "public, max-age=3600"
    return {"keys": [published_jwk(repository.receipts.public_key)]}
