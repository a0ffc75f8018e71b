"""What a signature covers of a document, asked without a signature."""

from lxml import etree

from signing.foreign.coverage import Coverage
from tests.support.forge import DS


def test_nothing_covers_nothing_however_little_there_is():
    coverage = Coverage(etree.fromstring(f'<Signature xmlns="{DS}"/>'))
    assert list(coverage.uncovered([], whole_document=True)) == []
    assert not coverage.is_full([], whole_document=True)
