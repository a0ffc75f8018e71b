"""A bounded run of the fuzz target, and everything it ever found."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hocba.model.outcome import Outcome
from tests.fuzz.mutators import mutated
from tests.fuzz.target import seeds, try_document

CRASHES = sorted((Path(__file__).with_name("crashes")).glob("*.xml"))
# Some ten seconds on one core.
RUNS = 200


@pytest.mark.parametrize("data", seeds(), ids=range(len(seeds())))
def test_accepts_every_seed(data: bytes) -> None:
    assert try_document(data) is Outcome.ACCEPTED


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(source=st.randoms(use_true_random=False))
def test_handles_whatever_hypothesis_makes(source: Random) -> None:
    try_document(mutated(seeds(), source))


def test_handles_documents_of_fixed_seeds_in_every_way() -> None:
    counted: Counter[Outcome] = Counter()
    for seed in range(RUNS):
        data = mutated(seeds(), Random(seed))  # noqa: S311 -- what to change, not a secret
        counted[try_document(data)] += 1
    assert min(counted[each] for each in (Outcome.REJECTED, Outcome.UNREADABLE)) > RUNS / 50
    assert counted[Outcome.REJECTED] > RUNS / 3  # the changes reach the verdict logic


def test_handles_what_once_went_wrong() -> None:
    for path in CRASHES:
        try_document(path.read_bytes())
