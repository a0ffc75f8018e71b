"""Cursor pages: keyset, never OFFSET, so that the last page costs as much as the first."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from hocba.errors import BadCursor
from hocba.index.rows import Page
from schemas.findings import finding

_T = TypeVar("_T")

Key = tuple[str | int | datetime, ...]
MAX_LIMIT = 1000


def page_of(rows: Sequence[_T], limit: int, key: Callable[[_T], Key]) -> Page[_T]:
    """The page in *rows*, which holds one row more than *limit* if there are any after it."""
    shown = tuple(rows[:limit])
    return Page(shown, cursor(key(shown[-1])) if len(rows) > limit else None)


def checked_limit(limit: int) -> int:
    """*limit* itself; refuses one that no page can have."""
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"limit is {limit}, allowed is 1 to {MAX_LIMIT}")
    return limit


def cursor(key: Key) -> str:
    """*key* as a text fit for a URL."""
    parts = [each.isoformat() if isinstance(each, datetime) else each for each in key]
    return urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def position_after(text: str, *types: type) -> Key:
    """The key in a cursor, checked to consist of *types*; raises `BadCursor`."""
    try:
        raw = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return tuple(_part(each, kind) for each, kind in zip(raw, types, strict=True))
    except (ValueError, TypeError, Base64Error, RecursionError) as error:
        raise BadCursor(finding("HB-I104", found=text[:80])) from error


def _part(raw: object, kind: type) -> str | int | datetime:
    if kind is datetime and isinstance(raw, str):
        time = datetime.fromisoformat(raw)
        if time.tzinfo is not None:
            return time
    elif type(raw) is kind and isinstance(raw, str | int):
        return raw
    raise TypeError(kind.__name__)
