"""What a machine lacks is a skip on a desk and a failure in CI."""

import pytest

from tests.support.needs import lacking


def test_what_is_missing_on_a_desk_skips_and_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"PostgreSQL is missing .* apt install it"):
        lacking("PostgreSQL", install="apt install it")


def test_what_is_missing_in_ci_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r"PostgreSQL is missing .* apt install it"):
        lacking("PostgreSQL", install="apt install it")
