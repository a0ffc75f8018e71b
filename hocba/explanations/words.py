"""What the reports say, in Vietnamese and English: `texts.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from schemas.findings import Language


def words(section: str, key: str, language: Language) -> str:
    """One text; an unknown one is a programming error."""
    return _texts()[section][key][language.value]


def section(name: str, language: Language) -> Mapping[str, str]:
    """All texts of a section, in their order."""
    return {key: each[language.value] for key, each in _texts()[name].items()}


@cache
def _texts() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    file = resources.files("hocba.explanations").joinpath("texts.toml")
    return tomllib.loads(file.read_text("utf-8"))
