"""The result of checking one document against its definition."""

from dataclasses import dataclass

from schemas.findings import Finding, Severity


@dataclass(frozen=True, slots=True)
class SchemaReport:
    """What the definition says of a document; never an exception.

    `definition` is `name/version`, or None where no definition knows the document, which is an
    error finding as well: no definition is never valid.
    """

    definition: str | None
    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """Whether a definition was found and nothing weighs as an error."""
        return self.definition is not None and all(
            finding.severity is not Severity.ERROR for finding in self.findings
        )
