"""The path engine: how it is driven, and how many paths it is asked for."""

import asyncio

import pytest

from signing.certificates.algorithm_usage import path_algorithm_policy
from signing.certificates.engine import Engine, drive, loaded
from signing.constraints import RevocationDemand, default_constraints
from tests.support.parties import issued


def test_gives_what_a_coroutine_returns_that_never_waits():
    async def five():
        return 5

    assert drive(five()) == 5


def test_never_waits():
    closed = []

    async def waiting():
        try:
            await asyncio.sleep(0)
        finally:
            closed.append(True)

    with pytest.raises(RuntimeError, match="waits"):
        drive(waiting())
    assert closed


@pytest.mark.parametrize(("certified", "tried"), [(15, 15), (16, 16), (17, 16), (20, 16)])
def test_of_any_number_of_paths_sixteen_are_tried(certified, tried):
    """Each certificate of the issuing authority's one key is one more way up to the root."""
    root = issued("Root")
    first = issued("Issuer", root)
    others = [issued("Issuer", root, key=first.key) for _ in range(certified - 1)]
    engine = Engine(
        leaf=loaded(issued("Signer", first, ca=False).der),
        anchors=(loaded(root.der),),
        issuers=tuple(loaded(each.der) for each in (first, *others)),
        crls=(),
        ocsp_responses=(),
        constraints=default_constraints().revocation,
        leaf_demand=RevocationDemand.REQUIRED,
        algorithms=path_algorithm_policy(),
    )
    assert len(engine.paths()) == tried
