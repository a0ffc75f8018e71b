"""Errors of this package, split by who must act.

SigningError
├── TrustStoreError    the operator: the trust folder cannot be used
├── RosterError        the operator or the province: the roster file cannot be used
├── PolicyError        the author of a definition: its signature policy is broken
└── SigningKeyError    the signer: the key cannot be opened, or does not fit the request

Validation never raises: whatever a document contains ends in a report.
"""


class SigningError(Exception):
    """Any error of this package."""


class TrustStoreError(SigningError):
    """A trust folder that cannot be used; nothing is trusted then."""


class RosterError(SigningError):
    """A roster file that cannot be used: file, line, what was expected."""


class PolicyError(SigningError):
    """A signature policy that cannot be used."""


class SigningKeyError(SigningError):
    """A signing key that cannot be opened or used."""
