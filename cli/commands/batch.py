"""`hocba batch`: the batches of a repository, how far they are, and orders about them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.commands.ingest import SENDER
from cli.errors import Misuse
from cli.exit_code import ExitCode
from cli.parameters import Home, one_of, session_of, whole_number
from cli.session import Session, visible

if TYPE_CHECKING:
    from hocba.index.index import Index, Transaction
    from hocba.index.rows import Batch
    from hocba.ingest.standing import Standing

_STATES = ("received", "running", "paused", "held", "done", "failed", "cancelled")
_SHOWN = 50

Identity = Annotated[str, typer.Argument(metavar="BATCH")]
State = Annotated[
    str | None,
    typer.Option(
        "--state", metavar="STATE", parser=one_of("--state", {each: each for each in _STATES})
    ),
]
Limit = Annotated[
    int, typer.Option("--limit", metavar="N", parser=whole_number("--limit", 1, 1000))
]
Watch = Annotated[bool, typer.Option("--watch")]


def show_all(
    context: typer.Context, home: Home, state: State = None, limit: Limit = _SHOWN
) -> ExitCode:
    """List batches, the newest first."""
    from hocba import home as homes
    from hocba.index.rows import BatchState

    session = session_of(context)
    states = (BatchState(state),) if state else ()
    with homes.Home.open(home).open_index() as index, index.reading() as tx:
        page = tx.batches.page(states=states, limit=limit)
        found = [_standing(tx, each) for each in page.rows]
    if session.json:
        for each in found:
            session.emit(_as_json(each, session))
        return ExitCode.PASSED
    if not found:
        session.say("batch.none")
        return ExitCode.PASSED
    headings = ("batch", "created", "source", "state", "documents", "accepted", "left")
    rows = [[session.text(f"batch.heading.{each}") for each in headings]]
    rows += [_row(each, session) for each in found]
    session.table(rows)
    if page.next is not None:
        session.say("batch.more", count=limit)
    return ExitCode.PASSED


def show(context: typer.Context, batch: Identity, home: Home, watch: Watch = False) -> ExitCode:
    """Show one batch and how far it is."""
    from hocba import home as homes

    session = session_of(context)
    with homes.Home.open(home).open_index() as index:
        if watch:
            _watch(index, batch, session)
        now = _read(index, batch)
        if session.json:
            session.emit(_as_json(now, session))
        else:
            _say(now, session)
    return ExitCode.PASSED


def pause(context: typer.Context, batch: Identity, home: Home) -> ExitCode:
    """Take nothing more in from a batch until it is resumed."""
    return _order(context, batch, home, "pause")


def resume(context: typer.Context, batch: Identity, home: Home) -> ExitCode:
    """Let a batch go on where it stopped."""
    return _order(context, batch, home, "resume")


def cancel(context: typer.Context, batch: Identity, home: Home) -> ExitCode:
    """Give a batch up for good; what was taken in stays."""
    return _order(context, batch, home, "cancel")


def _order(context: typer.Context, batch: str, home: Path, order: str) -> ExitCode:
    from hocba import home as homes
    from hocba.index.batch_states import Order
    from hocba.ingest.orders import give_order

    session = session_of(context)
    with homes.Home.open(home).open_index() as index:
        at = datetime.now(UTC)
        given = give_order(index, batch, Order(order), actor=SENDER, at=at)
        now = _read(index, given.id)
    if session.json:
        session.emit(_as_json(now, session))
    else:
        _say_state(now.batch, session)
    return ExitCode.PASSED


def _watch(index: "Index", batch: str, session: Session) -> None:
    """Show on a terminal how the batch goes until nobody works it any more."""
    import time

    from cli.progress import progress, shown
    from hocba.index.rows import BatchState

    if not shown(session):
        raise Misuse("misuse.watch_needs_terminal")
    working = {BatchState.RECEIVED, BatchState.RUNNING}
    with progress(session, "ingest.progress") as advance:
        while (now := _read(index, batch)).batch.state in working:
            advance(now.batch.counts.total, now.expected)
            time.sleep(1)


def _read(index: "Index", identity: str) -> "Standing":
    from hocba.errors import BatchUnknown
    from schemas.findings import finding

    with index.reading() as tx:
        batch = tx.batches.find(identity)
        if batch is None:
            raise BatchUnknown(finding("HB-I214", batch=identity))
        return _standing(tx, batch)


def _standing(tx: "Transaction", batch: "Batch") -> "Standing":
    from hocba.ingest.standing import expected_documents, standing

    expected = expected_documents(Path(batch.location) if batch.location else None)
    return standing(tx, batch, datetime.now(UTC), expected=expected)


def _say(now: "Standing", session: Session) -> None:
    batch, counts = now.batch, now.batch.counts
    _say_state(batch, session)
    session.say("batch.from", source=visible(batch.source), at=session.moment(batch.created_at))
    session.say(
        "batch.counts",
        total=counts.total,
        expected=session.text("batch.of", expected=now.expected) if now.expected else "",
        accepted=counts.accepted,
        duplicate=counts.duplicate,
        rejected=counts.rejected,
        unreadable=counts.unreadable,
        deferred=counts.deferred,
    )
    if now.rate is not None:
        session.say("batch.rate", rate=f"{now.rate:.0f}", left=_left(now))
    if batch.failure is not None:
        session.write(f"{batch.failure.code}: {batch.failure.message(session.language)}")


def _say_state(batch: "Batch", session: Session) -> None:
    session.say(f"batch.is.{batch.state.value}", batch=batch.id)


def _row(now: "Standing", session: Session) -> list[str]:
    batch = now.batch
    return [
        batch.id,
        session.moment(batch.created_at),
        batch.source,
        session.text(f"batch.state.{batch.state.value}"),
        f"{batch.counts.total}/{now.expected}" if now.expected else str(batch.counts.total),
        str(batch.counts.accepted),
        _left(now),
    ]


def _left(now: "Standing") -> str:
    """About how long the batch will still take, as hours, minutes and seconds."""
    return "–" if now.seconds_left is None else str(timedelta(seconds=now.seconds_left))


def _as_json(now: "Standing", session: Session) -> dict[str, object]:
    batch = now.batch
    failure = batch.failure.as_json(session.language) if batch.failure else None
    return (
        batch.as_json()
        | now.as_json()
        | {
            "created_at": batch.created_at.isoformat(),
            "source": batch.source,
            "failure": failure,
        }
    )
