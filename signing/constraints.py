"""Validation constraints as data (`constraints.toml`): ETSI EN 319 102-1 V1.3.1, clause 5.1.4.

Data is strict on purpose: a member that is missing, unknown or of another kind is refused, because
a constraint that silently does not hold is worse than none.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path

from signing.errors import PolicyError
from signing.toml_table import TomlTable, octets_of

_MOST_HOURS = 24 * 366 * 10
_MOST_SECONDS = 24 * 3600


class RevocationDemand(StrEnum):
    """Whether the revocation status of a certificate must be known (clause 5.2.6)."""

    REQUIRED = "required"
    IF_DECLARED = "if-declared"
    IF_AT_HAND = "if-at-hand"


class SignatureLevel(StrEnum):
    """What a signature comes with (EN 319 132-1, clause 6), from the least to the most."""

    XML_DSIG = "XML-DSig"
    B = "B"
    T = "T"
    LT = "LT"

    def reaches(self, minimum: "SignatureLevel") -> bool:
        """Whether this level is *minimum* or more."""
        return _LEVELS[self] >= _LEVELS[minimum]


_LEVELS = {level: number for number, level in enumerate(SignatureLevel)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationConstraints:
    """What is asked of revocation data, for the signer, the authorities above, and for a TSA.

    `maximum_age` is between thisUpdate and the time that the data is to speak for; None leaves it
    to the data's own nextUpdate. `maximum_age_without_next_update` holds where it has none.
    """

    signer: RevocationDemand
    authority: RevocationDemand
    timestamp_authority: RevocationDemand
    maximum_age: timedelta | None
    maximum_age_without_next_update: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeConstraints:
    """How the times of one signature must lie to each other.

    `timestamp_delay` is the most between the claimed signing time and the first signature
    time-stamp (clause 5.5.4); None for any.
    """

    clock_tolerance: timedelta
    timestamp_delay: timedelta | None
    signing_time_required: bool
    signing_time_within_certificate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationConstraints:
    """All of them, with the name and version that every report carries.

    `sha256` is that of the file's octets: two files of one version show.
    """

    name: str
    version: str
    issued: date
    source: tuple[str, ...]
    sha256: str
    revocation: RevocationConstraints
    time: TimeConstraints
    minimum_level: SignatureLevel

    def __post_init__(self) -> None:
        """Constraints without a name, a version or a source cannot be held to account."""
        if not (self.name and self.version and self.source):
            raise PolicyError("constraints: name, version and source must be set")

    @property
    def reference(self) -> str:
        """Name and version as every report carries them."""
        return f"{self.name}/{self.version}"


@cache
def default_constraints() -> ValidationConstraints:
    """The constraints that ship."""
    file = resources.files("signing").joinpath("constraints.toml")
    return parse_constraints(file.read_bytes(), "constraints.toml")


def read_constraints(path: Path) -> ValidationConstraints:
    """The constraints in a TOML file; raises `PolicyError` with file and reason."""
    return parse_constraints(octets_of(path), path.name)


def parse_constraints(data: bytes, file_name: str) -> ValidationConstraints:
    """The constraints in the octets of a TOML file; raises `PolicyError` with the reason."""
    try:
        whole = TomlTable(tomllib.loads(data.decode("utf-8")))
        revocation, time = whole.table("revocation"), whole.table("time")
        signature = whole.table("signature")
        constraints = ValidationConstraints(
            name=whole.take("name", str),
            version=whole.take("version", str),
            issued=whole.take("date", date),
            source=whole.texts("source"),
            sha256=hashlib.sha256(data).hexdigest(),
            revocation=_revocation(revocation),
            time=_time(time),
            minimum_level=SignatureLevel(signature.take("minimum_level", str)),
        )
        for each in (whole, revocation, time, signature):
            each.refuse_rest()
    except ValueError as error:  # tomllib's, Unicode's and the enumerations' errors are of it
        raise PolicyError(f"{file_name}: {error}") from error
    return constraints


def _revocation(table: TomlTable) -> RevocationConstraints:
    return RevocationConstraints(
        signer=RevocationDemand(table.take("signer", str)),
        authority=RevocationDemand(table.take("authority", str)),
        timestamp_authority=RevocationDemand(table.take("timestamp_authority", str)),
        maximum_age=timedelta(hours=table.number("maximum_age_hours", 0, _MOST_HOURS)) or None,
        maximum_age_without_next_update=timedelta(
            hours=table.number("maximum_age_without_next_update_hours", 1, _MOST_HOURS)
        ),
    )


def _time(table: TomlTable) -> TimeConstraints:
    return TimeConstraints(
        clock_tolerance=timedelta(
            seconds=table.number("clock_tolerance_seconds", 0, _MOST_SECONDS)
        ),
        timestamp_delay=timedelta(hours=table.number("timestamp_delay_hours", 0, _MOST_HOURS))
        or None,
        signing_time_required=table.take("signing_time_required", bool),
        signing_time_within_certificate=table.take("signing_time_within_certificate", bool),
    )
