"""People who are not who the register knows: a queue that a province works through."""

from collections.abc import Iterator
from itertools import islice
from tempfile import TemporaryFile
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from hocba.identity.model import MismatchState, PersonKind, Problem
from hocba.identity.queue import all_mismatches, resolve_mismatch
from hocba.identity.tables import mismatch_lines, write_workbook
from hocba.index.identity_rows import Mismatch
from hocba.web.access import Caller, Sender
from hocba.web.api.batch_reports import XLSX, LanguageOfTexts, blocks
from hocba.web.api.parameters import IDENTIFIER, ApiLanguage, problems
from hocba.web.pagination import CursorText, Limit, cursor_at, next_url
from hocba.web.problems import Problem as HttpProblem
from hocba.web.problems import ProblemType
from hocba.web.repository import Repository, RepositoryDependency
from hocba.web.viewing import Trail

router = APIRouter(tags=["identity"], responses=problems(401, 403, 404, 422))

_PATH = "/v1/identity/mismatches"
_READ = "identity.mismatches.read"

State = Annotated[
    MismatchState | None, Query(description="Only mismatches in this state; all if left out.")
]
School = Annotated[
    str | None, Query(pattern=IDENTIFIER, description="Only mismatches of this school.")
]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class MismatchBody(BaseModel):
    """Somebody whom a school has otherwise than the register; `findings` say in what."""

    id: int
    masogd: str
    matruong: str
    kind: PersonKind
    role: str
    sodinhdanh: str
    hovaten: str
    ngaysinh: str | None
    problem: Problem
    findings: list[dict[str, Any]]
    madinhdanhhocba: str | None
    namhoc: str | None
    state: MismatchState
    opened_at: str
    resolved_at: str | None
    resolved_by: str | None
    reason: str | None


class PageOfMismatches(BaseModel):
    """Mismatches, oldest first."""

    items: list[MismatchBody]
    next: str | None


class ResolutionBody(BaseModel):
    """What became of a mismatch; `by` is who decided, the caller's token if left out."""

    model_config = ConfigDict(extra="forbid")

    state: Literal["explained", "corrected", "rejected"]
    reason: str = Field(min_length=1, max_length=1000)
    by: str | None = Field(default=None, min_length=1, max_length=200)


@router.get("/v1/identity/mismatches", response_model=PageOfMismatches)
def list_mismatches(
    repository: RepositoryDependency,
    caller: Sender,
    language: ApiLanguage,
    state: State = None,
    matruong: School = None,
    cursor: CursorText = None,
    limit: Limit = 100,
) -> dict[str, object]:
    """The mismatches of the caller's province (all for an operator), oldest first."""
    after = cursor_at(cursor)
    with repository.index.transaction() as tx:
        page = tx.identities.page(
            masogd=caller.masogd, matruong=matruong, state=state, after=after, limit=limit
        )
        Trail(tx, caller, repository).seen(_READ, masogd=caller.masogd)
    parameters = {"state": state.value if state else None, "matruong": matruong, "limit": limit}
    return {
        "items": [each.as_json(language) for each in page.rows],
        "next": next_url(_PATH, page.next, parameters),
    }


@router.get(
    "/v1/identity/mismatches.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
def download_mismatches(
    repository: RepositoryDependency,
    caller: Sender,
    default_language: ApiLanguage,
    state: State = None,
    matruong: School = None,
    lang: LanguageOfTexts = None,
) -> StreamingResponse:
    """The same as a table for a spreadsheet."""
    entries = _noted(repository, caller, matruong, state)
    lines = mismatch_lines(entries, lang or default_language)
    headers = {"Content-Disposition": 'attachment; filename="khong-khop.csv"'}
    return StreamingResponse(_joined(lines), media_type="text/csv", headers=headers)


@router.get(
    "/v1/identity/mismatches.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
)
def download_workbook(
    repository: RepositoryDependency,
    caller: Sender,
    default_language: ApiLanguage,
    state: State = None,
    matruong: School = None,
    lang: LanguageOfTexts = None,
) -> StreamingResponse:
    """The same as a workbook with a guide."""
    file = TemporaryFile()  # noqa: SIM115 -- closed when it has been sent
    try:
        entries = _noted(repository, caller, matruong, state)
        write_workbook(file, entries, lang or default_language)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    headers = {"Content-Disposition": 'attachment; filename="khong-khop.xlsx"'}
    return StreamingResponse(blocks(file), media_type=XLSX, headers=headers)


@router.post(
    "/v1/identity/mismatches/{number}/resolution",
    response_model=MismatchBody,
    responses=problems(409),
)
def resolve(
    repository: RepositoryDependency,
    caller: Sender,
    language: ApiLanguage,
    number: Number,
    body: ResolutionBody,
) -> dict[str, object]:
    """Close an open mismatch of the caller's province, with the reason."""
    with repository.index.transaction() as tx:
        entry = tx.identities.find(number)
        visible = entry is not None and caller.masogd in {None, entry.masogd}
        if not visible:
            trail = Trail(tx, caller, repository)
            trail.refused(f"identity.mismatch.{body.state}", mismatch=str(number))
    if not visible:
        raise HttpProblem(ProblemType.NOT_FOUND)
    with repository.index.transaction() as tx:
        resolved = resolve_mismatch(
            tx,
            number,
            MismatchState(body.state),
            reason=body.reason,
            by=body.by or caller.actor,
            at=repository.clock(),
            actor=caller.actor,
        )
    return resolved.as_json(language)


def _noted(
    repository: Repository, caller: Caller, matruong: str | None, state: MismatchState | None
) -> Iterator[Mismatch]:
    """Every mismatch of a selection that the caller may see; that it was read is noted first."""
    with repository.index.transaction() as tx:
        Trail(tx, caller, repository).seen(_READ, masogd=caller.masogd)
    return all_mismatches(repository.index, masogd=caller.masogd, matruong=matruong, state=state)


def _joined(lines: Iterator[str]) -> Iterator[str]:
    """Lines joined to larger parts: each part costs a change of thread."""
    while block := "".join(islice(lines, 200)):
        yield block
