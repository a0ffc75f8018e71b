"""Sample records keep every rule of the circulars, or break exactly the one they should."""

from collections import Counter

import pytest

from hocba.sample.levels import SINGLE_LEVELS, Level
from hocba.sample.rule_spoiling import RULE_SPOILERS
from schemas.findings import catalogue
from tests.support.rule_defects import findings_of, main, sample_records, spoilt_records

RECORDS = 400


def test_every_rule_can_be_broken() -> None:
    broken = [each.code for each in RULE_SPOILERS]
    assert sorted(broken) == sorted(code for code in catalogue() if code.startswith("HB-R"))


def test_clean_records_of_all_levels_have_no_finding_at_all() -> None:
    found = Counter()
    levels = Counter()
    for record in sample_records(seed=21, records=RECORDS):
        levels[record.context.year.level] += 1
        found.update(each.code for each in findings_of(record.content))
    assert set(levels) == set(SINGLE_LEVELS)
    assert found == {}


def test_each_injected_defect_is_found_under_its_own_code_and_no_other() -> None:
    codes = set()
    for spoiler, content in spoilt_records(seed=22, records=RECORDS):
        codes.add(spoiler.code)
        findings = findings_of(content)
        assert [each.code for each in findings] == [spoiler.code], [f.message() for f in findings]
    assert codes == {each.code for each in RULE_SPOILERS}


@pytest.mark.parametrize("level", SINGLE_LEVELS)
def test_the_sample_has_what_the_rules_are_about(level: Level) -> None:
    seen = Counter()
    for record in sample_records(seed=23, records=600, level=level):
        fields = record.content.information
        rows = [row.fields for row in record.content.rows]
        seen["promoted"] += fields["duoclenlop"] == "1"
        seen["award"] += fields["ndungkhenthuong"] is not None
        seen["completed"] += fields["ndunghoanthanh"] is not None
        seen["not assessed"] += fields["cokhuyettatkhongdanhgia"] == "1"
        seen["exempt"] += any("M" in row.values() for row in rows)
        seen["retest"] += any(row.get("diemkttralai") for row in rows)
        seen["training"] += fields.get("renluyenlai") is not None
        seen["kept down"] += fields["duoclenlop"] == "0"
    expected = {"promoted", "award", "completed", "not assessed"}
    if level is not Level.CONTINUING:  # its centres have no subject that one can be exempt from
        expected.add("exempt")
    if level is not Level.PRIMARY:
        expected |= {"retest", "training", "kept down"}
    assert [each for each in sorted(expected) if not seen[each]] == []


def test_the_command_finds_what_was_broken_and_nothing_in_clean_records(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(150) == 0
    assert "judged otherwise than they should be: 0" in capsys.readouterr().out
