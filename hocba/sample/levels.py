"""School levels of a sample, and since when each grade follows the circulars of today."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Level(StrEnum):
    """What `hocba sample --level` takes; MIX is all four."""

    PRIMARY = "tieuhoc"
    LOWER = "thcs"
    UPPER = "thpt"
    CONTINUING = "gdtx"
    MIX = "mix"

    @property
    def code(self) -> str:
        """macaphoc."""
        return _CODES[self]

    @property
    def grades(self) -> range:
        """The grades that schools of this level teach in a sample."""
        return _GRADES[self]

    @property
    def definition(self) -> str:
        """The name of the definition that records of this level follow."""
        return "tieu-hoc" if self is Level.PRIMARY else "trung-hoc"


SINGLE_LEVELS: Final = (Level.PRIMARY, Level.LOWER, Level.UPPER, Level.CONTINUING)

_CODES: Final = {
    Level.PRIMARY: "02",
    Level.LOWER: "03",
    Level.UPPER: "04",
    Level.CONTINUING: "05",
}
_GRADES: Final = {
    Level.PRIMARY: range(1, 6),
    Level.LOWER: range(6, 10),
    Level.UPPER: range(10, 13),
    Level.CONTINUING: range(10, 13),
}

# The school year (its first calendar year) from which a grade has followed Chương trình GDPT 2018
# and so TT 27/2020, TT 22/2021 and TT 43/2021; earlier years had another form of học bạ.
FIRST_YEAR: Final[Mapping[int, int]] = MappingProxyType(
    {
        1: 2020,
        2: 2021,
        3: 2022,
        4: 2023,
        5: 2024,
        6: 2021,
        7: 2022,
        8: 2023,
        9: 2024,
        10: 2022,
        11: 2023,
        12: 2024,
    }
)
