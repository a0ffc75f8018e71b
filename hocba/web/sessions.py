"""A signed-in parent: the access code, sealed in a cookie of the browser.

The server keeps nothing: whoever signs out everywhere revokes the token, and it opens nothing from
then on. The cookie ends by itself after a while without a page.
"""

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from starlette.requests import Request
from starlette.responses import Response

_NAME = "hocba_session"


class Sessions:
    """Seals and opens sessions with one key."""

    def __init__(self, key: bytes, lifetime: timedelta) -> None:
        self._fernet = Fernet(urlsafe_b64encode(sha256(b"hocba session\x00" + key).digest()))
        self._seconds = int(lifetime.total_seconds())

    def open(self, request: Request, at: datetime) -> str | None:
        """The access code in the request's cookie; None where there is none, or no more."""
        sealed = request.cookies.get(_cookie_name(request), "")
        try:
            code = self._fernet.decrypt_at_time(
                sealed.encode("ascii"), self._seconds, int(at.timestamp())
            )
        except (InvalidToken, UnicodeEncodeError):
            return None
        return code.decode("utf-8")

    def begin(self, request: Request, response: Response, code: str, at: datetime) -> None:
        """Put a session into *response*, or prolong the one that is there."""
        sealed = self._fernet.encrypt_at_time(code.encode("utf-8"), int(at.timestamp()))
        response.set_cookie(
            _cookie_name(request),
            sealed.decode("ascii"),
            max_age=self._seconds,
            path="/",
            secure=_is_secure(request),
            httponly=True,
            samesite="strict",
        )

    def end(self, request: Request, response: Response) -> None:
        """Let the browser forget the session."""
        response.delete_cookie(
            _cookie_name(request),
            path="/",
            secure=_is_secure(request),
            httponly=True,
            samesite="strict",
        )


def _is_secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _cookie_name(request: Request) -> str:
    """Over TLS a name that no other host of the domain can set (RFC 6265bis, `__Host-`)."""
    return f"__Host-{_NAME}" if _is_secure(request) else _NAME
