"""The definitions of the figures: `figures.toml`, read once."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from schemas.texts import Translated, translated


class Unit(StrEnum):
    """What a figure is measured in."""

    PERCENT = "percent"
    DAYS = "days"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: a share of two counts, or a number of days that a count stands beside."""

    code: str
    aspect: str
    unit: Unit
    name: Translated
    numerator: str
    denominator: str
    lower_is_better: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityDefinitions:
    """All figures in the order in which they are shown, and the words of what they are made of.

    `missing` and `duplicate` are codes of findings about pupils' years.
    """

    within_days: int
    aspects: Mapping[str, Translated]
    counts: Mapping[str, Translated]
    figures: tuple[Figure, ...]
    missing: tuple[str, ...]
    duplicate: tuple[str, ...]


@cache
def quality_definitions() -> QualityDefinitions:
    """The definitions; one that names an unknown count or aspect is a programming error."""
    raw = tomllib.loads(
        resources.files("hocba.quality").joinpath("figures.toml").read_text("utf-8")
    )
    aspects = {name: translated(texts, name) for name, texts in raw["aspects"].items()}
    counts = {name: translated(texts, name) for name, texts in raw["counts"].items()}
    figures = tuple(
        Figure(
            **each | {"unit": Unit(each["unit"]), "name": translated(each["name"], each["code"])}
        )
        for each in raw["figure"]
    )
    for each in figures:
        if not {each.numerator, each.denominator} <= set(counts) or each.aspect not in aspects:
            raise ValueError(f"figures.toml: {each.code} names what is not there")
    return QualityDefinitions(
        within_days=raw["within_days"],
        aspects=aspects,
        counts=counts,
        figures=figures,
        missing=tuple(raw["continuity"]["missing"]),
        duplicate=tuple(raw["continuity"]["duplicate"]),
    )
