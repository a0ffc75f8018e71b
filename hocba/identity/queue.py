"""The queue of mismatches: worked through by a province, one by one, each with who and why."""

from collections.abc import Iterator
from datetime import datetime

from hocba.identity.checking import mismatch_event
from hocba.identity.errors import ResolutionRefused
from hocba.identity.model import MismatchState
from hocba.index.identity_rows import Mismatch
from hocba.index.index import Index, Transaction
from hocba.requests import checked_name, checked_text
from schemas.findings import finding

RESOLUTIONS = (MismatchState.EXPLAINED, MismatchState.CORRECTED, MismatchState.REJECTED)

_PAGE = 500


def resolve_mismatch(
    tx: Transaction,
    number: int,
    state: MismatchState,
    *,
    reason: str,
    by: str,
    at: datetime,
    actor: str,
) -> Mismatch:
    """The mismatch as it is closed now; raises `ResolutionRefused`, or what the words lack."""
    if state not in RESOLUTIONS:
        raise ValueError(f"{state} closes nothing")
    entry = found_mismatch(tx, number)
    reason, by = checked_text(reason), checked_name(by)
    if not tx.identities.resolve(number, state, by=by, at=at, reason=reason):
        raise ResolutionRefused(finding("HB-I201", number=number, state=entry.state.value))
    resolved = found_mismatch(tx, number)
    tx.audit.append(mismatch_event(f"identity.mismatch.{state.value}", actor, at, resolved))
    return resolved


def found_mismatch(tx: Transaction, number: int) -> Mismatch:
    """The mismatch of this number; raises `ResolutionRefused` where there is none."""
    entry = tx.identities.find(number)
    if entry is None:
        raise ResolutionRefused(finding("HB-I200", number=number))
    return entry


def all_mismatches(
    index: Index,
    *,
    masogd: str | None = None,
    matruong: str | None = None,
    state: MismatchState | None = None,
) -> Iterator[Mismatch]:
    """Every mismatch of a selection, read page by page."""
    after: str | None = None
    while True:
        with index.reading() as tx:
            page = tx.identities.page(
                masogd=masogd, matruong=matruong, state=state, after=after, limit=_PAGE
            )
        yield from page.rows
        if page.next is None:
            return
        after = page.next
