"""The rules of the circulars: each objects to its vector, and to nothing else."""

import re
import shutil
from pathlib import Path

import pytest

from schemas.check import check
from schemas.document import parse
from schemas.errors import DefinitionError
from schemas.findings import Finding, Language, Severity, catalogue
from schemas.registry import DefinitionRegistry
from schemas.rules.circulars.catalogue import FACTORIES
from schemas.rules.circulars.pack import (
    PACK_FILE,
    SHIPPED,
    Confidence,
    all_rules,
    read_pack,
    shipped_pack,
)
from schemas.rules.marks import Rounding
from tests.schemas.rule_records import (
    continuing,
    lower,
    primary,
    primary_not_assessed,
    primary_not_completed,
    upper,
)
from tests.schemas.rule_vectors import RULE_VECTORS
from tests.support.records import SECONDARY_ROWS, secondary_record, secondary_row

REGISTRY = DefinitionRegistry.load(Path(__file__).parent / "definitions")
CODES = [code for code in catalogue() if code.startswith("HB-R")]
RULES = {rule.code: rule for _, rule in all_rules()}
# What the pack in force is about, and not one of its rules.
OF_NO_PACK = {"HB-R0001", "HB-R0002"}


def found(data: bytes) -> list[Finding]:
    return list(check(parse(data), REGISTRY).findings)


def test_every_rule_has_a_text_and_a_vector_and_every_text_a_rule() -> None:
    assert sorted(RULE_VECTORS) == sorted(CODES)
    assert sorted({*RULES, *OF_NO_PACK}) == sorted(CODES)
    assert {rule.name for rule in RULES.values()} == set(FACTORIES)


@pytest.mark.parametrize(
    "data",
    [
        primary(1), primary(3), primary(5), primary_not_completed(), primary_not_assessed(),
        lower(), upper(), continuing(),
    ],
)  # fmt: skip
def test_a_record_as_it_should_be_has_no_findings(data: bytes) -> None:
    assert found(data) == []


@pytest.mark.parametrize("code", CODES)
def test_the_invalid_vector_has_this_finding_alone_where_and_as_it_should(code: str) -> None:
    vector = RULE_VECTORS[code]
    findings = found(vector.invalid)
    assert [each.code for each in findings] == [code], [each.message() for each in findings]
    place = f"HOC_BA_SO/DU_LIEU_HOC_BA/THONG_TIN_HOC_BA/{vector.path}".rstrip("/")
    assert findings[0].path == place
    message = findings[0].message()
    assert [part for part in vector.says if part not in message] == [], message


@pytest.mark.parametrize("code", CODES)
def test_the_valid_vector_has_no_finding(code: str) -> None:
    assert [each.message() for each in found(RULE_VECTORS[code].valid)] == []


@pytest.mark.parametrize("code", CODES)
def test_the_finding_is_said_in_english_and_cites_the_law(code: str) -> None:
    (finding,) = found(RULE_VECTORS[code].invalid)
    english = finding.message(Language.EN)
    assert english != finding.message()
    for message in (english, finding.message()):
        assert re.search(r"\{\w+\}|None", message) is None
    if code not in OF_NO_PACK:
        assert RULES[code].law["law"] in finding.message()
        assert RULES[code].law["law_en"] in english


@pytest.mark.parametrize("code", sorted(RULES))
def test_only_a_rule_whose_source_is_sure_is_an_error(code: str) -> None:
    rule = RULES[code]
    sure = rule.confidence is Confidence.HIGH
    assert (rule.severity is Severity.ERROR) is sure
    assert rule.source
    assert rule.about
    doubtful = any(word in rule.law["law"] for word in ("nguồn", "quy ước"))
    assert doubtful is not sure


def test_every_rule_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
    assert [code for code in CODES if f"`{code}`" not in text] == []


@pytest.mark.parametrize(
    ("mark", "code"),
    [("10.5", "HB-E018"), ("10,5", "HB-E018"), ("bảy", "HB-E018"), ("7.55", "HB-R2201")],
)
def test_a_mark_that_is_none_is_found_once_with_what_is_allowed(mark: str, code: str) -> None:
    (finding,) = found(lower({"TOC": {"diemhocky1": mark}}))
    assert finding.code == code
    assert f"“{mark}”" in finding.message()


def test_a_subject_that_stands_twice_is_found_once() -> None:
    row = secondary_row("TOC", "Toán", Id="lan-hai")
    assert [each.code for each in found(secondary_record(rows=[*SECONDARY_ROWS, row]))] == [
        "HB-E049"
    ]


def test_a_rounding_mode_of_the_definition_replaces_the_packs() -> None:
    assert shipped_pack("tt22-2021").rounding is Rounding.HALF_UP
    assert shipped_pack("tt22-2021", "down").rounding is Rounding.DOWN
    with pytest.raises(DefinitionError, match="'nearest' is none of"):
        shipped_pack("tt22-2021", "nearest")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('check = "mark_form"', 'check = "mark_from"', "unknown check 'mark_from'"),
        ('code = "HB-R2201"', 'code = "HB-R2299"', "findings.toml has no text for HB-R2299"),
        ('code = "HB-R2201"', 'code = "HB-R2202"', "a code stands twice"),
        ('confidence = "high"', 'confidence = "sure"', "'sure' is none of high"),
        ("many = 6\ngood", "many = -6\ngood", "must be a whole number"),
        ('"Đ" = ["K", "K", "Đ", "CĐ"]', '"Đ" = ["K", "K", "Đ"]', "must be four of T, K, Đ, CĐ"),
        ('short = "22/2021"', 'short = "22/2021"\nshrot = "x"', "unknown shrot"),
        ('name = "tt22-2021"', 'name = "tt22"', "is not that of its folder"),
        ("[first_year]", "[first_yaer]", "missing first_year"),
        ('"thcs"', '"thsc"', "thsc.csv"),
    ],
)
def test_a_broken_pack_is_refused_with_the_reason(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    folder = tmp_path / "tt22-2021"
    shutil.copytree(SHIPPED / "tt22-2021", folder)
    text = (folder / PACK_FILE).read_text("utf-8")
    assert old in text
    (folder / PACK_FILE).write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(DefinitionError, match=re.escape(reason)):
        read_pack(folder)
