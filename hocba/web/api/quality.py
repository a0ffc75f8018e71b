"""How good the data are, as figures; and what does not fit in one pupil's years."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from hocba.continuity.report import PupilContinuity, pupil_continuity
from hocba.quality.counting import Grouping
from hocba.quality.report import QualityReport, quality_report
from hocba.quality.scope import QualityRefused, Scope
from hocba.web.access import Caller, Sender
from hocba.web.api.bodies import ContinuityBody, QualityBody
from hocba.web.api.parameters import ApiLanguage, PupilId, problems
from hocba.web.problems import Problem, ProblemType
from hocba.web.repository import Repository, RepositoryDependency
from hocba.web.viewing import Trail
from schemas.findings import Language

router = APIRouter(tags=["quality"], responses=problems(401, 403, 404, 422))

MOST_DAYS = 3660
_CSV = "text/csv"
_CODE = r"^[A-Za-z0-9_-]{1,64}$"

School = Annotated[str | None, Query(pattern=_CODE, description="Only this school (matruong).")]
Commune = Annotated[
    str | None, Query(pattern=r"^[0-9]{5}$", description="Only the schools of this commune (maxa).")
]
Province = Annotated[
    str | None, Query(pattern=_CODE, description="Only this province (masogd); operators.")
]
SchoolYear = Annotated[
    str | None, Query(pattern=r"^[0-9]{4}-[0-9]{4}$", description="Only this school year.")
]
By = Annotated[Grouping, Query(description="One line for each of these.")]
Days = Annotated[
    int | None,
    Query(ge=0, le=MOST_DAYS, description="N of the figures about time; 30 if left out."),
]


async def _scope(
    caller: Sender,
    school: School = None,
    commune: Commune = None,
    province: Province = None,
    namhoc: SchoolYear = None,
) -> Scope:
    """What is asked for, within what the caller may see at all."""
    if caller.masogd is not None and province not in {None, caller.masogd}:
        raise Problem(ProblemType.NOT_FOUND)
    try:
        return Scope(masogd=caller.masogd or province, maxa=commune, matruong=school, namhoc=namhoc)
    except QualityRefused as error:
        raise Problem(
            ProblemType.INVALID_REQUEST, finding=error.finding, members={"names": "namhoc"}
        ) from None


def _report(
    repository: RepositoryDependency,
    scope: Annotated[Scope, Depends(_scope)],
    by: By = Grouping.NONE,
    days: Days = None,
) -> QualityReport:
    """The figures; what is not there ends the request as what the caller may not see does."""
    try:
        with repository.index.reading() as tx:
            return quality_report(tx, scope, at=repository.clock(), by=by, within_days=days)
    except QualityRefused:
        raise Problem(ProblemType.NOT_FOUND) from None


Report = Annotated[QualityReport, Depends(_report)]


@router.get("/v1/quality", response_model=QualityBody, responses={200: {"content": {_CSV: {}}}})
def read_quality(report: Report, language: ApiLanguage, request: Request) -> object:
    """Figures of a province, or of a commune or school in it; as CSV where that is preferred."""
    return _csv(report, language) if _wants_csv(request) else report.as_json(language)


@router.get("/v1/quality.csv", response_class=Response, responses={200: {"content": {_CSV: {}}}})
def download_quality(
    report: Report,
    default_language: ApiLanguage,
    lang: Annotated[Language | None, Query(description="Language of the texts.")] = None,
) -> StreamingResponse:
    """The same figures as a table for a spreadsheet."""
    return _csv(report, lang or default_language)


@router.get("/v1/students/{mahocsinh}/continuity", response_model=ContinuityBody)
def read_continuity(
    repository: RepositoryDependency, caller: Sender, language: ApiLanguage, mahocsinh: PupilId
) -> dict[str, object]:
    """What does not fit in the pupil's years, as far as the caller may see their records."""
    return _visible_continuity(repository, caller, mahocsinh).as_json(language)


def _wants_csv(request: Request) -> bool:
    """Whether CSV is named before JSON."""
    named = [
        part.partition(";")[0].strip() for part in request.headers.get("accept", "").split(",")
    ]
    return next((each for each in named if each in {_CSV, "application/json"}), "") == _CSV


def _csv(report: QualityReport, language: Language) -> StreamingResponse:
    disposition = 'attachment; filename="chat-luong-du-lieu.csv"'
    return StreamingResponse(
        report.csv_lines(language),
        media_type=_CSV,
        headers={"Content-Disposition": disposition, "Vary": "Accept, Accept-Language"},
    )


def _visible_continuity(repository: Repository, caller: Caller, mahocsinh: str) -> PupilContinuity:
    """What the caller may see; every record that it rests on is noted as read."""
    action = "continuity.read"
    with repository.index.transaction() as tx:
        trail = Trail(tx, caller, repository)
        (years,) = tx.continuity.years_of([mahocsinh])
        found = pupil_continuity(mahocsinh, years).as_seen(caller.may_see)
        for each in found.records:
            trail.seen(action, record=each)
        if not found.records:
            trail.refused(action, mahocsinh=mahocsinh)
    if not found.records:
        raise Problem(ProblemType.NOT_FOUND)
    return found
