"""Parameters that several routes share, and what their answers have in common."""

from typing import Annotated, Any

from fastapi import Depends, Path, Request

from hocba.web.api.bodies import ProblemBody
from hocba.web.languages import api_language
from hocba.web.problems import MEDIA_TYPE
from hocba.web.uploads import FORM
from schemas.findings import Language

IDENTIFIER = r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$"
"""What names a record, a pupil or a batch; nothing else is ever taken in under such a name."""

RecordId = Annotated[str, Path(pattern=IDENTIFIER, description="Mã định danh học bạ.")]
PupilId = Annotated[str, Path(pattern=IDENTIFIER, description="Mã học sinh.")]
BatchId = Annotated[str, Path(pattern=IDENTIFIER)]
VersionNumber = Annotated[int, Path(ge=1, le=2**31 - 1, description="PhienBan of the record.")]


async def _language(request: Request) -> Language:
    return api_language(request)


ApiLanguage = Annotated[Language, Depends(_language)]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may be answered with problems of these statuses."""
    content = {MEDIA_TYPE: {"schema": ProblemBody.model_json_schema()}}
    return {each: {"description": "Problem (RFC 9457)", "content": content} for each in statuses}


def file_body(media_types: frozenset[str]) -> dict[str, Any]:
    """The `requestBody` of a route that takes one file: as it is, or as the file of a form."""
    binary = {"type": "string", "format": "binary"}
    form = {"type": "object", "required": ["file"], "properties": {"file": binary}}
    content = {FORM: {"schema": form}} | {each: {"schema": binary} for each in sorted(media_types)}
    return {"requestBody": {"required": True, "content": content}}
