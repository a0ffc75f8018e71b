"""A time-stamping authority (TSA) as a signer uses it: RFC 3161 over HTTP (clause 3.4).

The authority's answer is not believed: nonce, imprint and signature are checked before the token
goes anywhere. Whether the authority is trusted is for whoever validates.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Protocol

from asn1crypto import cms, core, tsp

from schemas.findings import Language, Severity, finding
from signing.errors import TimestampError
from signing.exchange import ExchangeError, Limits, Trouble, exchange
from signing.report import TimestampKind
from signing.timestamps.token import TimestampToken, TokenFormatError, read_token
from signing.timestamps.validation import TimestampValidator
from signing.xades.timestamp_elements import MAX_TOKEN_BYTES
from signing.xmldsig.algorithms import default_policy

DEFAULT_TIMEOUT = timedelta(seconds=30)
_GRANTED = ("granted", "granted_with_mods")
_HEADERS = {
    "Content-Type": "application/timestamp-query",
    "Accept": "application/timestamp-reply",
}
_MOST_WORDS = 200
# Without a trust store nothing is said of the path: that is not asked here.
_NO_TRUST = "HB-S040"


class _Response(core.Sequence):  # type: ignore[misc]
    """TimeStampResp; asn1crypto's own demands a token also where none was granted."""

    _fields: ClassVar = [
        ("status", tsp.PKIStatusInfo),
        ("time_stamp_token", cms.ContentInfo, {"optional": True}),
    ]


class TimestampAuthority(Protocol):
    """Whoever states the time for octets."""

    def timestamp(self, stamped: bytes) -> bytes:
        """A token (DER) over *stamped*; raises `TimestampError`."""
        ...


def _nonce() -> int:
    return secrets.randbits(64)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTimestampAuthority:
    """The authority at *url*; its whole answer must be there within *timeout*."""

    url: str
    timeout: timedelta = DEFAULT_TIMEOUT
    maximum_bytes: int = MAX_TOKEN_BYTES
    ca_file: Path | None = None
    nonce: Callable[[], int] = _nonce

    def timestamp(self, stamped: bytes) -> bytes:
        """See `TimestampAuthority`: (1) ask, (2) read the answer, (3) hold it to the question."""
        digest, nonce = sha256(stamped).digest(), self.nonce()
        # (1):
        answer = self._ask(_request(digest, nonce))
        # (2):
        token = self._granted(answer)
        # (3):
        try:
            read = read_token(token)
        except TokenFormatError as error:
            raise self._unusable(str(error)) from error
        self._refuse_other(read, digest, nonce)
        self._refuse_invalid(token, stamped)
        return token

    def _ask(self, request: bytes) -> bytes:
        limits = Limits(seconds=self.timeout.total_seconds(), maximum_bytes=self.maximum_bytes)
        try:
            answer = exchange(
                self.url, limits, body=request, headers=_HEADERS, ca_file=self.ca_file
            )
        except ExchangeError as error:
            code = {
                Trouble.NOT_AN_ADDRESS: "HB-K027",
                Trouble.UNREACHABLE: "HB-K021",
                Trouble.TOO_SLOW: "HB-K022",
            }.get(error.trouble, "HB-K023")
            raise self._error(code, error.reason) from error
        if answer.status != 200:
            raise self._unusable(f"HTTP {answer.status}")
        return answer.body

    def _granted(self, answer: bytes) -> bytes:
        """The token in a TimeStampResp (RFC 3161 2.4.2)."""
        try:
            response = _Response.load(answer, strict=True)
            status = str(response["status"]["status"].native)
            words = _words(response["status"])
            token = bytes(response["time_stamp_token"].dump())
        except Exception as error:  # asn1crypto raises anything for hostile DER
            raise self._unusable("TimeStampResp") from error
        if status not in _GRANTED:
            raise self._error("HB-K024", " ".join((status, *words))[:_MOST_WORDS])
        return token

    def _refuse_other(self, token: TimestampToken, digest: bytes, nonce: int) -> None:
        if token.imprint.hash_name != "sha256" or token.imprint.digest != digest:
            raise self._error("HB-K025", "messageImprint")
        if token.nonce != nonce:
            raise self._error("HB-K025", "nonce")

    def _refuse_invalid(self, token: bytes, stamped: bytes) -> None:
        validator = TimestampValidator(None, default_policy())
        validated = validator.validate(token, stamped, TimestampKind.SIGNATURE, datetime.now(UTC))
        for each in validated.verdict.findings:
            if each.severity is Severity.ERROR and each.code != _NO_TRUST:
                raise self._error("HB-K026", each.message(Language.VI), each.message(Language.EN))

    def _unusable(self, reason: str) -> TimestampError:
        return self._error("HB-K023", reason)

    def _error(self, code: str, reason: str, reason_en: str | None = None) -> TimestampError:
        english = reason if reason_en is None else reason_en
        return TimestampError(finding(code, url=self.url, reason=reason, reason_en=english))


def _request(digest: bytes, nonce: int) -> bytes:
    request = tsp.TimeStampReq(
        {
            "version": "v1",
            "message_imprint": {
                "hash_algorithm": {"algorithm": "sha256"},
                "hashed_message": digest,
            },
            "nonce": nonce,
            "cert_req": True,
        }
    )
    return bytes(request.dump())


def _words(status: tsp.PKIStatusInfo) -> list[str]:
    """What the authority says about a refusal, in its own words."""
    texts = status["status_string"].native or []
    reasons = status["fail_info"].native or set()
    return [*sorted(map(str, reasons)), *map(str, texts)]
