"""What a rule sees of one document, and how it reports.

A rule reads single fields and rows as texts from a `RecordView`, which is built once per document,
and looks an element up only when it has something to say about it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from lxml import etree

from schemas.document import ParsedDocument, element_path, local_name, text_of
from schemas.findings import Finding, finding
from schemas.record_view import Children, RecordView
from schemas.rules.field import Field
from schemas.texts import Texts
from schemas.xpath import select

LONGEST_QUOTE = 60
LONGEST_REASON = 300


class Value(NamedTuple):
    """A value where it stands: the whole text of *element*.

    With `inside`, the value is not the element itself but something of that name in it: an
    attribute `@name`, or a child that is absent.
    """

    element: etree._Element
    text: str
    inside: str | None = None

    @property
    def name(self) -> str:
        """The XML name, `@name` for an attribute."""
        return local_name(self.element) if self.inside is None else self.inside

    @property
    def label_key(self) -> str:
        """Key of the field's label: `PARENT/name`."""
        parent = self.element.getparent() if self.inside is None else self.element
        return self.name if parent is None else f"{local_name(parent)}/{self.name}"

    @property
    def path(self) -> str:
        """Where the value stands, for a finding."""
        path = element_path(self.element)
        return path if self.inside is None else f"{path}/{self.inside}"


class Scope:
    """One document before its rules: `view` is the definition's content element as plain data.

    `text(field)` is the text of a single field, empty where it is absent.
    """

    def __init__(self, document: ParsedDocument, view: RecordView, texts: Texts) -> None:
        self.document = document
        self.view = view
        self.content = view.content
        self.texts = texts
        self.text = view.text
        self._each: dict[etree.XPath, tuple[Value, ...]] = {}

    def value(self, field: Field) -> Value:
        """Where *field* stands, or would stand."""
        for value in self.each(field.select):
            return value
        parent = next(iter(select(field.parent, self.content)), self.content)
        return Value(parent, self.text(field), field.name)

    def whole(self, expression: etree.XPath) -> Value:
        """The first element that *expression* selects, as where something about all of it stands.

        Without one, or with several, which is the XSD's to report, there is still a place.
        """
        for value in self.each(expression):
            return value._replace(text="")
        return Value(self.content, "")

    def each(self, expression: etree.XPath) -> tuple[Value, ...]:
        """Every element and attribute that *expression* selects, in document order."""
        found = self._each.get(expression)
        if found is None:
            found = self._each[expression] = located(expression, self.content)
        return found

    def rows(self, expression: etree.XPath) -> tuple[Children, ...]:
        """The children of each element that *expression* selects: rows of a table as texts."""
        return self.view.rows(expression)

    def value_in(self, row: Children, tag: str) -> Value:
        """Where the child *tag* of *row* stands, or would stand."""
        for child in row.element.iterchildren(tag):
            return Value(child, row.texts[tag])
        return Value(row.element, "", str(etree.QName(tag).localname))

    def wrong(
        self,
        fields: Sequence[Field],
        each: etree.XPath | None,
        is_wrong: Callable[[str], object],
    ) -> Iterator[Value]:
        """The filled ones of *fields*, and all that *each* selects, whose text *is_wrong*."""
        text_of_field = self.text
        for field in fields:
            text = text_of_field(field)
            if text and is_wrong(text) and text.strip():
                yield self.value(field)
        if each is not None:
            for value in self.each(each):
                if is_wrong(value.text) and value.text.strip():
                    yield value

    def finding(self, code: str, value: Value, **parameters: object) -> Finding:
        """A finding about *value*: where it stands, its label, what was found."""
        parameters.setdefault("found", quote(value.text))
        return finding(
            code,
            path=value.path,
            line=value.element.sourceline,
            **self.texts.labels(value.label_key),
            name=value.name,
            **parameters,
        )

    def other(self, value: Value) -> Mapping[str, str]:
        """*value* as the second value that a finding speaks of."""
        return {
            **self.texts.labels(value.label_key, "other_label"),
            "other_name": value.name,
            "other": quote(value.text),
        }


class Rule(Protocol):
    """One structural check with its parameters."""

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """What is wrong: errors before warnings, and lazily, so that a cap saves the rest."""
        ...


def located(expression: etree.XPath, context: etree._Element) -> tuple[Value, ...]:
    """The elements, attributes and texts that *expression* selects, with what they say."""
    result = expression(context)
    if not isinstance(result, list):
        return ()
    return tuple(value for node in result if (value := _value(node)) is not None)


def quote(text: str, longest: int = LONGEST_QUOTE) -> str:
    """*text* as a finding quotes it: one line, at most 60 characters."""
    line = " ".join(text[: 4 * longest].split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _value(node: object) -> Value | None:
    if etree.iselement(node):
        return Value(node, (node.text or "") if len(node) == 0 else text_of(node))
    # lxml has no public name for what an XPath gives for an attribute or a text.
    if not isinstance(node, etree._ElementUnicodeResult):  # noqa: SLF001
        return None
    inside = f"@{etree.QName(node.attrname).localname}" if node.attrname else None
    parent = node.getparent()
    return None if parent is None else Value(parent, str(node), inside)
