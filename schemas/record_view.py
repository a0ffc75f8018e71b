"""The content of one record as plain data, read once: what rules and index look at.

An element that has children is read in one pass over them, and kept: a rule that asks for the same
element again pays for a look-up. Rules over rows start from `RecordView.rows`.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from lxml import etree

from schemas.xpath import select, select_text

if TYPE_CHECKING:
    from schemas.rules.field import Field, Fields

_STRING = etree.XPath("string()", smart_strings=False)


class Children:
    """The child elements of *element* by name in Clark notation (`{namespace}name`).

    `texts` holds what each says, the first where several have one name, which then stands in
    `repeated` too. Names that the record lacks are not there: `row.texts.get("mamonhoc", "")`.
    """

    __slots__ = ("element", "repeated", "texts")

    def __init__(self, element: etree._Element) -> None:
        self.element = element
        texts: dict[str, str] = {}
        repeated: set[str] = set()
        children: Iterable[Any] = element  # a comment's tag is no name, and no one asks for it
        for child in children:
            tag = child.tag
            if tag in texts:
                repeated.add(tag)
            elif len(child):
                # A comment in it, or elements: all of its text counts, as XPath reads it.
                texts[tag] = str(_STRING(child))
            else:
                texts[tag] = child.text or ""
        self.texts: Mapping[str, str] = texts
        self.repeated: frozenset[str] | set[str] = repeated


class RecordView:
    """The content element of one document, built once per document.

    `text` and `only` are look-ups in texts that one pass read; `rows` and `children` read what
    they are asked for, once.
    """

    def __init__(self, content: etree._Element, fields: "Fields") -> None:
        self.content = content
        self._children: dict[etree._Element, Children] = {}
        self._rows: dict[etree.XPath, tuple[Children, ...]] = {}
        self._texts = fields.texts(self)

    def text(self, field: "Field") -> str:
        """The text of the single field *field*; empty where it is absent."""
        return self._texts[field.index]

    def only(self, field: "Field") -> str | None:
        """The text of *field* where it stands exactly once, else None: ambiguity is not read."""
        if field.tag is not None:
            rows = self.rows(field.parent)
            if len(rows) == 1:
                (row,) = rows
                return None if field.tag in row.repeated else row.texts.get(field.tag)
        return select_text(field.select, self.content)

    def columns(self, rows: etree.XPath, tags: tuple[str, ...]) -> list[dict[str, str]]:
        """The texts of the children *tags*, and no others, of each element that *rows* selects.

        Of several children with one name, the first counts. Rows of one name and parent, as a
        table has them, are read in one walk that stops at these names only.
        """
        selected = select(rows, self.content)
        parent = selected[0].getparent() if selected else None
        if parent is None:
            return []
        row_tag = str(selected[0].tag)
        found: list[dict[str, str]] = []
        texts: dict[str, str] = {}
        for element in parent.iter(row_tag, *tags):
            tag = str(element.tag)
            if tag == row_tag:
                texts = {}
                found.append(texts)
            elif tag not in texts:
                texts[tag] = str(_STRING(element)) if len(element) else (element.text or "")
        if len(found) == len(selected):
            return found
        known = (self.children(row).texts for row in selected)
        return [{tag: each[tag] for tag in tags if tag in each} for each in known]

    def children(self, element: etree._Element) -> Children:
        """The children of *element*."""
        known = self._children.get(element)
        if known is None:
            known = self._children[element] = Children(element)
        return known

    def rows(self, expression: etree.XPath) -> tuple[Children, ...]:
        """The children of each element that *expression* selects, in document order."""
        known = self._rows.get(expression)
        if known is None:
            selected = select(expression, self.content)
            known = self._rows[expression] = tuple(self.children(each) for each in selected)
        return known
