"""Parameters of the routes of the roster."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Path, Query

from hocba.index.roster_rows import RosterScope
from hocba.roster.plan import EARLIEST, LATEST
from hocba.web.problems import Problem, ProblemType

_CODE = r"^[A-Za-z0-9_-]{1,64}$"

School = Annotated[str, Path(pattern=_CODE, description="Mã trường.")]
Role = Annotated[str | None, Query(pattern=_CODE, description="Only this role.")]
On = Annotated[date | None, Query(description="The day; today in Việt Nam if left out.")]
KnownAt = Annotated[
    str | None,
    Query(
        max_length=40,
        description="As it was known at this time (ISO 8601 with a zone); now if left out.",
    ),
]
Within = Annotated[int, Query(ge=1, le=3660, description="Days.")]
Text = Annotated[str, Query(min_length=1, max_length=1000, description="Why; it is noted.")]
Scope = Annotated[RosterScope, Query(description="What the file is complete for.")]
Effective = Annotated[
    date | None,
    Query(description="From this day on, who is missing has left; today if left out."),
]
Confirm = Annotated[
    bool,
    Query(description="Import it though it ends unusually much, or ends mandates before today."),
]
DryRun = Annotated[bool, Query(description="Only say what would change.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a sender of a roster asks for."""

    reason: str
    scope: RosterScope
    effective: date | None
    confirm: bool
    dry_run: bool


async def _wish(
    reason: Text,
    scope: Scope = RosterScope.PROVINCE,
    effective: Effective = None,
    *,
    confirm: Confirm = False,
    dry_run: DryRun = False,
) -> Wish:
    if effective is not None and not EARLIEST <= effective <= LATEST:
        raise Problem(ProblemType.INVALID_REQUEST, members={"names": "effective", "errors": []})
    return Wish(reason=reason, scope=scope, effective=effective, confirm=confirm, dry_run=dry_run)


WishDependency = Annotated[Wish, Depends(_wish)]


def moment_of(text: str | None) -> datetime | None:
    """A time with its zone, of this century: others fit no column."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 2000 < moment.year < 2200:
        raise Problem(ProblemType.INVALID_REQUEST, members={"names": "known_at", "errors": []})
    return moment
