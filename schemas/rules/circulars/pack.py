"""A rule pack: the rules of one circular with its numbers and tables, as data, and since when.

A pack is a folder with `pack.toml` and the subject lists that it names. A broken one is refused
with file and reason, before the first record.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from schemas.errors import DefinitionError
from schemas.findings import Language, Severity, catalogue
from schemas.rules.circulars.catalogue import FACTORIES
from schemas.rules.circulars.curriculum import Curriculum, read_curricula
from schemas.rules.circulars.hit import Check
from schemas.rules.circulars.pack_table import PackTable
from schemas.rules.circulars.ratings import read_conduct, read_study_levels
from schemas.rules.circulars.secondary_marks import rounding_mode
from schemas.rules.marks import Rounding
from schemas.texts import Translated, as_parameters

PACK_FILE: Final = "pack.toml"
SHIPPED: Final = Path(__file__).parents[2] / "rule_packs"


class Confidence(StrEnum):
    """How sure it is that a rule says what its circular says."""

    HIGH = "high"
    MEDIUM = "medium"
    MEMORY = "memory"
    OURS = "ours"


_DOUBT: Final[Mapping[Confidence, Translated]] = {
    Confidence.HIGH: {Language.VI: "", Language.EN: ""},
    Confidence.MEDIUM: {
        Language.VI: "; chỉ có nguồn thứ cấp",
        Language.EN: "; from a secondary source only",
    },
    Confidence.MEMORY: {
        Language.VI: "; chưa tìm được văn bản nguồn",
        Language.EN: "; no text of it was found",
    },
    Confidence.OURS: {
        Language.VI: "; quy ước của hệ thống này",
        Language.EN: "; this system's own convention",
    },
}


class Pupils(StrEnum):
    """Whose records a rule is for."""

    ASSESSED = "assessed"
    NOT_ASSESSED = "not_assessed"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRule:
    """One rule: its code, what the law calls it, how sure that is, and the check."""

    code: str
    name: str
    article: str
    source: str
    confidence: Confidence
    levels: frozenset[str]
    grades: frozenset[str]
    pupils: Pupils
    law: Mapping[str, str]
    check: Check

    @property
    def severity(self) -> Severity:
        """Its weight."""
        return catalogue()[self.code].severity

    @property
    def about(self) -> str:
        """What it demands, as the check's first line says it."""
        return (FACTORIES[self.name].__doc__ or "").strip().partition("\n")[0]

    def applies(self, level: str, grade: str, *, assessed: bool) -> bool:
        """Whether it is for such a record."""
        wanted = Pupils.ASSESSED if assessed else Pupils.NOT_ASSESSED
        return level in self.levels and grade in self.grades and self.pupils in (wanted, Pupils.ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePack:
    """One circular's rules.

    `first_years` is the school year (its first calendar year) from which each grade follows it,
    `last_year` the last one, None is open. `short` is what `thongtu` of a record begins with.
    """

    name: str
    circular: Translated
    short: str
    levels: frozenset[str]
    first_years: Mapping[str, int]
    last_year: int | None
    rounding: Rounding
    rounding_source: str
    curricula: Mapping[str, Mapping[str, Curriculum]]
    rules: tuple[PackRule, ...]
    unchecked: tuple[Translated, ...]
    _chosen: dict[tuple[str, str, bool], tuple[PackRule, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def in_force(self, level: str, grade: str, year: int) -> bool:
        """Whether records of that grade and school year follow it."""
        first = self.first_years.get(grade)
        return (
            level in self.levels
            and first is not None
            and first <= year
            and (self.last_year is None or year <= self.last_year)
        )

    def rules_for(self, level: str, grade: str, *, assessed: bool) -> tuple[PackRule, ...]:
        """The rules for such a record, errors first."""
        key = (level, grade, assessed)
        known = self._chosen.get(key)
        if known is None:
            known = tuple(r for r in self.rules if r.applies(level, grade, assessed=assessed))
            self._chosen[key] = known
        return known

    def curriculum(self, level: str, grade: str) -> Curriculum | None:
        """The subjects of a grade, None where no list was found."""
        return self.curricula.get(level, {}).get(grade)


def read_pack(folder: Path, rounding: str | None = None) -> RulePack:
    """The pack in *folder*, with another *rounding* mode if one is given.

    Raises `DefinitionError`.
    """
    try:
        raw = tomllib.loads((folder / PACK_FILE).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DefinitionError(f"rule pack {folder.name}: {PACK_FILE}: {error}") from error
    if rounding is not None:
        raw["rounding"] = rounding
    where = f"rule pack {folder.name}: {PACK_FILE}"
    table = PackTable(where, raw)
    levels = frozenset(table.texts("levels"))
    first_years = table.numbers("first_year")
    circular = table.words("circular")
    rules = [_rule(each, table, levels, first_years, circular) for each in table.tables("rule")]
    codes = [each.code for each in rules]
    if len(set(codes)) != len(codes):
        raise DefinitionError(f"{where}: a code stands twice")
    for name, check in (("study", read_study_levels), ("conduct", read_conduct)):
        if table.has(name):
            check(table)
    pack = RulePack(
        name=table.text("name"),
        circular=circular,
        short=table.text("short"),
        levels=levels,
        first_years=MappingProxyType(dict(first_years)),
        last_year=table.number("last_year") if table.has("last_year") else None,
        rounding=rounding_mode(table, table),
        rounding_source=table.text("rounding_source"),
        curricula=_curricula(folder, table),
        rules=tuple(sorted(rules, key=lambda each: each.severity is not Severity.ERROR)),
        unchecked=tuple(_words(each) for each in table.tables("unchecked")),
    )
    table.finish()
    if pack.name != folder.name:
        raise DefinitionError(f"{where}: name {pack.name!r} is not that of its folder")
    return pack


@cache
def shipped_pack(name: str, rounding: str | None = None) -> RulePack:
    """A pack that comes with hocba; raises `DefinitionError` where there is none."""
    if name not in shipped_packs():
        known = ", ".join(shipped_packs())
        raise DefinitionError(f"unknown rule pack {name!r}; known: {known}")
    return read_pack(SHIPPED / name, rounding)


@cache
def shipped_packs() -> tuple[str, ...]:
    """The names of the packs that come with hocba."""
    return tuple(sorted(each.parent.name for each in SHIPPED.glob(f"*/{PACK_FILE}")))


def all_rules() -> Iterator[tuple[RulePack, PackRule]]:
    """Every rule of every shipped pack, for the documentation and the tests."""
    for name in shipped_packs():
        pack = shipped_pack(name)
        for rule in sorted(pack.rules, key=lambda each: each.code):
            yield pack, rule


def _rule(
    table: PackTable,
    pack: PackTable,
    levels: frozenset[str],
    grades: Mapping[str, int],
    circular: Translated,
) -> PackRule:
    code, name = table.text("code"), table.text("check")
    factory = FACTORIES.get(name)
    if factory is None:
        raise DefinitionError(f"{table.where}: unknown check {name!r}")
    if code not in catalogue():
        raise DefinitionError(f"{table.where}: findings.toml has no text for {code}")
    article = table.text("article")
    confidence = Confidence(table.choice("confidence", [str(each) for each in Confidence]))
    rule = PackRule(
        code=code,
        name=name,
        article=article,
        source=table.text("source"),
        confidence=confidence,
        levels=frozenset(table.texts("levels", sorted(levels))),
        grades=frozenset(table.texts("grades", sorted(grades))),
        pupils=Pupils(table.choice("pupils", [str(each) for each in Pupils], Pupils.ASSESSED)),
        law=_law(article, table.words("law") if table.has("law") else circular, confidence),
        check=factory(table, pack),
    )
    table.finish()
    return rule


def _law(article: str, circular: Translated, confidence: Confidence) -> Mapping[str, str]:
    """Article and circular as findings cite them, with what is doubtful about it."""
    english = article
    for vi, en in (("Điều", "Article"), ("khoản", "clause"), ("điểm", "point")):
        english = english.replace(vi, en)
    doubt = _DOUBT[confidence]
    # An article that was not found is "–".
    cited = {Language.VI: article, Language.EN: english} if article != "–" else None
    texts = {
        each: (f"{cited[each]} " if cited else "") + circular[each] + doubt[each]
        for each in Language
    }
    return MappingProxyType(as_parameters("law", texts))


def _curricula(folder: Path, table: PackTable) -> Mapping[str, Mapping[str, Curriculum]]:
    files = table.mapping("subjects")
    return MappingProxyType(
        {level: read_curricula(folder / f"{name}.csv") for level, name in files.items()}
    )


def _words(table: PackTable) -> Translated:
    words: Translated = MappingProxyType({each: table.text(each.value) for each in Language})
    table.finish()
    return words
