"""The XSD of a definition: libxml2 gives the verdict, the `xmlschema` library the explanation."""

import threading
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from schemas.document import local_name
from schemas.errors import DefinitionError

if TYPE_CHECKING:
    import xmlschema

# One more than a report lists, so that it can say that there are more.
MAX_OBJECTIONS = 101


@dataclass(frozen=True, slots=True)
class Objection:
    """One reason of libxml2 to refuse a document, in its own English words."""

    path: str
    line: int
    reason: str


class Grammar:
    """One compiled XSD.

    libxml2's compiled schema is not shared between threads: a thread compiles its own (2 ms) the
    first time it checks. What the document itself says about schemas (`xsi:schemaLocation`) is
    never followed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._compiled = threading.local()
        self._compiled.schema = self._compile()

    def objections(self, root: etree._Element) -> tuple[Objection, ...]:
        """Why the document of *root* is invalid, the first hundred or so; empty means valid."""
        try:
            schema: etree.XMLSchema = self._compiled.schema
        except AttributeError:
            schema = self._compiled.schema = self._compile()
        if schema.validate(root):
            return ()
        root_name = local_name(root)
        found = tuple(
            Objection((entry.path or root_name).strip("/"), entry.line, entry.message)
            for entry in islice(schema.error_log, MAX_OBJECTIONS)
        )
        return found or (Objection(root_name, root.sourceline or 1, "invalid"),)

    @cached_property
    def model(self) -> "xmlschema.XMLSchema":
        """The same XSD as a model that can be asked what it expects.

        Imported and built on the first failure: together they take longer than 10,000 checks.
        """
        import xmlschema

        return xmlschema.XMLSchema(str(self.path), allow="local", use_location_hints=False)

    def _compile(self) -> etree.XMLSchema:
        try:
            return etree.XMLSchema(etree.parse(self.path, etree.XMLParser(no_network=True)))
        except (OSError, etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
            where = f"{self.path.parent.name}/{self.path.name}"
            raise DefinitionError(f"{where}: does not compile: {error}") from error
