"""What was found in a roster, and what importing it changes, as people and programs read it."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from cli.definitions import load_definitions
from cli.session import Session, Tone, visible
from hocba.roster.checking import CheckedRoster, Roles, roles_of
from hocba.roster.plan import Plan
from schemas.findings import Finding, Severity
from signing.policy import read_policy
from signing.roster_rows import Row, day_or_none, holder_of

if TYPE_CHECKING:
    from datetime import date

MOST_WARNINGS = 20
"""Warnings of one kind that are written out for people; errors all are."""

MOST_EXAMPLES = 10
"""Mandates of each kind of change that are written out for people."""

MOST_CHANGES = 10_000
"""Mandates that a program gets; the figures beside them are of all."""


def known_roles() -> Roles:
    """Every role that a definition demands a signature of, with the kind of its holder."""
    return roles_of(read_policy(each.policy_path) for each in load_definitions())


def show_findings(file_name: str, findings: Sequence[Finding], session: Session) -> None:
    """Write every error, and the first warnings of each kind."""
    shown: Counter[str] = Counter()
    for each in findings:
        is_error = each.severity is Severity.ERROR
        shown[each.code] += 1
        if is_error or shown[each.code] <= MOST_WARNINGS:
            line = finding_line(file_name, each, session)
            session.write(session.paint(line, Tone.BAD if is_error else Tone.DOUBTFUL))
    for code, count in shown.items():
        weighs = {each.severity for each in findings if each.code == code}
        if Severity.ERROR not in weighs and count > MOST_WARNINGS:
            session.say("roster.more_warnings", code=code, count=count - MOST_WARNINGS)


def finding_line(file_name: str, each: Finding, session: Session) -> str:
    """One finding: file, line, column, how much it weighs, and what to do."""
    key = "error" if each.severity is Severity.ERROR else "warning"
    return visible(
        session.text(
            f"roster.line.{key}" if each.path else f"roster.line.{key}_of_file",
            file=file_name,
            line=each.line or 1,
            column=each.path,
            code=each.code,
            message=each.message(session.language),
        )
    )


def findings_json(checked: CheckedRoster, session: Session) -> dict[str, object]:
    """The figures of a checked file and everything that was found in it."""
    return {
        "mandates": len(checked.rows),
        "schools": len(checked.schools),
        "sha256": checked.sha256,
        "errors": len(checked.errors),
        "warnings": len(checked.warnings),
        "problems": [each.as_json(session.language) for each in checked.findings],
    }


def show_plan(plan: Plan, session: Session) -> None:
    """Write what changes: the figures, and some of each kind."""
    session.say("roster.plan.heading", day=plan.effective.strftime("%d/%m/%Y"))
    kinds: tuple[tuple[str, Sequence[str]], ...] = (
        ("added", [mandate_line(each, session) for each in plan.added]),
        ("changed", [_changed_line(e.before.row, e.differences, session) for e in plan.changed]),
        ("ended", [_changed_line(e.before.row, e.differences, session) for e in plan.ended]),
        ("withdrawn", [mandate_line(each.row, session) for each in plan.withdrawn]),
        ("bound", [f"{holder}  {digest}" for holder, digest in plan.bindings]),
    )
    for kind, lines in kinds:
        session.say(f"roster.plan.{kind}", count=len(lines))
        for line in lines[:MOST_EXAMPLES]:
            session.write(f"      {visible(line)}")
        if len(lines) > MOST_EXAMPLES:
            session.say("roster.plan.more", count=len(lines) - MOST_EXAMPLES)
    session.say("roster.plan.unchanged", count=plan.unchanged)
    session.say(
        "roster.plan.ending",
        ending=plan.ending,
        total=plan.in_force,
        percent=plan.ending_percent,
    )


def plan_json(plan: Plan) -> dict[str, object]:
    """What changes, for programs."""
    changes = list(_changes_json(plan))
    return {
        "effective": plan.effective.isoformat(),
        **plan.counts_json(),
        "changes": changes[:MOST_CHANGES],
    }


def mandate_line(row: Row, session: Session) -> str:
    """One mandate on one line."""
    since, until = _day(row["tungay"]), _day(row["denngay"])
    return session.text(
        "roster.plan.mandate",
        school=row["matruong"],
        role=row["vaitro"],
        name=row["hovaten"],
        holder=holder_of(row),
        since=since,
        until=until,
    )


def _changed_line(row: Row, differences: Mapping[str, tuple[str, str]], session: Session) -> str:
    changed = "; ".join(
        f"{name}: {_cell(name, old)} → {_cell(name, new)}"
        for name, (old, new) in differences.items()
    )
    return f"{mandate_line(row, session)}: {changed}"


def _changes_json(plan: Plan) -> Iterator[dict[str, object]]:
    for row in plan.added:
        yield {"change": "added", **_filled(row)}
    for kind, several in (("changed", plan.changed), ("ended", plan.ended)):
        for each in several:
            differences = {name: list(pair) for name, pair in each.differences.items()}
            yield {"change": kind, **_filled(each.before.row), "differences": differences}
    for known in plan.withdrawn:
        yield {"change": "withdrawn", **_filled(known.row)}


def _filled(row: Row) -> dict[str, str]:
    return {name: value for name, value in row.items() if value}


def _cell(name: str, value: str) -> str:
    return _day(value) if name in {"denngay", "ngayquyetdinh"} else value or "–"


def _day(text: str) -> str:
    day: date | None = day_or_none(text)
    return day.strftime("%d/%m/%Y") if day else "…"
