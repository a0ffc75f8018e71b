"""`hocba check`: schema and rules only, before anything is signed or sent."""

from datetime import UTC, datetime

import typer

from cli.exit_code import ExitCode, exit_code_of
from cli.parameters import Jobs, Paths, ReportFile, SummaryFile, processes, session_of


def check(
    context: typer.Context,
    paths: Paths,
    jobs: Jobs = None,
    report: ReportFile = None,
    summary: SummaryFile = None,
) -> ExitCode:
    """Check every document under *paths* against its definition."""
    from cli.examining import Examining, SchemaCheck, expected, open_all
    from cli.reports import reports
    from cli.result import schema_result_of
    from cli.summary import Summary, show_results

    session = session_of(context)
    sources = open_all(paths)
    at = datetime.now(UTC)
    examining = Examining(
        SchemaCheck(at),
        lambda examination: schema_result_of(examination, session.language),
        jobs=processes(jobs, expected(sources)),
        at=at,
    )
    with reports(report, summary, session) as written:
        shown = Summary(with_warnings=True)
        counts = show_results(session, examining, sources, shown, written)
    if not session.json:
        session.write()
        session.say("check.signatures_not_looked_at")
    return exit_code_of(counts)
