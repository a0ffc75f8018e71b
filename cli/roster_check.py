"""What a roster says that cannot be meant: rows that let nobody sign, line by line."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cli.definitions import load_definitions
from signing.policy import SignerKind, read_policy

_PERSONAL_ID = re.compile(r"\d{12}\Z")
_ORGANIZATION_ID = re.compile(r"\d{10}(-\d{3})?\Z")


@dataclass(frozen=True, slots=True)
class RosterProblem:
    """One row that cannot be meant: the text's key under `roster.problem`, and its value."""

    line: int
    key: str
    value: str


def known_roles() -> Mapping[str, SignerKind]:
    """Every role that a definition demands a signature of, with the kind of its holder."""
    return {
        role.role: role.kind
        for definition in load_definitions()
        for role in read_policy(definition.policy_path).roles
    }


def problems(path: Path) -> Iterator[RosterProblem]:
    """The problems of a roster that can be read, in the order of its lines."""
    roles = known_roles()
    seen: dict[tuple[str, ...], int] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for raw in reader:
            row = {name: (value or "").strip() for name, value in raw.items() if name}
            yield from _row_problems(reader.line_num, row, roles)
            key = tuple(row.values())
            if key in seen:
                yield RosterProblem(reader.line_num, "twice", str(seen[key]))
            seen.setdefault(key, reader.line_num)


def _row_problems(
    line: int, row: Mapping[str, str], roles: Mapping[str, SignerKind]
) -> Iterator[RosterProblem]:
    role, person, organization = row["vaitro"], row["sodinhdanh"], row["masothue"]
    kind = roles.get(role)
    if kind is None:
        yield RosterProblem(line, "role", role)
    elif kind is SignerKind.PERSON and not person:
        yield RosterProblem(line, "needs_person", role)
    elif kind is SignerKind.ORGANIZATION and not organization:
        yield RosterProblem(line, "needs_organization", role)
    if person and not _PERSONAL_ID.match(person):
        yield RosterProblem(line, "personal_id", person)
    if organization and not _ORGANIZATION_ID.match(organization):
        yield RosterProblem(line, "organization_id", organization)
