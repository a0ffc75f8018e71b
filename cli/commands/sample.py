"""`hocba sample`: a synthetic province to test with."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exit_code import ExitCode
from cli.parameters import Jobs, one_of, processes, school_year, session_of, whole_number
from cli.session import Session

if TYPE_CHECKING:
    from hocba.sample.province import SampleSummary

MOST_RECORDS = 10_000_000

_LEVELS = {each: each for each in ("tieuhoc", "thcs", "thpt", "gdtx", "mix")}
_STYLES = {each: each for each in ("xades", "vendor", "mix")}

Out = Annotated[Path, typer.Option("--out", "-o", metavar="DIR")]
Records = Annotated[
    int,
    typer.Option("--records", "-n", metavar="N", parser=whole_number("--records", 1, MOST_RECORDS)),
]
LevelName = Annotated[
    str,
    typer.Option(
        "--level", metavar="tieuhoc|thcs|thpt|gdtx|mix", parser=one_of("--level", _LEVELS)
    ),
]
Seed = Annotated[
    int, typer.Option("--seed", metavar="S", parser=whole_number("--seed", 0, 2**63 - 1))
]
Style = Annotated[
    str, typer.Option("--style", metavar="xades|vendor|mix", parser=one_of("--style", _STYLES))
]
Defects = Annotated[
    int, typer.Option("--defects", metavar="N", parser=whole_number("--defects", 0, MOST_RECORDS))
]
Year = Annotated[
    str | None,
    typer.Option("--school-year", metavar="YYYY-YYYY", parser=school_year("--school-year")),
]


def sample(
    context: typer.Context,
    *,
    out: Out,
    records: Records,
    level: LevelName = "mix",
    seed: Seed = 1,
    style: Style = "mix",
    defects: Defects = 0,
    year: Year = None,
    jobs: Jobs = None,
) -> ExitCode:
    """Make the province in *out*."""
    from cli.progress import progress
    from hocba.sample.levels import Level
    from hocba.sample.province import build_province

    session = session_of(context)
    with progress(session, "sample.progress") as advance:
        made = build_province(
            out,
            records=records,
            level=Level(level),
            seed=seed,
            style=style,
            school_year=year,
            defects=defects,
            processes=processes(jobs, None),
            progress=advance,
        )
    if session.json:
        session.emit(_as_json(made))
    else:
        _show(made, session)
    return ExitCode.PASSED


def _as_json(made: "SampleSummary") -> dict[str, object]:
    return {
        "out": str(made.out),
        "records": made.records,
        "by_level": {each.value: count for each, count in made.by_level.items()},
        "schools": made.schools,
        "signers": made.signers,
        "school_years": list(made.school_years),
        "pupils": list(made.pupils),
        "defects": made.defects,
    }


def _show(made: "SampleSummary", session: Session) -> None:
    levels = ", ".join(
        f"{session.text(f'sample.level.{each.value}')} {count}"
        for each, count in made.by_level.items()
    )
    session.say(
        "sample.done",
        out=made.out,
        records=made.records,
        levels=levels,
        schools=made.schools,
        signers=made.signers,
        first=made.school_years[0],
        last=made.school_years[-1],
    )
    if made.defects:
        session.say("sample.defects", count=made.defects, out=made.out)
    session.say("sample.next", out=made.out)
