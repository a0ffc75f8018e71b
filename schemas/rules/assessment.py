"""`assessment`: a record's results follow the circular that is in force for its grade and year."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from schemas.errors import DefinitionError
from schemas.findings import Finding, Language
from schemas.rules.circulars.assessed import PER_SUBJECT, SINGLE, Assessed, Names, Place
from schemas.rules.circulars.pack import RulePack, shipped_pack
from schemas.rules.parameters import Parameters
from schemas.rules.scope import Scope
from schemas.texts import as_parameters

_NOT_ASSESSED = "1"


@dataclass(frozen=True, slots=True)
class Assessment:
    """`assessment`: the rules of the pack in force.

    Parameters: `packs`, rule packs by name; `record`, an XPath of the element with the fields;
    `rows`, one of the subjects' elements; `fields` and `row_fields`, which name there is what the
    rules know by another; `traits` and `later_traits`, lists of fields; `rounding`, a mode instead
    of the packs' own.
    """

    packs: tuple[RulePack, ...]
    names: Names

    @classmethod
    def read(cls, parameters: Parameters) -> Self:
        """The rules as a definition asks for them."""
        rounding = parameters.optional_text("rounding")
        packs = tuple(shipped_pack(name, rounding) for name in parameters.texts("packs"))
        return cls(packs, _names(parameters))

    def __call__(self, scope: Scope) -> Iterator[Finding]:
        """What contradicts the circular: errors before warnings."""
        names = self.names.fields
        level, grade = scope.text(names["level"]), scope.text(names["grade"])
        pack = self._in_force(level, grade, scope.text(names["school_year"]))
        if pack is None:
            view = Assessed(scope, self.names, None)
            known = {
                each: ", ".join(pack.circular[each] for pack in self.packs) for each in Language
            }
            about = {"level": level, "year": scope.text(names["school_year"])}
            where = view.locate(Place("grade"))
            yield scope.finding("HB-R0001", where, **about, **as_parameters("known", known))
            return
        view = Assessed(scope, self.names, pack.curriculum(level, grade))
        assessed = scope.text(names["not_assessed"]).strip() != _NOT_ASSESSED
        for rule in pack.rules_for(level, grade, assessed=assessed):
            for place, numbers in rule.check(view):
                yield scope.finding(rule.code, view.locate(place), **{**rule.law, **numbers})
        circular = view.text("circular")
        if circular and not circular.strip().startswith(pack.short):
            expected = as_parameters("expected", pack.circular)
            yield scope.finding("HB-R0002", view.locate(Place("circular")), **expected)

    def _in_force(self, level: str, grade: str, school_year: str) -> RulePack | None:
        year = school_year[:4]
        if not (year.isascii() and year.isdecimal()):
            return None
        for pack in self.packs:
            if pack.in_force(level, grade, int(year)):
                return pack
        return None


def _names(parameters: Parameters) -> Names:
    paths = parameters.texts_by_name("fields")
    tags = parameters.texts_by_name("row_fields")
    for given, known in ((paths, SINGLE), (tags, PER_SUBJECT)):
        unknown = sorted(set(given) - set(known))
        if unknown:
            raise DefinitionError(f"{parameters.where}: no rule knows {', '.join(unknown)}")
    needed = sorted({"level", "grade", "school_year", "not_assessed"} - set(paths))
    if needed or "code" not in tags:
        raise DefinitionError(f"{parameters.where}: missing {', '.join(needed) or 'code'}")
    traits = parameters.optional_fields("traits")
    later_traits = parameters.optional_fields("later_traits")
    fields = {name: parameters.single(path) for name, path in paths.items()}
    fields |= {each.name: each for each in (*traits, *later_traits)}
    return Names(
        record=parameters.nodes("record"),
        rows=parameters.nodes("rows"),
        fields=fields,
        row_tags={name: parameters.tag(tag) for name, tag in tags.items()},
        traits=traits,
        later_traits=later_traits,
    )
