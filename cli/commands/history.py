"""`hocba history`: one pupil's timeline."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exit_code import ExitCode
from cli.parameters import Home, session_of
from cli.session import Session, visible

if TYPE_CHECKING:
    from hocba.index.rows import RecordHistory, Timeline

Pupil = Annotated[str, typer.Argument(metavar="MAHOCSINH")]


def history(context: typer.Context, mahocsinh: Pupil, home: Home) -> ExitCode:
    """Show all records of the pupil *mahocsinh*."""
    from hocba import home as homes
    from hocba.index.rows import NewAuditEvent

    session = session_of(context)
    opened = homes.Home.open(home)
    with opened.open_index() as index, index.transaction() as tx:
        timeline = tx.records.timeline(mahocsinh)
        # Every access to a record is noted, the operator's as well.
        tx.audit.extend(
            NewAuditEvent(
                at=datetime.now(UTC),
                actor="cli",
                action="timeline.read",
                madinhdanhhocba=each.record.madinhdanhhocba,
                masogd=each.record.masogd,
            )
            for each in timeline.records
        )
    if session.json:
        session.emit(timeline.as_json())
    else:
        show_timeline(timeline, session)
    return ExitCode.PASSED if timeline.records else ExitCode.FAILED


def show_timeline(timeline: "Timeline", session: Session) -> None:
    """Write a timeline as a table, one line for each record."""
    if not timeline.records:
        session.say("history.unknown", mahocsinh=timeline.mahocsinh)
        return
    newest = timeline.records[-1].record
    session.say("history.pupil", name=visible(newest.hovaten), mahocsinh=timeline.mahocsinh)
    headings = ("year", "grade", "class", "school", "result", "version", "status")
    rows = [[session.text(f"history.heading.{each}") for each in headings]]
    rows += [_row(each, session) for each in timeline.records]
    session.table(rows, indent=2)
    for each in timeline.records:
        if len(each.versions) > 1:
            session.write()
            session.say("history.versions", namhoc=each.record.namhoc)
            for version in each.versions:
                session.say(
                    "history.version",
                    phienban=version.phienban,
                    event=session.text(f"history.event.{version.event.value}"),
                    accepted_at=session.moment(version.accepted_at),
                    sha256=version.sha256[:16],
                )


def _row(history_of: "RecordHistory", session: Session) -> list[str]:
    record = history_of.record
    return [
        record.namhoc,
        record.makhoi.lstrip("0"),
        record.tenlop,
        record.tentruong,
        record.ketqua or "–",
        str(record.phienban),
        session.text(f"history.status.{record.status.value}"),
    ]
