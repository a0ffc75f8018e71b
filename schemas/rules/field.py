"""Single fields of a definition: compiled once, read together."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from schemas.errors import DefinitionError

# Stands between the texts that one evaluation returns: a private-use character, which records
# have no reason to contain. One that does is noticed by the count.
SEPARATOR = "\ue000"

_PLAIN_PATH = re.compile(r"[\w.:-]+(/[\w.:-]+)*/@?[\w.:-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A value that stands at most once in a document, by its XPath relative to the content.

    `string` is its text, as an expression; `name` its last step; `parent` selects where it
    belongs when it is absent.
    """

    name: str
    select: etree.XPath
    string: etree.XPath
    parent: etree.XPath
    index: int


@dataclass(frozen=True, slots=True)
class Fields:
    """All single fields of a definition, fetched in one evaluation."""

    fields: tuple[Field, ...]
    together: etree.XPath

    def texts(self, content: etree._Element) -> Sequence[str]:
        """The text of each field of one document, in the order of `Field.index`."""
        texts = str(self.together(content)).split(SEPARATOR)
        if len(texts) == len(self.fields):
            return texts
        return [str(field.string(content)) for field in self.fields]


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
            compiled = etree.XPath(expression, namespaces=self._namespaces, regexp=False)
            compiled(etree.Element("trial"))
        except (etree.XPathError, TypeError, ValueError) as error:
            raise DefinitionError(f"{self.where}: XPath {expression!r}: {error}") from error
        self._compiled[expression] = compiled
        return compiled

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
                index=len(self._fields),
            )
        return known

    def fields(self) -> Fields:
        """All single fields gathered so far."""
        parts = f", '{SEPARATOR}', ".join(each.string.path for each in self._fields.values())
        together = self.compile(f"concat({parts}, '')" if parts else "''")
        return Fields(tuple(self._fields.values()), together)
