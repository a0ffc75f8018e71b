"""Errors of this package, split by who must act.

SchemasError
├── Unreadable         the sender: the bytes are no document; carries the one finding that says why
└── DefinitionError    the operator: a broken definition folder; the program must not start with it
"""

from schemas.findings import Finding


class SchemasError(Exception):
    """Any error of this package."""


class Unreadable(SchemasError):  # noqa: N818 -- the design's word for the outcome, not only an error
    """The bytes are not a document that can be checked; nothing of them was read."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding

    def __reduce__(self) -> tuple[type["Unreadable"], tuple[Finding]]:
        return (Unreadable, (self.finding,))


class DefinitionError(SchemasError):
    """A definition folder cannot be used; the text says which file and why."""
