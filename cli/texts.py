"""What the command line says, in Vietnamese and English: `texts.toml` and `help.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from schemas.findings import Language

_FOLDER = Path(__file__).parent


def text(key: str, language: Language, /, **values: object) -> str:
    """The text under the dotted *key* of `texts.toml`; an unknown key is a programming error."""
    template = lookup("texts.toml", key)[language.value]
    return str(template).format(**values)


def lookup(file: str, key: str) -> Mapping[str, Any]:
    """The table under the dotted *key*; KeyError where there is none."""
    found: Any = catalogue(file)
    for part in key.split("."):
        found = found[part]
    return dict(found)


@cache
def catalogue(file: str) -> Mapping[str, Any]:
    """Everything in one of the files."""
    return tomllib.loads((_FOLDER / file).read_text("utf-8"))
