"""`hocba submit`: a province sends its records to a server."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode, exit_code_of
from cli.parameters import ReportFile, SummaryFile, session_of, whole_number
from cli.session import Session

if TYPE_CHECKING:
    from cli.reports import Reports
    from hocba.submit.submission import Submission, Submitted

TOKEN_VARIABLE = "HOCBA_TOKEN"  # noqa: S105 -- the name of a variable

_MEBIBYTE = 1024 * 1024
_FIRST_PATIENCE = 20.0
_TELL_FROM = 5.0
"""Seconds of silence from which on somebody in front of a terminal is told."""

_MOST_TOKEN = 4096

Source = Annotated[Path, typer.Argument(metavar="PATH")]
Server = Annotated[str, typer.Option("--server", metavar="URL")]
TokenFile = Annotated[Path | None, typer.Option("--token-file", metavar="FILE")]
Receipts = Annotated[Path | None, typer.Option("--receipts", metavar="FILE.jsonl")]
ReceiptKey = Annotated[Path | None, typer.Option("--receipt-key", metavar="FILE.pem")]
Authorities = Annotated[Path | None, typer.Option("--ca", metavar="FILE.pem")]
StateFolder = Annotated[Path | None, typer.Option("--state", metavar="DIR")]
PartSize = Annotated[
    int, typer.Option("--part-size", metavar="MB", parser=whole_number("--part-size", 1, 4096))
]
Patience = Annotated[
    int, typer.Option("--patience", metavar="MINUTES", parser=whole_number("--patience", 0, 10080))
]
NoWait = Annotated[bool, typer.Option("--no-wait")]


def submit(
    context: typer.Context,
    path: Source,
    server: Server,
    *,
    token_file: TokenFile = None,
    receipts: Receipts = None,
    receipt_key: ReceiptKey = None,
    authorities: Authorities = None,
    state: StateFolder = None,
    part_size: PartSize = 256,
    patience: Patience = 30,
    no_wait: NoWait = False,
    report: ReportFile = None,
    summary: SummaryFile = None,
) -> ExitCode:
    """Send the records at *path* to *server*, and bring their receipts back."""
    from dataclasses import replace

    from cli.reports import reports
    from hocba.home import DEFINITIONS
    from hocba.ingest.source import open_source
    from hocba.submit.connection import Connection, connect
    from hocba.submit.connection import Patience as HowLong
    from hocba.submit.packing import PackLimits
    from hocba.submit.sending import SendLimits
    from hocba.submit.state import default_folder, open_state
    from hocba.submit.submission import Submission
    from hocba.submit.uploading import server_limit
    from hocba.submit.watching import nobody
    from schemas.registry import DefinitionRegistry

    session = session_of(context)
    server = server.rstrip("/")
    client = connect(server, _token(token_file), language=session.language, authorities=authorities)
    folder = state or default_folder()
    named = os.environ.get(DEFINITIONS)
    with Connection(server=server, client=client, waiting=_waiting(session)) as connection:
        connection.patience = HowLong(seconds=min(_FIRST_PATIENCE, patience * 60))
        server_limit(connection)  # who is there at all, before anything long begins
        connection.patience = HowLong(seconds=patience * 60)
        source = open_source(path)
        with open_state(folder, server, source.fingerprint()) as kept:
            submission = Submission(
                connection=connection,
                source=source,
                state=kept,
                definitions=DefinitionRegistry.load(Path(named) if named else None),
                folder=folder,
                watcher=nobody,
                limits=replace(SendLimits(), pack=PackLimits(size=part_size * _MEBIBYTE)),
            )
            with _stoppable(session), reports(report, summary, session) as written:
                files = _Files(receipts, receipt_key, written)
                return _submit(submission, files, session, wait=not no_wait)


@dataclass(frozen=True, slots=True)
class _Files:
    """What is written beside the answer, and the key that receipts must be signed with."""

    receipts: Path | None
    receipt_key: Path | None
    reports: "Reports"


def _submit(submission: "Submission", files: _Files, session: Session, *, wait: bool) -> ExitCode:
    from cli.transfer import watched

    with watched(session) as watcher:
        submission.watcher = watcher
        submission.send()
        final, failures = submission.await_outcomes() if wait else (False, ())
    if wait:
        _show_outcomes(submission, files.reports, session)
    with watched(session) as watcher:
        submission.watcher = watcher
        promises = submission.receipts(files.receipts, files.receipt_key) if wait else None
    result = submission.summary(final=final, promises=promises, failures=failures)
    code = _exit_code(result, wait=wait)
    if result.final and not result.promises.faulty:
        submission.state.remove()
    _show(result, files.receipts, session, wait=wait)
    return code


def _show_outcomes(submission: "Submission", written: "Reports", session: Session) -> None:
    """Write every document that was not taken in, then the counts and the groups."""
    from cli.result import Result
    from cli.summary import Summary
    from hocba.model.outcome import Outcome

    summary = Summary()
    for each in submission.outcomes():
        record = {"madinhdanhhocba": each.record, "phienban": each.phienban}
        body = {"file": each.file, "record": record, "signatures": []}
        result = Result(each.sha256, each.outcome, body, each.findings)
        summary.add(result)
        written.add(result)
        if not session.json and each.outcome not in {Outcome.ACCEPTED, Outcome.DUPLICATE}:
            summary.show_document(result, session)
    if not session.json and summary.counts:
        summary.show(session)
        session.write()


def _show(result: "Submitted", receipts: Path | None, session: Session, *, wait: bool) -> None:
    """Write what became of the submission as a whole."""
    faults = result.promises.faults
    if session.json:
        session.emit(
            {
                "documents": result.documents,
                "known": result.known,
                "sent": result.sent,
                "batches": list(result.batches),
                "final": result.final,
                "outcomes": dict(result.outcomes),
                "receipts": result.promises.verified,
                "faulty_receipts": result.promises.faulty,
                "findings": [
                    each.as_json(session.language) for each in (*result.failures, *faults)
                ],
            }
        )
        return
    session.say("submit.counts", documents=result.documents, known=result.known, sent=result.sent)
    for each in result.batches:
        session.say("submit.batch", batch=each)
    for fault in (*result.failures, *faults):
        session.write(f"{fault.code}: {fault.message(session.language)}")
    if not wait:
        session.say("submit.sent")
        return
    session.say("submit.receipts", verified=result.promises.verified)
    if result.promises.faulty:
        session.say("submit.faulty", count=result.promises.faulty)
    if receipts is not None:
        session.say("submit.receipts_file", file=receipts)
    elif result.promises.verified:
        session.say("submit.no_receipts_file")
    if not result.final:
        session.say("submit.later")


def _exit_code(result: "Submitted", *, wait: bool) -> ExitCode:
    from hocba.model.outcome import Outcome

    if not wait:
        return ExitCode.PASSED
    counts = {Outcome(name): count for name, count in result.outcomes.items()}
    code = exit_code_of(counts) if sum(counts.values()) else ExitCode.UNUSABLE
    if result.promises.faulty or (result.final and sum(counts.values()) < result.documents):
        return ExitCode.FAILED if code is not ExitCode.UNUSABLE else code
    if not result.final and code in {ExitCode.PASSED, ExitCode.UNUSABLE}:
        return ExitCode.INDETERMINATE
    return code


def _token(file: Path | None) -> str:
    """The access token, from a file or the environment."""
    if file is None:
        return os.environ.get(TOKEN_VARIABLE, "").strip()
    with file.open("rb") as opened:
        data = opened.read(_MOST_TOKEN + 1)
    try:
        return data.decode("ascii").strip()
    except UnicodeDecodeError:
        raise Misuse("misuse.not_a_token", file=file) from None


def _waiting(session: Session) -> Callable[[float], None]:
    from cli.progress import shown

    def waiting(seconds: float) -> None:
        if seconds >= _TELL_FROM and shown(session):
            session.note("submit.waiting", seconds=round(seconds))

    return waiting


@contextmanager
def _stoppable(session: Session) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        session.note("submit.stopped")
        raise
