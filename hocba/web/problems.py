"""What is answered when something is wrong: problem+json (RFC 9457), for every error.

Texts are in `texts.toml` under `problem.<name>`; the names are the ends of the type URIs and are
listed in docs/http-api.md.
"""

from collections.abc import Mapping
from enum import Enum

from starlette.responses import JSONResponse

from hocba.web.texts import text
from schemas.findings import Finding, Language

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:hocba:problem:"


class ProblemType(Enum):
    """Every kind of problem: its name, and the status that it is answered with."""

    BAD_REQUEST = ("bad-request", 400)
    UNAUTHORIZED = ("unauthorized", 401)
    INVALID_TOKEN = ("invalid-token", 401)
    FORBIDDEN = ("forbidden", 403)
    NOT_FOUND = ("not-found", 404)
    METHOD_NOT_ALLOWED = ("method-not-allowed", 405)
    WRONG_OFFSET = ("wrong-offset", 409)
    REFUSED = ("refused", 409)
    UPLOAD_EXPIRED = ("upload-expired", 410)
    TUS_VERSION = ("tus-version", 412)
    TOO_LARGE = ("too-large", 413)
    UNSUPPORTED_MEDIA_TYPE = ("unsupported-media-type", 415)
    BAD_UPLOAD_HEADER = ("bad-upload-header", 400)
    INVALID_REQUEST = ("invalid-request", 422)
    ROSTER_INVALID = ("roster-invalid", 422)
    INVALID_CURSOR = ("invalid-cursor", 422)
    IDEMPOTENCY_KEY_REUSED = ("idempotency-key-reused", 422)
    NOTHING_SENT = ("nothing-sent", 422)
    UPLOAD_BUSY = ("upload-busy", 423)
    TOO_MANY_REQUESTS = ("too-many-requests", 429)
    CHECKSUM_MISMATCH = ("checksum-mismatch", 460)
    INTERNAL_ERROR = ("internal-error", 500)
    DOCUMENT_DAMAGED = ("document-damaged", 500)
    INSUFFICIENT_STORAGE = ("insufficient-storage", 507)
    UNAVAILABLE = ("unavailable", 503)
    NOT_READY = ("not-ready", 503)

    def __init__(self, slug: str, status: int) -> None:
        self.slug = slug
        self.status = status

    @property
    def uri(self) -> str:
        """The `type` of the problem."""
        return TYPE_PREFIX + self.slug


class Problem(Exception):  # noqa: N818 -- the word of RFC 9457
    """Ends a request with this problem.

    *members* are further members of the answer, fit for the caller to see; *finding* explains the
    problem better than its own text can.
    """

    def __init__(
        self,
        kind: ProblemType,
        *,
        finding: Finding | None = None,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(kind.slug)
        self.kind = kind
        self.finding = finding
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    def title(self, language: Language) -> str:
        """What kind of problem it is, in words."""
        return text(f"problem.{self.kind.slug}.title", language)

    def detail(self, language: Language) -> str:
        """What to do about it."""
        if self.finding is not None:
            return self.finding.message(language)
        return text(f"problem.{self.kind.slug}.detail", language, **self.members)

    def response(self, language: Language) -> JSONResponse:
        """The answer."""
        body: dict[str, object] = {
            "type": self.kind.uri,
            "title": self.title(language),
            "status": self.kind.status,
            "detail": self.detail(language),
            **self.members,
        }
        if self.finding is not None:
            body["code"] = self.finding.code
        headers = {
            "Content-Language": language.value,
            "Vary": "Accept-Language",
            "Cache-Control": "no-store",
            **self.headers,
        }
        return JSONResponse(
            body, status_code=self.kind.status, headers=headers, media_type=MEDIA_TYPE
        )


def too_many_requests(seconds: float) -> Problem:
    """The caller asks too often; when to come again."""
    wait = max(1, round(seconds + 0.5))
    return Problem(
        ProblemType.TOO_MANY_REQUESTS,
        headers={"Retry-After": str(wait)},
        members={"retry_after": wait},
    )
