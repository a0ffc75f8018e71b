"""Pages from templates."""

from datetime import datetime
from functools import cache, partial
from hashlib import sha256
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from hocba.web.languages import COOKIE, page_language
from hocba.web.texts import text
from schemas.findings import Language
from schemas.vietnam import VIETNAM_TIME

_ASSETS = {
    "style.css": "text/css; charset=utf-8",
    "check.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_YEAR = 365 * 24 * 3600


def render(
    request: Request, template: str, *, status: int = 200, **context: object
) -> HTMLResponse:
    """The page that *template* makes of *context*, in the language of the request."""
    language = page_language(request)
    html = (
        _environment()
        .get_template(template)
        .render(
            **context,
            t=partial(text_in, language),
            language=language,
            other_language=Language.EN if language is Language.VI else Language.VI,
            path=request.url.path,
        )
    )
    response = HTMLResponse(html, status_code=status, headers={"Content-Language": language.value})
    if request.query_params.get("lang") == language.value:
        secure = request.url.scheme == "https"
        response.set_cookie(
            COOKIE, language.value, max_age=_YEAR, secure=secure, httponly=True, samesite="lax"
        )
    return response


def text_in(language: Language, name: str, /, **values: object) -> str:
    """The text with this name; for templates, which know one language each time."""
    return text(name, language, **values)


def assets() -> dict[str, tuple[bytes, str]]:
    """The files that pages use, by name: bytes and media type."""
    folder = resources.files("hocba.web").joinpath("static")
    return {
        name: (folder.joinpath(name).read_bytes(), media_type)
        for name, media_type in _ASSETS.items()
    }


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("hocba.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    versions = {name: sha256(data).hexdigest()[:12] for name, (data, _) in assets().items()}
    environment.globals["asset"] = lambda name: f"/static/{name}?v={versions[name]}"
    environment.filters["day"] = _day
    environment.filters["moment"] = _moment
    return environment


def _day(time: datetime) -> str:
    return time.astimezone(VIETNAM_TIME).strftime("%d/%m/%Y")


def _moment(time: datetime) -> str:
    return time.astimezone(VIETNAM_TIME).strftime("%H:%M, %d/%m/%Y")
