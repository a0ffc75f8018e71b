"""For those who run the repository: figures, health, metrics."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from hocba.index.rows import values_of
from hocba.web.access import Operator, Sender
from hocba.web.api.bodies import Health, StatisticsBody
from hocba.web.api.parameters import problems
from hocba.web.metrics import MEDIA_TYPE
from hocba.web.problems import Problem, ProblemType
from hocba.web.repository import RepositoryDependency, ServiceDependency
from hocba.web.standings import note_standings

router = APIRouter(tags=["operation"])

SchoolYear = Annotated[
    str | None, Query(pattern=r"^[0-9]{4}-[0-9]{4}$", description="Only this school year.")
]


@router.get("/v1/statistics", response_model=StatisticsBody, responses=problems(401, 403, 422))
def read_statistics(
    repository: RepositoryDependency, caller: Sender, namhoc: SchoolYear = None
) -> dict[str, object]:
    """Records by province, school year and level: a province's own, or all for an operator."""
    with repository.index.reading() as tx:
        rows = tx.statistics.records(masogd=caller.masogd, namhoc=namhoc)
        totals = tx.statistics.totals() if caller.masogd is None else None
    return {
        "masogd": caller.masogd,
        "records": [values_of(each) for each in rows],
        "totals": values_of(totals) if totals else None,
    }


@router.get("/healthz", response_model=Health)
async def read_health() -> dict[str, str]:
    """Whether the process answers at all."""
    return {"status": "ok"}


@router.get("/readyz", response_model=Health, responses=problems(503))
def read_readiness(service: ServiceDependency) -> dict[str, str]:
    """Whether the index is at its newest migration and the store can be used."""
    failed = service.readiness.failed()
    if failed:
        raise Problem(ProblemType.NOT_READY, members={"failed": list(failed)})
    return {"status": "ready"}


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}}, **problems(401, 403)},
)
def read_metrics(service: ServiceDependency, _: Operator) -> Response:
    """Figures for Prometheus, with an operator's token: they tell how much is sent and refused."""
    note_standings(service)
    return Response(service.metrics.exposition(), media_type=MEDIA_TYPE)
