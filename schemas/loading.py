"""A folder becomes a `Definition`; a broken one is refused with folder, file and reason.

Trust: whoever can write the folder decides what is valid. It belongs to the operator.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lxml import etree

from schemas.codes import CodeList, read_code_list
from schemas.definition import (
    EARLIER_YEAR_FIELDS,
    INDEX_FIELDS,
    OPTIONAL_INDEX_FIELDS,
    Definition,
    EarlierYears,
    Match,
    NamedPeople,
    Period,
    ReadingSection,
)
from schemas.errors import DefinitionError
from schemas.rules.catalogue import read_rule
from schemas.rules.field import Expressions, Field
from schemas.rules.parameters import Parameters
from schemas.rules.references import DS, SignatureReferences, Slot
from schemas.rules.scope import Rule
from schemas.rules.values import Code
from schemas.texts import Texts, read_texts, translated
from schemas.xsd import Grammar

DEFINITION_FILE = "definition.toml"
POLICY_FILE = "signature-policy.toml"
TEXTS_FILE = "texts.toml"
CODES_FOLDER = "codes"

_SHARED_LISTS = Path(__file__).parent / "code_lists"
KEYS = {
    "name",
    "version",
    "title",
    "xsd",
    "effective_on",
    "effective_from",
    "effective_until",
    "namespaces",
    "match",
    "index",
    "lists",
    "code",
    "check",
    "also_signed",
    "reading",
    "earlier_years",
    "people",
}


def load_definition(folder: Path) -> Definition:
    """The definition in *folder*; raises `DefinitionError`."""
    try:
        return _Loader(folder).definition()
    except DefinitionError as error:
        raise DefinitionError(f"definition {folder}: {error}") from error


class _Loader:
    """Reads one folder. Everything that can be wrong is found here, not at the first document."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._raw = _toml(folder / DEFINITION_FILE)
        self._policy = _toml(folder / POLICY_FILE)
        surplus = sorted(set(self._raw) - KEYS)
        if surplus:
            raise DefinitionError(f"{DEFINITION_FILE}: unknown {', '.join(surplus)}")
        self._texts: Texts = read_texts(folder / TEXTS_FILE)
        self._expressions = Expressions(DEFINITION_FILE, _namespaces(self._raw, DEFINITION_FILE))
        self._policy_expressions = Expressions(POLICY_FILE, _namespaces(self._policy, POLICY_FILE))

    def definition(self) -> Definition:
        top = self._parameters(DEFINITION_FILE, self._raw)
        for key in ("name", "version"):
            if self._policy.get(key) != top.text(key):
                raise DefinitionError(
                    f"{POLICY_FILE}: {key} is {self._policy.get(key)!r}, "
                    f"{DEFINITION_FILE} says {top.text(key)!r}"
                )
        rules = self._rules()
        return Definition(
            name=top.text("name"),
            version=top.text("version"),
            title=translated(self._raw.get("title"), f"{DEFINITION_FILE}: title"),
            folder=self._folder,
            match=self._match(),
            period=self._period(top),
            content=self._policy_expressions.compile(_text(self._policy, POLICY_FILE, "content")),
            index=self._index(),
            policy_path=self._folder / POLICY_FILE,
            reading=self._reading(),
            texts=self._texts,
            lists=self._lists(),
            grammar=Grammar(self._folder / top.text("xsd")),
            fields=self._expressions.fields(),
            rules=rules,
            earlier_years=self._earlier_years(),
            people=self._people(),
        )

    def _match(self) -> Match:
        table = self._table("match")
        match = Match(
            root=table.text("root"),
            when=table.compiled(f"boolean({table.text('when')})"),
            when_text=table.text("when"),
            told_by=table.xpath("told_by"),
        )
        table.finish()
        return match

    def _period(self, top: Parameters) -> Period:
        days = [self._raw.get(f"effective_{each}") for each in ("from", "until")]
        if type(days[0]) is not date or type(days[1]) not in {date, type(None)}:
            raise DefinitionError(
                f"{DEFINITION_FILE}: effective_from and effective_until must be dates (2020-09-01)"
            )
        return Period(
            day_of=top.xpath("effective_on"), effective_from=days[0], effective_until=days[1]
        )

    def _index(self) -> Mapping[str, Field]:
        table = self._table("index")
        index = {name: table.field(name) for name in INDEX_FIELDS}
        given = self._raw["index"]
        index |= {name: table.field(name) for name in OPTIONAL_INDEX_FIELDS if name in given}
        table.finish()
        return MappingProxyType(index)

    def _earlier_years(self) -> EarlierYears | None:
        if "earlier_years" not in self._raw:
            return None
        table = self._table("earlier_years")
        tags = {name: table.tag(table.text(name)) for name in EARLIER_YEAR_FIELDS}
        found = EarlierYears(rows=table.nodes("rows"), tags=MappingProxyType(tags))
        table.finish()
        return found

    def _people(self) -> tuple[NamedPeople, ...]:
        found = []
        for table in self._tables("people"):
            people = NamedPeople(
                role=table.text("role"),
                rows=table.nodes("rows"),
                id=table.tag(table.text("id")),
                name=table.tag(table.text("name")),
                birth=tuple(table.tag(each) for each in table.optional_texts("birth")),
            )
            table.finish()
            found.append(people)
        return tuple(found)

    def _lists(self) -> Mapping[str, CodeList]:
        raw = self._raw.get("lists", {})
        table = self._parameters(f"{DEFINITION_FILE}: [lists]", raw)
        return MappingProxyType({field: self._code_list(table.text(field)) for field in raw})

    def _reading(self) -> tuple[ReadingSection, ...]:
        sections = []
        for table in self._tables("reading"):
            section = ReadingSection(
                heading=table.term("heading"),
                rows=table.nodes("rows"),
                fields=table.texts("fields"),
                key=table.optional("key"),
                called=table.optional("called"),
                of_version=table.flag("of_version"),
            )
            table.finish()
            sections.append(section)
        return tuple(sections)

    def _rules(self) -> tuple[Rule, ...]:
        rules: list[Rule] = [SignatureReferences(self._slots())]
        rules.extend(read_rule(table) for table in self._tables("check"))
        for table in self._tables("code"):
            rules.append(Code.read(table))
            table.finish()
        return tuple(rules)

    def _slots(self) -> tuple[Slot, ...]:
        roles = self._policy.get("role")
        if not isinstance(roles, list) or not roles or not all(isinstance(r, dict) for r in roles):
            raise DefinitionError(f"{POLICY_FILE}: demands no role; write [[role]]")
        also: dict[str, tuple[etree.XPath, str]] = {}
        for table in self._tables("also_signed"):
            also[table.text("role")] = (table.nodes("targets"), table.text("targets"))
            table.finish()
        slots = [self._slot(role, also) for role in roles]
        unknown = sorted(set(also) - {slot.role for slot in slots})
        if unknown:
            raise DefinitionError(f"{DEFINITION_FILE}: also_signed names no role: {unknown}")
        return tuple(slots)

    def _slot(self, raw: Mapping[str, Any], also: Mapping[str, tuple[etree.XPath, str]]) -> Slot:
        role = _text(raw, f"{POLICY_FILE}: role", "role")
        where = f"{POLICY_FILE}: role {role}"
        covers = _text(raw, where, "covers")
        besides, besides_text = also.get(role, (None, None))
        return Slot(
            role=role,
            holders=self._policy_expressions.compile(_text(raw, where, "slot")),
            covers=self._policy_expressions.compile(covers),
            also=besides,
            described=covers if besides_text is None else f"{covers}, {besides_text}",
        )

    def _code_list(self, name: str) -> CodeList:
        own = self._folder / CODES_FOLDER / f"{name}.csv"
        if own.is_file():
            return read_code_list(own)
        if not (_SHARED_LISTS / f"{name}.csv").is_file():
            raise DefinitionError(f"{DEFINITION_FILE}: unknown code list {name!r}")
        return _shared_list(name)

    def _table(self, name: str) -> Parameters:
        if name not in self._raw:
            raise DefinitionError(f"{DEFINITION_FILE}: missing [{name}]")
        return self._parameters(f"{DEFINITION_FILE}: [{name}]", self._raw[name])

    def _tables(self, name: str) -> tuple[Parameters, ...]:
        raw = self._raw.get(name, [])
        if not isinstance(raw, list):
            raise DefinitionError(f"{DEFINITION_FILE}: {name} must be written as [[{name}]]")
        return tuple(
            self._parameters(f"{DEFINITION_FILE}: [[{name}]] {number}", each)
            for number, each in enumerate(raw, 1)
        )

    def _parameters(self, where: str, raw: object) -> Parameters:
        return Parameters(
            where, raw, self._expressions, texts=self._texts, code_list=self._code_list
        )


@cache
def _shared_list(name: str) -> CodeList:
    return read_code_list(_SHARED_LISTS / f"{name}.csv")


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise DefinitionError(f"{path.name}: is missing") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DefinitionError(f"{path.name}: {error}") from error


def _namespaces(raw: Mapping[str, Any], where: str) -> dict[str, str]:
    """The prefixes of one file; `ds` is always the XML-DSig namespace."""
    declared = raw.get("namespaces", {})
    if not isinstance(declared, dict) or not all(
        isinstance(each, str) for each in declared.values()
    ):
        raise DefinitionError(f"{where}: [namespaces] maps prefixes to namespace names")
    if declared.get("ds", DS) != DS:
        raise DefinitionError(f"{where}: [namespaces] ds is always {DS}")
    return {**declared, "ds": DS}


def _text(raw: Mapping[str, Any], where: str, name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not value.strip():
        raise DefinitionError(f"{where}: {name} must be a text, not empty")
    return value
