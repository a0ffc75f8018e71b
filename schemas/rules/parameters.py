"""Parameters of a rule, read from a definition and refused when they cannot work."""

from collections.abc import Callable, Mapping, Sequence

from lxml import etree

from schemas.codes import CodeList
from schemas.errors import DefinitionError
from schemas.rules.field import Expressions, Field
from schemas.texts import Texts, Translated


class Parameters:
    """One TOML table of a definition; `finish` refuses what nothing asked for."""

    def __init__(
        self,
        where: str,
        raw: object,
        expressions: Expressions,
        *,
        texts: Texts,
        code_list: Callable[[str], CodeList],
    ) -> None:
        if not isinstance(raw, dict):
            raise DefinitionError(f"{where}: is no table")
        self.where = where
        self._raw: Mapping[str, object] = raw
        self._asked: set[str] = set()
        self._expressions = expressions
        self._texts = texts
        self._code_list = code_list

    def text(self, name: str) -> str:
        """A text, not empty."""
        value = self._value(name)
        if not isinstance(value, str) or not value.strip():
            raise DefinitionError(f"{self.where}: {name} must be a text, not empty")
        return value

    def optional(self, name: str) -> str | None:
        """A text, not empty; None where it is left out."""
        return self.text(name) if self._has(name) else None

    def flag(self, name: str) -> bool:
        """True or false; false where it is left out."""
        value = self._value(name) if self._has(name) else False
        if not isinstance(value, bool):
            raise DefinitionError(f"{self.where}: {name} must be true or false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, not empty."""
        value = self._value(name)
        if not isinstance(value, list) or not value or not all(_is_text(each) for each in value):
            raise DefinitionError(f"{self.where}: {name} must be a list of texts, not empty")
        return tuple(value)

    def optional_texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, none where *name* is not there."""
        return self.texts(name) if self._has(name) else ()

    def optional_text(self, name: str) -> str | None:
        """A text, None where *name* is not there."""
        return self.text(name) if self._has(name) else None

    def texts_by_name(self, name: str) -> Mapping[str, str]:
        """A table of texts."""
        value = self._value(name)
        if not isinstance(value, dict) or not all(_is_text(each) for each in value.values()):
            raise DefinitionError(f"{self.where}: {name} must be a table of texts")
        return value

    def single(self, expression: str) -> Field:
        """An XPath, as a single field."""
        return self._expressions.field(expression)

    def optional_fields(self, name: str) -> tuple[Field, ...]:
        """The XPaths of several single fields, none where *name* is not there."""
        return self.fields(name) if self._has(name) else ()

    def tag(self, name: str) -> str:
        """An element's name, perhaps with a prefix, in Clark notation."""
        return self._expressions.tag(name)

    def field(self, name: str) -> Field:
        """The XPath of one single field."""
        return self._expressions.field(self.text(name))

    def fields(self, name: str) -> tuple[Field, ...]:
        """The XPaths of several single fields."""
        return tuple(self._expressions.field(each) for each in self.texts(name))

    def selection(self) -> tuple[tuple[Field, ...], etree.XPath | None]:
        """`fields`, single ones, and `each`, an XPath of repeating ones; at least one of both."""
        fields = self.fields("fields") if self._has("fields") else ()
        each = self.nodes("each") if self._has("each") else None
        if not fields and each is None:
            raise DefinitionError(f"{self.where}: needs fields or each")
        return fields, each

    def xpath(self, name: str) -> etree.XPath:
        """An XPath."""
        return self._expressions.compile(self.text(name))

    def nodes(self, name: str) -> etree.XPath:
        """An XPath that selects: what gives a number or a text would check nothing."""
        expression = self.xpath(name)
        if not isinstance(expression(etree.Element("trial")), list):
            raise DefinitionError(f"{self.where}: {name} selects nothing: {expression.path}")
        return expression

    def condition(self, name: str) -> Field:
        """An XPath as a truth: the field's text is `true` or `false`."""
        return self._expressions.field(f"boolean({self.text(name)})")

    def compiled(self, expression: str) -> etree.XPath:
        """An XPath that a rule derives from its parameters."""
        return self._expressions.compile(expression)

    def code_lists(self, name: str) -> tuple[CodeList, ...]:
        """Code lists by name: the definition's own before the shared ones."""
        return tuple(self._code_list(each) for each in self.texts(name))

    def column(self, name: str, column: str) -> tuple[CodeList, str]:
        """The code list that *name* names, and its column that *column* names."""
        codes = self._code_list(self.text(name))
        wanted = self.text(column)
        if not all(wanted in entry for entry in codes.entries.values()):
            raise DefinitionError(f"{self.where}: code list {codes.name} has no column {wanted}")
        return codes, wanted

    def term(self, name: str) -> Translated:
        """A text of the definition's `[terms]`."""
        key = self.text(name)
        term = self._texts.terms.get(key)
        if term is None:
            raise DefinitionError(f"{self.where}: {name} {key!r} is not in [terms] of texts.toml")
        return term

    def choice(self, name: str, allowed: Sequence[str]) -> str:
        """One of *allowed*."""
        value = self.text(name)
        if value not in allowed:
            raise DefinitionError(f"{self.where}: {name} {value!r} is none of {', '.join(allowed)}")
        return value

    def finish(self) -> None:
        """Refuse parameters that nothing asked for: a misspelt one must not be ignored."""
        surplus = sorted(set(self._raw) - self._asked)
        if surplus:
            raise DefinitionError(f"{self.where}: unknown {', '.join(surplus)}")

    def _has(self, name: str) -> bool:
        self._asked.add(name)
        return name in self._raw

    def _value(self, name: str) -> object:
        if not self._has(name):
            raise DefinitionError(f"{self.where}: missing {name}")
        return self._raw[name]


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
