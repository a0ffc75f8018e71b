"""`hocba request`: reason and approval of what changes a record."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exit_code import ExitCode
from cli.parameters import Home, one_of, session_of
from cli.session import Session, visible
from schemas.findings import term

if TYPE_CHECKING:
    from pathlib import Path

    from hocba.index.rows import Request

ACTOR = "cli"


class Kind(StrEnum):
    """What may be asked for; the names are those of `hocba.model.lifecycle.Step`."""

    CORRECTION = "correction"
    RECALL = "recall"
    REVERSAL = "reversal"


class Why(StrEnum):
    """Reasons; the names are those of `hocba.model.lifecycle.Reason`."""

    ENTRY_ERROR = "entry-error"
    REASSESSMENT = "reassessment"
    PERSONAL_DATA = "personal-data"
    WRONG_RECORD = "wrong-record"
    AUTHORITY = "authority"
    RECALLED_IN_ERROR = "recalled-in-error"
    OTHER = "other"


_KINDS = {each.value: each for each in Kind}
_REASONS = {each.value: each for each in Why}

Record = Annotated[str, typer.Argument(metavar="MADINHDANHHOCBA")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1)]
KindName = Annotated[Kind, typer.Option("--kind", metavar="KIND", parser=one_of("--kind", _KINDS))]
Reason = Annotated[
    Why, typer.Option("--reason", metavar="CODE", parser=one_of("--reason", _REASONS))
]
Words = Annotated[str, typer.Option("--text", metavar="TEXT")]
By = Annotated[str, typer.Option("--by", metavar="NAME")]


def open_(
    context: typer.Context,
    record: Record,
    home: Home,
    kind: KindName,
    reason: Reason,
    text: Words,
    by: By,
) -> ExitCode:
    """Ask for a change of *record*."""
    from hocba import home as homes
    from hocba import requests
    from hocba.model import lifecycle

    session = session_of(context)
    with homes.Home.open(home).open_index() as index, index.transaction() as tx:
        request = requests.open_request(
            tx,
            record,
            lifecycle.Step(kind.value),
            reason=lifecycle.Reason(reason.value),
            text=text,
            by=by,
            at=datetime.now(UTC),
            actor=ACTOR,
        )
    return _answer(request, session)


def approve(context: typer.Context, record: Record, number: Number, home: Home, by: By) -> ExitCode:
    """Approve the request *number* of *record*."""
    return _decide(context, record, number, home, by, "approved")


def decline(context: typer.Context, record: Record, number: Number, home: Home, by: By) -> ExitCode:
    """Decline the request *number* of *record*."""
    return _decide(context, record, number, home, by, "declined")


def show_all(context: typer.Context, record: Record, home: Home) -> ExitCode:
    """List the requests about *record*."""
    from hocba import home as homes
    from hocba.index.rows import NewAuditEvent

    session = session_of(context)
    with homes.Home.open(home).open_index() as index, index.transaction() as tx:
        found = tx.requests.of_record(record)
        tx.audit.append(
            NewAuditEvent(
                at=datetime.now(UTC),
                actor=ACTOR,
                action="record.requests.read",
                madinhdanhhocba=record,
            )
        )
    if session.json:
        for each in found:
            session.emit(each.as_json())
    elif not found:
        session.say("request.none")
    else:
        show_requests(found, session)
    return ExitCode.PASSED


def show_requests(requests: "tuple[Request, ...]", session: Session) -> None:
    """Write requests, two lines for each that is decided."""
    for each in requests:
        session.say(
            "request.line",
            number=each.number,
            kind=term("step", each.kind.value, session.language),
            state=term("request_state", each.state, session.language),
            reason=term("request_reason", each.reason.value, session.language),
            text=visible(each.text),
            by=visible(each.requested_by),
            at=session.moment(each.requested_at),
        )
        if each.decision is not None and each.decided_at is not None:
            session.say(
                f"request.{each.decision.value}",
                by=visible(each.decided_by or ""),
                at=session.moment(each.decided_at),
            )
        if each.phienban is not None:
            session.say("request.fulfilled", phienban=each.phienban)


def _decide(
    context: typer.Context, record: str, number: int, home: "Path", by: str, decision: str
) -> ExitCode:
    from hocba import home as homes
    from hocba import requests
    from hocba.index.rows import RequestDecision

    session = session_of(context)
    with homes.Home.open(home).open_index() as index, index.transaction() as tx:
        request = requests.decide_request(
            tx,
            record,
            number,
            RequestDecision(decision),
            by=by,
            at=datetime.now(UTC),
            actor=ACTOR,
        )
    return _answer(request, session)


def _answer(request: "Request", session: Session) -> ExitCode:
    if session.json:
        session.emit(request.as_json())
    else:
        show_requests((request,), session)
    return ExitCode.PASSED
