"""Every time that a document left the repository: to whom, when, which version.

Each issue of an electronic version or extract must be logged, checkable and traceable. The audit
trail has them all; here they are read out of it.
"""

from dataclasses import dataclass
from datetime import datetime

from hocba.index.index import Transaction
from hocba.index.rows import AuditEvent, Page

ISSUES = ("document.read", "version.exported", "version.transferred", "version.handed_out")
"""Actions by which the bytes of a document are given out.

Read, exported, packed for a pupil who moves, handed out in that package.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One issue of one document; `actor` is a token's public name or the command line."""

    at: datetime
    actor: str
    action: str
    madinhdanhhocba: str
    phienban: int | None
    detail: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, object]:
        """One of `/v1/records/{id}/issues`."""
        return {
            "at": self.at.isoformat(),
            "actor": self.actor,
            "action": self.action,
            "madinhdanhhocba": self.madinhdanhhocba,
            "phienban": self.phienban,
            "detail": dict(self.detail),
        }


def issues_of_record(
    tx: Transaction, madinhdanhhocba: str, *, after: str | None = None, limit: int = 100
) -> Page[Issue]:
    """The issues of a record's documents, oldest first."""
    page = tx.audit.events(
        madinhdanhhocba=madinhdanhhocba, actions=ISSUES, after=after, limit=limit
    )
    return page.map(_issue)


def all_issues(tx: Transaction, madinhdanhhocba: str) -> tuple[Issue, ...]:
    """Every issue of a record's documents."""
    found: list[Issue] = []
    after: str | None = None
    while True:
        page = issues_of_record(tx, madinhdanhhocba, after=after, limit=1000)
        found.extend(page.rows)
        after = page.next
        if after is None:
            return tuple(found)


def _issue(event: AuditEvent) -> Issue:
    return Issue(
        at=event.at,
        actor=event.actor,
        action=event.action,
        madinhdanhhocba=event.madinhdanhhocba or "",
        phienban=event.phienban,
        detail=event.detail,
    )
