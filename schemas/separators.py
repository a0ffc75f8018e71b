"""What separates the cells of a table in CSV: spreadsheets write what their country uses."""

import re
from collections.abc import Collection
from typing import Final

SEPARATORS: Final = (",", ";", "\t")


def separator_of(file: bytes, columns: Collection[str]) -> str:
    """What separates the most of *columns* in the first line of a file; a comma where none does."""
    first = re.match(rb"[^\r\n]*", file)
    heading = first[0].decode("utf-8-sig", "replace") if first else ""

    def named(separator: str) -> int:
        cells = (each.strip().strip('"').strip() for each in heading.split(separator))
        return len(set(columns).intersection(cells))

    return max(SEPARATORS, key=named)
