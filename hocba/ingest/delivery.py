"""What figures of quality need to know of how a document came in."""

import re
from dataclasses import replace
from datetime import date, datetime

from hocba.index.rows import Record
from hocba.index.schools import School
from hocba.model.examination import AcceptedDocument, Examination
from hocba.model.record import RecordReference, Transcript
from schemas.findings import Finding, Severity
from schemas.vietnam import VIETNAM_TIME

_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_SCHOOL_YEAR = re.compile(r"[0-9]{4}-[0-9]{4}\Z")
_COMMUNE = re.compile(r"[0-9]{5}\Z")


def delivered(
    record: Record, document: AcceptedDocument, at: datetime, before: Record | None
) -> Record:
    """*record* with what was found in this version, and how long the first one took to come.

    *before* is the record as it was, None where this version is the first. A record made from
    paper took no time: its day of issue is that of the extract, years after the year it is of.
    """
    examination = document.examination
    days = None
    if before is not None:
        days = before.days_to_arrive
    elif not record.trichluc:
        days = _days(record.ngaykyphathanh, at)
    return replace(
        record,
        warnings=_warnings(examination.schema.findings),
        signature_warnings=_warnings(_signature_findings(examination)),
        days_to_arrive=days,
        accepted_at=at,
    )


def school_of(transcript: Transcript) -> School:
    """The school as a record names it."""
    commune = transcript.maxa or ""
    return School(
        masogd=transcript.masogd,
        matruong=transcript.reference.matruong,
        tentruong=transcript.tentruong,
        maxa=commune if _COMMUNE.match(commune) else None,
        namhoc=transcript.reference.namhoc,
    )


def claimed_school(
    claim: RecordReference | None, masogd: str | None
) -> tuple[str, str, str] | None:
    """Province, school year and school that a refused document claims; None where it cannot be.

    *masogd* is the province that may send at all: what it sends is its own, whatever stands in it.
    """
    if claim is None or not _CODE.match(claim.matruong) or not _SCHOOL_YEAR.match(claim.namhoc):
        return None
    province = masogd or claim.masogd
    return (province, claim.namhoc, claim.matruong) if _CODE.match(province) else None


def _days(issued: date | None, at: datetime) -> int | None:
    """Days from the issue to *at*, by the calendar of Việt Nam; none where it is to come yet."""
    if issued is None:
        return None
    return max((at.astimezone(VIETNAM_TIME).date() - issued).days, 0)


def _signature_findings(examination: Examination) -> tuple[Finding, ...]:
    signatures = examination.signatures
    if signatures is None:
        return ()
    each = tuple(f for one in signatures.signatures for f in one.verdict.findings)
    return each + signatures.record.findings


def _warnings(findings: tuple[Finding, ...]) -> int:
    return sum(1 for each in findings if each.severity is Severity.WARNING)
