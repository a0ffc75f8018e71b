"""No document within the limits makes canonicalisation take longer than about a second.

What is held is counted work; the wall clock is a guard far above what a slow machine takes.
"""

from itertools import islice

import pytest

from signing.xmldsig.budget import BUDGET
from tests.support import signed_records
from tests.support.costly import SHAPES, spent_on

MOST_SECONDS = 10


@pytest.mark.parametrize("shape", SHAPES)
def test_stays_within_the_budget(shape: str) -> None:
    data = SHAPES[shape]()
    spent = spent_on(data)
    # One canonicalisation more than the budget is asked for, and refused before it is made.
    assert spent.stopped
    assert spent.work >= BUDGET
    assert spent.seconds < MOST_SECONDS


def test_a_genuine_record_spends_a_small_part_of_the_budget() -> None:
    for data in islice((signed_records.signed_primary(), signed_records.signed_secondary()), 2):
        spent = spent_on(data)
        assert not spent.stopped
        assert 0 < spent.work < BUDGET / 5
