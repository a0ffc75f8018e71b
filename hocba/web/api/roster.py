"""The roster of the province that the repository is kept for."""

from datetime import date, timedelta

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from hocba.index.index import Transaction
from hocba.index.rows import NewAuditEvent
from hocba.roster.certificates import expiring
from hocba.roster.checking import check_bytes, roles_of
from hocba.roster.errors import NoRoster, RosterRefused, RosterUnusable
from hocba.roster.importing import ImportRequest, take_in
from hocba.roster.states import signers
from hocba.web.access import Caller, Sender
from hocba.web.api.parameters import ApiLanguage, file_body, problems
from hocba.web.api.roster_bodies import (
    ImportBody,
    PageOfChanges,
    PageOfExpiring,
    SignersBody,
)
from hocba.web.api.roster_parameters import (
    KnownAt,
    On,
    Role,
    School,
    WishDependency,
    Within,
    moment_of,
)
from hocba.web.intake import refuse_other_province
from hocba.web.pagination import CursorText, Limit, cursor_at, next_url
from hocba.web.problems import Problem, ProblemType
from hocba.web.repository import Repository, RepositoryDependency
from hocba.web.uploads import ANY_BYTES, Memory, receive
from schemas.findings import Finding, Language
from schemas.vietnam import VIETNAM_TIME
from signing.mandate import RosterEntry

router = APIRouter(tags=["roster"], responses=problems(401, 403, 404, 422))

MAX_BYTES = 64 * 1024 * 1024
MOST_TOLD = 10_000
"""Findings in one answer; the figures beside them are of all."""

MEDIA_TYPES = frozenset({"text/csv", ANY_BYTES})


@router.get("/v1/roster/schools/{matruong}/signers", response_model=SignersBody)
def read_signers(
    repository: RepositoryDependency,
    caller: Sender,
    matruong: School,
    on: On = None,
    role: Role = None,
    known_at: KnownAt = None,
) -> dict[str, object]:
    """Who could sign for a school on a day; also as it was known at an earlier time."""
    _refuse_other_province(repository, caller)
    day, known = on or _today(repository), moment_of(known_at)
    with repository.index.transaction() as tx:
        _note(tx, repository, caller, "roster.signers.read", matruong)
        try:
            found = signers(tx, matruong, day, known_at=known)
        except NoRoster:
            found = None
    if found is None:
        raise Problem(ProblemType.NOT_FOUND)
    return {
        "matruong": matruong,
        "on": day.isoformat(),
        "known_at": known.isoformat() if known else None,
        "change": found.change.as_json(),
        "items": [_signer(each) for each in found.entries if role in {None, each.role}],
    }


@router.get("/v1/roster/certificates", response_model=PageOfExpiring)
def list_certificates(
    repository: RepositoryDependency,
    caller: Sender,
    expiring_within: Within = 60,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> dict[str, object]:
    """Certificates of those who may sign that end soon and have no successor."""
    _refuse_other_province(repository, caller)
    after = cursor_at(cursor, moment=True)
    within = timedelta(days=expiring_within)
    with repository.index.transaction() as tx:
        page = expiring(tx, repository.clock(), within, after=after, limit=limit)
        _note(tx, repository, caller, "roster.certificates.read")
    parameters = {"expiring_within": expiring_within, "limit": limit}
    return {
        "items": [each.as_json() for each in page.rows],
        "next": next_url("/v1/roster/certificates", page.next, parameters),
    }


@router.get("/v1/roster/imports", response_model=PageOfChanges)
def list_changes(
    repository: RepositoryDependency,
    caller: Sender,
    cursor: CursorText = None,
    limit: Limit = 50,
) -> dict[str, object]:
    """Every change of the roster, newest first: imports, and certificates bound and unbound."""
    _refuse_other_province(repository, caller)
    after = cursor_at(cursor)
    with repository.index.reading() as tx:
        page = tx.rosters.history(after=after, limit=limit)
    return {
        "items": [each.as_json() for each in page.rows],
        "next": next_url("/v1/roster/imports", page.next, {"limit": limit}),
    }


@router.post(
    "/v1/roster/imports",
    status_code=201,
    response_model=ImportBody,
    openapi_extra=file_body(MEDIA_TYPES),
    responses=problems(400, 409, 413, 415),
)
async def import_file(
    repository: RepositoryDependency,
    caller: Sender,
    language: ApiLanguage,
    request: Request,
    response: Response,
    wish: WishDependency,
) -> dict[str, object]:
    """Make the CSV in the body the roster, whole or not at all; 422 tells all that is wrong.

    200 where nothing changed, or with `dry_run`; 409 where unusually much would end, or
    where some would end before today.
    """
    _refuse_other_province(repository, caller)
    memory = Memory()
    received = await receive(request, memory, limit=MAX_BYTES, media_types=MEDIA_TYPES)
    wanted = ImportRequest(
        source=received.file_name or "roster.csv",
        made_by=caller.actor,
        reason=wish.reason,
        scope=wish.scope,
        effective=wish.effective or _today(repository),
        at=repository.clock(),
        actor=caller.actor,
        masogd=repository.masogd,
    )
    body = await run_in_threadpool(
        _imported,
        repository,
        bytes(memory.data),
        wanted,
        language,
        confirmed=wish.confirm,
        dry_run=wish.dry_run,
    )
    if not body["imported"]:
        response.status_code = 200
    return body


def _imported(
    repository: Repository,
    data: bytes,
    wanted: ImportRequest,
    language: Language,
    *,
    confirmed: bool,
    dry_run: bool,
) -> dict[str, object]:
    roles = roles_of(repository.judgement().policies.values())
    try:
        file = check_bytes(data, roles, _today(repository))
        plan, change = take_in(
            repository.index,
            file,
            wanted,
            roles,
            repository.roster_file,
            confirmed=confirmed,
            dry_run=dry_run,
        )
    except RosterUnusable as error:
        raise _invalid(error.finding, (error.finding,), language) from error
    except RosterRefused as error:
        if error.found:
            raise _invalid(error.finding, error.found, language) from error
        raise Problem(ProblemType.REFUSED, finding=error.finding) from error
    return {
        "imported": change is not None,
        "change": change.as_json() if change else None,
        **plan.counts_json(),
        "warnings": [each.as_json(language) for each in file.warnings[:MOST_TOLD]],
    }


def _invalid(reason: Finding, found: tuple[Finding, ...], language: Language) -> Problem:
    told = [each.as_json(language) for each in found[:MOST_TOLD]]
    members = {"total": len(found), "findings": told}
    return Problem(ProblemType.ROSTER_INVALID, finding=reason, members=members)


def _refuse_other_province(repository: Repository, caller: Caller) -> None:
    """The roster is that of the repository's one province; where it has many, the operator's."""
    refuse_other_province(repository, caller)
    if repository.masogd is None and caller.masogd is not None:
        raise Problem(ProblemType.FORBIDDEN)


def _note(
    tx: Transaction,
    repository: Repository,
    caller: Caller,
    action: str,
    school: str | None = None,
) -> None:
    """Note that the caller saw who signs."""
    tx.audit.append(
        NewAuditEvent(
            at=repository.clock(),
            actor=caller.actor,
            action=action,
            masogd=repository.masogd,
            detail=(("school", school),) if school else (),
        )
    )


def _signer(entry: RosterEntry) -> dict[str, object]:
    substitution = entry.substitution
    return {
        "vaitro": entry.role,
        "sodinhdanh": entry.personal_id,
        "masothue": entry.organization_id,
        "hovaten": entry.name,
        "tungay": _iso(entry.valid_from),
        "denngay": _iso(entry.valid_to),
        "hinhthuc": entry.engagement,
        "donviquanly": entry.governing_body,
        "truongchinh": entry.home_school,
        "substitution": None
        if substitution is None
        else {
            "thaycho": substitution.person,
            "lydo": substitution.reason,
            "nguoipheduyet": substitution.approver,
            "soquyetdinh": substitution.decision,
            "ngayquyetdinh": _iso(substitution.decided_on),
        },
        "chungthu": list(entry.certificates),
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _today(repository: Repository) -> date:
    return repository.clock().astimezone(VIETNAM_TIME).date()
