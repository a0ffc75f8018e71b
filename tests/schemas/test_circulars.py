"""The rules of the circulars: each objects to its vector, and to nothing else."""

import re
from pathlib import Path

import pytest

from schemas.check import check
from schemas.document import parse
from schemas.findings import Finding, Language, Severity, catalogue
from schemas.registry import DefinitionRegistry
from schemas.rules.circulars.catalogue import FACTORIES
from schemas.rules.circulars.pack import Confidence, all_rules
from tests.schemas.rule_records import (
    continuing,
    lower,
    primary,
    primary_not_assessed,
    primary_not_completed,
    upper,
)
from tests.schemas.rule_vectors import RULE_VECTORS

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
