"""The words of a definition for people: labels of fields, descriptions of types, terms."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from schemas.errors import DefinitionError
from schemas.findings import Language

Translated = Mapping[Language, str]

_SECTIONS = ("fields", "types", "roles", "terms")


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts in every language.

    `fields` by the XML name of an element or attribute, or by `PARENT/name` where the same name
    means something else; `types` describes what a named XSD type allows; `roles` names who signs in
    a role of the policy; `terms` is all else that the definition refers to (conditions, headings).
    """

    fields: Mapping[str, Translated]
    types: Mapping[str, Translated]
    roles: Mapping[str, Translated]
    terms: Mapping[str, Translated]

    def label(self, field: str, language: Language) -> str:
        """The label of *field* (`name` or `PARENT/name`); the bare name where there is none."""
        name = field.rpartition("/")[2]
        texts = self.fields.get(field) or self.fields.get(name)
        return texts[language] if texts else name

    def labels(self, field: str, parameter: str = "label") -> dict[str, str]:
        """The label in both languages, as parameters of a finding."""
        return as_parameters(parameter, {each: self.label(field, each) for each in Language})


def as_parameters(name: str, texts: Translated) -> dict[str, str]:
    """A text as a finding carries it: *name* in Vietnamese, `name_en` in English."""
    return {name: texts[Language.VI], f"{name}_en": texts[Language.EN]}


def same_in_every_language(text: str) -> Translated:
    """A text that needs no translation: codes, names, patterns."""
    return dict.fromkeys(Language, text)


def read_texts(path: Path) -> Texts:
    """The texts of a TOML file; raises `DefinitionError` where one lacks a language."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DefinitionError(f"{path.parent.name}/{path.name}: {error}") from error
    unknown = sorted(set(raw) - set(_SECTIONS))
    if unknown:
        raise DefinitionError(f"{path.parent.name}/{path.name}: unknown section {unknown}")
    return Texts(**{name: _section(path, name, raw.get(name, {})) for name in _SECTIONS})


def translated(raw: object, where: str) -> Translated:
    """A TOML table `{ vi = "…", en = "…" }`; raises `DefinitionError` naming *where*."""
    if not isinstance(raw, dict) or set(raw) != {each.value for each in Language}:
        raise DefinitionError(
            f"{where}: needs exactly {', '.join(each.value for each in Language)}"
        )
    if not all(isinstance(text, str) and text.strip() for text in raw.values()):
        raise DefinitionError(f"{where}: a text is empty or no text")
    return MappingProxyType({each: raw[each.value] for each in Language})


def _section(path: Path, name: str, raw: object) -> Mapping[str, Translated]:
    where = f"{path.parent.name}/{path.name}: [{name}]"
    if not isinstance(raw, dict):
        raise DefinitionError(f"{where}: is no table")
    return MappingProxyType(
        {key: translated(texts, f"{where} {key}") for key, texts in raw.items()}
    )
