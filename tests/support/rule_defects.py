"""Sample records without signatures, clean or with one broken rule each.

    python -m tests.support.rule_defects [records]

makes that many records (10,000) with one defect each and a fifth as many clean ones, lets
`hocba check` read them all, and compares what it says with what was done to each.
"""

import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from lxml import etree

from hocba.sample.calendar import calendar_for
from hocba.sample.content import Content, unsigned_record
from hocba.sample.levels import Level
from hocba.sample.plan import expected_records, plan_pupils
from hocba.sample.rule_spoiling import RULE_SPOILERS, RuleSpoiler
from hocba.sample.world import make_world
from hocba.sample.years import SampleRecord, records_of
from schemas.check import check
from schemas.document import parse
from schemas.findings import Finding
from schemas.registry import DefinitionRegistry

_NOW = datetime(2026, 11, 22, tzinfo=UTC)


def sample_records(*, seed: int, records: int, level: Level = Level.MIX) -> Iterator[SampleRecord]:
    """Records of a sample; in the style without vendors' repeated Ids, which get a warning."""
    calendar = calendar_for(_NOW, None)
    world = make_world(seed, calendar, expected_records(level, records), "xades")
    count = {each: len(schools) for each, schools in world.schools.items()}
    for plan in plan_pupils(seed, level, records, calendar, count):
        yield from records_of(world, plan)


def spoilt_records(*, seed: int, records: int) -> Iterator[tuple[RuleSpoiler, Content]]:
    """As many records, each with one rule broken; the least often broken that fits comes next."""
    broken = dict.fromkeys(RULE_SPOILERS, 0)
    for record in sample_records(seed=seed, records=records):
        year = record.context.year
        fitting = [each for each in RULE_SPOILERS if each.fits(year.level, year.grade)]
        spoiler = min(fitting, key=lambda each: broken[each])
        broken[spoiler] += 1
        yield spoiler, spoiler.spoilt(record)


def as_bytes(content: Content) -> bytes:
    """The record before anybody signs."""
    root = unsigned_record(content)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


_registry = DefinitionRegistry.load()


def findings_of(content: Content) -> tuple[Finding, ...]:
    """What the schema check says of it."""
    return check(parse(as_bytes(content)), _registry).findings


def main(records: int) -> int:
    """The whole show; 0 where every record is judged right."""
    expected: dict[str, str | None] = {}
    with tempfile.TemporaryDirectory(prefix="hocba-rules-") as name:
        folder = Path(name)
        for number, (spoiler, content) in enumerate(spoilt_records(seed=32, records=records)):
            expected[f"loi-{number:05}.xml"] = spoiler.code
            (folder / f"loi-{number:05}.xml").write_bytes(as_bytes(content))
        clean = sample_records(seed=31, records=max(1, records // 5))
        for number, record in enumerate(clean):
            expected[f"sach-{number:05}.xml"] = None
            (folder / f"sach-{number:05}.xml").write_bytes(as_bytes(record.content))
        return _compare(folder, expected)


def _compare(folder: Path, expected: Mapping[str, str | None]) -> int:
    hocba = Path(sys.executable).with_name("hocba")
    command = [hocba, "check", folder, "--format=json"]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    found = {}
    for line in run.stdout.splitlines():
        file = json.loads(line)
        found[Path(file["file"]).name] = [each["code"] for each in file["schema"]["findings"]]
    wrong = [
        (name, code, found.get(name))
        for name, code in expected.items()
        if found.get(name) != ([] if code is None else [code])
    ]
    kinds = Counter(code for code in expected.values() if code)
    print(f"{sum(kinds.values())} records with one defect each, of {len(kinds)} kinds")
    print(f"{len(expected) - sum(kinds.values())} clean records")
    print(f"judged otherwise than they should be: {len(wrong)}")
    for name, code, codes in wrong[:20]:
        print(f"  {name}: should be {code}, was {codes}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
