"""The registry of attacks: each a function that builds one document, with the verdict it must get.

Every module below tests/signing/attacks adds the vectors of one letter of the list of attacks
(attack_list.toml). A vector that lives beside the code it attacks is named by `covered`.
"""

import importlib
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from schemas.document import parse
from schemas.errors import Unreadable
from signing.certificates.path import PathValidator
from signing.record import validate_record
from signing.report import Indication, SubIndication, Verdict
from signing.roster import Roster
from tests.support import signed_records

FOLDER: Final = Path(__file__).parents[1] / "signing" / "attacks"
ROOT: Final = Path(__file__).parents[2]
UNREADABLE: Final = "UNREADABLE"

PASSED, FAILED, INDETERMINATE = (
    Indication.TOTAL_PASSED,
    Indication.TOTAL_FAILED,
    Indication.INDETERMINATE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One document, and against what it is judged where that is not the usual."""

    data: bytes
    definition: str = "tieu-hoc"
    at: datetime = signed_records.NOW
    roster: Roster | None = None
    paths: PathValidator | None = None
    with_trust: bool = True
    with_roster: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of an attempt: of the record, or of one role's signature where that is asked."""

    indication: Indication | str
    sub_indication: SubIndication | None
    codes: frozenset[str]
    record: Indication | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One vector. `about` is the role whose signature is judged, None the record.

    `harmless` says why a document passes although it looks like an attack; None where it must not.
    """

    item: str
    name: str
    build: Callable[[], Attempt | bytes]
    indication: Indication | str
    sub_indication: SubIndication | None
    code: str | None
    about: str | None
    harmless: str | None

    @property
    def what(self) -> str:
        """What the vector does, in one sentence."""
        return " ".join((self.build.__doc__ or "").split())


@dataclass(frozen=True, slots=True)
class Covered:
    """A vector that another test holds: `path::test_name`, and what it does."""

    item: str
    test: str
    what: str


_attacks: dict[str, Attack] = {}
_covered: list[Covered] = []

Expectation = tuple[Indication | str, SubIndication | None, str | None]


def attack(
    item: str,
    name: str,
    *,
    expects: Expectation,
    about: str | None = None,
    harmless: str | None = None,
) -> Callable[[Callable[[], Attempt | bytes]], Callable[[], Attempt | bytes]]:
    """Add the decorated builder as the vector *name* of *item*."""
    if name in _attacks:
        raise ValueError(f"{name}: a vector of this name exists")
    if (expects[0] is PASSED) != (harmless is not None):
        raise ValueError(f"{name}: what passes says why it is harmless, and nothing else does")

    def add(build: Callable[[], Attempt | bytes]) -> Callable[[], Attempt | bytes]:
        _attacks[name] = Attack(
            item=item,
            name=name,
            build=build,
            indication=expects[0],
            sub_indication=expects[1],
            code=expects[2],
            about=about,
            harmless=harmless,
        )
        return build

    return add


def covered(item: str, test: str, what: str) -> None:
    """Say that *test* (`path::name`) holds a vector of *item*."""
    _covered.append(Covered(item, test, what))


@cache
def _load() -> None:
    for path in sorted(FOLDER.glob("[a-j]_*.py")):
        importlib.import_module(f"tests.signing.attacks.{path.stem}")


def all_attacks() -> tuple[Attack, ...]:
    """Every vector of the registry, by item and name."""
    _load()
    return tuple(sorted(_attacks.values(), key=lambda each: (_order(each.item), each.name)))


def all_covered() -> tuple[Covered, ...]:
    """Every vector that lives elsewhere."""
    _load()
    return tuple(sorted(_covered, key=lambda each: (_order(each.item), each.test)))


@cache
def attack_list() -> Mapping[str, str]:
    """The list of attacks: item (`A1`) and its words."""
    raw = tomllib.loads((FOLDER / "attack_list.toml").read_text("utf-8"))
    return {
        f"{letter}{number}": text
        for letter, items in raw.items()
        for number, text in enumerate(items, 1)
    }


@cache
def attack_of(one: Attack) -> Attempt:
    """The document of *one* vector, and what it is judged against."""
    built = one.build()
    return built if isinstance(built, Attempt) else Attempt(data=built)


def judge(one: Attack) -> Judged:
    """The verdict on *one* vector; a document that cannot be read has none."""
    attempt = attack_of(one)
    try:
        document = parse(attempt.data)
    except Unreadable as error:
        return Judged(UNREADABLE, None, frozenset({error.finding.code}), None)
    report = validate_record(
        document,
        signed_records.policy(attempt.definition),
        paths=(attempt.paths or signed_records.paths()) if attempt.with_trust else None,
        roster=(attempt.roster or signed_records.roster()) if attempt.with_roster else None,
        at=attempt.at,
    )
    if one.about is None:
        return _judged(report.record, signed_records.codes(report), report.record.indication)
    (line,) = [each for each in report.signatures if each.role == one.about]
    codes = {each.code for each in line.verdict.findings}
    return _judged(line.verdict, codes, report.record.indication)


def table() -> str:
    """The whole list with its vectors, as a page of documentation."""
    lines = []
    for letter in sorted({each[0] for each in attack_list()}):
        lines.append(f"### {letter}. {_TITLES[letter]}\n")
        lines.append("| item | vector | what it does | verdict |")
        lines.append("|---|---|---|---|")
        for item, words in attack_list().items():
            if item[0] == letter:
                lines.extend(_rows(item, words))
        lines.append("")
    return "\n".join(lines)


_TITLES = {
    "A": "Wrapping",
    "B": "Structure",
    "C": "Several signers",
    "D": "Parser",
    "E": "Canonicalisation",
    "F": "Algorithms",
    "G": "Keys and certificates",
    "H": "Time",
    "I": "Open when something fails",
    "J": "Denial of service",
}


def _rows(item: str, words: str) -> list[str]:
    rows = [
        (f"`{each.name}`", each.what, _expected(each))
        for each in all_attacks()
        if each.item == item
    ]
    for each in all_covered():
        if each.item == item:
            path, _, name = each.test.partition("::")
            rows.append((f"[{name}](../{path})", each.what, "as the test says"))
    return [_row(f"{item} {words}", *row) for row in rows]


def _row(*cells: str) -> str:
    return "| " + " | ".join(each.replace("|", "\\|") for each in cells) + " |"


def _expected(one: Attack) -> str:
    about = f"{one.about}: " if one.about else ""
    sub_indication = f", {one.sub_indication.value}" if one.sub_indication else ""
    indication = one.indication.value if isinstance(one.indication, Indication) else one.indication
    code = f" ({one.code})" if one.code else ""
    why = f": {one.harmless}" if one.harmless else ""
    return f"{about}{indication}{sub_indication}{code}{why}"


def _judged(verdict: Verdict, codes: set[str], record: Indication) -> Judged:
    return Judged(verdict.indication, verdict.sub_indication, frozenset(codes), record)


def _order(item: str) -> tuple[str, int]:
    return item[0], int(item[1:])
