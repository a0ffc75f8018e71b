"""Marks as exact numbers: whole tenths of a point, and averages rounded the way a pack says.

No float is ever involved: an average is a fraction of whole numbers until it is rounded.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import Enum, StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final, TypeAlias

from schemas.findings import Language

Tenths: TypeAlias = int
HIGHEST: Final[Tenths] = 100


class NoMark(Enum):
    """What may stand in a mark's place."""

    ABSENT = "absent"
    EXEMPT = "exempt"
    UNREADABLE = "unreadable"


Mark: TypeAlias = int | bool | NoMark
"""Tenths of a point; Đạt (True) or Chưa đạt of a subject without marks; or no mark at all."""


class Rounding(StrEnum):
    """How an average becomes tenths; the circulars name no mode, practice is HALF_UP."""

    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    DOWN = "down"
    UP = "up"


def rounded(numerator: int, denominator: int, mode: Rounding) -> int:
    """The fraction as a whole number; both parts positive or zero."""
    whole, rest = divmod(numerator, denominator)
    match mode:
        case Rounding.HALF_UP:
            return whole + (2 * rest >= denominator)
        case Rounding.HALF_EVEN:
            return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2))
        case Rounding.DOWN:
            return whole
        case Rounding.UP:
            return whole + (rest > 0)


def semester_average(
    regular: Sequence[Tenths], middle: Tenths, final: Tenths, mode: Rounding = Rounding.HALF_UP
) -> Tenths:
    """ĐTBmhk = (sum of ĐĐGtx + 2 · ĐĐGgk + 3 · ĐĐGck) / (number of ĐĐGtx + 5)."""
    if not regular:
        raise ValueError("a semester has at least one regular mark")
    return rounded(sum(regular) + 2 * middle + 3 * final, len(regular) + 5, mode)


@cache
def year_average(first: Tenths, second: Tenths, mode: Rounding = Rounding.HALF_UP) -> Tenths:
    """ĐTBmcn = (ĐTBmhkI + 2 · ĐTBmhkII) / 3, from the semester averages as they are written."""
    return rounded(first + 2 * second, 3, mode)


def _readable() -> Mapping[str, Mark]:
    marks: dict[str, Mark] = {"": NoMark.ABSENT, "M": NoMark.EXEMPT, "Đ": True, "CĐ": False}
    for tenths in range(HIGHEST + 1):
        marks[f"{tenths // 10}.{tenths % 10}"] = tenths
        if tenths % 10 == 0:
            marks[str(tenths // 10)] = tenths
    return MappingProxyType(marks)


MARKS: Final = _readable()
"""Every text that is a mark; what it lacks is `NoMark.UNREADABLE`."""


def mark_of(text: str) -> Mark:
    """The mark that a record writes as *text*."""
    return MARKS.get(text, NoMark.UNREADABLE)


def tenths_of(text: str) -> Tenths | None:
    """A count such as absences in whole tenths, rounded down; None where it is no number."""
    if text.isascii() and text.isdigit() and len(text) < 5:
        return int(text) * 10
    try:
        value = Decimal(text.strip() or "0")
    except InvalidOperation:
        return None
    return int(value * 10) if value.is_finite() and abs(value) < 10_000 else None


def mark_text(mark: Mark, language: Language = Language.VI) -> str:
    """A mark as people write it: `7,4` in Vietnamese, `7.4` in English."""
    if isinstance(mark, bool):
        return "Đ" if mark else "CĐ"
    if isinstance(mark, NoMark):
        return "M" if mark is NoMark.EXEMPT else "–"
    if mark == HIGHEST:
        return "10"
    return f"{mark // 10}{',' if language is Language.VI else '.'}{mark % 10}"


def as_parameter(name: str, mark: Mark) -> dict[str, str]:
    """A mark as a finding carries it."""
    return {name: mark_text(mark), f"{name}_en": mark_text(mark, Language.EN)}
