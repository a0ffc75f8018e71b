"""The first page, and the files that all pages use."""

from functools import cache

from fastapi import APIRouter, Request, Response

from hocba.web.problems import Problem, ProblemType
from hocba.web.rendering import assets, render

router = APIRouter(include_in_schema=False)

# Pages name these files with a digest of their content, so a copy never is out of date.
_FOR_EVER = "public, max-age=31536000, immutable"


@router.get("/")
def show_start(request: Request) -> Response:
    """What this is, and the two ways in."""
    return render(request, "start.html")


@router.get("/static/{name}")
def download_asset(name: str) -> Response:
    """A file that pages use."""
    found = _assets().get(name)
    if found is None:
        raise Problem(ProblemType.NOT_FOUND)
    data, media_type = found
    return Response(data, media_type=media_type, headers={"Cache-Control": _FOR_EVER})


_assets = cache(assets)
