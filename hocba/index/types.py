"""Column types that give the model's values back: aware times, enums, findings."""

# ruff: noqa: ARG002 -- the parameters are those that SQLAlchemy passes

import json
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import DateTime, Dialect, Text
from sqlalchemy.types import TypeDecorator

from hocba.model.record import EarlierYear
from schemas.findings import Finding, Severity

_E = TypeVar("_E", bound=StrEnum)


PlainText = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that both databases compare by its code points: pages have the same order on both."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC; SQLite keeps it without the zone, PostgreSQL as `timestamptz`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time: nobody knows what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive time: {value.isoformat()}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class StringEnum(TypeDecorator[_E]):
    """A `StrEnum` by its value, so that rows read well without the program."""

    impl = Text
    cache_ok = True

    def __init__(self, enum: type[_E]) -> None:
        super().__init__()
        self.enum = enum

    def process_bind_param(self, value: _E | None, dialect: Dialect) -> str | None:
        """The value's text; refuses what is no member."""
        return None if value is None else self.enum(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> _E | None:
        """The member."""
        return None if value is None else self.enum(value)


class Findings(TypeDecorator[tuple[Finding, ...]]):
    """Findings as JSON: codes and parameters, no prose, so that any language can be given later.

    None is kept as NULL and means no findings.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Finding, ...] | None, dialect: Dialect) -> str | None:
        """JSON text, or NULL where nothing was found."""
        return findings_as_text(value) if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Finding, ...]:
        """The findings, in their order."""
        return findings_from_text(value) if value else ()


class EarlierYears(TypeDecorator[tuple[EarlierYear, ...]]):
    """A study history as JSON; NULL where it is not known, which is not the same as empty."""

    impl = Text
    cache_ok = True

    def process_bind_param(
        self, value: tuple[EarlierYear, ...] | None, dialect: Dialect
    ) -> str | None:
        """JSON text: a list for each year."""
        if value is None:
            return None
        rows = [
            [e.namhoc, e.tenlop, e.tentruong, e.tentinh]
            + ([e.ngaychuyenden.isoformat()] if e.ngaychuyenden else [])
            for e in value
        ]
        return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))

    def process_result_value(
        self, value: str | None, dialect: Dialect
    ) -> tuple[EarlierYear, ...] | None:
        """The years, in their order."""
        return None if value is None else earlier_years_from_text(value)


def earlier_years_from_text(text: str) -> tuple[EarlierYear, ...]:
    """A study history as `EarlierYears` keeps it."""
    return tuple(_earlier_year(*row) for row in json.loads(text))


def _earlier_year(
    namhoc: str, tenlop: str, tentruong: str, tentinh: str, day: str | None = None
) -> EarlierYear:
    arrived = date.fromisoformat(day) if day else None
    return EarlierYear(namhoc, tenlop, tentruong, tentinh, arrived)


def findings_as_text(findings: tuple[Finding, ...]) -> str:
    """*findings* as compact JSON."""
    rows: list[dict[str, Any]] = [
        {
            "code": each.code,
            "severity": each.severity.value,
            "path": each.path,
            "line": each.line,
            "parameters": dict(each.parameters),
        }
        for each in findings
    ]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate (from a damaged file name) has no UTF-8 form that a database takes.
    return text.encode("utf-8", "replace").decode("utf-8")


def findings_from_text(text: str) -> tuple[Finding, ...]:
    """What `findings_as_text` wrote."""
    return tuple(
        Finding(
            code=row["code"],
            severity=Severity(row["severity"]),
            path=row["path"],
            line=row["line"],
            parameters=tuple(row["parameters"].items()),
        )
        for row in json.loads(text)
    )
