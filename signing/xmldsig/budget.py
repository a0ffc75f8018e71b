"""What the canonicalisations that one document asks for may cost in all.

The unit is one element under one namespace declaration. Copying, serialising and hashing text
costs too, by its length, and sorting attributes by their number: those of one element at the
square of it, here as if every element had the most allowed.
"""

from collections.abc import Iterator

from schemas.document import ParsedDocument
from signing.xmldsig.canonicalization import CanonicalizationError

# What takes libxml2 about a second. A record of sixteen signatures costs a fifth of it.
BUDGET = 2_000_000
_OCTETS_PER_UNIT = 16
_UNITS_PER_ATTRIBUTE = 4
_UNITS_PER_ASIDE = 6
_SHORTEST_NODE = 5  # ' a=""', '<?a?>'
_LOOKS_PER_CANONICALIZATION = 32


class TooCostlyError(CanonicalizationError):
    """The document's references ask for more canonicalisation than any record needs."""


class Budget:
    """Counts the work that one document asks for, and refuses what is beyond the budget.

    What one canonicalisation costs is taken from a bound that is quickly told, and the document
    looked at more closely only where that would not do.
    """

    def __init__(self, document: ParsedDocument) -> None:
        self._costs = _costs(document)
        self._cost = next(self._costs)
        self._looks = 0

    @property
    def spent(self) -> int:
        """What was asked for so far, by the closest of the bounds."""
        for closer in self._costs:
            self._cost = closer
        return self._bound()

    def charge(self, canonicalizations: int) -> None:
        """Count *canonicalizations*; raises `TooCostlyError` where they are too many."""
        self._count(canonicalizations * _LOOKS_PER_CANONICALIZATION)

    def look(self) -> None:
        """Count one look at a place; raises `TooCostlyError`.

        It takes time too, where there are very many to look at.
        """
        self._count(1)

    def _count(self, looks: int) -> None:
        self._looks += looks
        while self._bound() > BUDGET:
            closer = next(self._costs, None)
            if closer is None:
                raise TooCostlyError
            self._cost = closer

    def _bound(self) -> int:
        return self._looks * self._cost // _LOOKS_PER_CANONICALIZATION


def _costs(document: ParsedDocument) -> Iterator[int]:
    """Upper bounds of what one canonicalisation of *document* costs, ever closer, ever slower."""
    octets = len(document.data)
    text = octets // _OCTETS_PER_UNIT
    shallow = document.size * (1 + document.namespace_declarations) + text
    yield shallow + octets // _SHORTEST_NODE * _UNITS_PER_ASIDE
    # No more attributes than signs of equality. Comments and instructions are short nodes as well.
    small = document.data.count(b"=") * _UNITS_PER_ATTRIBUTE + document.asides * _UNITS_PER_ASIDE
    yield shallow + small
    yield document.size * (1 + document.namespace_depth) + text + small
