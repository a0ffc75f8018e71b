"""Reason and approval of what changes a record: asked for by one, decided by another.

The document has no place for either, so they are kept beside it. A version that comes in fulfils
the approved request of its kind; each step is an event of the audit trail, without the words of
the reason. A record made from paper (trích lục) is asked for before it is there, with the digest
of the scan and the name of whoever compared both.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from hocba.errors import LifecycleRefused
from hocba.index.index import Transaction
from hocba.index.rows import NewAuditEvent, Record, Request, RequestDecision
from hocba.model.lifecycle import Reason, Standing, Step, possible_steps, standing_of
from schemas.findings import finding

MAX_TEXT = 1000
MAX_NAME = 200
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


class RequestRefused(LifecycleRefused):
    """Nothing was noted: the request does not fit, or may not be decided like this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What a record is to be made from: the scan by its SHA-256, and who compared it.

    `masogd` is the province that the record will be of, where it is not there yet.
    """

    scan_sha256: str
    confirmed_by: str
    masogd: str | None = None


def open_request(  # noqa: PLR0913 -- what a request says, and who says it when
    tx: Transaction,
    madinhdanhhocba: str,
    kind: Step,
    *,
    reason: Reason,
    text: str,
    by: str,
    at: datetime,
    actor: str,
    paper: Paper | None = None,
) -> Request:
    """A new request, waiting for a decision; raises `RequestRefused`.

    One for an extract, and no other, names its *paper*.
    """
    record = _found(tx, madinhdanhhocba)
    paper = _checked_paper(kind, paper)
    if record is None and not (paper and _IDENTIFIER.match(madinhdanhhocba)):
        raise RequestRefused(finding("HB-I060"))
    standing = standing_of(record.status) if record else Standing.ABSENT
    if kind not in possible_steps(standing, trichluc=record.trichluc if record else None):
        status = record.status.value if record else "0"
        raise RequestRefused(finding("HB-I054", kind=kind.value, status=status))
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
        masogd=record.masogd if record else paper.masogd if paper else None,
        scan_sha256=paper.scan_sha256 if paper else None,
        confirmed_by=paper.confirmed_by if paper else None,
    )
    tx.requests.add(request)
    _note(tx, request, "request.opened", at, actor)
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
    request = _found_request(tx, madinhdanhhocba, number)
    if request.decision is not None or request.withdrawn_at is not None:
        raise RequestRefused(finding("HB-I057", number=number))
    if checked_name(by).casefold() == request.requested_by.casefold():
        raise RequestRefused(finding("HB-I058", number=number))
    tx.requests.decide(madinhdanhhocba, number, decision, by=checked_name(by), at=at)
    decided = _find(tx, madinhdanhhocba, number)
    if decided is None or decided.decision is not decision:
        raise RequestRefused(finding("HB-I057", number=number))
    _note(tx, decided, f"request.{decision.value}", at, actor)
    return decided


def withdraw_request(
    tx: Transaction,
    madinhdanhhocba: str,
    number: int,
    *,
    text: str,
    by: str,
    at: datetime,
    actor: str,
) -> Request:
    """The request as it is withdrawn now, waiting or approved; raises `RequestRefused`.

    Nothing undoes one that a version has fulfilled: its version is in the record.
    """
    request = _found_request(tx, madinhdanhhocba, number)
    if not request.is_open:
        raise RequestRefused(finding("HB-I119", number=number, state=request.state))
    text, by = checked_text(text), checked_name(by)
    tx.requests.withdraw(madinhdanhhocba, number, by=by, at=at, text=text)
    withdrawn = _find(tx, madinhdanhhocba, number)
    if withdrawn is None or withdrawn.state != "withdrawn":
        raise RequestRefused(finding("HB-I119", number=number, state="fulfilled"))
    _note(tx, withdrawn, "request.withdrawn", at, actor)
    return withdrawn


def _found(tx: Transaction, madinhdanhhocba: str) -> Record | None:
    """The record, which no ingest changes meanwhile; None where it is not there."""
    return tx.records.current([madinhdanhhocba], lock=True).get(madinhdanhhocba)


def _found_request(tx: Transaction, madinhdanhhocba: str, number: int) -> Request:
    """The request, of a record that no ingest changes meanwhile."""
    record = _found(tx, madinhdanhhocba)
    request = _find(tx, madinhdanhhocba, number)
    if request is None:
        raise RequestRefused(finding("HB-I056", number=number) if record else finding("HB-I060"))
    return request


def _checked_paper(kind: Step, paper: Paper | None) -> Paper | None:
    """What an extract is made from; raises `RequestRefused` where that is not said, or too much."""
    if kind is not Step.EXTRACT:
        if paper is not None:
            raise RequestRefused(finding("HB-I117"))
        return None
    if paper is None or not _SHA256.match(paper.scan_sha256):
        raise RequestRefused(finding("HB-I117"))
    return Paper(
        scan_sha256=paper.scan_sha256,
        confirmed_by=checked_name(paper.confirmed_by),
        masogd=paper.masogd,
    )


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


def _note(tx: Transaction, request: Request, action: str, at: datetime, actor: str) -> None:
    scan = (("scan", request.scan_sha256),) if request.scan_sha256 else ()
    tx.audit.append(
        NewAuditEvent(
            at=at,
            actor=actor,
            action=action,
            madinhdanhhocba=request.madinhdanhhocba,
            masogd=request.masogd,
            detail=(
                ("request", str(request.number)),
                ("kind", request.kind.value),
                ("reason", request.reason.value),
                *scan,
            ),
        )
    )
