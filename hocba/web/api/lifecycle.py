"""Requests to change a record, and links between ids of one pupil."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from hocba.index.rows import Request, RequestDecision
from hocba.links import link_pupils, unlink_pupils
from hocba.model.lifecycle import Step
from hocba.requests import Paper, decide_request, open_request, withdraw_request
from hocba.web.access import Caller, Operator, Sender
from hocba.web.api.bodies import (
    DecisionBody,
    LinkBody,
    LinksBody,
    NewLinkBody,
    NewRequestBody,
    RequestBody,
    RequestsBody,
    WithdrawalBody,
)
from hocba.web.api.parameters import PupilId, RecordId, problems
from hocba.web.problems import Problem, ProblemType
from hocba.web.repository import Repository, RepositoryDependency
from hocba.web.viewing import Trail, visible_record

router = APIRouter(tags=["lifecycle"], responses=problems(401, 403, 404))

RequestNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/v1/records/{madinhdanhhocba}/requests", response_model=RequestsBody)
def read_requests(
    repository: RepositoryDependency, caller: Sender, madinhdanhhocba: RecordId
) -> dict[str, object]:
    """Every request to correct, recall or reinstate the record, oldest first."""
    with repository.index.transaction() as tx:
        found = tx.requests.of_record(madinhdanhhocba)
        record = tx.records.find(madinhdanhhocba)
        asked = record is None and _may_see_requests(caller, found)
        if asked:
            trail = Trail(tx, caller, repository)
            trail.seen("record.requests.read", masogd=found[0].masogd)
    if not asked:
        visible_record(repository, caller, madinhdanhhocba, "record.requests.read")
    return {"items": [each.as_json() for each in found]}


@router.post(
    "/v1/records/{madinhdanhhocba}/requests",
    status_code=201,
    response_model=RequestBody,
    responses=problems(409, 422),
)
def create_request(
    repository: RepositoryDependency,
    caller: Sender,
    madinhdanhhocba: RecordId,
    body: NewRequestBody,
    response: Response,
) -> dict[str, object]:
    """Ask for a correction, a recall, its reversal or an extract from paper; another decides.

    An extract is asked for before its record is there; then it is of the caller's province.
    """
    paper = _paper(repository, caller, body)
    _refuse_invisible(repository, caller, madinhdanhhocba, "request.opened", new=paper is not None)
    with repository.index.transaction() as tx:
        request = open_request(
            tx,
            madinhdanhhocba,
            Step(body.kind),
            reason=body.reason,
            text=body.text,
            by=caller.actor,
            at=repository.clock(),
            actor=caller.actor,
            paper=paper,
        )
    response.headers["Location"] = f"/v1/records/{madinhdanhhocba}/requests"
    return request.as_json()


@router.post(
    "/v1/records/{madinhdanhhocba}/requests/{number}/approval",
    response_model=RequestBody,
    responses=problems(409, 422),
)
def decide(
    repository: RepositoryDependency,
    caller: Sender,
    madinhdanhhocba: RecordId,
    number: RequestNumber,
    body: DecisionBody,
) -> dict[str, object]:
    """Approve or decline a request that another caller opened."""
    approved = body.decision is RequestDecision.APPROVED
    action = "request.approved" if approved else "request.declined"
    _refuse_invisible(repository, caller, madinhdanhhocba, action)
    with repository.index.transaction() as tx:
        if all(each.number != number for each in tx.requests.of_record(madinhdanhhocba)):
            raise Problem(ProblemType.NOT_FOUND)
        request = decide_request(
            tx,
            madinhdanhhocba,
            number,
            body.decision,
            by=caller.actor,
            at=repository.clock(),
            actor=caller.actor,
        )
    return request.as_json()


@router.post(
    "/v1/records/{madinhdanhhocba}/requests/{number}/withdrawal",
    response_model=RequestBody,
    responses=problems(409, 422),
)
def withdraw(
    repository: RepositoryDependency,
    caller: Sender,
    madinhdanhhocba: RecordId,
    number: RequestNumber,
    body: WithdrawalBody,
) -> dict[str, object]:
    """Withdraw a request that waits, or is approved and not yet done."""
    _refuse_invisible(repository, caller, madinhdanhhocba, "request.withdrawn")
    with repository.index.transaction() as tx:
        if all(each.number != number for each in tx.requests.of_record(madinhdanhhocba)):
            raise Problem(ProblemType.NOT_FOUND)
        request = withdraw_request(
            tx,
            madinhdanhhocba,
            number,
            text=body.text,
            by=caller.actor,
            at=repository.clock(),
            actor=caller.actor,
        )
    return request.as_json()


@router.get("/v1/students/{mahocsinh}/links", response_model=LinksBody)
def read_links(
    repository: RepositoryDependency, caller: Operator, mahocsinh: PupilId
) -> dict[str, object]:
    """Every id of the pupil, and what was linked and undone, oldest first."""
    with repository.index.transaction() as tx:
        ids, links = tx.links.ids(mahocsinh), tx.links.history(mahocsinh)
        Trail(tx, caller, repository).seen("pupil.links.read")
    return {"ids": list(ids), "items": [each.as_json() for each in links]}


@router.post(
    "/v1/students/{mahocsinh}/links",
    status_code=201,
    response_model=LinkBody,
    responses=problems(409, 422),
)
def create_link(
    repository: RepositoryDependency, caller: Operator, mahocsinh: PupilId, body: NewLinkBody
) -> dict[str, object]:
    """Link the pupil's id to the one that takes its place, or undo that."""
    act = link_pupils if body.linked else unlink_pupils
    with repository.index.transaction() as tx:
        link = act(
            tx,
            mahocsinh,
            body.new,
            reason=body.reason,
            by=caller.actor,
            at=repository.clock(),
            actor=caller.actor,
        )
    return link.as_json()


def _paper(repository: Repository, caller: Caller, body: NewRequestBody) -> Paper | None:
    """What an extract is made from; None where the request says nothing of it."""
    if body.scan_sha256 is None and body.confirmed_by is None:
        return None
    return Paper(
        scan_sha256=body.scan_sha256 or "",
        confirmed_by=body.confirmed_by or "",
        masogd=caller.masogd or repository.masogd or body.masogd,
    )


def _may_see_requests(caller: Caller, requests: tuple[Request, ...]) -> bool:
    """Whether the caller may see what was asked for of a record that is not there yet."""
    return bool(requests) and all(caller.masogd in {None, each.masogd} for each in requests)


def _refuse_invisible(
    repository: Repository, caller: Caller, madinhdanhhocba: str, action: str, *, new: bool = False
) -> None:
    """Ends the request, noted, where the record does not exist for the caller.

    A *new* one may be asked for where there is none, and none was asked for by others.
    """
    with repository.index.transaction() as tx:
        record = tx.records.find(madinhdanhhocba)
        if record is None:
            asked = tx.requests.of_record(madinhdanhhocba)
            visible = _may_see_requests(caller, asked) or (new and not asked)
        else:
            visible = caller.may_see(record)
        if not visible:
            trail = Trail(tx, caller, repository)
            trail.refused(action, madinhdanhhocba=madinhdanhhocba)
    if not visible:
        raise Problem(ProblemType.NOT_FOUND)
