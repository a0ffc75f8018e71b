"""What a signature covers of a document, asked without a signature."""

from lxml import etree

from signing.foreign.coverage import Coverage
from tests.support.forge import DS


def test_nothing_covers_nothing_however_little_there_is():
    coverage = Coverage(etree.fromstring(f'<Signature xmlns="{DS}"/>'))
    assert coverage.uncovered([], whole_document=True, most=20) == ((), 0)
    assert not coverage.is_full([], whole_document=True)


def test_names_the_first_parts_that_nobody_signed_and_counts_the_others():
    text = f'<r><Signature xmlns="{DS}"/><a/><b/><c/></r>'
    coverage = Coverage(etree.fromstring(text))
    assert coverage.uncovered([], whole_document=True, most=2) == (("r/a", "r/b"), 1)
