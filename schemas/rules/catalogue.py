"""The rules that a definition can ask for in `[[check]]`, by name."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from schemas.errors import DefinitionError
from schemas.rules.assessment import Assessment
from schemas.rules.parameters import Parameters
from schemas.rules.people import BirthDate, PersonalId, TwelveDigits
from schemas.rules.scope import Rule
from schemas.rules.values import BelongsTo, NotBefore, RequiredWhen, SchoolYear, Unique

RULES: Mapping[str, Callable[[Parameters], Rule]] = MappingProxyType(
    {
        "assessment": Assessment.read,
        "belongs_to": BelongsTo.read,
        "birth_date": BirthDate.read,
        "not_before": NotBefore.read,
        "personal_id": PersonalId.read,
        "required_when": RequiredWhen.read,
        "school_year": SchoolYear.read,
        "twelve_digits": TwelveDigits.read,
        "unique": Unique.read,
    }
)


def read_rule(parameters: Parameters) -> Rule:
    """The rule that one `[[check]]` table states; raises `DefinitionError`."""
    name = parameters.text("name")
    read = RULES.get(name)
    if read is None:
        known = ", ".join(RULES)
        raise DefinitionError(f"{parameters.where}: unknown check {name!r}; known: {known}")
    rule = read(parameters)
    parameters.finish()
    return rule
