"""Asks a signing service: JSON over HTTPS, bounded in time and size.

The service is trusted to guard the key and for nothing else: what it answers is read strictly, and
what it signs is verified. No redirect is followed, so the access token goes nowhere else.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import urllib3
from urllib3 import exceptions

from schemas.findings import finding
from signing.errors import SigningKeyError
from signing.keys.address import ServiceAddress

MAX_ANSWER_BYTES: Final = 8 << 20
"""A thousand signatures of RSA-4096 take 0.7 MB."""

_CONNECT_SECONDS: Final = 10.0
_MOST_REASON: Final = 200
_ACCESS_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*\Z")  # RFC 6750 2.1
_UNREACHED: Final = (
    (exceptions.NewConnectionError, "connection"),
    (exceptions.SSLError, "tls"),
    (exceptions.TimeoutError, "time-out"),
)


@dataclass(frozen=True, slots=True)
class CscClient:
    """One credential's service; *access_token* is the user's, from OAuth 2.0 (CSC 8.3)."""

    address: ServiceAddress
    access_token: str = field(repr=False)
    _http: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(retries=False), repr=False
    )

    def __post_init__(self) -> None:
        """What is no bearer token is no secret of this service either."""
        if not _ACCESS_TOKEN.match(self.access_token):
            raise SigningKeyError(finding("HB-K051", host=self.address.host))

    def call(self, method: str, body: Mapping[str, object], *, seconds: float) -> dict[str, Any]:
        """The answer to *method* about the credential; raises `SigningKeyError`."""
        deadline = time.monotonic() + seconds
        request = {"credentialID": self.address.credential, **body}
        try:
            response = self._http.request(
                "POST",
                f"{self.address.base}/{method}",
                body=json.dumps(request).encode(),
                headers={
                    "Authorization": f"Bearer {self.access_token}",
                    "Content-Type": "application/json",
                    "Accept": "application/json",
                },
                timeout=urllib3.Timeout(connect=min(_CONNECT_SECONDS, seconds), read=seconds),
                redirect=False,
                preload_content=False,
            )
            try:
                data = self._read(response, deadline)
            finally:
                response.close()
        except (exceptions.HTTPError, OSError) as error:
            reason = next((word for kind, word in _UNREACHED if isinstance(error, kind)), "broken")
            self._unreachable(reason, error)
        if response.status != 200:
            self._refused(method, response.status, data)
        answer = self._object(data)
        if isinstance(answer.get("error"), str) and answer["error"]:
            self._refused(method, response.status, data)  # some services say so with status 200
        return answer

    def nonsense(self, reason: str) -> SigningKeyError:
        """The error for an answer that does not follow the specification."""
        return SigningKeyError(finding("HB-K055", host=self.address.host, reason=reason))

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
        data = bytearray()
        while chunk := response.read1(1 << 16):
            data += chunk
            if len(data) > MAX_ANSWER_BYTES:
                raise self.nonsense(f"> {MAX_ANSWER_BYTES} bytes")
            if time.monotonic() > deadline:
                self._unreachable("time-out", None)
        return bytes(data)

    def _unreachable(self, reason: str, cause: Exception | None) -> NoReturn:
        raise SigningKeyError(finding("HB-K050", host=self.address.host, reason=reason)) from cause

    def _refused(self, method: str, status: int, data: bytes) -> NoReturn:
        """Raise what a status means in this step; CSC 10.1 puts a reason into the body."""
        host, reason = self.address.host, f"HTTP {status}{_reason(data)}"
        if status == 401:
            raise SigningKeyError(finding("HB-K051", host=host))
        if status == 429 or status >= 500:
            self._unreachable(reason, None)
        if status != 200 and not 400 <= status < 500:
            raise self.nonsense(reason)
        code = "HB-K052" if method == "credentials/info" else "HB-K054"
        raise SigningKeyError(finding(code, host=host, reason=reason))

    def _object(self, data: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise self.nonsense("no JSON") from error
        if not isinstance(answer, dict):
            raise self.nonsense("no JSON object")
        return answer


def _reason(data: bytes) -> str:
    try:
        answer = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(answer, dict):
        return ""
    words = [answer.get("error"), answer.get("error_description")]
    text = ": ".join(each for each in words if isinstance(each, str) and each)
    return f", {text[:_MOST_REASON]}" if text else ""
