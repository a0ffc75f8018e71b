"""One HTTP exchange with a service that is not trusted: a hard deadline and a limit of size.

Time-stamps, and whatever else is asked of servers of others. The deadline is on the whole exchange
(name, connection, TLS, headers, body), so that a server that drips octets holds nobody up.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp


class Trouble(StrEnum):
    """Why there was no answer."""

    NOT_AN_ADDRESS = "not-an-address"
    UNREACHABLE = "unreachable"
    TOO_SLOW = "too-slow"
    TOO_LARGE = "too-large"
    BROKEN = "broken"


class ExchangeError(Exception):
    """No usable answer; `reason` says in a few words of the system what happened."""

    def __init__(self, trouble: Trouble, reason: str) -> None:
        super().__init__(f"{trouble}: {reason}")
        self.trouble = trouble
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, whatever its status."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one exchange may cost."""

    seconds: float
    maximum_bytes: int


def exchange(
    url: str,
    limits: Limits,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    ca_file: Path | None = None,
) -> Answer:
    """The answer to a GET of *url*, to a POST where there is a *body*; raises `ExchangeError`.

    Redirects are not followed: the caller named the server. *ca_file* holds the authorities (PEM)
    that its TLS certificate may come from, in place of the system's. Not for a thread that runs an
    event loop.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ExchangeError(Trouble.NOT_AN_ADDRESS, url)
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(
            asyncio.wait_for(_exchange(url, limits, body, headers, ca_file), limits.seconds)
        )
    except TimeoutError as error:
        raise ExchangeError(Trouble.TOO_SLOW, f"{limits.seconds:g} s") from error
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise ExchangeError(Trouble.UNREACHABLE, _reason(error)) from error
    except (aiohttp.ClientError, ValueError) as error:
        raise ExchangeError(Trouble.BROKEN, _reason(error)) from error
    finally:
        # Not asyncio.run: it would wait for a name look-up that the deadline has cut off.
        loop.close()


async def _exchange(
    url: str,
    limits: Limits,
    body: bytes | None,
    headers: Mapping[str, str] | None,
    ca_file: Path | None,
) -> Answer:
    trust = ssl.create_default_context(cafile=ca_file) if ca_file else True
    async with (
        aiohttp.ClientSession(trust_env=True) as session,
        session.request(
            "GET" if body is None else "POST",
            url,
            data=body,
            headers=headers,
            ssl=trust,
            allow_redirects=False,
        ) as response,
    ):
        received = bytearray()
        async for chunk in response.content.iter_any():
            received += chunk
            if len(received) > limits.maximum_bytes:
                raise ExchangeError(Trouble.TOO_LARGE, f"> {limits.maximum_bytes} byte")
        return Answer(response.status, bytes(received))


def _reason(error: Exception) -> str:
    """The innermost system error's words; aiohttp's own repeat the address."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error.os_error.strerror or error.os_error)
    return str(error) or type(error).__name__
