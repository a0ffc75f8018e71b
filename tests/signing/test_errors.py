"""Errors that cross processes: batches are signed in several."""

import pickle

import pytest

from schemas.findings import finding
from signing.errors import SigningKeyError, SigningRefused, TimestampError


@pytest.mark.parametrize("kind", [SigningKeyError, SigningRefused, TimestampError])
def test_an_error_brings_its_finding_along(kind) -> None:
    error = kind(finding("HB-K015"))
    arrived = pickle.loads(pickle.dumps(error))  # noqa: S301 -- own octets
    assert type(arrived) is kind
    assert arrived.finding == error.finding
    assert str(arrived) == "HB-K015"
