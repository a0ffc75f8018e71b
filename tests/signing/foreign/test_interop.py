"""The interoperability vectors: no wrong accept, and the table in docs/ as it is.

The rule is held against the manifest alone: the table may not be what excuses an accept.
"""

import re

import pytest
from lxml import etree

from signing.report import Indication
from tests.support import interop
from tests.support.interop import VECTORS, Row
from tests.support.reference import DOCS

# Beside them: inputs of vectors, which carry no signature.
_SIGNED = re.compile(rb"<([\w.-]+:)?Signature[\s>]")


@pytest.fixture(scope="module")
def rows() -> tuple[Row, ...]:
    return interop.rows()


def test_every_xml_file_of_the_folder_is_in_the_manifest(rows):
    files = {str(path.relative_to(VECTORS)) for path in VECTORS.rglob("*.xml")}
    assert {each.file for each in rows} == files
    assert len(files) > 200


def test_nothing_passes_without_trust(rows):
    assert not [each.file for each in rows if each.untrusted.indication is Indication.TOTAL_PASSED]


def test_nothing_passes_with_trust_that_no_other_engine_accepts(rows):
    passed = [each for each in rows if each.trusted.indication is Indication.TOTAL_PASSED]
    assert len(passed) > 10
    assert not [each.file for each in passed if not each.expected.is_valid_somewhere]


def test_no_arithmetic_is_called_right_that_no_other_engine_calls_right(rows):
    right = [each for each in rows if True in each.core]
    assert len(right) > 50
    assert not [each.file for each in right if not each.expected.is_valid_somewhere]


def test_no_arithmetic_is_called_right_that_the_jdk_calls_wrong(rows):
    assert not [each.file for each in rows if True in each.core and each.expected.jdk == "INVALID"]


def test_what_must_be_invalid_under_every_option_fails_or_is_not_computed(rows):
    invalid = [each for each in rows if each.expected.xmlsec == {"INVALID"}]
    assert len(invalid) > 3
    for each in invalid:
        assert each.trusted.indication is not Indication.TOTAL_PASSED
        assert True not in each.core


def test_what_others_call_right_is_called_wrong_only_for_a_reason_that_is_written_down(rows):
    wrong = {each.file for each in rows if False in each.core and each.expected.is_valid_somewhere}
    assert wrong == set(interop.NOTES)


def test_every_vector_that_does_not_pass_says_why(rows):
    assert not [
        each.file
        for each in rows
        if each.trusted.indication is not Indication.TOTAL_PASSED and not each.findings
    ]


def test_every_signed_vector_is_reported_signature_by_signature(rows):
    for each in rows:
        data = (VECTORS / each.file).read_bytes()
        if b"<!DOCTYPE" in data:
            assert {finding.code for finding in each.findings} == {"HB-U005"}
        else:
            count = sum(1 for _ in etree.fromstring(data).iter("{*}Signature"))
            assert len(each.core) == count
            assert bool(count) == bool(_SIGNED.search(data))


def test_secrets_and_broken_digests_never_pass(rows):
    refused = re.compile(r"hmac|md5|ripemd|sha1(?![0-9])|dsa-|gost|eddsa|mldsa|slhdsa")
    found = [each for each in rows if refused.search(each.file.rpartition("/")[2])]
    assert len(found) > 60
    for each in found:
        if "ecdsa-sha" in each.file or "x509" in each.file:
            continue
        assert each.trusted.indication is not Indication.TOTAL_PASSED, each.file


def test_the_table_in_the_documentation_is_what_comes_out_now():
    page = DOCS / "xmldsig-interop.md"
    assert page.read_text("utf-8") == interop.table(), "run `make docs`"
