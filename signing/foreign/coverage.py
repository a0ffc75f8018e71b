"""What of a document its signatures cover, and what nobody signed: see what is signed.

An element is covered with all below it, but for signatures. Not content are signatures, their
properties, and bare elements (no text, no attribute but an Id) on the way to one or to what is
covered: containers, as every format has them.
"""

from collections.abc import Iterable, Iterator

from lxml import etree

from schemas.document import element_path, is_instruction
from signing import names
from signing.foreign.references import is_properties

_ALLOWED = frozenset(
    {
        "Id",
        "ID",
        "id",
        f"{{{names.XML}}}id",
        "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation",
        "{http://www.w3.org/2001/XMLSchema-instance}noNamespaceSchemaLocation",
    }
)
_HAS_TEXT = etree.XPath("boolean(text()[normalize-space()])")


class Coverage:
    """The content of one document; what is looked up once is kept."""

    def __init__(self, root: etree._Element) -> None:
        self._root = root
        self._bare: dict[etree._Element, bool] = {}
        signatures = tuple(root.iter(names.SIGNATURE))
        self._signatures = frozenset(signatures)
        self._holding = {above for each in signatures for above in each.iterancestors()}
        self._beside = _has_instruction_beside(root)

    def is_full(self, covered: Iterable[etree._Element], *, whole_document: bool) -> bool:
        """Whether *covered* leaves out nothing but signatures and what holds them."""
        found = set(covered)
        if not found:
            return False
        if self._beside and not whole_document:
            return False
        return next(self._uncovered(found), None) is None

    def uncovered(
        self, covered: Iterable[etree._Element], *, whole_document: bool, most: int
    ) -> tuple[tuple[str, ...], int]:
        """What nobody signed, each at its uppermost element: at most *most* paths, how many more.

        A path costs as much as there are siblings, so only those that are shown are made.
        """
        paths = ["<?…?>"] if self._beside and not whole_document else []
        more = 0
        for element in self._uncovered(set(covered)):
            if len(paths) < most:
                paths.append(element_path(element))
            else:
                more += 1
        return tuple(paths), more

    def _uncovered(self, covered: set[etree._Element]) -> Iterator[etree._Element]:
        on_the_way = {above for each in covered for above in each.iterancestors()}
        pending = [iter((self._root,))]
        while pending:
            element = next(pending[-1], None)
            if element is None:
                pending.pop()
            elif element in covered:
                continue
            elif element in self._signatures:
                pending.append(iter(_data_objects(element)))
            elif (element in self._holding or element in on_the_way) and self._is_bare(element):
                pending.append(element.iterchildren(etree.Element))
            else:
                yield element

    def _is_bare(self, element: etree._Element) -> bool:
        known = self._bare.get(element)
        if known is None:
            allowed = _ALLOWED | {"MimeType", "Encoding"} if _is_object(element) else _ALLOWED
            known = not (set(element.attrib) - allowed) and not _HAS_TEXT(element)
            self._bare[element] = known
        return known


def _data_objects(signature: etree._Element) -> list[etree._Element]:
    """The Objects of *signature* that hold more than properties of it."""
    return [each for each in signature.iterchildren(names.OBJECT) if not is_properties(each)]


def _is_object(element: etree._Element) -> bool:
    return bool(element.tag == names.OBJECT)


def _has_instruction_beside(root: etree._Element) -> bool:
    """Whether an instruction stands beside the root: a stylesheet decides what people see."""
    return any(
        is_instruction(each)
        for before in (True, False)
        for each in root.itersiblings(etree.ProcessingInstruction, preceding=before)
    )
