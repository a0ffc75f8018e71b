"""Reports that commands write beside what they show: `--report FILE` and `--summary FILE`."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from cli.errors import Misuse
from cli.files import beside
from cli.result import Result
from cli.session import Session
from hocba.explanations.groups import FindingGroups
from hocba.explanations.report import WRITERS, Report, summary_lines
from hocba.explanations.tables import ReportedDocument
from schemas.findings import Language


class Reports:
    """The report of one run, where one was asked for."""

    def __init__(self, report: Report | None) -> None:
        self._report = report

    @property
    def wanted(self) -> bool:
        """Whether anything is written."""
        return self._report is not None

    def add(self, result: Result) -> None:
        """Note what came of one document."""
        if self.wanted:
            record: Mapping[str, object] = result.body.get("record") or {}
            version = record.get("phienban")
            self.add_document(
                ReportedDocument(
                    file=result.file_name,
                    outcome=result.outcome,
                    record=str(record.get("madinhdanhhocba") or "") or None,
                    version=version if isinstance(version, int) else None,
                    findings=result.findings,
                )
            )

    def add_document(self, document: ReportedDocument) -> None:
        """Note one document."""
        if self._report is not None:
            self._report.add(document)


@contextmanager
def reports(report: Path | None, summary: Path | None, session: Session) -> Iterator[Reports]:
    """Reports to fill; the files are put in place, whole, when the block ends without an error.

    Raises `Misuse` for a name that says no known kind of file, `OSError` for a folder that cannot
    be written to: both before any work is done.
    """
    _refuse_kind("--report", report, tuple(WRITERS))
    _refuse_kind("--summary", summary, (".csv", ".json"))
    if report is None and summary is None:
        yield Reports(None)
        return
    with _whole_file(report) as file, _whole_file(summary) as short:
        written = _writing(report, file, session.language)
        yield Reports(written)
        written.finish()
        if summary is not None and short is not None:
            _write_summary(summary, short, written, session.language)
    for path in (report, summary):
        if path is not None:
            session.note("report.written", file=path)


def _writing(path: Path | None, file: IO[bytes] | None, language: Language) -> Report:
    if path is None or file is None:
        return Report(_Nothing())
    return Report(WRITERS[path.suffix.lower()](file, language))


class _Nothing:
    """The writer of a report that only counts."""

    def add(self, document: ReportedDocument) -> None:
        """Write nothing."""

    def finish(self, groups: FindingGroups) -> None:
        """Write nothing."""


def _write_summary(path: Path, file: IO[bytes], report: Report, language: Language) -> None:
    import json

    if path.suffix.lower() == ".json":
        text = json.dumps(report.groups.as_json(language), ensure_ascii=False, indent=1) + "\n"
        file.write(text.encode("utf-8", "replace"))
        return
    for line in summary_lines(report.groups, language):
        file.write(line.encode("utf-8", "replace"))


def _refuse_kind(option: str, path: Path | None, kinds: tuple[str, ...]) -> None:
    if path is not None and path.suffix.lower() not in kinds:
        raise Misuse("misuse.report_kind", option=option, file=path, known=", ".join(sorted(kinds)))


@contextmanager
def _whole_file(path: Path | None) -> Iterator[IO[bytes] | None]:
    if path is None:
        yield None
        return
    with whole_file(path) as file:
        yield file


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of *path* when the block ends without an error."""
    number, name = beside(path)
    try:
        with os.fdopen(number, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
