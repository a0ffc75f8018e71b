"""What a roster can say and rarely means: warnings, found by looking over all lines."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from schemas.findings import Finding, finding
from signing.policy import SignerKind
from signing.roster_rows import Row, day_or_none, holder_of, is_withdrawn

PRINCIPAL = "CBQL"
"""The role that a school is never without, and that one person rarely holds twice."""

_ADULT = 18
_OLDEST = 100


@dataclass(frozen=True, slots=True)
class _Span:
    """One line's period, open ends as the first and last day there are."""

    first: date
    last: date
    line: int
    row: Row

    def meets(self, other: "_Span") -> bool:
        return self.first <= other.last and other.first <= self.last


Spans = Mapping[tuple[str, ...], Sequence[_Span]]


def oddities(
    rows: Sequence[tuple[int, Row]],
    unsound: AbstractSet[str],
    roles: Mapping[str, SignerKind],
    today: date,
) -> Iterator[Finding]:
    """Everything odd in *rows* without errors, in no order.

    Nothing is said to be missing at *unsound* schools: it may stand in a line that has an error.
    """
    spans = [_span(line, row) for line, row in rows if not is_withdrawn(row)]
    yield from _overlapping(spans)
    yield from _two_principals(spans)
    yield from _ids(rows, today)
    yield from _unknown_absentees(spans)
    demanded = {each for each, kind in roles.items() if kind is SignerKind.ORGANIZATION}
    demanded |= {PRINCIPAL}.intersection(roles)
    spans = [each for each in spans if each.row["matruong"] not in unsound]
    yield from _missing(spans, sorted(demanded))
    yield from _without_principal(spans, today)


def _span(line: int, row: Row) -> _Span:
    first, last = day_or_none(row["tungay"]), day_or_none(row["denngay"])
    return _Span(first or date.min, last or date.max, line, row)


def _grouped(spans: Iterable[_Span], *names: str) -> Spans:
    groups: dict[tuple[str, ...], list[_Span]] = defaultdict(list)
    for each in sorted(spans, key=lambda each: (each.first, each.line)):
        groups[tuple(each.row[name] for name in names)].append(each)
    return groups


def _overlapping(spans: Iterable[_Span]) -> Iterator[Finding]:
    names = ("matruong", "vaitro", "sodinhdanh", "masothue", "thaycho")
    for group in _grouped(spans, *names).values():
        for before, after in pairwise(group):
            if before.meets(after) and before.first != after.first:
                yield finding("HB-I133", path="tungay", line=after.line, other=before.line)


def _two_principals(spans: Iterable[_Span]) -> Iterator[Finding]:
    own = (e for e in spans if e.row["vaitro"] == PRINCIPAL and e.row["sodinhdanh"])
    for group in _grouped(own, "sodinhdanh").values():
        for before, after in pairwise(group):
            school = before.row["matruong"]
            if before.meets(after) and school != after.row["matruong"]:
                yield finding(
                    "HB-I134",
                    path="sodinhdanh",
                    line=after.line,
                    role=PRINCIPAL,
                    school=school,
                    other=before.line,
                )


def _ids(rows: Sequence[tuple[int, Row]], today: date) -> Iterator[Finding]:
    for line, row in rows:
        for name in ("sodinhdanh", "thaycho"):
            text = row[name]
            if len(text) == 12 and text.isdecimal() and not _is_an_adults(text, today):
                yield finding("HB-I135", path=name, line=line, found=text)


def _is_an_adults(text: str, today: date) -> bool:
    """Place of birth (001 to 096, or 100 and more: abroad), century and sex, year of birth."""
    place, century = int(text[:3]), int(text[3])
    born = 1900 + 100 * (century // 2) + int(text[4:6])
    is_a_place = 1 <= place <= 96 or place >= 100
    return is_a_place and _ADULT <= today.year - born <= _OLDEST


def _unknown_absentees(spans: Iterable[_Span]) -> Iterator[Finding]:
    """Substitutes of somebody who is nobody at that school in that role."""
    spans = list(spans)
    held = {(e.row["matruong"], e.row["vaitro"], holder_of(e.row)) for e in spans}
    for each in spans:
        row, person = each.row, each.row["thaycho"]
        if person and (row["matruong"], row["vaitro"], person) not in held:
            yield finding(
                "HB-S267",
                path="thaycho",
                line=each.line,
                person=person,
                role=row["vaitro"],
                school=row["matruong"],
            )


def _missing(spans: Iterable[_Span], demanded: Sequence[str]) -> Iterator[Finding]:
    for (school,), group in _grouped(spans, "matruong").items():
        for role in demanded:
            if all(each.row["vaitro"] != role for each in group):
                line = min(each.line for each in group)
                yield finding("HB-I137", path="matruong", line=line, school=school, role=role)


def _without_principal(spans: Iterable[_Span], today: date) -> Iterator[Finding]:
    """Days before today on which a school that had a principal has none."""
    principals = (each for each in spans if each.row["vaitro"] == PRINCIPAL)
    for (school,), group in _grouped(principals, "matruong").items():
        covered = group[0].last
        for each in (*group[1:], None):
            begins = each.first if each else today
            if covered < begins and covered + timedelta(days=1) < begins:
                yield finding(
                    "HB-I136",
                    path="denngay",
                    line=(each or group[-1]).line,
                    school=school,
                    role=PRINCIPAL,
                    since=covered + timedelta(days=1),
                    until=begins - timedelta(days=1),
                )
            covered = max(covered, each.last if each else covered)
