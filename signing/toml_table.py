"""A table of a TOML file, read strictly: what nobody took is refused."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from signing.errors import PolicyError

_T = TypeVar("_T")


def octets_of(path: Path) -> bytes:
    """What stands in the file; raises `PolicyError` with its name and the reason."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise PolicyError(f"{path.name}: {error.strerror or 'cannot be read'}") from error


class TomlTable:
    """One table; every method raises `ValueError` that names the member and what was expected."""

    def __init__(self, values: Mapping[str, Any], prefix: str = "") -> None:
        self._values = dict(values)
        self._prefix = prefix

    def take(self, name: str, kind: type[_T]) -> _T:
        """The member *name*, which must be there and exactly of the *kind*."""
        if name not in self._values:
            raise ValueError(f"missing {self._prefix}{name}")
        value = self._values.pop(name)
        if type(value) is not kind:
            raise ValueError(f"{self._prefix}{name} is not of the kind {kind.__name__}")
        return value

    def take_or_none(self, name: str, kind: type[_T]) -> _T | None:
        """The member *name*; None where it is not set."""
        return self.take(name, kind) if name in self._values else None

    def number(self, name: str, least: int, most: int) -> int:
        """The whole number *name*, from *least* to *most*."""
        value = self.take(name, int)
        if not least <= value <= most:
            raise ValueError(f"{self._prefix}{name} is {value}, allowed is {least} to {most}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """The list of texts *name*."""
        values: list[object] = self.take(name, list)
        found = tuple(each for each in values if isinstance(each, str) and each)
        if len(found) != len(values):
            raise ValueError(f"{self._prefix}{name} is not a list of texts")
        return found

    def table(self, name: str) -> "TomlTable":
        """The table *name*."""
        return TomlTable(self.take(name, dict), f"{self._prefix}{name}.")

    def tables(self, name: str) -> Iterator["TomlTable"]:
        """The tables of the array *name*, one after the other; each must be used up."""
        for number, each in enumerate(self.take(name, list), start=1):
            if not isinstance(each, dict):
                raise ValueError(f"{self._prefix}{name} {number} is no table")  # noqa: TRY004 -- wrong in the file
            table = TomlTable(each, f"{self._prefix}{name} {number}: ")
            yield table
            table.refuse_rest()

    def refuse_rest(self) -> None:
        """Refuse what is left: a misspelt member would silently not hold."""
        if self._values:
            unknown = ", ".join(f"{self._prefix}{each}" for each in sorted(self._values))
            raise ValueError(f"unknown: {unknown}")
