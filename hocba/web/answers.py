"""How a problem is answered: problem+json, or a page where a browser asked for one."""

from starlette.requests import Request
from starlette.responses import Response

from hocba.web.languages import api_language, page_language
from hocba.web.problems import Problem
from hocba.web.rendering import render

_FOR_SYSTEMS = ("/v1/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/static/")


def answer(request: Request, problem: Problem) -> Response:
    """The answer to a request that ended with *problem*."""
    if wants_page(request):
        return problem_page(request, problem, "problem.html")
    return problem.response(api_language(request))


def problem_page(request: Request, problem: Problem, template: str, **context: object) -> Response:
    """A page that says what is wrong."""
    language = page_language(request)
    response = render(
        request,
        template,
        status=problem.kind.status,
        problem={
            "title": problem.title(language),
            "detail": problem.detail(language),
            "incident": problem.members.get("incident"),
        },
        **context,
    )
    response.headers.update(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def wants_page(request: Request) -> bool:
    """Whether a person with a browser is asking."""
    path = request.url.path
    return "text/html" in request.headers.get("accept", "") and not path.startswith(_FOR_SYSTEMS)
