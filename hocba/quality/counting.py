"""From the rows that the index counts to the counts of each unit that is shown."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from hocba.index.index import Transaction
from hocba.index.quality import Correction, GradeCounts
from hocba.quality.definitions import QualityDefinitions
from hocba.quality.scope import Counted

Counts = Mapping[str, Fraction | None]
"""Every count of `figures.toml` by name; None where it is not known or has no meaning."""

_Key = Callable[[str, str], str]


class Grouping(StrEnum):
    """What a line is about: the whole scope, or each of its communes or schools."""

    NONE = "none"
    COMMUNE = "commune"
    SCHOOL = "school"


@dataclass(slots=True)
class _Unit:
    """What has been added up for one unit so far."""

    sums: Counter[str] = field(default_factory=Counter)
    delays: Counter[int] = field(default_factory=Counter)
    corrections: list[int] = field(default_factory=list)
    last: datetime | None = None
    expected: dict[tuple[str, ...], int] = field(default_factory=dict)
    pupils: dict[tuple[str, ...], int] = field(default_factory=dict)


def count(
    tx: Transaction,
    counted: Counted,
    by: Grouping,
    definitions: QualityDefinitions,
    *,
    at: datetime,
    within_days: int,
) -> Mapping[str, Counts]:
    """The counts of each unit, by its code; one unit, with an empty code, for the whole scope."""
    part, key = counted.part, _key(counted, by)
    units: dict[str, _Unit] = {"": _Unit()} if by is Grouping.NONE else {}

    def unit(masogd: str, matruong: str) -> _Unit:
        return units.setdefault(key(masogd, matruong), _Unit())

    _add_grades(tx.quality.grades(part), unit)
    for delay in tx.quality.delays(part, by_school=by is not Grouping.NONE):
        unit(delay.masogd, delay.matruong).delays[delay.days] += delay.records
    for refused in tx.quality.refused(part):
        sums = unit(refused.masogd, refused.matruong).sums
        sums["refused_documents"] += int(refused.documents)
        sums["failed_first"] += refused.failed_first
        sums["never_held"] += refused.never_held
    for pupils in tx.quality.continuity(part, definitions.missing, definitions.duplicate):
        sums = unit(pupils.masogd, pupils.matruong).sums
        sums["missing"] += pupils.missing
        sums["duplicate"] += pupils.duplicate
        sums["disorder"] += pupils.any
    _add_corrections(tx.quality.corrections(part), unit)
    for expected in tx.quality.expected(part):
        place = (expected.namhoc, expected.masogd, expected.matruong, expected.makhoi)
        unit(expected.masogd, expected.matruong).expected[place] = expected.sohocsinh
    identities = tx.quality.identities(part)
    for each in identities or ():
        sums = unit(each.masogd, each.matruong).sums
        sums["identity_checked"] += each.checked
        sums["identity_agreeing"] += each.checked - each.disagreeing
    unknown = ("identity_checked", "identity_agreeing") if identities is None else ()
    return {
        code: _counts(found, at, within_days) | dict.fromkeys(unknown)
        for code, found in sorted(units.items())
    }


def _key(counted: Counted, by: Grouping) -> _Key:
    match by:
        case Grouping.NONE:
            return lambda _, __: ""
        case Grouping.SCHOOL:
            return lambda _, matruong: matruong
        case Grouping.COMMUNE:
            communes = {key: each.maxa or "" for key, each in counted.schools.items()}
            return lambda masogd, matruong: communes.get((masogd, matruong), "")


def _add_grades(rows: Iterable[GradeCounts], unit: Callable[[str, str], _Unit]) -> None:
    names = (
        "records",
        "valid",
        "pupils",
        "checked",
        "without_warnings",
        "without_signature_warnings",
    )
    for row in rows:
        of = unit(row.masogd, row.matruong)
        for name in names:
            of.sums[name] += getattr(row, name)
        of.pupils[row.namhoc, row.masogd, row.matruong, row.makhoi] = row.pupils
        if row.last is not None and (of.last is None or row.last > of.last):
            of.last = row.last


def _add_corrections(rows: Iterable[Correction], unit: Callable[[str, str], _Unit]) -> None:
    for row in rows:
        days = (row.accepted_at - row.requested_at) // timedelta(days=1)
        unit(row.masogd, row.matruong).corrections.append(max(days, 0))


def _counts(unit: _Unit, at: datetime, within_days: int) -> dict[str, Fraction | None]:
    sums = unit.sums
    expected_schools = {place[1:3] for place, number in unit.expected.items() if number}
    reporting = {place[1:3] for place, number in unit.pupils.items() if number}
    timed = unit.delays.total()
    corrections = Counter(unit.corrections)
    known: dict[str, int | Fraction | None] = {
        **{name: sums[name] for name in ("records", "valid", "pupils", "checked")},
        "recalled": sums["records"] - sums["valid"],
        "without_warnings": sums["without_warnings"],
        "without_signature_warnings": sums["without_signature_warnings"],
        "sent": sums["records"] + sums["never_held"],
        "first_try": max(sums["records"] - sums["failed_first"], 0),
        "identity_checked": sums["identity_checked"],
        "identity_agreeing": sums["identity_agreeing"],
        "expected": sum(unit.expected.values()),
        "expected_held": sum(
            min(number, unit.pupils.get(place, 0)) for place, number in unit.expected.items()
        ),
        "expected_schools": len(expected_schools),
        "reporting_schools": len(expected_schools & reporting),
        "pupils_without_gap": max(sums["pupils"] - sums["missing"], 0),
        "pupils_once": max(sums["pupils"] - sums["duplicate"], 0),
        "pupils_in_order": max(sums["pupils"] - sums["disorder"], 0),
        "refused_documents": sums["refused_documents"],
        "documents": sums["records"] + sums["refused_documents"],
        "timed": timed,
        "in_time": sum(n for days, n in unit.delays.items() if days <= within_days),
        "median_days": median(unit.delays),
        "last_delivery_days": None if unit.last is None else max((at - unit.last).days, 0),
        "corrections": corrections.total(),
        "correction_days": median(corrections),
    }
    return {name: None if n is None else Fraction(n) for name, n in known.items()}


def median(numbers: Counter[int]) -> Fraction | None:
    """The median of numbers by how often each stands; None of none."""
    total = numbers.total()
    if not total:
        return None
    middle = {(total - 1) // 2, total // 2}
    found, passed = [], 0
    for number in sorted(numbers):
        found += [number for place in middle if passed <= place < passed + numbers[number]]
        passed += numbers[number]
    return Fraction(sum(found), len(found))
