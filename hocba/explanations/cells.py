"""Cells that a spreadsheet takes for texts, whatever somebody wrote into a field or a file name."""

import csv
import re
from collections.abc import Sequence
from io import StringIO

BOM = "\ufeff"
"""What a CSV file begins with, without which spreadsheets misread Vietnamese."""

LONGEST_CELL = 32_767
"""Characters in one cell of a spreadsheet."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def safe_cell(value: object) -> str:
    """*value* as a cell of a CSV file that no spreadsheet takes for a formula.

    Names of files and values of fields come from anyone; a leading apostrophe makes them text.
    """
    text = "" if value is None else str(value)
    return "'" + text if text.lstrip(" ").startswith(_FORMULA_STARTS) else text


def csv_line(cells: Sequence[object]) -> str:
    """*cells* as one line of a CSV file."""
    buffer = StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow([safe_cell(each) for each in cells])
    return buffer.getvalue()


def sheet_text(value: object) -> str:
    """*value* as the text of a cell in a workbook, which XML can hold and a spreadsheet shows."""
    text = _UNWRITABLE.sub("\ufffd", "" if value is None else str(value))
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"
