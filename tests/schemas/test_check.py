"""The check collects and never raises, whatever the document is."""

import random
import re
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from schemas.check import check
from schemas.document import parse
from schemas.errors import Unreadable
from schemas.findings import Language, Severity
from schemas.registry import DefinitionRegistry
from tests.support.records import primary_record, secondary_record, with_change

REGISTRY = DefinitionRegistry.load()
RECORDS = (primary_record(), secondary_record())
NAMES = sorted({str(each.tag) for record in RECORDS for each in etree.fromstring(record).iter()})


def codes(data: bytes) -> list[str]:
    return [each.code for each in check(parse(data), REGISTRY).findings]


def test_a_document_that_no_definition_knows_is_never_valid() -> None:
    report = check(parse(b"<a/>"), REGISTRY)
    assert report.definition is None
    assert not report.valid


def test_a_warning_leaves_a_document_valid() -> None:
    report = check(parse(primary_record(dantoc="99")), REGISTRY)
    assert [each.severity for each in report.findings] == [Severity.WARNING]
    assert report.valid


@pytest.mark.parametrize("markup", ["<!--x-->", "<?x y?>"])
@pytest.mark.parametrize("place", ["<IdBanGhi>", "</THONG_TIN_HOC_BA>", "<CBQL>", "</HOC_BA_SO>"])
def test_nothing_but_elements_and_text_may_stand_in_a_record(markup: str, place: str) -> None:
    record = primary_record().replace(b"<CBQL/>", b"<CBQL></CBQL>")
    data = record.replace(place.encode(), (markup + place).encode())
    assert codes(data) == ["HB-E005"]


def test_a_comment_in_a_signature_is_an_error_too() -> None:
    inside = (
        b'<CBQL><Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><!--x--></Signature></CBQL>'
    )
    assert codes(primary_record().replace(b"<CBQL/>", inside)) == ["HB-E005"]


def test_what_stands_outside_the_root_is_a_warning_on_either_side() -> None:
    record = primary_record().replace(b"<HOC_BA_SO>", b"<!--a--><?b c?><HOC_BA_SO>")
    assert codes(record + b"\n<!--d-->") == ["HB-W001"] * 3


def test_many_comments_are_cut_with_an_error() -> None:
    data = primary_record().replace(b"<IdBanGhi>", b"<!---->" * 20_000 + b"<IdBanGhi>")
    found = codes(data)
    assert found.count("HB-E005") == 100
    assert found[100] == "HB-E030"


def test_a_second_content_element_is_an_error() -> None:
    data = primary_record().replace(
        b"<PHAT_HANH_HOC_BA>", b'<DU_LIEU_HOC_BA Id="b"/><PHAT_HANH_HOC_BA>'
    )
    assert "HB-E004" in codes(data)


def test_a_found_value_is_quoted_in_one_short_line() -> None:
    record = primary_record(tenlop="a\nb  " + "c" * 500)
    (finding,) = check(parse(record), REGISTRY).findings
    quoted = re.search(r"“(.*?)”", finding.message())
    assert quoted is not None
    assert quoted[1].startswith("a b ccc")
    assert quoted[1].endswith("…")
    assert len(quoted[1]) == 60


def texts() -> st.SearchStrategy[str]:
    awkward = st.sampled_from(
        ["", " ", "0", "1", "-1", "1e400", "NaN", "9" * 5000, "{0}", "%s", "{line}", "Đ", "\ue000"]
    )
    return awkward | st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")))


def checked_alike_twice(data: bytes) -> bool:
    """Whether two checks of a document say the same, in both languages."""
    said = [
        [
            (finding.code, finding.message(language))
            for finding in check(parse(data), REGISTRY).findings
            for language in Language
        ]
        for _ in range(2)
    ]
    return said[0] == said[1] and all(message for _, message in said[0])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(RECORDS), st.integers(0, 80), texts())
def test_any_value_in_any_field_is_checked(record: bytes, at: int, value: str) -> None:
    root = etree.fromstring(record)
    (information,) = root.iter("THONG_TIN_HOC_BA")
    try:
        information[at % len(information)].text = value
    except ValueError:
        return  # no XML character
    assert checked_alike_twice(etree.tostring(root))


@pytest.mark.parametrize("copies", [0, 2])
@pytest.mark.parametrize("record", RECORDS)
def test_a_record_with_no_or_two_parts_of_one_kind_is_checked(record: bytes, copies: int) -> None:
    """What the rules have to say about a whole record has a place all the same."""
    root = etree.fromstring(record)
    (information,) = root.iter("THONG_TIN_HOC_BA")
    for subject in information.findall("DIEM_TONG_KET")[1:]:
        information.remove(subject)
    parent = information.getparent()
    assert parent is not None
    parent.remove(information)
    parent.extend([deepcopy(information) for _ in range(copies)])
    assert checked_alike_twice(etree.tostring(root))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(RECORDS), st.randoms(use_true_random=False), st.integers(1, 12))
def test_any_rearrangement_of_a_record_is_checked(
    record: bytes, chance: random.Random, changes: int
) -> None:
    root = etree.fromstring(record)
    for _ in range(changes):
        element = chance.choice([each for each in root.iter() if each is not root] or [root])
        match chance.randrange(5):
            case 0 if element.getparent() is not None:
                element.getparent().remove(element)
            case 1:
                element.tag = chance.choice(NAMES)
            case 2:
                element.append(etree.Element(chance.choice(NAMES)))
            case 3:
                element.set(chance.choice(["Id", "id", "x"]), chance.choice(["data", "", "y"]))
            case _:
                chance.choice(list(root.iter())).append(etree.fromstring(etree.tostring(element)))
    assert checked_alike_twice(etree.tostring(root))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(RECORDS), st.integers(0, 10**6), st.binary(min_size=1, max_size=3))
def test_any_changed_bytes_are_unreadable_or_checked(record: bytes, at: int, new: bytes) -> None:
    at %= len(record)
    try:
        document = parse(record[:at] + new + record[at + len(new) :])
    except Unreadable:
        return
    assert check(document, REGISTRY) == check(document, REGISTRY)


def test_removing_any_required_field_is_an_error() -> None:
    record = primary_record()
    root = etree.fromstring(record)
    (information,) = root.iter("THONG_TIN_HOC_BA")
    for field in information:
        if len(field):
            continue
        changed = with_change(record, f"//THONG_TIN_HOC_BA/{field.tag}", name="KHAC")
        assert not check(parse(changed), REGISTRY).valid, field.tag
