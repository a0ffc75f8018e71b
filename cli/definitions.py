"""The definitions that commands without a home work with."""

import os
from pathlib import Path

from schemas.registry import DefinitionRegistry

DEFINITIONS_VARIABLE = "HOCBA_DEFINITIONS"


def extra_definitions() -> Path | None:
    """The folder with further definitions that the environment names, if any."""
    named = os.environ.get(DEFINITIONS_VARIABLE)
    return Path(named) if named else None


def load_definitions() -> DefinitionRegistry:
    """The shipped definitions and those of the environment; raises `DefinitionError`."""
    return DefinitionRegistry.load(extra_definitions())
