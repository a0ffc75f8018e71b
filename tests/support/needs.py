"""What a test needs from its machine: missing on a desk, it is skipped; missing in CI, it fails."""

import os
from typing import NoReturn

import pytest


def lacking(what: str, *, install: str) -> NoReturn:
    """Skip the running test, or fail it where the variable CI is set: there, nothing may lack."""
    text = f"{what} is missing on this machine; {install}"
    if os.environ.get("CI"):
        pytest.fail(f"{text} (a skip is a failure where CI is set)", pytrace=False)
    pytest.skip(text)
