"""`hocba ingest`: takes a batch in, without a server."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exit_code import ExitCode, exit_code_of
from cli.parameters import Home, Jobs, ReportFile, SummaryFile, session_of
from cli.session import Session

if TYPE_CHECKING:
    from cli.reports import Reports
    from hocba.index.index import Index
    from hocba.index.rows import Batch
    from hocba.ingest.pipeline import Ingest

SENDER = "cli"
"""Who sent the batch, in the audit trail: whoever may run commands on the operator's machine."""

Source = Annotated[Path, typer.Argument(metavar="PATH")]
Province = Annotated[str | None, typer.Option("--masogd", metavar="MASOGD")]


def ingest(
    context: typer.Context,
    path: Source,
    home: Home,
    masogd: Province = None,
    jobs: Jobs = None,
    report: ReportFile = None,
    summary: SummaryFile = None,
) -> ExitCode:
    """Take the batch at *path* into the repository."""
    from cli.reports import reports
    from hocba import home as homes

    session = session_of(context)
    opened = homes.Home.open(home)
    with opened.open_index() as index:
        taking = with_jobs(opened.ingest(index, opened.open_store()), jobs)
        with reports(report, summary, session) as written:
            batch = take_in(taking, path, masogd or opened.configuration.masogd, session)
            if written.wanted:
                _fill(written, index, batch)
        if session.json:
            session.emit(batch.as_json())
        else:
            show_batch(index, batch, session)
        return _exit_code(batch)


def with_jobs(taking: "Ingest", jobs: int | None) -> "Ingest":
    """The same with as many processes as were asked for."""
    if jobs is None:
        return taking
    workers = replace(taking.options.workers, processes=jobs)
    return replace(taking, options=replace(taking.options, workers=workers))


def take_in(taking: "Ingest", path: Path, masogd: str | None, session: Session) -> "Batch":
    """Take the batch in, with a progress bar; stopped, it says how to go on."""
    from cli.progress import progress

    try:
        with progress(session, "ingest.progress") as advance:
            return taking.take_in(
                path,
                sender=SENDER,
                masogd=masogd,
                progress=lambda now: advance(now.counts.total, now.expected),
            )
    except KeyboardInterrupt:
        session.note("ingest.stopped")
        raise


def show_batch(index: "Index", batch: "Batch", session: Session) -> None:
    """Write what became of a batch: every document that was not taken in, then the counts."""
    from cli.result import result_of_item
    from cli.summary import Summary
    from hocba.ingest.report import batch_items
    from hocba.model.outcome import Outcome

    summary = Summary()
    for item in batch_items(index, batch.id):
        result = result_of_item(item)
        summary.add(result)
        if item.outcome not in {Outcome.ACCEPTED, Outcome.DUPLICATE}:
            summary.show_document(result, session)
    summary.show(session)
    session.write()
    if batch.ignored:
        names = ", ".join(batch.ignored_names[:3])
        session.say("ingest.ignored", count=batch.ignored, names=names)
    session.say(f"ingest.state.{batch.state.value}", batch=batch.id)
    if batch.failure is not None:
        session.write(f"{batch.failure.code}: {batch.failure.message(session.language)}")


def _fill(written: "Reports", index: "Index", batch: "Batch") -> None:
    from hocba.ingest.report import batch_items, reported

    for item in batch_items(index, batch.id):
        written.add_document(reported(item))


def _exit_code(batch: "Batch") -> ExitCode:
    from hocba.index.rows import BatchState
    from hocba.model.outcome import Outcome

    if batch.state is BatchState.FAILED:
        return ExitCode.UNUSABLE
    counts = {
        Outcome.ACCEPTED: batch.counts.accepted,
        Outcome.DUPLICATE: batch.counts.duplicate,
        Outcome.REJECTED: batch.counts.rejected,
        Outcome.UNREADABLE: batch.counts.unreadable,
        Outcome.DEFERRED: batch.counts.deferred,
    }
    code = exit_code_of(counts) if batch.counts.total else ExitCode.PASSED
    paused = batch.state is not BatchState.DONE
    return ExitCode.INDETERMINATE if paused and code is ExitCode.PASSED else code
