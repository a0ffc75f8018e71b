"""What a check found: a code with parameters. The texts (vi, en) live in `findings.toml`."""

import errno
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from importlib import resources
from string import Formatter
from typing import Any

from schemas.vietnam import VIETNAM_TIME

PARTS = ("field", "found", "allowed", "mend")
"""Parts of an explanation that a code may word; see `findings.toml`."""


class Severity(StrEnum):
    """How much a finding weighs: an error decides the verdict, a warning never does.

    A note asks for nothing: it explains what would otherwise look wrong.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Language(StrEnum):
    """Languages that every user text exists in; Vietnamese is the default."""

    VI = "vi"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check found, without prose.

    `path` locates the field in the document (element names from the root, `name[2]` for the
    second of its kind) and is empty where the whole document is meant; `line` is 1-based.
    """

    code: str
    severity: Severity
    path: str = ""
    line: int | None = None
    parameters: tuple[tuple[str, str], ...] = ()

    def message(self, language: Language = Language.VI) -> str:
        """The text for a person: what was found, what was expected, how to mend it.

        A parameter that a definition words in two languages comes as `label` and `label_en`; both
        templates say `{label}`, and each gets the one of its language.
        """
        return self.worded(_catalogue()[self.code].texts[language], language)

    def worded(self, template: str, language: Language) -> str:
        """*template* with what was found in its place."""
        values = {"path": self.path, "line": self.line or "?", **dict(self.parameters)}
        if language is not Language.VI:
            suffix = f"_{language.value}"
            values |= {
                name.removesuffix(suffix): value
                for name, value in self.parameters
                if name.endswith(suffix)
            }
        return _Words(language).vformat(template, (), values)

    def as_json(self, language: Language = Language.VI) -> dict[str, object]:
        """The shape of design §8."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "path": self.path,
            "line": self.line,
            "message": self.message(language),
            "parameters": dict(self.parameters),
        }


@dataclass(frozen=True, slots=True)
class FindingText:
    """A catalogue entry: severity and texts of one code.

    `texts` are whole messages; `problem` is what of them says what is wrong, and `parts` are
    templates of what tables show in columns (`PARTS`), where it has them.
    """

    severity: Severity
    texts: Mapping[Language, str]
    problem: Mapping[Language, str]
    parts: Mapping[str, Mapping[Language, str]]


def finding(code: str, *, path: str = "", line: int | None = None, **parameters: object) -> Finding:
    """A finding of the catalogue's severity for *code*; an unknown code is a programming error."""
    return Finding(
        code=code,
        severity=_catalogue()[code].severity,
        path=path,
        line=line,
        parameters=tuple((name, str(value)) for name, value in parameters.items()),
    )


def catalogue() -> Mapping[str, FindingText]:
    """Every finding code with its severity and texts."""
    return _catalogue()


def term(vocabulary: str, code: str, language: Language) -> str:
    """*code* in words, or the code itself where the vocabulary (`terms.toml`) lacks it."""
    return _terms().get(vocabulary, {}).get(code, {}).get(language.value, code)


def system_code(error: OSError) -> str:
    """What the system refused, as the vocabulary `file_problem` words it."""
    return errno.errorcode.get(error.errno or 0, type(error).__name__)


class _Words(Formatter):
    """Formats texts; `{role:role}` spells a code of the vocabulary `role` out.

    `{until:time}` writes a moment or a day (ISO 8601) as people in Việt Nam read it.
    """

    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: object, format_spec: str) -> str:
        if format_spec == "time":
            return _moment(str(value))
        if format_spec:
            return term(format_spec, str(value), self._language)
        return str(value)


def _moment(text: str) -> str:
    """*text* (ISO 8601) as 30/05/2026, with the time of day in Việt Nam where it has one."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is None:
        return moment.strftime("%d/%m/%Y")
    return moment.astimezone(VIETNAM_TIME).strftime("%d/%m/%Y %H:%M:%S (UTC+7)")


@cache
def _terms() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    return tomllib.loads(resources.files("schemas").joinpath("terms.toml").read_text("utf-8"))


@cache
def message_parts() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The words between the parts of a message, and what to do by the letter of a code."""
    return tomllib.loads(
        resources.files("schemas").joinpath("explanations.toml").read_text("utf-8")
    )


@cache
def _catalogue() -> Mapping[str, FindingText]:
    raw = tomllib.loads(resources.files("schemas").joinpath("findings.toml").read_text("utf-8"))
    return {code: _finding_text(entry) for code, entry in raw.items()}


def _finding_text(entry: Mapping[str, Any]) -> FindingText:
    parts = {
        name: {language: entry[name][language.value] for language in Language}
        for name in PARTS
        if name in entry
    }
    problem = {language: str(entry[language.value]) for language in Language}
    texts = {language: _whole(problem[language], parts, language) for language in Language}
    return FindingText(Severity(entry["severity"]), texts, problem, parts)


def _whole(problem: str, parts: Mapping[str, Mapping[Language, str]], language: Language) -> str:
    """A message from its parts, in the order in which a person wants to know them."""
    said = [problem]
    if "allowed" in parts:
        frame = message_parts()["message"]["allowed"][language.value]
        said.append(frame.replace("{allowed}", parts["allowed"][language]))
    if "mend" in parts:
        said.append(parts["mend"][language])
    return " ".join(said)
