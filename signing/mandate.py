"""One line of a roster: somebody may sign for one school, in one role, in one period.

What a person's engagement at the school is (at a GDTX centre often by contract or as a visiting
teacher) changes nothing in the right to sign; it is kept because people ask for it.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from signing.certificates.certificate import tax_code


class Engagement(StrEnum):
    """How a person is engaged at the school (`hinhthuc`)."""

    PERMANENT = "bienche"
    CONTRACT = "hopdong"
    VISITING = "thinhgiang"
    SECONDED = "bietphai"
    ADDITIONAL = "kiemnhiem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """Whom a mandate stands in for, and who allowed it.

    `person` is the personal id of the one who would sign (`thaycho`). No regulation was found that
    says how a substitution is ordered, so reason and approver are demanded of every one, and a
    decision's number and day are kept where there is one.
    """

    person: str
    reason: str
    approver: str
    decision: str = ""
    decided_on: date | None = None

    def __post_init__(self) -> None:
        """Reason and approver are what makes it one."""
        if not self.reason:
            raise ValueError("thaycho without lydo: a substitution needs its reason")
        if not self.approver:
            raise ValueError("thaycho without nguoipheduyet: a substitution needs its approver")


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """One mandate: a person (`personal_id`) or an organisation (`organization_id`) in a role.

    `valid_from` and `valid_to` are both inclusive; None is open. `governing_body` is who governs
    the school or pays the person, `home_school` where a visitor belongs. `certificates` are the
    SHA-256 of certificates that are bound to the holder.
    """

    school: str
    role: str
    personal_id: str | None
    organization_id: str | None
    name: str
    valid_from: date | None
    valid_to: date | None
    engagement: Engagement | None = None
    governing_body: str = ""
    home_school: str = ""
    substitution: Substitution | None = None
    certificates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Exactly one kind of holder, a period that is not empty, a substitution that ends."""
        if bool(self.personal_id) == bool(self.organization_id):
            raise ValueError("exactly one of sodinhdanh and masothue")
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValueError(f"tungay {self.valid_from} is after denngay {self.valid_to}")
        if self.substitution is None:
            return
        if not (self.valid_from and self.valid_to):
            raise ValueError("thaycho without tungay and denngay: a substitution has its period")
        if self.substitution.person == self.personal_id or not self.personal_id:
            raise ValueError("thaycho: a person stands in for another person")

    @property
    def holder(self) -> str:
        """The id that a certificate must name: personal id, or tax code without its hyphen."""
        return self.personal_id or tax_code(self.organization_id or "")

    def covers(self, day: date) -> bool:
        """Whether the mandate holds on *day*."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )
