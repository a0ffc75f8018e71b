"""One TOML table of a rule pack; what nothing asked for, or cannot work, is refused."""

from collections.abc import Mapping, Sequence

from schemas.errors import DefinitionError
from schemas.findings import Language
from schemas.texts import Translated, translated


class PackTable:
    """Reads values by name, each checked; `finish` refuses the rest."""

    def __init__(self, where: str, raw: object) -> None:
        if not isinstance(raw, dict):
            raise DefinitionError(f"{where}: is no table")
        self.where = where
        self._raw: Mapping[str, object] = raw
        self._asked: set[str] = set()

    def has(self, name: str) -> bool:
        """Whether *name* is there."""
        self._asked.add(name)
        return name in self._raw

    def text(self, name: str, default: str | None = None) -> str:
        """A text, not empty."""
        value = self._value(name, default)
        if not isinstance(value, str) or not value.strip():
            raise DefinitionError(f"{self.where}: {name} must be a text, not empty")
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str | None = None) -> str:
        """One of *allowed*."""
        value = self.text(name, default)
        if value not in allowed:
            raise DefinitionError(f"{self.where}: {name} {value!r} is none of {', '.join(allowed)}")
        return value

    def texts(self, name: str, default: Sequence[str] | None = None) -> tuple[str, ...]:
        """A list of texts."""
        value = self._value(name, None if default is None else list(default))
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise DefinitionError(f"{self.where}: {name} must be a list of texts")
        return tuple(value)

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number, not negative; marks are in tenths."""
        value = self._value(name, default)
        if type(value) is not int or value < 0:
            raise DefinitionError(f"{self.where}: {name} must be a whole number, not negative")
        return value

    def words(self, name: str) -> Translated:
        """A text in every language."""
        return translated(self._value(name, None), f"{self.where}: {name}")

    def mapping(self, name: str) -> Mapping[str, str]:
        """A table of texts by name."""
        value = self._value(name, None)
        if not isinstance(value, dict) or not all(isinstance(v, str) and v for v in value.values()):
            raise DefinitionError(f"{self.where}: {name} must be a table of texts")
        return value

    def numbers(self, name: str) -> Mapping[str, int]:
        """A table of whole numbers by name."""
        value = self._value(name, None)
        if not isinstance(value, dict) or not all(type(v) is int for v in value.values()):
            raise DefinitionError(f"{self.where}: {name} must be a table of whole numbers")
        return value

    def table(self, name: str) -> "PackTable":
        """A table below this one."""
        return PackTable(f"{self.where}: [{name}]", self._value(name, None))

    def tables(self, name: str) -> "tuple[PackTable, ...]":
        """A list of tables below this one."""
        value = self._value(name, None)
        if not isinstance(value, list) or not value:
            raise DefinitionError(f"{self.where}: {name} must be written as [[{name}]]")
        return tuple(
            PackTable(f"{self.where}: [[{name}]] {number}", each)
            for number, each in enumerate(value, 1)
        )

    def finish(self) -> None:
        """Refuse what nothing asked for: a misspelt name must not be ignored."""
        surplus = sorted(set(self._raw) - self._asked)
        if surplus:
            raise DefinitionError(f"{self.where}: unknown {', '.join(surplus)}")

    def _value(self, name: str, default: object) -> object:
        if not self.has(name):
            if default is None:
                raise DefinitionError(f"{self.where}: missing {name}")
            return default
        return self._raw[name]


def both(vi: str, en: str) -> Translated:
    """A text of the program itself in both languages."""
    return {Language.VI: vi, Language.EN: en}
