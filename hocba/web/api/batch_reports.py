"""What was wrong in a batch: grouped, and as a workbook."""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from hocba.explanations.report import Report, XlsxWriter, summary_lines
from hocba.ingest.report import batch_groups, fill_report
from hocba.web.access import Sender
from hocba.web.api.batches import OutcomeFilter, visible_batch
from hocba.web.api.bodies import BatchSummaryBody
from hocba.web.api.parameters import ApiLanguage, BatchId, problems
from hocba.web.repository import RepositoryDependency
from schemas.findings import Language

router = APIRouter(prefix="/v1/batches", tags=["batches"], responses=problems(401, 403, 404, 422))

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_BLOCK = 256 * 1024

LanguageOfTexts = Annotated[Language | None, Query(description="Language of the texts.")]


@router.get(
    "/{batch}/report.xlsx",
    response_class=Response,
    responses={200: {"content": {XLSX: {}}}},
)
def download_workbook(
    repository: RepositoryDependency,
    caller: Sender,
    default_language: ApiLanguage,
    batch: BatchId,
    outcome: OutcomeFilter = None,
    lang: LanguageOfTexts = None,
) -> StreamingResponse:
    """All findings of a batch as a workbook: a summary, every finding, and a guide."""
    visible_batch(repository, caller, batch, "batch.report.read")
    file = TemporaryFile()  # noqa: SIM115 -- closed when it has been sent
    try:
        report = Report(XlsxWriter(file, lang or default_language))
        fill_report(report, repository.index, batch, outcome=outcome)
        size = file.tell() if file.seek(0, 2) >= 0 else 0
        file.seek(0)
    except BaseException:
        file.close()
        raise
    headers = {
        "Content-Disposition": f'attachment; filename="bao-cao-{batch}.xlsx"',
        "Content-Length": str(size),
    }
    return StreamingResponse(blocks(file), media_type=XLSX, headers=headers)


@router.get("/{batch}/summary", response_model=BatchSummaryBody)
def read_summary(
    repository: RepositoryDependency,
    caller: Sender,
    default_language: ApiLanguage,
    batch: BatchId,
    lang: LanguageOfTexts = None,
) -> dict[str, object]:
    """What is wrong in a batch, one group per kind of mistake, with three examples each."""
    visible_batch(repository, caller, batch, "batch.report.read")
    return batch_groups(repository.index, batch).as_json(lang or default_language)


@router.get(
    "/{batch}/summary.csv",
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}},
)
def download_summary(
    repository: RepositoryDependency,
    caller: Sender,
    default_language: ApiLanguage,
    batch: BatchId,
    lang: LanguageOfTexts = None,
) -> Response:
    """The same as a table for a spreadsheet."""
    visible_batch(repository, caller, batch, "batch.report.read")
    groups = batch_groups(repository.index, batch)
    text = "".join(summary_lines(groups, lang or default_language))
    headers = {"Content-Disposition": f'attachment; filename="tong-hop-{batch}.csv"'}
    return Response(text, media_type="text/csv", headers=headers)


def blocks(file: IO[bytes]) -> Iterator[bytes]:
    """The bytes of *file*, which is closed after them."""
    with file:
        while block := file.read(_BLOCK):
            yield block
