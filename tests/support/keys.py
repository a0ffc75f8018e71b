"""What tests of signing keys share."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from schemas.findings import Language
from signing.errors import SigningKeyError


@contextmanager
def key_error(code: str, **parameters: object) -> Iterator[pytest.ExceptionInfo[SigningKeyError]]:
    """Expects a `SigningKeyError` with this finding, complete in both languages."""
    with pytest.raises(SigningKeyError) as caught:
        yield caught
    found = caught.value.finding
    told = dict(found.parameters)
    assert found.code == code, found
    assert {name: told[name] for name in parameters} == {n: str(v) for n, v in parameters.items()}
    for language in Language:
        assert "{" not in found.message(language)
