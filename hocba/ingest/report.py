"""What became of a batch, as reports and groups, read from the index page by page."""

from collections.abc import Iterator

from hocba.explanations.cells import BOM, csv_line
from hocba.explanations.groups import FindingGroups
from hocba.explanations.report import Report
from hocba.explanations.tables import DETAIL_COLUMNS, ReportedDocument, detail_rows
from hocba.index.index import Index
from hocba.index.rows import Item
from hocba.model.outcome import Outcome
from schemas.findings import Language

_PAGE = 500


def report_lines(
    index: Index,
    batch: str,
    *,
    language: Language = Language.VI,
    outcome: Outcome | None = None,
) -> Iterator[str]:
    """The lines of the CSV report, the header first, as a stream that takes one page of memory.

    A file without findings has one line with empty columns. UTF-8 with a byte order mark at its
    beginning, without which spreadsheets misread Vietnamese.
    """
    yield BOM + csv_line(DETAIL_COLUMNS)
    for item in batch_items(index, batch, outcome=outcome):
        for row in detail_rows(reported(item), language):
            yield csv_line(row)


def fill_report(
    report: Report, index: Index, batch: str, *, outcome: Outcome | None = None
) -> None:
    """Write the batch into *report*, whole."""
    for item in batch_items(index, batch, outcome=outcome):
        report.add(reported(item))
    report.finish()


def batch_groups(index: Index, batch: str) -> FindingGroups:
    """The findings of a batch, grouped."""
    groups = FindingGroups()
    for item in batch_items(index, batch):
        groups.add(item.file_name, item.outcome, item.findings)
    return groups


def batch_items(index: Index, batch: str, *, outcome: Outcome | None = None) -> Iterator[Item]:
    """Every item of a batch in order."""
    after: str | None = None
    while True:
        with index.reading() as tx:
            page = tx.batches.items(batch, outcome=outcome, after=after, limit=_PAGE)
        yield from page.rows
        if page.next is None:
            return
        after = page.next


def reported(item: Item) -> ReportedDocument:
    """An item as a report has it."""
    return ReportedDocument(
        file=item.file_name,
        outcome=item.outcome,
        record=item.madinhdanhhocba,
        version=item.phienban,
        findings=item.findings,
    )
