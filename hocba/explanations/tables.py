"""The two tables of a report: one line per finding, and one line per group."""

from collections.abc import Iterator
from dataclasses import dataclass

from hocba.explanations.groups import Example, FindingGroup
from hocba.explanations.words import words
from hocba.model.outcome import Outcome
from schemas.explanation import explained
from schemas.findings import Finding, Language, term

DETAIL_COLUMNS = (
    "file",
    "outcome",
    "record",
    "version",
    "code",
    "severity",
    "path",
    "line",
    "message",
    "name",
    "label",
    "found",
    "allowed",
    "mend",
)
"""Of a finding. The first nine are what reports always had; programs may count on their order."""

SHEET_COLUMNS = (
    "file",
    "line",
    "label",
    "found",
    "allowed",
    "mend",
    "severity",
    "code",
    "message",
    "outcome",
    "record",
    "version",
    "name",
    "path",
)
"""The same for a person who reads from the left: what to mend first, what is technical last."""

GROUP_COLUMNS = (
    "code",
    "severity",
    "count",
    "files",
    "label",
    "name",
    "problem",
    "allowed",
    "mend",
    "example1",
    "example2",
    "example3",
    "path",
)

Cell = str | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedDocument:
    """One document of a report; `record` and `version` where they could be read."""

    file: str
    outcome: Outcome
    record: str | None
    version: int | None
    findings: tuple[Finding, ...]


def detail_rows(document: ReportedDocument, language: Language) -> Iterator[tuple[Cell, ...]]:
    """One line per finding; a document without any has one with empty columns."""
    head = (document.file, document.outcome.value, document.record, document.version)
    for each in document.findings:
        told = explained(each, language)
        yield (
            *head,
            each.code,
            each.severity.value,
            each.path,
            each.line,
            each.message(language),
            told.name,
            told.label,
            told.found,
            told.allowed,
            told.mend,
        )
    if not document.findings:
        yield (*head, *("" for _ in DETAIL_COLUMNS[len(head) :]))


def group_row(group: FindingGroup, language: Language) -> tuple[Cell, ...]:
    """A group as one line."""
    told = group.explained(language)
    examples = [example_words(each, language) for each in group.examples]
    return (
        group.first.code,
        group.first.severity.value,
        group.count,
        group.files,
        told.label,
        told.name,
        told.problem,
        told.allowed,
        told.mend,
        *(examples[place] if place < len(examples) else "" for place in range(3)),
        group.path,
    )


def example_words(example: Example, language: Language) -> str:
    """Where the mistake is, and what stands there."""
    line = example.finding.line
    place = example.file
    if line is not None:
        place = words("example", "with_line", language).format(file=place, line=line)
    found = explained(example.finding, language).found
    return f"{place}: {found}" if found else place


def in_words(column: str, cell: Cell, language: Language) -> Cell:
    """A cell for people: outcomes and weights in words."""
    if column == "outcome" and cell:
        return term("outcome", str(cell), language)
    if column == "severity" and cell:
        return words("severity", str(cell), language)
    return cell
