"""Errors of identity checks; part of the tree in `hocba.errors`.

HocbaError
├── OperatorError
│   └── RegisterUnusable     there is no register, or asking it again would not help
└── CallerError
    ├── RegisterFileRefused  the file has bad lines; `findings` has them all
    └── LifecycleRefused
        └── ResolutionRefused    a mismatch that is not there, or is worked through already
"""

from hocba.errors import CallerError, LifecycleRefused, OperatorError
from schemas.findings import Finding


class RegisterUnusable(OperatorError):  # noqa: N818 -- says what is the case
    """There is no register, or it cannot be asked as things are."""


class RegisterFileRefused(CallerError):  # noqa: N818
    """Nothing was imported: the file has lines that cannot be used."""

    def __init__(self, findings: tuple[Finding, ...], more: int = 0) -> None:
        super().__init__(findings[0])
        self.findings = findings
        self.more = more

    def __reduce__(self) -> tuple[type["RegisterFileRefused"], tuple[tuple[Finding, ...], int]]:  # type: ignore[override]
        return (type(self), (self.findings, self.more))


class ResolutionRefused(LifecycleRefused):
    """Nothing was changed: there is no such mismatch, or it is worked through already."""
