"""Everything that pages and problems say, in both languages; the words are in `texts.toml`."""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from schemas.findings import Language


def text(name: str, language: Language, /, **values: object) -> str:
    """The text with this name (`section.key`), its `{values}` filled in.

    An unknown name is a programming error: KeyError.
    """
    template = texts()[name][language]
    return template.format(**values) if values else template


@cache
def texts() -> Mapping[str, Mapping[Language, str]]:
    """Every text by its name; a text that lacks a language is an error at start-up."""
    raw = tomllib.loads(resources.files("hocba.web").joinpath("texts.toml").read_text("utf-8"))
    return dict(_flattened("", raw))


def _flattened(
    prefix: str, table: Mapping[str, object]
) -> Iterator[tuple[str, Mapping[Language, str]]]:
    for key, value in table.items():
        if not isinstance(value, dict):
            raise TypeError(f"texts.toml: {prefix}{key} is no table")
        if set(value) == {each.value for each in Language}:
            yield f"{prefix}{key}", {each: str(value[each.value]) for each in Language}
        else:
            yield from _flattened(f"{prefix}{key}.", value)
