"""`hocba continuity`: what does not fit in pupils' years."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.parameters import Home, school_year, session_of
from cli.session import Session, Tone, visible
from schemas.findings import Severity

if TYPE_CHECKING:
    from hocba.continuity.report import PupilContinuity
    from hocba.index.continuity import ContinuityRow
    from hocba.index.index import Index, Transaction
    from hocba.index.schools import School as FoundSchool
    from schemas.findings import Finding

ACTOR = "cli"

Pupils = Annotated[list[str] | None, typer.Argument(metavar="MAHOCSINH...")]
School = Annotated[str | None, typer.Option("--school", metavar="MATRUONG")]
Year = Annotated[
    str | None, typer.Option("--year", metavar="YYYY-YYYY", parser=school_year("--year"))
]
Refresh = Annotated[bool, typer.Option("--refresh")]

_TONES = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.DOUBTFUL, Severity.NOTE: Tone.FAINT}


def continuity(
    context: typer.Context,
    home: Home,
    pupils: Pupils = None,
    school: School = None,
    year: Year = None,
    *,
    refresh: Refresh = False,
) -> ExitCode:
    """Judge the years of *pupils*, or list what was found at *school*."""
    from hocba import home as homes

    session = session_of(context)
    if sum((bool(pupils), school is not None, refresh)) != 1 or (year and not school):
        raise Misuse("continuity.one_of")
    with homes.Home.open(home).open_index() as index:
        if refresh:
            return _refresh(index, session)
        if school is not None:
            return _of_school(index, school, year, session)
        return _of_pupils(index, pupils or [], session)


def _refresh(index: "Index", session: Session) -> ExitCode:
    from cli.progress import progress
    from hocba.continuity.refresh import refresh_all

    with progress(session, "continuity.progress") as advance:
        done = refresh_all(index, lambda count: advance(count, None))
    if session.json:
        session.emit({"pupils": done})
    else:
        session.say("continuity.refreshed", count=done)
    return ExitCode.PASSED


def _of_pupils(index: "Index", pupils: list[str], session: Session) -> ExitCode:
    from hocba.continuity.report import pupil_continuity

    found: list[PupilContinuity] = []
    for mahocsinh in pupils:
        with index.transaction() as tx:
            (years,) = tx.continuity.years_of([mahocsinh])
            found.append(pupil_continuity(mahocsinh, years))
            _note_records(tx, found[-1])
    for number, each in enumerate(found):
        if session.json:
            session.emit(each.as_json(session.language))
        else:
            if number:
                session.write()
            _show_pupil(each, session)
    sound = all(each.records and each.in_order for each in found)
    return ExitCode.PASSED if sound else ExitCode.FAILED


def _note_records(tx: "Transaction", pupil: "PupilContinuity") -> None:
    """Every access to a record is noted, the operator's as well."""
    from hocba.index.rows import NewAuditEvent

    at = datetime.now(UTC)
    tx.audit.extend(
        NewAuditEvent(
            at=at,
            actor=ACTOR,
            action="continuity.read",
            madinhdanhhocba=each.madinhdanhhocba,
            masogd=each.masogd,
        )
        for each in pupil.records
    )


def _show_pupil(pupil: "PupilContinuity", session: Session) -> None:
    if not pupil.records:
        session.say("continuity.unknown", mahocsinh=visible(pupil.mahocsinh))
        return
    newest = max(pupil.records, key=lambda each: each.namhoc)
    count = len(pupil.records)
    name = visible(newest.hovaten)
    session.say("continuity.pupil", name=name, mahocsinh=pupil.mahocsinh, count=count)
    if not pupil.findings:
        session.say("continuity.in_order")
    for each in pupil.findings:
        _show_finding(each.record.namhoc, each.finding, session)


def _show_finding(namhoc: str, finding: "Finding", session: Session) -> None:
    weight = session.text(f"continuity.severity.{finding.severity.value}")
    message = visible(finding.message(session.language))
    line = session.text(
        "continuity.finding", year=namhoc, weight=weight, code=finding.code, message=message
    )
    session.write(session.paint(line, _TONES[finding.severity]))


def _of_school(index: "Index", matruong: str, year: str | None, session: Session) -> ExitCode:
    from hocba.index.rows import NewAuditEvent
    from hocba.quality.scope import QualityRefused
    from schemas.findings import finding

    with index.transaction() as tx:
        schools = tx.schools.find(matruong=matruong)
        if not schools:
            raise QualityRefused(finding("HB-I162", school=matruong))
        tx.audit.extend(
            NewAuditEvent(
                at=datetime.now(UTC),
                actor=ACTOR,
                action="continuity.listed",
                masogd=each.masogd,
                detail=(("matruong", matruong),),
            )
            for each in schools
        )
    count = 0
    for school in schools:
        for row in _rows(index, school, year):
            count += 1
            _show_row(row, session)
    if not session.json:
        session.say("continuity.listed" if count else "continuity.none_listed", count=count)
    return ExitCode.FAILED if count else ExitCode.PASSED


def _rows(index: "Index", school: "FoundSchool", year: str | None) -> Iterator["ContinuityRow"]:
    after: str | None = None
    while True:
        with index.reading() as tx:
            page = tx.continuity.page(
                masogd=school.masogd, matruong=school.matruong, namhoc=year, after=after
            )
        yield from page.rows
        if page.next is None:
            return
        after = page.next


def _show_row(row: "ContinuityRow", session: Session) -> None:
    if session.json:
        session.emit(
            {
                "mahocsinh": row.mahocsinh,
                "namhoc": row.namhoc,
                "matruong": row.matruong,
                "madinhdanhhocba": row.madinhdanhhocba,
                "code": row.finding.code,
                "severity": row.finding.severity.value,
                "message": row.finding.message(session.language),
                "parameters": dict(row.finding.parameters),
            }
        )
        return
    session.write(session.paint(visible(row.mahocsinh), Tone.STRONG))
    _show_finding(row.namhoc, row.finding, session)
