"""Deliberately bad records, each with what must become of it.

The expectations are tested against the engine; a sample's `defects.json` is the answer sheet for
any other verifier too.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Final

from hocba.model.outcome import Outcome
from hocba.sample import spoiling
from hocba.sample.keyring import SamplePki
from hocba.sample.levels import SINGLE_LEVELS, Level
from hocba.sample.practice import practice_records
from hocba.sample.rule_spoiling import RULE_SPOILERS, RuleSpoiler
from hocba.sample.workbench import Workbench
from hocba.sample.world import World
from schemas.findings import Severity, catalogue
from schemas.rules.circulars.pack import all_rules
from signing.creation.builder import serialize
from signing.report import SubIndication

ABOVE_PRIMARY: Final = (Level.LOWER, Level.UPPER, Level.CONTINUING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One way to be bad.

    `make` gives the files that show it. `outcome` is what `verify` must say of each, `finding` the
    code it must give, `sub_indication` that of a signature or of the record. `ingest` is the
    outcome of taking in where that differs: of the last file, by a sender of this province.
    """

    make: Callable[[Workbench], Sequence[bytes]]
    outcome: Outcome
    finding: str | None = None
    sub_indication: SubIndication | None = None
    ingest: Outcome | None = None
    levels: tuple[Level, ...] = SINGLE_LEVELS
    rule: RuleSpoiler | None = None

    def grade(self, level: Level) -> int | None:
        """A grade of *level* whose records can have it; None is any."""
        if self.rule is None or self.rule.fits(level, level.grades[1]):
            return None
        return next(each for each in level.grades if self.rule.fits(level, each))

    @property
    def name(self) -> str:
        """As files are named."""
        return self.make.__name__.replace("_", "-")


def _broken(spoiler: RuleSpoiler) -> Defect:
    """The defect of a record that breaks one rule of a circular."""

    def make(bench: Workbench) -> Sequence[bytes]:
        record = replace(bench.record, content=spoiler.spoilt(bench.record))
        return [serialize(replace(bench, record=record).signed())]

    make.__name__ = f"rule_{spoiler.code}"
    error = catalogue()[spoiler.code].severity is Severity.ERROR
    return Defect(
        make=make,
        outcome=Outcome.REJECTED if error else Outcome.ACCEPTED,
        finding=spoiler.code,
        levels=spoiler.levels,
        rule=spoiler,
    )


# Those that a demonstration shows: of every level, and of every kind of mistake.
_RULES_FIRST: Final = frozenset(
    {
        "HB-R2204", "HB-R2207", "HB-R2231", "HB-R2272", "HB-R2707", "HB-R2714", "HB-R4304",
        "HB-R4322",
    }
)  # fmt: skip

# A sample with few defects gets the first ones: one of each kind soon.
DEFECTS: Final = (
    Defect(
        make=spoiling.altered_mark,
        outcome=Outcome.REJECTED,
        finding="HB-S010",
        sub_indication=SubIndication.HASH_FAILURE,
    ),
    Defect(make=spoiling.seal_missing, outcome=Outcome.REJECTED, finding="HB-S102"),
    Defect(make=spoiling.signer_not_in_roster, outcome=Outcome.REJECTED, finding="HB-S104"),
    Defect(make=spoiling.wrong_school_year, outcome=Outcome.REJECTED, finding="HB-E040"),
    Defect(
        make=spoiling.untrusted_authority,
        outcome=Outcome.INDETERMINATE,
        finding="HB-S041",
        sub_indication=SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
    ),
    Defect(make=spoiling.truncated, outcome=Outcome.UNREADABLE, finding="HB-U011"),
    Defect(make=spoiling.principal_missing, outcome=Outcome.REJECTED, finding="HB-S102"),
    Defect(
        make=spoiling.subject_teacher_missing,
        outcome=Outcome.REJECTED,
        finding="HB-S103",
        levels=ABOVE_PRIMARY,
    ),
    Defect(make=spoiling.personal_id_against_sex, outcome=Outcome.REJECTED, finding="HB-E042"),
    Defect(make=spoiling.mandate_ended, outcome=Outcome.REJECTED, finding="HB-S105"),
    Defect(
        make=spoiling.certificate_expired,
        outcome=Outcome.INDETERMINATE,
        finding="HB-S065",
        sub_indication=SubIndication.OUT_OF_BOUNDS_NOT_REVOKED,
    ),
    Defect(
        make=spoiling.certificate_revoked,
        outcome=Outcome.INDETERMINATE,
        finding="HB-S062",
        sub_indication=SubIndication.REVOKED_NO_POE,
    ),
    Defect(make=spoiling.missing_field, outcome=Outcome.REJECTED, finding="HB-E010"),
    Defect(make=spoiling.seal_of_another_school, outcome=Outcome.REJECTED, finding="HB-S104"),
    Defect(
        make=spoiling.certificate_of_another_person, outcome=Outcome.REJECTED, finding="HB-S106"
    ),
    Defect(
        make=spoiling.rsa_with_sha1,
        outcome=Outcome.INDETERMINATE,
        finding="HB-S022",
        sub_indication=SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
    ),
    Defect(make=spoiling.not_utf8, outcome=Outcome.UNREADABLE, finding="HB-U004"),
    Defect(make=spoiling.too_long, outcome=Outcome.REJECTED, finding="HB-E015"),
    Defect(make=spoiling.comment_in_content, outcome=Outcome.REJECTED, finding="HB-E005"),
    Defect(make=spoiling.repeated_id, outcome=Outcome.REJECTED, finding="HB-E050"),
    Defect(make=spoiling.same_version_twice, outcome=Outcome.ACCEPTED, ingest=Outcome.REJECTED),
    Defect(make=spoiling.document_type, outcome=Outcome.UNREADABLE, finding="HB-U005"),
    Defect(make=spoiling.unknown_province, outcome=Outcome.REJECTED, finding="HB-E047"),
    Defect(
        make=spoiling.altered_signature_value,
        outcome=Outcome.REJECTED,
        finding="HB-S020",
        sub_indication=SubIndication.SIG_CRYPTO_FAILURE,
    ),
    Defect(make=spoiling.wrapped_content, outcome=Outcome.REJECTED, finding="HB-S113"),
    Defect(make=spoiling.not_xml, outcome=Outcome.UNREADABLE, finding="HB-U001"),
    Defect(make=spoiling.principal_signs_too_little, outcome=Outcome.REJECTED, finding="HB-S103"),
    Defect(make=spoiling.another_province, outcome=Outcome.ACCEPTED, ingest=Outcome.REJECTED),
    Defect(make=spoiling.left_in_march_signed_in_may, outcome=Outcome.REJECTED, finding="HB-S105"),
    Defect(
        make=spoiling.principal_of_another_personal_id,
        outcome=Outcome.REJECTED,
        finding="HB-S106",
    ),
    Defect(make=spoiling.unknown_subject, outcome=Outcome.ACCEPTED, finding="HB-W003"),
    *map(_broken, sorted(RULE_SPOILERS, key=lambda each: each.code not in _RULES_FIRST)),
)
SHOWN: Final = sum(each.rule is None for each in DEFECTS) + len(_RULES_FIRST)
"""How many of them show every kind: all but most of the rules', which are alike."""


@dataclass(frozen=True, slots=True)
class BadFile:
    """One file of a bad record; `last` of its files in the order of their names."""

    name: str
    data: bytes
    defect: Defect
    last: bool = True

    @property
    def ingest(self) -> Outcome:
        """What becomes of it when it is taken in."""
        if self.last and self.defect.ingest is not None:
            return self.defect.ingest
        # Nothing that is missing here could be had later.
        indeterminate = self.defect.outcome is Outcome.INDETERMINATE
        return Outcome.REJECTED if indeterminate else self.defect.outcome

    def as_json(self) -> dict[str, object]:
        """One entry of `defects.json`."""
        defect = self.defect
        return {
            "file": self.name,
            "defect": defect.name,
            "about": dict(_about(defect)),
            "outcome": defect.outcome.value,
            "finding": defect.finding,
            "sub_indication": defect.sub_indication.value if defect.sub_indication else None,
            "ingest": self.ingest.value,
        }


def bad_files(world: World, pki: SamplePki, count: int) -> Iterator[tuple[BadFile, ...]]:
    """*count* bad records, the files of each together; defects and levels take turns."""
    number = 0
    while number < count:
        for defect in DEFECTS:
            levels = [each for each in world.schools if each in defect.levels]
            if not levels or number == count:
                continue
            level = levels[number % len(levels)]
            yield _files(world, pki, defect, level, number)
            number += 1


def _files(
    world: World, pki: SamplePki, defect: Defect, level: Level, number: int
) -> tuple[BadFile, ...]:
    record = next(
        each
        for each in practice_records(world, offset=number + 1, grade=defect.grade(level))
        if each.context.year.level is level
    )
    contents = defect.make(Workbench(record, world, pki))
    stem = f"loi-{number + 1:03d}-{defect.name}"
    if len(contents) == 1:
        return (BadFile(f"{stem}.xml", contents[0], defect),)
    return tuple(
        BadFile(f"{stem}-{part}.xml", data, defect, last=part == len(contents))
        for part, data in enumerate(contents, start=1)
    )


def _about(defect: Defect) -> Mapping[str, str]:
    if defect.rule is None:
        return _texts()[defect.name]
    code = defect.rule.code
    laws = {rule.code: rule.law for _, rule in all_rules()}
    law = laws.get(code, {"law": "docs/rules.md", "law_en": "docs/rules.md"})
    return {
        "vi": f"Sai đúng một quy tắc, {code}: {law['law']}.",
        "en": f"Breaks one rule, {code}: {law['law_en']}.",
    }


@cache
def _texts() -> Mapping[str, Mapping[str, str]]:
    file = resources.files("hocba.sample").joinpath("texts/defects.toml")
    return tomllib.loads(file.read_text("utf-8"))
