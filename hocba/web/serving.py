"""The server process: uvicorn around the application, silent about who asks for what."""

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from hocba.home import Home
from hocba.web.app import create_app
from hocba.web.settings import WebSettings

# How long a slow answer may still take when the server is asked to end.
_GRACE_SECONDS = 10


class Server(uvicorn.Server):
    """A server that tells once it answers, and before it ends."""

    def __init__(
        self,
        configuration: uvicorn.Config,
        ready: Callable[[], None],
        ending: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(configuration)
        self._ready = ready
        self._ending = ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Tell, then wait for the answers that are under way: streams end by themselves then."""
        self._ending()
        await super().shutdown(sockets)


def serve(
    home: Home,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    settings: WebSettings | None = None,
    trusted_proxies: str = "127.0.0.1",
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the repository in *home* until the process is told to end (SIGINT, SIGTERM).

    *trusted_proxies* (addresses, with commas) may say where a request really comes from and
    whether it came over TLS: `X-Forwarded-For`, `X-Forwarded-Proto`. *ready* is called with the
    server's address once it answers; with *port* 0 that tells which port was free.

    Raises `OSError` where the address cannot be had, and what `create_app` raises.
    """
    with listening(host, port) as listener:
        app = create_app(home, settings=settings)
        address = address_of(listener)
        server = Server(
            configuration(app, trusted_proxies=trusted_proxies),
            lambda: ready(address) if ready else None,
            app.state.service.followers.close,
        )
        with suppress(KeyboardInterrupt):  # an ordinary way to end; everything is closed by then
            server.run(sockets=[listener])


def configuration(app: FastAPI, *, trusted_proxies: str = "127.0.0.1") -> uvicorn.Config:
    """How the application is served.

    Without an access log: paths name records and pupils, and the audit trail is where it is kept
    who saw them.
    """
    return uvicorn.Config(
        app,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ws="none",
    )


def listening(host: str, port: int) -> socket.socket:
    """A socket bound to the address; raises `OSError` where it cannot be had."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except BaseException:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> str:
    """The address as one types it into a browser."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host)  # noqa: S104 -- shown, not bound
    return f"http://{shown or (f'[{host}]' if ':' in host else host)}:{port}"
