"""Workbooks (XLSX) written row by row: memory does not grow with the rows.

Every cell but a count or a line number is a text, so that ids keep their zeros and nothing runs as
a formula.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from xlsxwriter import Workbook

from hocba.explanations.cells import sheet_text

MOST_ROWS = 1_048_576
"""Rows of a sheet, the heading included."""


@dataclass(frozen=True, slots=True)
class Column:
    """Heading and width, in characters, of a column."""

    heading: str
    width: int


class Sheet:
    """A table with a heading that stays, filters, and as many sheets as its rows need."""

    def __init__(
        self, book: "Book", name: str, columns: Sequence[Column], most_rows: int = MOST_ROWS
    ) -> None:
        self._book = book
        self._name = name
        self._columns = columns
        self._most_rows = most_rows
        self._sheets = 0
        self._next = 0
        self._begin()

    def add(self, cells: Sequence[object]) -> None:
        """Write one row; whole numbers stay numbers."""
        if self._next >= self._most_rows:
            self._end()
            self._begin()
        self._write(cells, self._book.body)

    def close(self) -> None:
        """Give the sheet its filter; nothing is added after this."""
        self._end()

    def _begin(self) -> None:
        self._sheets += 1
        name = self._name if self._sheets == 1 else f"{self._name} {self._sheets}"
        self._sheet = self._book.sheet(name)
        for place, column in enumerate(self._columns):
            self._sheet.set_column(place, place, column.width)
        self._sheet.freeze_panes(1, 0)
        self._sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        self._next = 0
        self._write([each.heading for each in self._columns], self._book.heading)

    def _end(self) -> None:
        self._sheet.autofilter(0, 0, max(self._next - 1, 1), len(self._columns) - 1)

    def _write(self, cells: Sequence[object], style: object) -> None:
        for place, cell in enumerate(cells):
            if isinstance(cell, int):
                self._sheet.write_number(self._next, place, cell, style)
            else:
                self._sheet.write_string(self._next, place, sheet_text(cell), style)
        self._next += 1


class Book:
    """A workbook that is written to *file* when it is closed."""

    def __init__(self, file: IO[bytes], properties: Mapping[str, str]) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book: Any = Workbook(file, options)
        self._book.set_properties(dict(properties))
        look = {"valign": "top", "text_wrap": True, "border": 1, "border_color": "#D0D0D0"}
        self.body = self._book.add_format(look)
        self.heading = self._book.add_format(look | {"bold": True, "bg_color": "#D9E7F5"})
        self._plain = self._book.add_format({"valign": "top", "text_wrap": True})
        self._title = self._book.add_format({"bold": True, "font_size": 14})

    def sheet(self, name: str) -> Any:
        """A new sheet after those that are there."""
        return self._book.add_worksheet(name)

    def page(self, name: str, title: str, rows: Sequence[Sequence[object]]) -> None:
        """A sheet with a title and lines of text below."""
        sheet = self.sheet(name)
        sheet.set_column(0, 0, 90)
        sheet.set_column(1, 1, 14)
        sheet.write_string(0, 0, sheet_text(title), self._title)
        for number, cells in enumerate(rows, start=2):
            for place, cell in enumerate(cells):
                if isinstance(cell, int):
                    sheet.write_number(number, place, cell, self._plain)
                else:
                    sheet.write_string(number, place, sheet_text(cell), self._plain)

    def close(self) -> None:
        """Write the workbook."""
        self._book.close()
