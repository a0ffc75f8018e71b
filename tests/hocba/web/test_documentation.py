"""The documentation of the interface names everything that there is, and nothing else."""

import re
from pathlib import Path

import httpx
import pytest

from hocba.web.metrics import Metrics
from hocba.web.problems import TYPE_PREFIX, ProblemType

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def page() -> str:
    return (ROOT / "docs" / "http-api.md").read_text("utf-8")


def test_every_route_is_documented(sample, page):
    document = httpx.get(f"{sample.url}/openapi.json").json()
    routes = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    written = re.findall(
        r"^\| `((?:GET|POST|PUT|PATCH|DELETE|OPTIONS) [^`?]+)(?:\?[^`]*)?` \|", page, re.MULTILINE
    )
    assert sorted(written) == sorted(routes)


def test_every_problem_is_documented_with_its_status(page):
    written = dict(re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", page, re.MULTILINE))
    assert written == {each.slug: str(each.status) for each in ProblemType}
    assert f"`{TYPE_PREFIX}`" in page


def test_every_metric_is_documented(page):
    exposed = set(re.findall(r"^# TYPE (\w+) ", Metrics().exposition().decode(), re.MULTILINE))
    names = {each.removesuffix("_total") for each in exposed if not each.endswith("_created")}
    assert set(re.findall(r"^\| `(hocba_\w+)` \|", page, re.MULTILINE)) == names


def test_every_action_of_the_trail_is_documented(page):
    source = "".join(path.read_text("utf-8") for path in (ROOT / "hocba" / "web").rglob("*.py"))
    actions = set(re.findall(r'"((?:\w+\.)+(?:read|received|refused|opened|closed))"', source))
    assert len(actions) > 8
    assert {each for each in actions if f"`{each}`" not in page} == set()
