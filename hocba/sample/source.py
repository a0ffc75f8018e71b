"""Where a sample's chance and words come from: a seed with a label, and one text file."""

import random
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any


def chance(seed: int, *labels: object) -> random.Random:
    """Random numbers of their own for whatever *labels* name; the same in every process."""
    return random.Random("/".join(("hocba-sample", str(seed), *map(str, labels))))  # noqa: S311


@cache
def words() -> Mapping[str, Any]:
    """The words of `words.toml`."""
    return tomllib.loads(resources.files("hocba.sample").joinpath("words.toml").read_text("utf-8"))
