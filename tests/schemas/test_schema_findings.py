"""Every finding of the schema check comes from a document, and says what it must."""

import re
from pathlib import Path

import pytest

from schemas.check import check
from schemas.document import parse
from schemas.findings import Finding, Language, Severity, catalogue
from schemas.registry import DefinitionRegistry
from schemas.report import SchemaReport
from tests.schemas.vectors import PRIMARY, SECONDARY, SLIP, VECTORS

REGISTRY = DefinitionRegistry.load(Path(__file__).parent / "definitions")
CODES = [code for code in catalogue() if code.startswith(("HB-E", "HB-W"))]


def report_on(data: bytes) -> SchemaReport:
    return check(parse(data), REGISTRY)


def found(data: bytes, code: str) -> list[Finding]:
    return [each for each in report_on(data).findings if each.code == code]


def test_every_code_of_the_catalogue_has_a_vector() -> None:
    assert sorted(VECTORS) == sorted(CODES)


@pytest.mark.parametrize("data", [PRIMARY, SECONDARY, SLIP], ids=["tieu-hoc", "trung-hoc", "slip"])
def test_a_record_as_it_should_be_has_no_findings(data: bytes) -> None:
    report = report_on(data)
    assert report.findings == ()
    assert report.valid


@pytest.mark.parametrize("code", CODES)
def test_the_invalid_vector_has_the_finding_with_label_value_and_limit(code: str) -> None:
    vector = VECTORS[code]
    first = found(vector.invalid, code)[0]
    assert first.path == vector.path
    message = first.message()
    assert [part for part in vector.says if part not in message] == [], message


@pytest.mark.parametrize("code", CODES)
def test_the_invalid_vector_is_said_in_english_too(code: str) -> None:
    first = found(VECTORS[code].invalid, code)[0]
    english = first.message(Language.EN)
    assert english != first.message()
    assert re.search(r"\{\w+\}", english) is None


@pytest.mark.parametrize("code", CODES)
def test_the_valid_vector_lacks_the_finding(code: str) -> None:
    assert found(VECTORS[code].valid, code) == []


@pytest.mark.parametrize("code", CODES)
def test_only_an_error_makes_a_document_invalid(code: str) -> None:
    report = report_on(VECTORS[code].invalid)
    errors = [each for each in report.findings if each.severity is Severity.ERROR]
    assert report.valid is not bool(errors)
    assert any(each.code == code for each in errors) is code.startswith("HB-E")


@pytest.mark.parametrize("code", [code for code in CODES if code != "HB-E030"])
def test_a_finding_has_the_line_where_its_element_stands(code: str) -> None:
    vector = VECTORS[code]
    first = found(vector.invalid, code)[0]
    assert first.line is not None
    name = vector.path.rpartition("/")[2].partition("[")[0]
    line = vector.invalid.decode().splitlines()[first.line - 1]
    # What is missing stands on no line: the finding then has the line that it belongs after.
    if code not in {"HB-E010", "HB-E016", "HB-E044", "HB-E048", "HB-W001"}:
        assert f"<{name}" in line or f":{name}" in line
