"""Pupils, records, versions, their signed bytes and receipts."""

from hashlib import sha256
from typing import Annotated

from fastapi import APIRouter, Header, Response

from hocba.index.rows import Version
from hocba.web.access import AnyCaller
from hocba.web.api.bodies import ChangesBody, PageOfVersions, RecordBody, TimelineBody, VersionBody
from hocba.web.api.parameters import ApiLanguage, PupilId, RecordId, VersionNumber, problems
from hocba.web.downloads import (
    attachment,
    document_name,
    matches,
    quoted,
    read_document,
    receipt_name,
    receipt_of,
)
from hocba.web.repository import Repository, RepositoryDependency
from hocba.web.viewing import (
    visible_changes,
    visible_record,
    visible_timeline,
    visible_version,
)

router = APIRouter(tags=["records"], responses=problems(401, 404))

# The bytes never change, so a client may keep them, but must ask whether it still may see them.
_KEPT_BY_CLIENT = "private, no-cache"
_XML = "application/xml"
_JOSE = "application/jose"

IfNoneMatch = Annotated[str | None, Header(max_length=1000)]


@router.get("/v1/students/{mahocsinh}/records", response_model=TimelineBody)
def read_timeline(
    repository: RepositoryDependency, caller: AnyCaller, mahocsinh: PupilId
) -> dict[str, object]:
    """All records of one pupil over all schools and grades, as far as the caller may see them."""
    return visible_timeline(repository, caller, mahocsinh).as_json()


@router.get("/v1/records/{madinhdanhhocba}", response_model=RecordBody)
def read_record(
    repository: RepositoryDependency, caller: AnyCaller, madinhdanhhocba: RecordId
) -> dict[str, object]:
    """One record as its current version has it, with all its versions."""
    history = visible_record(repository, caller, madinhdanhhocba, "record.read")
    record = history.record
    return history.as_json() | {
        "mahocsinh": record.mahocsinh,
        "masogd": record.masogd,
        "tentruong": record.tentruong,
        "tenlop": record.tenlop,
        "ketqua": record.ketqua,
    }


@router.get("/v1/records/{madinhdanhhocba}/versions", response_model=PageOfVersions)
def read_versions(
    repository: RepositoryDependency, caller: AnyCaller, madinhdanhhocba: RecordId
) -> dict[str, object]:
    """All versions of a record, oldest first, on one page."""
    history = visible_record(repository, caller, madinhdanhhocba, "record.versions.read")
    return {"items": [_version_body(each) for each in history.versions], "next": None}


@router.get("/v1/records/{madinhdanhhocba}/versions/{phienban}", response_model=VersionBody)
def read_version(
    repository: RepositoryDependency,
    caller: AnyCaller,
    madinhdanhhocba: RecordId,
    phienban: VersionNumber,
) -> dict[str, object]:
    """One version of a record."""
    return _version_body(
        visible_version(repository, caller, madinhdanhhocba, phienban, "version.read")
    )


@router.get(
    "/v1/records/{madinhdanhhocba}/versions/{phienban}/document",
    response_class=Response,
    responses={200: {"content": {_XML: {}}}, 304: {"description": "Not modified"}, **problems(500)},
)
def download_document(
    repository: RepositoryDependency,
    caller: AnyCaller,
    madinhdanhhocba: RecordId,
    phienban: VersionNumber,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The signed bytes exactly as they were received, proved against their digest."""
    version = visible_version(repository, caller, madinhdanhhocba, phienban, "document.read")
    headers = {"ETag": quoted(version.sha256), "Cache-Control": _KEPT_BY_CLIENT}
    if matches(if_none_match, version.sha256):
        return Response(status_code=304, headers=headers)
    data = read_document(repository, version)
    return attachment(data, _XML, document_name(version), headers)


@router.get(
    "/v1/records/{madinhdanhhocba}/versions/{phienban}/receipt",
    response_class=Response,
    responses={200: {"content": {_JOSE: {}}}, 304: {"description": "Not modified"}},
)
def download_receipt(
    repository: RepositoryDependency,
    caller: AnyCaller,
    madinhdanhhocba: RecordId,
    phienban: VersionNumber,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The receipt of one version: a JWS, verified with a key of `/v1/keys`."""
    version = visible_version(repository, caller, madinhdanhhocba, phienban, "receipt.read")
    return _receipt(repository, version, if_none_match)


@router.get(
    "/v1/records/{madinhdanhhocba}/receipt",
    response_class=Response,
    responses={200: {"content": {_JOSE: {}}}, 304: {"description": "Not modified"}},
)
def download_newest_receipt(
    repository: RepositoryDependency,
    caller: AnyCaller,
    madinhdanhhocba: RecordId,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The receipt of the current version."""
    version = visible_version(repository, caller, madinhdanhhocba, None, "receipt.read")
    return _receipt(repository, version, if_none_match)


@router.get(
    "/v1/records/{madinhdanhhocba}/versions/{phienban}/changes",
    response_model=ChangesBody,
    responses=problems(500),
)
def read_changes(
    repository: RepositoryDependency,
    caller: AnyCaller,
    language: ApiLanguage,
    madinhdanhhocba: RecordId,
    phienban: VersionNumber,
) -> dict[str, object]:
    """What a version changes in the one before it, and who signed each change."""
    return visible_changes(repository, caller, madinhdanhhocba, phienban).as_json(language)


def _version_body(version: Version) -> dict[str, object]:
    here = f"/v1/records/{version.madinhdanhhocba}/versions/{version.phienban}"
    return {
        **version.as_json(),
        "size": version.size,
        "event": version.event,
        "status": version.status,
        "definition": version.definition,
        "policy": version.policy,
        "document": f"{here}/document",
        "receipt": f"{here}/receipt",
    }


def _receipt(repository: Repository, version: Version, if_none_match: str | None) -> Response:
    jws = receipt_of(repository, version)
    etag = sha256(jws).hexdigest()
    headers = {"ETag": quoted(etag), "Cache-Control": _KEPT_BY_CLIENT}
    if matches(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return attachment(jws, _JOSE, receipt_name(version), headers)
