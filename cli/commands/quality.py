"""`hocba quality`: how right, complete, clean and alive the data are, as figures."""

from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.exit_code import ExitCode
from cli.parameters import Home, one_of, school_year, session_of, whole_number
from cli.session import Session, Tone, visible

if TYPE_CHECKING:
    from hocba.quality.report import FigureValue, QualityReport, UnitFigures

_MOST_DAYS = 3660


class By(StrEnum):
    """What a line is about; the names are those of `hocba.quality.counting.Grouping`."""

    NONE = "none"
    COMMUNE = "commune"
    SCHOOL = "school"


_GROUPINGS = {each.value: each for each in By}

School = Annotated[str | None, typer.Option("--school", metavar="MATRUONG")]
Commune = Annotated[str | None, typer.Option("--commune", metavar="MAXA")]
Province = Annotated[str | None, typer.Option("--province", metavar="MASOGD")]
Year = Annotated[
    str | None, typer.Option("--year", metavar="YYYY-YYYY", parser=school_year("--year"))
]
Each = Annotated[
    By, typer.Option("--by", metavar="none|commune|school", parser=one_of("--by", _GROUPINGS))
]
Days = Annotated[
    int | None, typer.Option("--days", metavar="N", parser=whole_number("--days", 0, _MOST_DAYS))
]
CsvFile = Annotated[Path | None, typer.Option("--csv", metavar="FILE")]
ExpectedFile = Annotated[Path, typer.Argument(metavar="FILE")]


def quality(
    context: typer.Context,
    home: Home,
    school: School = None,
    commune: Commune = None,
    province: Province = None,
    year: Year = None,
    by: Each = By.NONE,
    *,
    days: Days = None,
    csv: CsvFile = None,
) -> ExitCode:
    """Show the figures of a school, a commune, a province, or everything that is held."""
    from hocba import home as homes
    from hocba.quality.counting import Grouping
    from hocba.quality.report import quality_report
    from hocba.quality.scope import Scope

    session = session_of(context)
    scope = Scope(masogd=province, maxa=commune, matruong=school, namhoc=year)
    with homes.Home.open(home).open_index() as index, index.reading() as tx:
        report = quality_report(
            tx, scope, at=datetime.now(UTC), by=Grouping(by.value), within_days=days
        )
    if csv is not None:
        _write_csv(report, csv, session)
    elif session.json:
        session.emit(report.as_json(session.language))
    elif report.empty:
        session.say("quality.empty")
    else:
        _show(report, session)
    return ExitCode.FAILED if report.empty else ExitCode.PASSED


def expected(context: typer.Context, file: ExpectedFile, home: Home) -> ExitCode:
    """Take the expected numbers of pupils in *file* in; all of its lines or none."""
    from hocba import home as homes
    from hocba.quality.expected import ExpectedRefused, import_expected, read_expected

    session = session_of(context)
    opened = homes.Home.open(home)
    try:
        lines = read_expected(file.read_bytes(), file.name)
        with opened.open_index() as index, index.transaction() as tx:
            rows = import_expected(
                tx,
                lines,
                masogd=opened.configuration.masogd,
                at=datetime.now(UTC),
                by="cli",
                file_name=file.name,
            )
    except ExpectedRefused as error:
        for each in error.findings:
            session.note("quality.line", message=visible(each.message(session.language)))
        raise
    pupils = sum(each.sohocsinh for each in rows)
    schools = len({each.matruong for each in rows})
    if session.json:
        session.emit({"lines": len(rows), "schools": schools, "pupils": pupils})
    else:
        session.say("quality.imported", lines=len(rows), schools=schools, pupils=pupils)
    return ExitCode.PASSED


def _write_csv(report: "QualityReport", path: Path, session: Session) -> None:
    from cli.files import write_whole

    write_whole(path, "".join(report.csv_lines(session.language)).encode("utf-8"))
    session.note("quality.written", file=path)


def _show(report: "QualityReport", session: Session) -> None:
    for number, unit in enumerate(report.units):
        if number:
            session.write()
        if unit.code is not None or unit.name is not None:
            title = " – ".join(each for each in (unit.code, unit.name) if each)
            session.write(session.paint(visible(title), Tone.STRONG))
        elif report.by.value != By.NONE:
            session.say("quality.no_commune")
        _show_unit(unit, session)
    session.write()
    session.say("quality.about", days=report.within_days)


def _show_unit(unit: "UnitFigures", session: Session) -> None:
    from hocba.quality.definitions import quality_definitions

    aspects = quality_definitions().aspects
    headings = ("figure", "value", "of")
    rows = [[session.text(f"quality.heading.{each}") for each in headings]]
    for aspect, figures in groupby(unit.figures, key=lambda each: each.figure.aspect):
        rows.append([aspects[aspect][session.language], "", ""])
        rows += [_row(each, session) for each in figures]
    session.table(rows)


def _row(each: "FigureValue", session: Session) -> list[str]:
    return [
        f"  {each.figure.name[session.language]}",
        _value(each, session),
        _of(each, session),
    ]


def _value(each: "FigureValue", session: Session) -> str:
    if each.value is None:
        return "–"
    number = session.text("quality.number", whole=int(each.value), tenth=int(each.value * 10 % 10))
    return session.text(f"quality.unit.{each.figure.unit.value}", number=number)


def _of(each: "FigureValue", session: Session) -> str:
    if not each.denominator:
        return session.text("quality.nothing")
    if each.numerator is None:
        return str(each.denominator)
    return f"{each.numerator} / {each.denominator}"
