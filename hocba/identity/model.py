"""People as records name them, what a register answers, and what does not agree."""

from dataclasses import dataclass
from enum import StrEnum

from schemas.findings import Finding


class PersonKind(StrEnum):
    """Whom a record speaks of."""

    PUPIL = "pupil"
    TEACHER = "teacher"


class Problem(StrEnum):
    """Why somebody cannot be taken for who the record says, the gravest first."""

    UNKNOWN = "unknown"
    NAME = "name"
    BIRTH = "birth"
    MALFORMED = "malformed"
    ALMOST = "almost"
    TEMPORARY = "temporary"


class MismatchState(StrEnum):
    """What became of a mismatch.

    `explained`: the record is right all the same (a name that was changed lawfully, a register
    that is behind). `corrected`: the record or the register was mended. `rejected`: the record
    names the wrong person and must be corrected or recalled.
    """

    OPEN = "open"
    EXPLAINED = "explained"
    CORRECTED = "corrected"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, order=True)
class Person:
    """Somebody as a record names them; `birth` is YYYY-MM-DD, YYYY-MM, YYYY or empty."""

    id: str
    name: str
    birth: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """The register knows the id; `birth` as exact as the register has it, empty where it does not
    say.
    """

    name: str
    birth: str = ""


@dataclass(frozen=True, slots=True)
class NotRegistered:
    """The register knows nobody with the id."""


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """Nothing is known yet: the register did not answer. Never as good as an answer."""

    reason: str


Answer = Registered | NotRegistered | NoAnswer


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person's data amount to; without findings they agree."""

    problem: Problem | None
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a problem that nothing explains, and findings that are no problem."""
        if (self.problem is None) is not (not self.findings):
            raise ValueError("a problem comes with findings, and findings with a problem")

    @property
    def agrees(self) -> bool:
        """Whether there is nothing to work through."""
        return self.problem is None
