"""What a rule of a circular says: where, and the numbers that led to it."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from schemas.rules.circulars.assessed import Assessed, Place


class Hit(NamedTuple):
    """One contradiction: its place, and parameters of the finding's text."""

    place: Place
    parameters: Mapping[str, object] = {}


Check: TypeAlias = Callable[[Assessed], Iterable[Hit]]
"""A rule of a circular, set up with its pack's numbers."""

NOTHING: tuple[Hit, ...] = ()
