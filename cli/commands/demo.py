"""`hocba demo`: a sample province, taken in, and what to look at next."""

import shutil
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.commands.sample import MOST_RECORDS
from cli.commands.token import Kind, issue
from cli.exit_code import ExitCode
from cli.parameters import Home, processes, session_of, whole_number
from cli.session import Session

if TYPE_CHECKING:
    from cli.demonstration import BadFile, Demonstration
    from hocba.index.index import Index
    from hocba.index.rows import Batch, Version

_OUTCOME_WIDTH = 18

ADDRESS = "http://127.0.0.1:8000"
"""Where `hocba serve` opens the pages if nothing else is asked for."""

Records = Annotated[
    int,
    typer.Option(
        "--records", "-n", metavar="N", parser=whole_number("--records", 20, MOST_RECORDS)
    ),
]
Defects = Annotated[
    int | None,
    typer.Option("--defects", metavar="N", parser=whole_number("--defects", 0, MOST_RECORDS)),
]
Seed = Annotated[
    int, typer.Option("--seed", metavar="S", parser=whole_number("--seed", 0, 2**63 - 1))
]


def demo(
    context: typer.Context,
    home: Home,
    records: Records = 600,
    defects: Defects = None,
    seed: Seed = 1,
) -> ExitCode:
    """Make the demonstration in *home*, or show the one that is there."""
    from cli import demonstration

    session = session_of(context)
    shown = demonstration.existing(home)
    is_new = shown is None
    if shown is None:
        wish = demonstration.Wish(records, defects, seed)
        shown = demonstration.make(home, wish, session)
    with shown.home.open_index() as index:
        return _show(shown, index, session, is_new=is_new)


def _show(shown: "Demonstration", index: "Index", session: Session, *, is_new: bool) -> ExitCode:
    with index.reading() as tx:
        batch = tx.batches.find(shown.batch)
        timeline = tx.records.timeline(shown.pupil)
    if batch is None or not timeline.records:
        raise RuntimeError("the demonstration's batch is not in its index")
    newest = timeline.records[-1].versions[-1]
    token = issue(
        index,
        Kind.GUARDIAN,
        label="demo",
        masogd=None,
        pupils=[shown.pupil],
        expires=datetime.now(UTC) + timedelta(days=30),
    ).text
    bad = shown.bad_files(index)
    verified = _audited(shown, session)
    if session.json:
        session.emit(_as_json(shown, batch, bad, verified, token))
        return ExitCode.PASSED
    _show_outcomes(index, batch, bad, session)
    _show_pupil(shown, index, newest, session)
    _show_audit(shown, verified, session)
    _show_next(shown, token, session, is_new=is_new)
    return ExitCode.PASSED


def _show_outcomes(
    index: "Index", batch: "Batch", bad: tuple["BadFile", ...], session: Session
) -> None:
    from cli.summary import finding_line, outcome_words
    from hocba.model.outcome import Outcome

    session.write()
    _heading("demo.heading.batch", session)
    with index.reading() as tx:
        levels = Counter[str]()
        for group in tx.statistics.records():
            levels[group.macaphoc] += group.records
    for code, count in sorted(levels.items()):
        session.write(f"  {session.text(f'demo.level.{code}')}: {count}")
    session.write()
    for outcome in Outcome:
        count = getattr(batch.counts, outcome.value, 0)
        if count:
            session.write(f"  {outcome_words(outcome, session)}: {count}")
    if bad:
        session.write()
        _heading("demo.heading.bad", session)
    for each in bad:
        session.say(
            "demo.bad",
            outcome=outcome_words(each.item.outcome, session, width=_OUTCOME_WIDTH),
            about=each.about[session.language.value],
            file=each.item.file_name,
        )
        if each.reason is not None:
            session.write(f"      {finding_line(each.reason, session)}")


def _show_pupil(
    shown: "Demonstration", index: "Index", newest: "Version", session: Session
) -> None:
    """One pupil's timeline, and the newest receipt, proved."""
    from cli.commands.history import show_timeline
    from hocba.receipts import Receipt, verify_receipt

    session.write()
    _heading("demo.heading.pupil", session)
    with index.reading() as tx:
        show_timeline(tx.records.timeline(shown.pupil), session)
    key = shown.home.receipt_key()
    jws = key.issue(Receipt.of(newest))
    receipt = verify_receipt(jws, key.public_key)
    session.write()
    _heading("demo.heading.receipt", session)
    session.write(f"  {jws[:72]}…")
    session.say(
        "demo.receipt",
        sha256=receipt.sha256,
        at=session.moment(receipt.accepted_at),
        key=key.key_id,
    )


def _audited(shown: "Demonstration", session: Session) -> Counter[Any]:
    """What an auditor finds who has the export and nothing else."""
    from cli.examining import Examining, Validation, expected, open_all
    from cli.progress import progress
    from cli.result import result_of

    session.note("demo.step.verify")
    at = datetime.now(UTC)
    sources = open_all([shown.export / "documents"])
    total = expected(sources)
    examining = Examining(
        Validation(shown.export / "trust", shown.export / "roster.csv", at),
        lambda examination: result_of(examination, session.language),
        jobs=processes(None, total),
        at=at,
    )
    counts: Counter[Any] = Counter()
    with progress(session, "documents.progress") as advance:
        for done, result in enumerate(examining.results(sources), start=1):
            counts[result.outcome] += 1
            advance(done, total)
    return counts


def _show_audit(shown: "Demonstration", verified: Counter[Any], session: Session) -> None:
    from cli.summary import outcome_words

    session.write()
    _heading("demo.heading.audit", session)
    session.write(f"  hocba verify {_relative(shown.export)}/documents …")
    for outcome, count in verified.items():
        session.write(f"  {outcome_words(outcome, session)}: {count}")


def _show_next(shown: "Demonstration", token: str, session: Session, *, is_new: bool) -> None:
    home = _relative(shown.home.path)
    session.write()
    _heading("demo.heading.pages", session)
    session.say("demo.pages", program=_program(), home=home, address=ADDRESS, token=token)
    session.write()
    _heading("demo.heading.next", session)
    session.say(
        "demo.next",
        program=_program(),
        home=home,
        sample=_relative(shown.sample),
        export=_relative(shown.export),
        pupil=shown.pupil,
    )
    if not is_new:
        session.write()
        session.say("demo.again", home=home)


def _heading(key: str, session: Session) -> None:
    from cli.session import Tone

    session.write(session.paint(session.text(key), Tone.STRONG, strong=True))


def _program() -> str:
    """What to type for this program: its name, or the path to it where it is not on the path."""
    own = Path(sys.argv[0]).absolute()
    found = shutil.which("hocba")
    if own.name != "hocba" or (found is not None and Path(found).samefile(own)):
        return "hocba"
    return str(_relative(own))


def _relative(path: Path) -> Path:
    """*path* as one types it here."""
    try:
        return path.absolute().relative_to(Path.cwd())
    except ValueError:
        return path


def _as_json(
    shown: "Demonstration",
    batch: "Batch",
    bad: tuple["BadFile", ...],
    verified: Counter[Any],
    token: str,
) -> dict[str, object]:
    return {
        "home": str(shown.home.path),
        "batch": batch.as_json(),
        "bad": [
            {
                "file": each.item.file_name,
                "outcome": each.item.outcome.value,
                "findings": [found.code for found in each.item.findings],
            }
            for each in bad
        ],
        "pupil": shown.pupil,
        "verified": {outcome.value: count for outcome, count in verified.items()},
        "token": token,
    }
