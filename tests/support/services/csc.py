"""A real remote signing service for tests: certomancer's CSC server (API v1.0.4) on loopback.

In front of it stands what that server leaves out and real ones have: an access token, PIN and OTP,
and version 2 of the API (its names, translated). A test may also *spoil* an answer.
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web
from certomancer.registry import ArchLabel
from csc_dummy.csc_dummy_server import CSCWithCertomancer, DummyServiceParams

from tests.support.services.certomancer import TestPki

ACCESS_TOKEN: Final = "eyJhbGciOi.test-token_1~2+3/4="  # noqa: S105 -- of this service only
PIN: Final = "778899"
OTP: Final = "424242"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Spoil = Callable[[dict[str, Any]], web.Response | dict[str, Any]]

_V2_TO_V1: Final = {"hashes": "hash", "hashAlgorithmOID": "hashAlgo"}


class _Configuration:
    """What the server reads of certomancer's configuration: the test PKI alone."""

    def __init__(self, pki: TestPki) -> None:
        self.pki_archs = {ArchLabel("test"): pki.architecture}

    def get_pki_arch(self, label: ArchLabel) -> object:
        return self.pki_archs[label]


@dataclass
class CscService:
    """The service; credentials are `test/…` with the labels of `pki.yaml`. A context manager.

    `requests` keeps what was asked: method and body. `spoil` replaces the answer to a method.
    `factors` are demanded of every authorisation: `PIN`, `OTP`.
    """

    pki: TestPki
    multisign: int = 10
    pinning: bool = True
    factors: tuple[str, ...] = ()
    online_otp: bool = False
    requests: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    spoil: dict[str, Spoil] = field(default_factory=dict)
    delay: dict[str, float] = field(default_factory=dict)

    def __enter__(self) -> Self:
        """Start it on a free port."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it and free the port."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def uri(self, label: str, version: str = "v1") -> str:
        """The address of a credential as users write it."""
        return f"csc+http://127.0.0.1:{self.port}/csc/{version}/test%2F{label}"

    def asked(self, method: str) -> list[dict[str, Any]]:
        """The bodies of all requests for *method*."""
        return [body for name, body in self.requests if name == method]

    async def _start(self) -> None:
        params = DummyServiceParams(hash_pinning_required=self.pinning, multisign=self.multisign)
        service = CSCWithCertomancer(_Configuration(self.pki), service_params=params)
        service.register_routes()

        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._guard(request, handler)

        service.app.middlewares.append(guard)
        service.app.router.add_post("/csc/v1/credentials/sendOTP", _nothing)
        self._handlers = {
            "credentials/info": service.credentials_info,
            "credentials/authorize": service.credentials_authorize,
            "signatures/signHash": service.signatures_sign_hash,
            "credentials/getChallenge": _nothing,
        }
        service.app.router.add_post("/csc/v2/{method:.+}", self._version_2)
        self._runner = web.AppRunner(service.app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]

    async def _stop(self) -> None:
        """End also what still waits for somebody who has gone."""
        await self._runner.cleanup()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for each in others:
            each.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Access token, factors, and what the test spoils."""
        method = request.path.partition("/csc/v")[2][2:]
        body = json.loads(await request.read())
        self.requests.append((method, body))
        await asyncio.sleep(self.delay.get(method, 0))
        if request.headers.get("Authorization") != f"Bearer {ACCESS_TOKEN}":
            return web.json_response({"error": "invalid_token"}, status=401)
        if method == "credentials/authorize" and (refusal := self._unauthorized(body)):
            return refusal
        response = await handler(request)
        if response.status != 200 or not isinstance(response, web.Response):
            return response
        answer = json.loads(response.body)  # type: ignore[arg-type]
        if method == "credentials/info" and self.factors:
            answer |= self._explicit(v2="/csc/v2/" in request.path)
        if method in self.spoil:
            spoilt = self.spoil[method](answer)
            return spoilt if isinstance(spoilt, web.Response) else web.json_response(spoilt)
        return web.json_response(answer)

    def _explicit(self, *, v2: bool) -> dict[str, Any]:
        if v2:
            kinds = {"PIN": "Password", "OTP": "ChallengeResponse"}
            objects = [{"type": kinds[each], "id": f"the-{each}"} for each in self.factors]
            return {"auth": {"mode": "explicit", "objects": objects}}
        told: dict[str, Any] = {each: {"presence": "true"} for each in self.factors}
        if "OTP" in told:
            told["OTP"]["type"] = "online" if self.online_otp else "offline"
        return {"authMode": "explicit", **told}

    def _unauthorized(self, body: dict[str, Any]) -> web.Response | None:
        """The refusal of an authorisation with wrong factors (11.6)."""
        given = {
            each["id"].removeprefix("the-"): each["value"] for each in body.get("authData", [])
        }
        given |= {name: body[name] for name in ("PIN", "OTP") if name in body}
        right = {"PIN": PIN, "OTP": OTP}
        for name in self.factors:
            if given.get(name) != right[name]:
                error = {"error": f"invalid_{name.lower()}", "error_description": f"bad {name}"}
                return web.json_response(error, status=400)
        return None

    async def _version_2(self, request: web.Request) -> web.StreamResponse:
        """The same server under the names of version 2."""
        method = request.match_info["method"]
        body = json.loads(await request.read())
        unknown = {"hash", "hashAlgo", "PIN", "OTP"} & set(body)
        if unknown or ("hashes" in body and "hashAlgorithmOID" not in body):
            return web.json_response({"error": "invalid_request"}, status=400)
        translated = {_V2_TO_V1.get(name, name): value for name, value in body.items()}
        response = await self._handlers[method](_Translated(translated))
        answer = json.loads(response.body)
        if method == "credentials/info":
            answer["auth"] = {"mode": answer.pop("authMode")}
        return web.json_response(answer)


class _Translated:
    """A request with another body."""

    def __init__(self, body: dict[str, Any]) -> None:
        self._body = body

    async def json(self) -> dict[str, Any]:
        return self._body


async def _nothing(_request: object) -> web.Response:
    return web.json_response({})
