"""Cursor pages: `{"items": […], "next": url or null}`."""

import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Query

from hocba.web.problems import Problem, ProblemType

Limit = Annotated[int, Query(ge=1, le=1000, description="How many items a page may have.")]
CursorText = Annotated[
    str | None,
    Query(max_length=512, description="Where the page before ended; taken from its `next`."),
]

_PRINTABLE = re.compile(r"[ -~]{1,128}\Z")
_MOMENT = re.compile(r"2\d{3}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?[+-]\d{2}:\d{2}\Z")


def cursor_at(cursor: str | None, *, moment: bool = False) -> str | None:
    """*cursor* itself where an index can look it up; ends the request otherwise.

    Cursors come back from anybody: their numbers must fit a column, their texts be plain, and
    with *moment* the first of them be a time.
    """
    if cursor is None:
        return None
    try:
        parts = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        raise Problem(ProblemType.INVALID_CURSOR) from None
    if not isinstance(parts, list) or not parts or not all(_fits(each) for each in parts):
        raise Problem(ProblemType.INVALID_CURSOR)
    if moment and not (isinstance(parts[0], str) and _is_moment(parts[0])):
        raise Problem(ProblemType.INVALID_CURSOR)
    return cursor


def next_url(path: str, cursor: str | None, parameters: Mapping[str, object]) -> str | None:
    """Where the next page is, as a path on this server; None where there is none."""
    if cursor is None:
        return None
    given = {name: value for name, value in parameters.items() if value is not None}
    return f"{path}?{urlencode({**given, 'cursor': cursor})}"


def _fits(part: object) -> bool:
    if isinstance(part, str):
        return _PRINTABLE.match(part) is not None
    return type(part) is int and 0 <= part < 2**31


def _is_moment(text: str) -> bool:
    if not _MOMENT.match(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True
