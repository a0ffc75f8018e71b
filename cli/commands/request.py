"""`hocba request`: reason and approval of what changes a record."""

from datetime import UTC, datetime
from enum import StrEnum
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.parameters import Home, one_of, session_of, whole_number
from cli.session import Session, visible
from schemas.findings import term

if TYPE_CHECKING:
    from hocba.index.rows import Request

ACTOR = "cli"


class Kind(StrEnum):
    """What may be asked for; the names are those of `hocba.model.lifecycle.Step`."""

    CORRECTION = "correction"
    RECALL = "recall"
    REVERSAL = "reversal"
    EXTRACT = "extract"
    ORIGINAL = "original"


class Why(StrEnum):
    """Reasons; the names are those of `hocba.model.lifecycle.Reason`."""

    ENTRY_ERROR = "entry-error"
    REASSESSMENT = "reassessment"
    PERSONAL_DATA = "personal-data"
    WRONG_RECORD = "wrong-record"
    AUTHORITY = "authority"
    RECALLED_IN_ERROR = "recalled-in-error"
    PAPER_RECORD = "paper-record"
    ORIGINAL_FOUND = "original-found"
    OTHER = "other"


_KINDS = {each.value: each for each in Kind}
_REASONS = {each.value: each for each in Why}

Record = Annotated[str, typer.Argument(metavar="MADINHDANHHOCBA")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", parser=whole_number("NUMBER", 1))]
KindName = Annotated[Kind, typer.Option("--kind", metavar="KIND", parser=one_of("--kind", _KINDS))]
Reason = Annotated[
    Why, typer.Option("--reason", metavar="CODE", parser=one_of("--reason", _REASONS))
]
Words = Annotated[str, typer.Option("--text", metavar="TEXT")]
By = Annotated[str, typer.Option("--by", metavar="NAME")]
Scan = Annotated[Path | None, typer.Option("--scan", metavar="FILE")]
ConfirmedBy = Annotated[str | None, typer.Option("--confirmed-by", metavar="NAME")]


def open_(
    context: typer.Context,
    record: Record,
    home: Home,
    kind: KindName,
    reason: Reason,
    text: Words,
    by: By,
    *,
    scan: Scan = None,
    confirmed_by: ConfirmedBy = None,
) -> ExitCode:
    """Ask for a change of *record*, or with *scan* to make it from paper."""
    from hocba import home as homes
    from hocba import requests
    from hocba.model import lifecycle

    session = session_of(context)
    opened = homes.Home.open(home)
    paper = None
    if scan is not None or confirmed_by is not None:
        paper = requests.Paper(
            scan_sha256=_digest(scan),
            confirmed_by=confirmed_by or "",
            masogd=opened.configuration.masogd,
        )
    with opened.open_index() as index, index.transaction() as tx:
        request = requests.open_request(
            tx,
            record,
            lifecycle.Step(kind.value),
            reason=lifecycle.Reason(reason.value),
            text=text,
            by=by,
            at=datetime.now(UTC),
            actor=ACTOR,
            paper=paper,
        )
    return _answer(request, session)


def approve(context: typer.Context, record: Record, number: Number, home: Home, by: By) -> ExitCode:
    """Approve the request *number* of *record*."""
    return _decide(context, record, number, home, by, "approved")


def decline(context: typer.Context, record: Record, number: Number, home: Home, by: By) -> ExitCode:
    """Decline the request *number* of *record*."""
    return _decide(context, record, number, home, by, "declined")


def withdraw(
    context: typer.Context, record: Record, number: Number, home: Home, text: Words, by: By
) -> ExitCode:
    """Withdraw the request *number* of *record*, which waits or is approved."""
    from hocba import home as homes
    from hocba import requests

    session = session_of(context)
    with homes.Home.open(home).open_index() as index, index.transaction() as tx:
        request = requests.withdraw_request(
            tx, record, number, text=text, by=by, at=datetime.now(UTC), actor=ACTOR
        )
    return _answer(request, session)


def show_all(context: typer.Context, record: Record, home: Home) -> ExitCode:
    """List the requests about *record*."""
    from hocba import home as homes
    from hocba.index.rows import NewAuditEvent

    session = session_of(context)
    with homes.Home.open(home).open_index() as index, index.transaction() as tx:
        found = tx.requests.of_record(record)
        is_known = bool(found or tx.records.current([record]))
        tx.audit.append(
            NewAuditEvent(
                at=datetime.now(UTC),
                actor=ACTOR,
                action="record.requests.read",
                madinhdanhhocba=record,
            )
        )
    if not is_known:
        raise Misuse("misuse.no_record", record=record)
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
        if each.scan_sha256 is not None:
            session.say(
                "request.paper",
                sha256=each.scan_sha256[:16],
                by=visible(each.confirmed_by or ""),
            )
        if each.withdrawn_at is not None:
            session.say(
                "request.withdrawn",
                by=visible(each.withdrawn_by or ""),
                at=session.moment(each.withdrawn_at),
                text=visible(each.withdrawn_text or ""),
            )
        if each.phienban is not None:
            session.say("request.fulfilled", phienban=each.phienban)


def _digest(scan: Path | None) -> str:
    """The SHA-256 of the scanned paper, "" where there is none."""
    if scan is None:
        return ""
    with scan.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _decide(
    context: typer.Context, record: str, number: int, home: Path, by: str, decision: str
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
