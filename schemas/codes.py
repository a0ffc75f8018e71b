"""Code lists: CSV files that say what their codes mean and where they come from."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from schemas.errors import DefinitionError
from schemas.findings import Language

_ABOUT = ("title", "title_en", "source", "confidence", "official")
_COLUMNS = ("code", "name")


@dataclass(frozen=True, slots=True)
class CodeList:
    """One code list, in the order of its file.

    `about` holds title, title_en, source, confidence and whether the list is official; `entries`
    the columns of each row by its code, at least `name`.
    """

    name: str
    about: Mapping[str, str]
    entries: Mapping[str, Mapping[str, str]]

    def __contains__(self, code: object) -> bool:
        """Whether the list has *code*."""
        return code in self.entries

    def __iter__(self) -> Iterator[str]:
        """The codes."""
        return iter(self.entries)

    def title(self, language: Language) -> str:
        """What people call the list."""
        return self.about["title_en" if language is Language.EN else "title"]

    def meaning(self, code: str, language: Language) -> str | None:
        """What *code* stands for; the Vietnamese name where the list has no English one."""
        entry = self.entries.get(code)
        if entry is None:
            return None
        translated = entry.get("name_en") if language is Language.EN else None
        return translated or entry["name"]


def read_code_list(path: Path) -> CodeList:
    """The code list in a CSV file: `# key: value` lines, then a header row, then the codes.

    Raises `DefinitionError` with file and line.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"{path.name}: {error}") from error
    about_lines = [line for line in lines if line.startswith("#")]
    about = dict(_about(path, line) for line in about_lines)
    missing = [key for key in _ABOUT if not about.get(key)]
    if missing:
        raise DefinitionError(f"{path.name}: does not say its {', '.join(missing)}")
    if lines[: len(about_lines)] != about_lines:
        raise DefinitionError(f"{path.name}: lines with # must stand before everything else")
    entries = _entries(path, lines[len(about_lines) :], offset=len(about_lines))
    return CodeList(path.stem, MappingProxyType(about), MappingProxyType(entries))


def _about(path: Path, line: str) -> tuple[str, str]:
    key, colon, value = line.removeprefix("#").partition(":")
    if not colon:
        raise DefinitionError(f"{path.name}: not of the form '# key: value': {line}")
    return key.strip(), value.strip()


def _entries(path: Path, lines: list[str], offset: int) -> dict[str, Mapping[str, str]]:
    reader = csv.DictReader(lines, strict=True, restkey="surplus", restval="")
    absent = [name for name in _COLUMNS if name not in (reader.fieldnames or ())]
    if absent:
        raise DefinitionError(f"{path.name}: missing column {', '.join(absent)}")
    entries: dict[str, Mapping[str, str]] = {}
    try:
        for row in reader:
            where = f"{path.name}, line {reader.line_num + offset}"
            if "surplus" in row or not row["code"] or not row["name"]:
                raise DefinitionError(f"{where}: needs a code, a name and no more than the header")
            code = row.pop("code")
            if code in entries:
                raise DefinitionError(f"{where}: code {code} stands twice")
            entries[code] = MappingProxyType(row)
    except csv.Error as error:
        raise DefinitionError(f"{path.name}, line {reader.line_num + offset}: {error}") from error
    if not entries:
        raise DefinitionError(f"{path.name}: has no codes")
    return entries
