"""Which language an answer is in."""

from starlette.requests import Request

from schemas.findings import Language

COOKIE = "hocba_lang"


def api_language(request: Request) -> Language:
    """The language that `Accept-Language` asks for; Vietnamese where it asks for nothing we have.

    RFC 9110, clause 12.5.4: the highest quality wins, the first of equals.
    """
    wanted: dict[Language, float] = {}
    for part in request.headers.get("accept-language", "").split(","):
        tag, _, parameters = part.strip().partition(";")
        language = _language(tag)
        if language is not None:
            wanted.setdefault(language, _quality(parameters))
    best = max(wanted, key=lambda each: wanted[each], default=Language.VI)
    return best if wanted.get(best) else Language.VI


def page_language(request: Request) -> Language:
    """The language of a page: what was chosen with `?lang=` or before, else Vietnamese."""
    for choice in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if choice in set(Language):
            return Language(choice)
    return Language.VI


def _language(tag: str) -> Language | None:
    primary = tag.strip().partition("-")[0].lower()
    return Language(primary) if primary in set(Language) else None


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
