"""Reason and approval of what changes a record: asked for by one, decided by another.

The document has no place for either, so they are kept beside it. A version that comes in fulfils
the approved request of its kind; each step is an event of the audit trail, without the words of
the reason.
"""

from datetime import datetime

from hocba.errors import LifecycleRefused
from hocba.index.index import Transaction
from hocba.index.rows import NewAuditEvent, Record, Request, RequestDecision
from hocba.model.lifecycle import Reason, Step, possible_steps, standing_of
from schemas.findings import finding

MAX_TEXT = 1000
MAX_NAME = 200


class RequestRefused(LifecycleRefused):
    """Nothing was noted: the request does not fit, or may not be decided like this."""


def open_request(
    tx: Transaction,
    madinhdanhhocba: str,
    kind: Step,
    *,
    reason: Reason,
    text: str,
    by: str,
    at: datetime,
    actor: str,
) -> Request:
    """A new request, waiting for a decision; raises `RequestRefused`."""
    record = _locked(tx, madinhdanhhocba)
    if kind not in possible_steps(standing_of(record.status)):
        raise RequestRefused(finding("HB-I054", kind=kind.value, status=record.status.value))
    for each in tx.requests.of_record(madinhdanhhocba):
        if each.kind is kind and each.is_open:
            raise RequestRefused(finding("HB-I055", kind=kind.value, number=each.number))
    request = Request(
        madinhdanhhocba=madinhdanhhocba,
        number=tx.requests.next_number(madinhdanhhocba),
        kind=kind,
        reason=reason,
        text=checked_text(text),
        requested_by=checked_name(by),
        requested_at=at,
        decision=None,
        decided_by=None,
        decided_at=None,
        phienban=None,
    )
    tx.requests.add(request)
    _note(tx, record, request, "request.opened", at, actor)
    return request


def decide_request(
    tx: Transaction,
    madinhdanhhocba: str,
    number: int,
    decision: RequestDecision,
    *,
    by: str,
    at: datetime,
    actor: str,
) -> Request:
    """The request as it is decided now, by another than who asked; raises `RequestRefused`."""
    record = _locked(tx, madinhdanhhocba)
    request = _find(tx, madinhdanhhocba, number)
    if request is None:
        raise RequestRefused(finding("HB-I056", number=number))
    if request.decision is not None:
        raise RequestRefused(finding("HB-I057", number=number))
    if checked_name(by).casefold() == request.requested_by.casefold():
        raise RequestRefused(finding("HB-I058", number=number))
    tx.requests.decide(madinhdanhhocba, number, decision, by=checked_name(by), at=at)
    decided = _find(tx, madinhdanhhocba, number)
    if decided is None or decided.decision is not decision:
        raise RequestRefused(finding("HB-I057", number=number))
    _note(tx, record, decided, f"request.{decision.value}", at, actor)
    return decided


def _locked(tx: Transaction, madinhdanhhocba: str) -> Record:
    """The record, which no ingest changes meanwhile."""
    record = tx.records.current([madinhdanhhocba], lock=True).get(madinhdanhhocba)
    if record is None:
        raise RequestRefused(finding("HB-I060"))
    return record


def _find(tx: Transaction, madinhdanhhocba: str, number: int) -> Request | None:
    found = (e for e in tx.requests.of_record(madinhdanhhocba) if e.number == number)
    return next(found, None)


def checked_text(text: str) -> str:
    """A reason in words; raises `RequestRefused` for none."""
    text = text.strip()
    if not text or len(text) > MAX_TEXT:
        raise RequestRefused(finding("HB-I059", limit=MAX_TEXT))
    return text


def checked_name(by: str) -> str:
    """Who it is, on one line; raises `RequestRefused` for nobody."""
    name = " ".join(by.split())
    if not name or len(name) > MAX_NAME:
        raise RequestRefused(finding("HB-I061", limit=MAX_NAME))
    return name


def _note(
    tx: Transaction, record: Record, request: Request, action: str, at: datetime, actor: str
) -> None:
    tx.audit.append(
        NewAuditEvent(
            at=at,
            actor=actor,
            action=action,
            madinhdanhhocba=record.madinhdanhhocba,
            masogd=record.masogd,
            detail=(
                ("request", str(request.number)),
                ("kind", request.kind.value),
                ("reason", request.reason.value),
            ),
        )
    )
