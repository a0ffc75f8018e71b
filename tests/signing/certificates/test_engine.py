"""The path engine is driven without an event loop, as long as it waits for nothing."""

import asyncio

import pytest

from signing.certificates.engine import drive


def test_gives_what_a_coroutine_returns_that_never_waits():
    async def five():
        return 5

    assert drive(five()) == 5


def test_never_waits():
    closed = []

    async def waiting():
        try:
            await asyncio.sleep(0)
        finally:
            closed.append(True)

    with pytest.raises(RuntimeError, match="waits"):
        drive(waiting())
    assert closed
