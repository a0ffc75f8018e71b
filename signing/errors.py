"""Errors of this package, split by who must act.

SigningError
├── TrustStoreError    the operator: the trust folder cannot be used
├── RosterError        the operator or the province: the roster file cannot be used
├── PolicyError        the author of a definition: its signature policy is broken
├── SigningKeyError    the signer: the key cannot be opened or used; carries the one finding
├── TimestampError     the signer: no time-stamp to be had from the authority; carries the finding
└── SigningRefused     the signer: this key cannot sign this record now; carries the one finding

Validation never raises: whatever a document contains ends in a report.
"""

from schemas.findings import Finding


class SigningError(Exception):
    """Any error of this package."""


class TrustStoreError(SigningError):
    """A trust folder that cannot be used; nothing is trusted then."""


class RosterError(SigningError):
    """A roster file that cannot be used: file, line, what was expected; *finding* words it."""

    def __init__(self, message: str, file: str = "", finding: Finding | None = None) -> None:
        super().__init__(message)
        self.file = file
        self.finding = finding


class PolicyError(SigningError):
    """A signature policy that cannot be used."""


class SigningKeyError(SigningError):
    """A signing key that cannot be opened or used; the finding says why and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding

    def __reduce__(self) -> tuple[type["SigningKeyError"], tuple[Finding]]:
        return (SigningKeyError, (self.finding,))


class TimestampError(SigningError):
    """No usable time-stamp; nothing was signed. The finding says why and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding

    def __reduce__(self) -> tuple[type["TimestampError"], tuple[Finding]]:
        return (TimestampError, (self.finding,))


class SigningRefused(SigningError):  # noqa: N818 -- what happened, in the words of the signer
    """Nothing was signed; the finding says why and what to do."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding

    def __reduce__(self) -> tuple[type["SigningRefused"], tuple[Finding]]:
        return (SigningRefused, (self.finding,))
