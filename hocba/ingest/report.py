"""A batch's report as CSV: one line per finding, for a person with a spreadsheet."""

import csv
from collections.abc import Iterator
from io import StringIO

from hocba.index.index import Index
from hocba.index.rows import Item
from hocba.model.outcome import Outcome
from schemas.findings import Language

COLUMNS = ("file", "outcome", "record", "version", "code", "severity", "path", "line", "message")

_PAGE = 500
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def report_lines(
    index: Index,
    batch: str,
    *,
    language: Language = Language.VI,
    outcome: Outcome | None = None,
) -> Iterator[str]:
    """The lines of the report, the header first, as a stream that takes one page of memory.

    A file without findings has one line with empty columns. UTF-8 with a byte order mark at its
    beginning, without which spreadsheets misread Vietnamese.
    """
    yield "\ufeff" + _line(COLUMNS)
    after: str | None = None
    while True:
        with index.reading() as tx:
            page = tx.batches.items(batch, outcome=outcome, after=after, limit=_PAGE)
        for item in page.rows:
            yield from _item_lines(item, language)
        if page.next is None:
            return
        after = page.next


def safe_cell(value: object) -> str:
    """*value* as a cell that no spreadsheet takes for a formula.

    Names of files and values of fields come from anyone; a leading apostrophe makes them text.
    """
    text = "" if value is None else str(value)
    return "'" + text if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def _item_lines(item: Item, language: Language) -> Iterator[str]:
    head = (item.file_name, item.outcome.value, item.madinhdanhhocba, item.phienban)
    for each in item.findings:
        message = each.message(language)
        yield _line((*head, each.code, each.severity.value, each.path, each.line, message))
    if not item.findings:
        yield _line((*head, "", "", "", "", ""))


def _line(cells: tuple[object, ...]) -> str:
    buffer = StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([safe_cell(each) for each in cells])
    return buffer.getvalue()
