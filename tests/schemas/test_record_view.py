"""The record as plain data says what XPath says."""

import pytest
from lxml import etree

from schemas.record_view import Children, RecordView
from schemas.rules.field import Expressions
from schemas.xpath import select_text

DOCUMENTS = {
    "several parents": "<c><a><x>1</x></a><a><y>2</y><x>3</x></a></c>",
    "the second parent has it": "<c><a/><a><y>2</y></a></c>",
    "twice in one parent": "<c><a><x>1</x><x>2</x><y/></a></c>",
    "a comment inside": "<c><a><x>1<!-- no -->2</x><!-- x --><y>3<?pi x?>4</y></a></c>",
    "elements inside": "<c><a><x>1<b>2</b>3</x></a></c>",
    "another namespace": '<c xmlns:n="urn:n"><a><n:x>1</n:x><y>2</y></a></c>',
    "absent": "<c/>",
    "empty": "<c><a><x/><y></y></a></c>",
}
PATHS = ("a/x", "a/y", "a/n:x", "n:a/x", "a/@x", "a/..", "./a", "count(a)", "string(a/x)", "x")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_text_is_that_of_its_xpath(name: str) -> None:
    content = etree.fromstring(DOCUMENTS[name])
    expressions = Expressions("here", {"n": "urn:n"})
    fields = [expressions.field(each) for each in PATHS]
    view = RecordView(content, expressions.fields())
    for field in fields:
        assert view.text(field) == field.string(content), field.string.path
        assert view.only(field) == select_text(field.select, content), field.select.path


def test_only_child_elements_by_name_are_read_in_one_pass() -> None:
    expressions = Expressions("here", {"n": "urn:n"})
    tags = [expressions.field(each).tag for each in ("a/x", "a/n:x", "a/@x", "a/..", "./x", "x")]
    assert tags == ["x", "{urn:n}x", None, None, None, None]


def test_rows_say_what_their_children_say() -> None:
    content = etree.fromstring("<c><r><m>1</m></r><r><m>2</m><m>3</m></r></c>")
    expressions = Expressions("here", {})
    view = RecordView(content, expressions.fields())
    rows = expressions.compile("r")
    assert [dict(each.texts) for each in view.rows(rows)] == [{"m": "1"}, {"m": "2"}]
    assert [set(each.repeated) for each in view.rows(rows)] == [set(), {"m"}]
    assert view.rows(rows) is view.rows(rows)
    assert isinstance(view.children(content[0]), Children)
