"""The figures of a scope: for people, for programs, and as a table for spreadsheets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from fractions import Fraction

from hocba.explanations.cells import BOM, csv_line
from hocba.index.index import Transaction
from hocba.index.schools import School
from hocba.quality.counting import Counts, Grouping, count
from hocba.quality.definitions import Figure, Unit, quality_definitions
from hocba.quality.scope import Scope, resolve
from schemas.findings import Language

COLUMNS = (
    "masogd",
    "maxa",
    "matruong",
    "tentruong",
    "namhoc",
    "figure",
    "aspect",
    "name",
    "value",
    "unit",
    "numerator",
    "denominator",
    "within_days",
)

_TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class FigureValue:
    """One figure of one unit; `value` is None where there is nothing to count, or it is unknown.

    `numerator` is None for numbers of days, which are no share.
    """

    figure: Figure
    value: Decimal | None
    numerator: int | None
    denominator: int | None

    def as_json(self, language: Language) -> dict[str, object]:
        """One of `figures`."""
        return {
            "code": self.figure.code,
            "aspect": self.figure.aspect,
            "name": self.figure.name[language],
            "value": None if self.value is None else float(self.value),
            "unit": self.figure.unit.value,
            "numerator": self.numerator,
            "denominator": self.denominator,
        }


@dataclass(frozen=True, slots=True)
class UnitFigures:
    """The figures of the whole scope (no code), or of one school or commune in it."""

    code: str | None
    name: str | None
    figures: tuple[FigureValue, ...]

    @property
    def empty(self) -> bool:
        """Whether there is nothing at all to say."""
        return all(not each.denominator for each in self.figures)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReport:
    """Figures at the time *at*; `units` is never empty."""

    scope: Scope
    by: Grouping
    at: datetime
    within_days: int
    units: tuple[UnitFigures, ...]
    schools: Mapping[str, School]

    @property
    def empty(self) -> bool:
        """Whether the scope has nothing to count: no record, no expected number."""
        return all(each.empty for each in self.units)

    def as_json(self, language: Language) -> dict[str, object]:
        """The shape of `/v1/quality`."""
        return {
            "scope": self.scope.as_json(),
            "by": self.by.value,
            "at": self.at.isoformat(),
            "within_days": self.within_days,
            "units": [
                {
                    "code": unit.code,
                    "name": unit.name,
                    "figures": [each.as_json(language) for each in unit.figures],
                }
                for unit in self.units
            ],
        }

    def csv_lines(self, language: Language) -> Iterator[str]:
        """A line for each figure of each unit, the header first, for a spreadsheet."""
        yield BOM + csv_line(COLUMNS)
        for unit in self.units:
            for each in unit.figures:
                yield csv_line((*self._place(unit), *_cells(each, language), self.within_days))

    def _place(self, unit: UnitFigures) -> tuple[object, ...]:
        scope = self.scope
        school = self.by is Grouping.SCHOOL or scope.matruong is not None
        commune = unit.code if self.by is Grouping.COMMUNE else scope.maxa
        matruong = unit.code if self.by is Grouping.SCHOOL else scope.matruong
        known = self.schools.get(matruong or "") if school else None
        return (
            scope.masogd or (known.masogd if known else None),
            commune or (known.maxa if known else None),
            matruong,
            known.tentruong if known else None,
            scope.namhoc,
        )


def quality_report(
    tx: Transaction,
    scope: Scope,
    *,
    at: datetime,
    by: Grouping = Grouping.NONE,
    within_days: int | None = None,
) -> QualityReport:
    """The figures of *scope*; raises `QualityRefused` where there is no such thing."""
    definitions = quality_definitions()
    days = definitions.within_days if within_days is None else within_days
    counted = resolve(tx, scope)
    units = count(tx, counted, by, definitions, at=at, within_days=days)
    schools = {each.matruong: each for each in counted.schools.values()}
    return QualityReport(
        scope=scope,
        by=by,
        at=at,
        within_days=days,
        units=tuple(
            UnitFigures(
                code or None,
                _name(code, scope, by, schools),
                tuple(_value(each, counts) for each in definitions.figures),
            )
            for code, counts in units.items()
        ),
        schools=schools,
    )


def _name(code: str, scope: Scope, by: Grouping, schools: Mapping[str, School]) -> str | None:
    matruong = code if by is Grouping.SCHOOL else scope.matruong
    school = schools.get(matruong or "")
    return school.tentruong if school else None


def _value(figure: Figure, counts: Counts) -> FigureValue:
    numerator, denominator = counts[figure.numerator], counts[figure.denominator]
    whole = None if denominator is None else int(denominator)
    if figure.unit is Unit.DAYS:
        value = None if numerator is None else _decimal(numerator, ROUND_HALF_UP)
        return FigureValue(figure, value if whole else None, None, whole)
    if numerator is None or not whole:
        return FigureValue(figure, None, None if numerator is None else int(numerator), whole)
    share = _decimal(numerator * 100 / whole, ROUND_FLOOR)
    return FigureValue(figure, share, int(numerator), whole)


def _decimal(number: Fraction, rounding: str) -> Decimal:
    """*number* with one decimal. A share is rounded down: 100 is said of all only."""
    exact = Decimal(number.numerator) / Decimal(number.denominator)
    return exact.quantize(_TENTH, rounding)


def _cells(each: FigureValue, language: Language) -> tuple[object, ...]:
    return (
        each.figure.code,
        quality_definitions().aspects[each.figure.aspect][language],
        each.figure.name[language],
        each.value,
        each.figure.unit.value,
        each.numerator,
        each.denominator,
    )
