"""Options that several commands share, and how their values are read."""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cli.errors import Misuse
from cli.session import Session
from schemas.vietnam import VIETNAM_TIME

MOST_JOBS = 64

_FEW_DOCUMENTS = 100
"""Sooner examined than other processes are started."""

_T = TypeVar("_T")


def session_of(context: typer.Context) -> Session:
    """The session that `cli.main` gave this run."""
    session = context.obj
    if not isinstance(session, Session):
        raise TypeError("commands run through cli.main")
    return session


def whole_number(option: str, least: int, most: int | None = None) -> Callable[[object], int]:
    """Reads a whole number from *least* to *most*."""

    def read(value: object) -> int:
        try:
            number = int(str(value))
        except ValueError:
            raise Misuse("misuse.whole_number", option=option, found=value) from None
        if number < least or (most is not None and number > most):
            limit = "" if most is None else most
            key = "misuse.too_small" if most is None else "misuse.out_of_range"
            raise Misuse(key, option=option, found=number, least=least, most=limit)
        return number

    return read


def one_of(option: str, choices: dict[str, _T]) -> Callable[[object], _T]:
    """Reads one of the names in *choices* as what it stands for."""

    def read(value: object) -> _T:
        if isinstance(value, str) and value in choices:
            return choices[value]
        if not isinstance(value, str) and value in choices.values():  # a default, read already
            return value  # type: ignore[return-value]
        known = ", ".join(choices)
        raise Misuse("misuse.one_of", option=option, found=value, known=known)

    return read


def moment(option: str) -> Callable[[object], datetime]:
    """Reads a time; a day alone means its end, a time without zone is Vietnam's."""

    def read(value: object) -> datetime:
        parsed = _time(option, value)
        if _is_day(value):
            parsed = datetime.combine(parsed.date(), time(23, 59, 59), VIETNAM_TIME)
        return parsed.astimezone(UTC)

    return read


def instant(option: str) -> Callable[[object], datetime]:
    """Reads a time to the minute at least; one without zone is Vietnam's."""

    def read(value: object) -> datetime:
        if _is_day(value):
            raise Misuse("misuse.instant", option=option, found=value)
        return _time(option, value).astimezone(UTC)

    return read


def day(option: str) -> Callable[[object], date]:
    """Reads a day."""

    def read(value: object) -> date:
        try:
            return date.fromisoformat(str(value).strip())
        except ValueError:
            raise Misuse("misuse.day", option=option, found=value) from None

    return read


def school_year(option: str) -> Callable[[object], str]:
    """Reads a school year: two years in a row."""

    def read(value: object) -> str:
        first, dash, second = str(value).strip().partition("-")
        are_years = dash and first.isdecimal() and second.isdecimal() and len(first) == 4
        if are_years and int(second) == int(first) + 1:
            return f"{first}-{second}"
        raise Misuse("misuse.school_year", option=option, found=value)

    return read


def _time(option: str, value: object) -> datetime:
    try:
        parsed = datetime.fromisoformat(str(value).strip())
    except ValueError:
        raise Misuse("misuse.moment", option=option, found=value) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=VIETNAM_TIME)


def _is_day(value: object) -> bool:
    return len(str(value).strip()) <= len("2026-06-30")


def processes(asked: int | None, documents: int | None) -> int:
    """How many processes to use: as asked, else what the machine has; one for a few documents."""
    if asked is not None:
        return asked
    if documents is not None and documents <= _FEW_DOCUMENTS:
        return 1
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(count or 1, MOST_JOBS)


Home = Annotated[Path, typer.Option("--home", metavar="DIR")]
Trust = Annotated[Path | None, typer.Option("--trust", metavar="DIR")]
RosterFile = Annotated[Path | None, typer.Option("--roster", metavar="FILE")]
At = Annotated[datetime | None, typer.Option("--at", metavar="TIME", parser=moment("--at"))]
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", metavar="N", parser=whole_number("--jobs", 1, MOST_JOBS)),
]
ReportFile = Annotated[Path | None, typer.Option("--report", metavar="FILE.csv|.xlsx|.json")]
SummaryFile = Annotated[Path | None, typer.Option("--summary", metavar="FILE.csv|.json")]
Paths = Annotated[list[Path], typer.Argument(metavar="PATH...")]
