"""Single fields of a definition: compiled once, read together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from schemas.errors import DefinitionError
from schemas.record_view import RecordView
from schemas.xpath import compiled

# Stands between the texts that one evaluation returns: a private-use character, which records
# have no reason to contain. One that does is noticed by the count.
SEPARATOR = "\ue000"

# Child elements by name from end to end: what one pass over the children of the parent reads.
_NAME = r"[^\W\d][\w.-]*(?::[^\W\d][\w.-]*)?"
_CHILD_PATH = re.compile(rf"{_NAME}(/{_NAME})+")
_PLAIN_PATH = re.compile(rf"{_NAME}(/{_NAME})*/@?{_NAME}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A value that stands at most once in a document, by its XPath relative to the content.

    `string` is its text, as an expression; `name` its last step; `parent` selects where it
    belongs when it is absent. `tag` is its name in Clark notation where it is nothing but a child
    element of `parent`, None for attributes and what is computed.
    """

    name: str
    select: etree.XPath
    string: etree.XPath
    parent: etree.XPath
    tag: str | None
    index: int


@dataclass(frozen=True, slots=True)
class Fields:
    """All single fields of a definition, read together.

    `children` are those that are child elements, by their parent; `computed` are the others, which
    `together` fetches in one evaluation.
    """

    fields: tuple[Field, ...]
    children: tuple[tuple[etree.XPath, tuple[tuple[str, int], ...]], ...]
    computed: tuple[Field, ...]
    together: etree.XPath

    def texts(self, view: RecordView) -> Sequence[str]:
        """The text of each field of one document, in the order of `Field.index`."""
        found = [""] * len(self.fields)
        for parent, members in self.children:
            for row in reversed(view.rows(parent)):  # of several, the first that has it speaks
                texts = row.texts
                for tag, index in members:
                    if tag in texts:
                        found[index] = texts[tag]
        for field, text in zip(self.computed, self._computed(view.content), strict=True):
            found[field.index] = text
        return found

    def _computed(self, content: etree._Element) -> Sequence[str]:
        if not self.computed:
            return ()
        texts = str(self.together(content)).split(SEPARATOR)
        if len(texts) == len(self.computed):
            return texts
        return [str(field.string(content)) for field in self.computed]


class Expressions:
    """Compiles the XPaths of one definition, each once, and gathers its single fields."""

    def __init__(self, where: str, namespaces: Mapping[str, str]) -> None:
        self.where = where
        self._namespaces = dict(namespaces)
        self._compiled: dict[str, etree.XPath] = {}
        self._fields: dict[str, Field] = {}

    def compile(self, expression: str) -> etree.XPath:
        """The compiled *expression*, tried once so that an unknown function or prefix shows now.

        Raises `DefinitionError`.
        """
        known = self._compiled.get(expression)
        if known is not None:
            return known
        try:
            tried = compiled(expression, self._namespaces)
            tried(etree.Element("trial"))
        except (etree.XPathError, TypeError, ValueError) as error:
            raise DefinitionError(f"{self.where}: XPath {expression!r}: {error}") from error
        self._compiled[expression] = tried
        return tried

    def field(self, expression: str) -> Field:
        """*expression* as a single field."""
        known = self._fields.get(expression)
        if known is None:
            parent, _, name = expression.rpartition("/")
            plain = _PLAIN_PATH.fullmatch(expression) is not None
            known = self._fields[expression] = Field(
                name=name,
                select=self.compile(expression),
                # [1] lets libxml2 stop at the first element: half the time for a whole record.
                string=self.compile(f"string({expression}{'[1]' if plain else ''})"),
                parent=self.compile(parent if plain else "."),
                tag=self._clark(name) if _CHILD_PATH.fullmatch(expression) else None,
                index=len(self._fields),
            )
        return known

    def fields(self) -> Fields:
        """All single fields gathered so far."""
        children: dict[etree.XPath, list[tuple[str, int]]] = {}
        computed = []
        for field in self._fields.values():
            if field.tag is None:
                computed.append(field)
            else:
                children.setdefault(field.parent, []).append((field.tag, field.index))
        parts = f", '{SEPARATOR}', ".join(each.string.path for each in computed)
        return Fields(
            fields=tuple(self._fields.values()),
            children=tuple((parent, tuple(members)) for parent, members in children.items()),
            computed=tuple(computed),
            together=self.compile(f"concat({parts}, '')" if parts else "''"),
        )

    def tag(self, name: str) -> str:
        """An element's name, perhaps with a prefix, in Clark notation; raises `DefinitionError`."""
        if name.rpartition(":")[0] not in {"", *self._namespaces}:
            raise DefinitionError(f"{self.where}: unknown prefix in {name!r}")
        return self._clark(name)

    def _clark(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        return f"{{{self._namespaces[prefix]}}}{local}" if prefix else local
