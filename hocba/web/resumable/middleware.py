"""What the tus protocol asks of every request and answer under one path."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hocba.web.resumable.protocol import VERSION

PATH = "/v1/uploads"
_OVERRIDE = ("PATCH", "DELETE")


class TusProtocol:
    """Says the protocol's version in every answer, and lets POST stand for what a proxy stops.

    `X-HTTP-Method-Override` may only stand for PATCH and DELETE.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or not _is_upload(scope["path"]):
            await self._app(scope, receive, send)
            return
        method = Headers(scope=scope).get("x-http-method-override", "").upper()
        if scope["method"] == "POST" and method in _OVERRIDE:
            scope = {**scope, "method": method}

        async def send_with_version(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Tus-Resumable"] = VERSION
            await send(message)

        await self._app(scope, receive, send_with_version)


def _is_upload(path: str) -> bool:
    return path == PATH or path.startswith(f"{PATH}/")
