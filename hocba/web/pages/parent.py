"""For parents: sign in with the access code, see the child's records, read and download them."""

import logging
from urllib.parse import parse_qs

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from hocba.index.rows import NewAuditEvent, Version
from hocba.web import reading
from hocba.web.access import Caller, authenticated
from hocba.web.api.parameters import RecordId, VersionNumber
from hocba.web.downloads import (
    attachment,
    document_name,
    read_document,
    receipt_name,
    receipt_of,
)
from hocba.web.languages import page_language
from hocba.web.pages.records import children_of, grade_of, signers_of
from hocba.web.problems import Problem, ProblemType, too_many_requests
from hocba.web.rendering import render
from hocba.web.repository import Repository, Service, ServiceDependency
from hocba.web.uploads import read_fields
from hocba.web.verification import client_address
from hocba.web.viewing import visible_changes, visible_record, visible_version
from schemas.findings import Language
from storage.errors import ObjectDamaged, ObjectNotFound

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/phu-huynh", include_in_schema=False)

_HERE = "/phu-huynh"
_MAX_CODE = 200


@router.get("")
def show_records(request: Request, service: ServiceDependency) -> Response:
    """The children's records, or the form that asks for the access code."""
    code, caller = _session(request, service)
    if code is None or caller is None:
        return render(request, "sign-in.html", failed=False)
    children = children_of(service.repository, caller, page_language(request))
    response = render(request, "records.html", children=children)
    return _prolonged(request, service, response, code)


@router.post("")
async def sign_in(request: Request, service: ServiceDependency) -> Response:
    """Begin a session, if the code is right."""
    _refuse_other_sites(request)
    wait = service.sign_ins.take(client_address(request))
    if wait:
        raise too_many_requests(wait)
    code = _code(await read_fields(request))
    if code is None or await run_in_threadpool(_opened, service.repository, code) is None:
        return render(request, "sign-in.html", status=403, failed=True)
    response = RedirectResponse(_HERE, status_code=303)
    return _prolonged(request, service, response, code)


@router.post("/thoat")
def sign_out(request: Request, service: ServiceDependency) -> Response:
    """End the session."""
    _refuse_other_sites(request)
    _, caller = _session(request, service)
    if caller is not None:
        _note(service.repository, caller, "session.closed")
    response = RedirectResponse(_HERE, status_code=303)
    service.sessions.end(request, response)
    return response


@router.get("/hoc-ba/{madinhdanhhocba}")
def show_current(
    request: Request, service: ServiceDependency, madinhdanhhocba: RecordId
) -> Response:
    """The current version of a record, in words."""
    return _show(request, service, madinhdanhhocba, None)


@router.get("/hoc-ba/{madinhdanhhocba}/ban/{phienban}")
def show_version(
    request: Request,
    service: ServiceDependency,
    madinhdanhhocba: RecordId,
    phienban: VersionNumber,
) -> Response:
    """One version of a record, in words."""
    return _show(request, service, madinhdanhhocba, phienban)


@router.get("/hoc-ba/{madinhdanhhocba}/ban/{phienban}/tai-ve")
def download_document(
    request: Request,
    service: ServiceDependency,
    madinhdanhhocba: RecordId,
    phienban: VersionNumber,
) -> Response:
    """The signed bytes."""
    code, caller = _session(request, service)
    if code is None or caller is None:
        return _sign_in_first()
    repository = service.repository
    version = visible_version(repository, caller, madinhdanhhocba, phienban, "document.read")
    data = read_document(repository, version)
    response = attachment(data, "application/xml", document_name(version), {})
    return _prolonged(request, service, response, code)


@router.get("/hoc-ba/{madinhdanhhocba}/ban/{phienban}/bien-nhan")
def download_receipt(
    request: Request,
    service: ServiceDependency,
    madinhdanhhocba: RecordId,
    phienban: VersionNumber,
) -> Response:
    """The receipt."""
    code, caller = _session(request, service)
    if code is None or caller is None:
        return _sign_in_first()
    repository = service.repository
    version = visible_version(repository, caller, madinhdanhhocba, phienban, "receipt.read")
    jws = receipt_of(repository, version)
    response = attachment(jws, "application/jose", receipt_name(version), {})
    return _prolonged(request, service, response, code)


def _show(
    request: Request, service: Service, madinhdanhhocba: str, phienban: int | None
) -> Response:
    code, caller = _session(request, service)
    if code is None or caller is None:
        return _sign_in_first()
    repository = service.repository
    history = visible_record(repository, caller, madinhdanhhocba, "record.read")
    version = visible_version(repository, caller, madinhdanhhocba, phienban, "document.read")
    data = read_document(repository, version)
    judgement, language = repository.judgement(), page_language(request)
    older = [each.phienban for each in history.versions if each.phienban < version.phienban]
    response = render(
        request,
        "record.html",
        history=history,
        grade=grade_of(judgement, history.record, language),
        version=version,
        before=max(older, default=None),
        changes=_changes(repository, caller, version, language) if older else None,
        reading=reading.read_document(data, judgement.definitions, language),
        signers=signers_of(data, judgement, version, language),
    )
    return _prolonged(request, service, response, code)


def _changes(
    repository: Repository, caller: Caller, version: Version, language: Language
) -> tuple[tuple[str, str], ...] | None:
    """What the version changed, with who signed it; None where that cannot be said just now."""
    identity, number = version.madinhdanhhocba, version.phienban
    try:
        changed = visible_changes(repository, caller, identity, number)
    except (ObjectDamaged, ObjectNotFound) as error:
        # The older version: this one was read before. Whoever can mend it reads the log.
        logger.error("version before %d of a record: %s", number, type(error).__name__)  # noqa: TRY400
        return None
    return changed.lines(language) if changed.compared else None


def _session(request: Request, service: Service) -> tuple[str | None, Caller | None]:
    """The access code of the session and whom it stands for; nothing where it opens nothing."""
    repository = service.repository
    code = service.sessions.open(request, repository.clock())
    caller = authenticated(repository, code) if code else None
    if caller is None or not caller.is_guardian:
        return None, None
    return code, caller


def _opened(repository: Repository, code: str) -> Caller | None:
    """The guardian with this code, the sign-in noted in the trail."""
    caller = authenticated(repository, code)
    if caller is None or not caller.is_guardian:
        return None
    _note(repository, caller, "session.opened")
    return caller


def _note(repository: Repository, caller: Caller, action: str) -> None:
    with repository.index.transaction() as tx:
        tx.audit.append(NewAuditEvent(at=repository.clock(), actor=caller.actor, action=action))


def _prolonged(request: Request, service: Service, response: Response, code: str) -> Response:
    service.sessions.begin(request, response, code, service.repository.clock())
    return response


def _code(body: bytes) -> str | None:
    """The access code in the form, without the blanks that copying adds."""
    fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    code = "".join(fields.get("ma", [""])[0].split())
    return code if 0 < len(code) <= _MAX_CODE else None


def _sign_in_first() -> Response:
    return RedirectResponse(_HERE, status_code=303)


def _refuse_other_sites(request: Request) -> None:
    """No other site may post our forms (Fetch Metadata; the cookie is SameSite=Strict besides)."""
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        raise Problem(ProblemType.FORBIDDEN)
