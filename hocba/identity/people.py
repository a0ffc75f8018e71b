"""The people whom a record and a roster name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hocba.identity.comparison import tidy_name
from hocba.identity.model import Person, PersonKind
from schemas.definition import Definition, NamedPeople
from schemas.record_view import RecordView
from signing.roster import RosterEntry

PUPIL = "pupil"


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody in a role (`pupil`, or the role in which a teacher signs)."""

    person: Person
    role: str

    @property
    def kind(self) -> PersonKind:
        """Pupil or teacher."""
        return PersonKind.PUPIL if self.role == PUPIL else PersonKind.TEACHER


def people_of_record(definition: Definition, view: RecordView) -> tuple[Named, ...]:
    """Everybody whom the record names with an id, each once."""
    found: dict[tuple[Person, PersonKind], Named] = {}
    for people in definition.people:
        for each in _named(people, view):
            found.setdefault((each.person, each.kind), each)
    return tuple(found.values())


def people_of_roster(entries: Iterable[RosterEntry]) -> Iterator[tuple[str, Named]]:
    """School and person of every mandate that names a person."""
    for each in entries:
        if each.personal_id:
            yield each.school, Named(Person(each.personal_id, tidy_name(each.name)), each.role)


def _named(people: NamedPeople, view: RecordView) -> Iterator[Named]:
    tags = (people.id, people.name, *people.birth)
    for row in view.columns(people.rows, tags):
        identity = row.get(people.id, "").strip()
        if not identity:
            continue
        births = (row.get(tag, "").strip() for tag in people.birth)
        birth = next((each for each in births if each), "")
        yield Named(Person(identity, tidy_name(row.get(people.name, "")), birth), people.role)
