"""Reports on documents, written as they are examined: CSV, XLSX or JSON."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from typing import IO, Protocol

from hocba.explanations.cells import BOM, csv_line
from hocba.explanations.groups import FindingGroups
from hocba.explanations.tables import (
    DETAIL_COLUMNS,
    GROUP_COLUMNS,
    SHEET_COLUMNS,
    Cell,
    ReportedDocument,
    detail_rows,
    group_row,
    in_words,
)
from hocba.explanations.words import section, words
from hocba.explanations.workbook import MOST_ROWS, Book, Column, Sheet
from schemas.findings import Language, term

_WIDTHS = {
    "file": 38,
    "outcome": 16,
    "record": 38,
    "version": 10,
    "code": 13,
    "severity": 11,
    "path": 40,
    "line": 8,
    "message": 70,
    "name": 22,
    "label": 28,
    "found": 30,
    "allowed": 36,
    "mend": 50,
    "count": 9,
    "files": 9,
    "problem": 55,
    "example1": 45,
    "example2": 45,
    "example3": 45,
}

_SHEET_PLACES = tuple(DETAIL_COLUMNS.index(each) for each in SHEET_COLUMNS)


class ReportWriter(Protocol):
    """Writes one kind of report."""

    def add(self, document: ReportedDocument) -> None:
        """Write what was found in one document."""
        ...

    def finish(self, groups: FindingGroups) -> None:
        """Write what is only known at the end; the file is whole after this."""
        ...


class Report:
    """A report being written: every document goes through `add`, then comes `finish`."""

    def __init__(self, writer: ReportWriter) -> None:
        self._writer = writer
        self.groups = FindingGroups()

    def add(self, document: ReportedDocument) -> None:
        """Write and count one document."""
        self.groups.add(document.file, document.outcome, document.findings)
        self._writer.add(document)

    def finish(self) -> None:
        """Write the rest."""
        self._writer.finish(self.groups)


class CsvWriter:
    """One line per finding; UTF-8 with a byte order mark."""

    def __init__(self, file: IO[bytes], language: Language) -> None:
        self._language = language
        self._text = TextIOWrapper(file, "utf-8", "replace", newline="", write_through=True)
        self._text.write(BOM + csv_line(DETAIL_COLUMNS))

    def add(self, document: ReportedDocument) -> None:
        """Write one document's lines."""
        self._text.writelines(csv_line(row) for row in detail_rows(document, self._language))

    def finish(self, groups: FindingGroups) -> None:  # noqa: ARG002 -- the table has no groups
        """Give the file back to its owner."""
        self._text.detach()


class JsonWriter:
    """One object: every finding, then counts and groups; written as it comes."""

    def __init__(self, file: IO[bytes], language: Language) -> None:
        self._file = file
        self._language = language
        self._separator = ""
        self._write('{"findings": [')

    def add(self, document: ReportedDocument) -> None:
        """Write one document's findings."""
        for row in detail_rows(document, self._language) if document.findings else ():
            value = dict(zip(DETAIL_COLUMNS, row, strict=True))
            self._write(f"{self._separator}\n{json.dumps(value, ensure_ascii=False)}")
            self._separator = ","

    def finish(self, groups: FindingGroups) -> None:
        """Write the counts and groups."""
        rest = json.dumps(groups.as_json(self._language), ensure_ascii=False)
        self._write(f"\n], {rest[1:]}\n")

    def _write(self, text: str) -> None:
        self._file.write(text.encode("utf-8", "replace"))


class XlsxWriter:
    """A workbook: groups, every finding that there is, and a guide."""

    def __init__(self, file: IO[bytes], language: Language, *, most_rows: int = MOST_ROWS) -> None:
        self._language = language
        self._book = Book(file, {"title": words("guide", "title", language)})
        self._groups = Sheet(self._book, self._sheet_name("groups"), self._columns(GROUP_COLUMNS))
        self._details = Sheet(
            self._book, self._sheet_name("details"), self._columns(SHEET_COLUMNS), most_rows
        )

    def add(self, document: ReportedDocument) -> None:
        """Write one document's lines; of one without findings there is nothing to mend."""
        if document.findings:
            for row in detail_rows(document, self._language):
                self._details.add(self._in_words(SHEET_COLUMNS, [row[at] for at in _SHEET_PLACES]))

    def finish(self, groups: FindingGroups) -> None:
        """Write the groups and the guide."""
        for each in groups.sorted():
            self._groups.add(self._in_words(GROUP_COLUMNS, group_row(each, self._language)))
        self._groups.close()
        self._details.close()
        texts = section("guide", self._language)
        counts = [
            (term("outcome", each.value, self._language), groups.outcomes[each])
            for each in sorted(groups.outcomes)
        ]
        notes = [(text,) for key, text in texts.items() if key not in {"title", "total"}]
        rows = [(texts["total"], groups.documents), *counts, (), *notes]
        self._book.page(self._sheet_name("guide"), texts["title"], rows)
        self._book.close()

    def _sheet_name(self, key: str) -> str:
        return words("sheets", key, self._language)

    def _columns(self, names: tuple[str, ...]) -> list[Column]:
        return [Column(words("columns", each, self._language), _WIDTHS[each]) for each in names]

    def _in_words(self, columns: tuple[str, ...], row: Sequence[Cell]) -> list[object]:
        return [
            in_words(column, cell, self._language)
            for column, cell in zip(columns, row, strict=True)
        ]


WRITERS: Mapping[str, Callable[[IO[bytes], Language], ReportWriter]] = {
    ".csv": CsvWriter,
    ".json": JsonWriter,
    ".xlsx": XlsxWriter,
}
"""What writes a file, by the end of its name."""


def summary_lines(groups: FindingGroups, language: Language) -> Iterator[str]:
    """The groups as a CSV file."""
    yield BOM + csv_line(GROUP_COLUMNS)
    for each in groups.sorted():
        yield csv_line(group_row(each, language))
