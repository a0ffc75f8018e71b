"""What came of one document, as the command line shows it."""

from dataclasses import dataclass
from typing import Any

from hocba.index.rows import Item
from hocba.model.examination import Examination
from hocba.model.outcome import Outcome
from schemas.findings import Finding, Language, Severity


@dataclass(frozen=True, slots=True)
class Result:
    """One document's outcome, its JSON (design §8), and every finding for people to read."""

    sha256: str
    outcome: Outcome
    body: dict[str, Any]
    findings: tuple[Finding, ...]

    @property
    def file_name(self) -> str:
        """The name that leads to the document."""
        return str(self.body["file"])

    def named(self, file_name: str) -> "Result":
        """The same result of the same bytes under another name."""
        return Result(self.sha256, self.outcome, self.body | {"file": file_name}, self.findings)

    def as_json(self) -> dict[str, Any]:
        """What `read_result` reads."""
        findings = [
            [each.code, each.severity.value, each.path, each.line, dict(each.parameters)]
            for each in self.findings
        ]
        return {"sha256": self.sha256, "result": self.body, "findings": findings}


def result_of(examination: Examination, language: Language) -> Result:
    """The result of `hocba verify`."""
    return Result(
        examination.sha256,
        examination.outcome,
        examination.as_json(language),
        _distinct(examination.all_findings),
    )


def schema_result_of(examination: Examination, language: Language) -> Result:
    """The result of `hocba check`: there, the schema's verdict is the outcome.

    An examination without signatures can only be INDETERMINATE in itself.
    """
    outcome = examination.outcome
    if outcome is Outcome.INDETERMINATE and examination.schema.valid:
        outcome = Outcome.ACCEPTED
    body = examination.as_json(language) | {"outcome": outcome.value}
    return Result(examination.sha256, outcome, body, _distinct(examination.all_findings))


def result_of_item(item: Item) -> Result:
    """What a batch's item says, to be shown like a document that was just examined."""
    body = {"file": item.file_name, "signatures": []}
    return Result(item.sha256 or "", item.outcome, body, _distinct(item.findings))


def read_result(raw: dict[str, Any]) -> Result:
    """The result that `Result.as_json` wrote; ValueError, KeyError or TypeError for any other."""
    findings = tuple(
        Finding(code, Severity(severity), path, line, tuple(parameters.items()))
        for code, severity, path, line, parameters in raw["findings"]
    )
    body = dict(raw["result"])
    return Result(str(raw["sha256"]), Outcome(body["outcome"]), body, findings)


def _distinct(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Every finding once: a signature's reasons may be the record's as well."""
    return tuple(dict.fromkeys(findings))
