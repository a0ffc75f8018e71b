"""The queue as a table that people work through in a spreadsheet."""

from collections.abc import Iterable, Iterator
from typing import IO

from hocba.explanations.cells import BOM, csv_line
from hocba.explanations.words import section, words
from hocba.explanations.workbook import Book, Column, Sheet
from hocba.index.identity_rows import Mismatch
from schemas.explanation import explained
from schemas.findings import Language, term

COLUMNS = (
    "id",
    "state",
    "masogd",
    "matruong",
    "kind",
    "role",
    "sodinhdanh",
    "hovaten",
    "ngaysinh",
    "problem",
    "message",
    "mend",
    "madinhdanhhocba",
    "namhoc",
    "opened_at",
    "resolved_at",
    "resolved_by",
    "reason",
)

_WIDTHS = {"message": 60, "mend": 50, "reason": 40, "hovaten": 28, "madinhdanhhocba": 38}
_WIDTH = 16


def mismatch_cells(entry: Mismatch, language: Language) -> tuple[str | int, ...]:
    """A mismatch as one line of a table."""
    return (
        entry.id,
        term("identity_state", entry.state.value, language),
        entry.masogd,
        entry.matruong,
        entry.kind.value,
        term("identity_role", entry.role, language),
        entry.sodinhdanh,
        entry.hovaten,
        entry.ngaysinh,
        term("identity_problem", entry.problem.value, language),
        " ".join(explained(each, language).problem for each in entry.findings),
        " ".join(explained(each, language).mend for each in entry.findings),
        entry.madinhdanhhocba or "",
        entry.namhoc or "",
        entry.opened_at.isoformat(),
        entry.resolved_at.isoformat() if entry.resolved_at else "",
        entry.resolved_by or "",
        entry.reason or "",
    )


def mismatch_lines(entries: Iterable[Mismatch], language: Language) -> Iterator[str]:
    """A selection as a CSV file."""
    yield BOM + csv_line(COLUMNS)
    for each in entries:
        yield csv_line(mismatch_cells(each, language))


def write_workbook(file: IO[bytes], entries: Iterable[Mismatch], language: Language) -> None:
    """A selection as a workbook: the queue, and a guide."""
    book = Book(file, {"title": words("mismatch_guide", "title", language)})
    headings = section("mismatch_columns", language)
    columns = [Column(headings[each], _WIDTHS.get(each, _WIDTH)) for each in COLUMNS]
    sheet = Sheet(book, words("sheets", "queue", language), columns)
    for entry in entries:
        sheet.add(mismatch_cells(entry, language))
    sheet.close()
    guide = section("mismatch_guide", language)
    rows = [(text,) for key, text in guide.items() if key != "title"]
    book.page(words("sheets", "guide", language), guide["title"], rows)
    book.close()
