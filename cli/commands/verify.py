"""`hocba verify`: documents and their signatures, offline, without a database."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.errors import Misuse
from cli.exit_code import ExitCode, exit_code_of
from cli.parameters import (
    At,
    Jobs,
    Paths,
    ReportFile,
    RosterFile,
    SummaryFile,
    Trust,
    processes,
    session_of,
)
from cli.session import Session

if TYPE_CHECKING:
    from cli.etsi_reports import EtsiReports
    from cli.examining import RuleFiles, Validation
    from cli.journal import Journal
    from signing.rules import ValidationRules

Resume = Annotated[Path | None, typer.Option("--resume", metavar="FILE")]
Algorithms = Annotated[Path | None, typer.Option("--algorithms", metavar="FILE")]
AnyXmlSwitch = Annotated[bool, typer.Option("--any-xml")]
Constraints = Annotated[Path | None, typer.Option("--constraints", metavar="FILE")]
BoundCertificates = Annotated[bool, typer.Option("--bound-certificates")]
EtsiReport = Annotated[Path | None, typer.Option("--etsi-report", metavar="DIR")]


def verify(
    context: typer.Context,
    paths: Paths,
    *,
    trust: Trust = None,
    roster: RosterFile = None,
    at: At = None,
    algorithms: Algorithms = None,
    constraints: Constraints = None,
    etsi_report: EtsiReport = None,
    resume: Resume = None,
    jobs: Jobs = None,
    any_xml: AnyXmlSwitch = False,
    bound_certificates: BoundCertificates = False,
    report: ReportFile = None,
    summary: SummaryFile = None,
) -> ExitCode:
    """Validate every document under *paths*."""
    from cli.examining import Examining, RuleFiles, Validation, expected, open_all
    from cli.reports import reports
    from cli.result import result_of
    from cli.summary import Summary, show_results

    session = session_of(context)
    rules = RuleFiles(algorithms, constraints)
    if any_xml:
        _refuse_for_any_xml(
            {
                "--roster": roster,
                "--etsi-report": etsi_report,
                "--resume": resume,
                "--jobs": jobs,
                "--bound-certificates": bound_certificates or None,
                "--report": report,
                "--summary": summary,
            }
        )
        return _verify_any_xml(paths, trust, rules, at or datetime.now(UTC), session)
    sources = open_all(paths)
    asked = Validation(trust, roster, at or datetime.now(UTC), rules, bound_certificates)
    run = _Run(asked, etsi_report, at_is_given=at is not None)
    with (
        reports(report, summary, session) as written,
        _resumed(resume, run, session) as (validation, journal),
    ):
        examining = Examining(
            validation,
            lambda examination: result_of(examination, session.language),
            jobs=processes(jobs, expected(sources)),
            at=validation.at,
            journal=journal,
            reports=_reports(run, session, goes_on=bool(journal)),
        )
        shown = Summary(said_before=_say_what_is_missing(asked, session))
        counts = show_results(session, examining, sources, shown, written)
    if not session.json:
        session.write()
        session.say("verify.at", at=session.moment(validation.at))
        _say_by_what(asked, session)
    return exit_code_of(counts)


def _refuse_for_any_xml(options: Mapping[str, object]) -> None:
    for option, value in options.items():
        if value is not None:
            raise Misuse("misuse.not_with_any_xml", option=option)


def _verify_any_xml(
    paths: list[Path], trust: Path | None, files: "RuleFiles", at: datetime, session: Session
) -> ExitCode:
    from cli.any_xml import AnyXml, verify_any_xml
    from cli.examining import open_all

    sources = open_all(paths)
    any_xml = AnyXml.prepare(trust, files, at)
    if trust is None:
        session.note("any_xml.no_trust")
    counts = verify_any_xml(any_xml, sources, session)
    if not session.json:
        session.say("verify.at", at=session.moment(at))
        _say_rules(any_xml.rules, session)
    return exit_code_of(counts)


@dataclass(frozen=True, slots=True)
class _Run:
    """What was asked for: everything that a journal belongs to."""

    asked: "Validation"
    etsi_report: Path | None
    at_is_given: bool


def _reports(run: _Run, session: Session, *, goes_on: bool) -> "EtsiReports | None":
    from cli.etsi_reports import EtsiReports

    if run.etsi_report is None:
        return None
    algorithms = run.asked.rules.read().algorithms
    reports = EtsiReports(run.etsi_report, algorithms, session.language)
    reports.begin(goes_on=goes_on)
    return reports


@contextmanager
def _resumed(
    path: Path | None, wanted: _Run, session: Session
) -> Iterator[tuple["Validation", "Journal | None"]]:
    """The validation to go on with, and its journal: a resumed run keeps its time."""
    from dataclasses import replace

    from cli.journal import Journal

    asked = wanted.asked
    if path is None:
        yield asked, None
        return
    folder = wanted.etsi_report
    run = _run(asked, session) | {
        "at": asked.at.isoformat(),
        "etsi-report": "" if folder is None else str(folder.absolute()),
    }
    journal, begun = Journal.open(path, run, adopted=() if wanted.at_is_given else ("at",))
    try:
        if len(journal):
            session.note("verify.resumed", count=len(journal), file=path)
        yield replace(asked, at=datetime.fromisoformat(begun["at"])), journal
    finally:
        journal.close()


def _run(asked: "Validation", session: Session) -> dict[str, str]:
    """Everything but the time that a result depends on."""
    from importlib.metadata import version

    from cli.definitions import load_definitions
    from signing.certificates.trust import read_trust_store

    rules = asked.rules.read()
    roster = ""
    if asked.roster is not None:
        with asked.roster.open("rb") as file:
            roster = file_digest(file, "sha256").hexdigest()
    return {
        "version": version("hocba"),
        "definitions": ", ".join(each.reference for each in load_definitions()),
        "algorithms": rules.algorithms.sha256,
        "constraints": rules.constraints.sha256,
        "language": session.language.value,
        "trust": "" if asked.trust is None else read_trust_store(asked.trust).digest,
        "roster": roster,
        "bound-certificates": str(asked.bound_certificates),
    }


def _say_by_what(asked: "Validation", session: Session) -> None:
    """Name what the verdicts above rest on, so that nobody takes them for verdicts by another."""
    _say_rules(asked.rules.read(), session)


def _say_rules(rules: "ValidationRules", session: Session) -> None:
    from importlib.metadata import version

    session.say(
        "verify.rules",
        engine=f"hocba {version('hocba')}",
        algorithms=rules.algorithms.reference,
        constraints=rules.constraints.reference,
    )


def _say_what_is_missing(asked: "Validation", session: Session) -> frozenset[str]:
    """Say once what leaves every document indeterminate; the codes that say it again."""
    codes = set()
    if asked.trust is None:
        session.note("verify.no_trust")
        codes.add("HB-S040")
    if asked.roster is None:
        session.note("verify.no_roster")
        codes.add("HB-S107")
    return frozenset(codes)
