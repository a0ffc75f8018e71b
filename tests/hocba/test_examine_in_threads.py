"""Many documents at once from several threads: the same verdicts as one after the other."""

import random
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hocba.examine import Judgement, examine, judgement
from schemas.registry import DefinitionRegistry
from signing.certificates.certificate import read_certificate
from tests.support import signed_records

THREADS = 4
ROUNDS = 6


@pytest.fixture
def switching_often():
    """Threads change places after a few byte codes, so that what is shared and unsafe shows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def documents() -> dict[str, bytes]:
    """Right and wrong ones of both definitions, so that every step has something to share."""
    primary, secondary = signed_records.signed_primary(), signed_records.signed_secondary()
    return {
        "primary": primary,
        "secondary": secondary,
        "changed data": primary.replace(b"<namhoc>2025-2026<", b"<namhoc>2024-2025<"),
        "changed digest": secondary.replace(b"<ds:DigestValue>", b"<ds:DigestValue>AAAA", 1),
        "no definition": b"<a/>",
        "no document": b"<a",
    }


def fresh() -> Judgement:
    """A judgement whose caches are empty."""
    read_certificate.cache_clear()
    return judgement(DefinitionRegistry.load(), signed_records.trust(), signed_records.roster())


def as_text(data: bytes, by: Judgement) -> str:
    return str(examine(data, "record.xml", by, signed_records.NOW).as_json())


@pytest.mark.usefixtures("switching_often")
def test_threads_that_share_a_judgement_give_the_verdicts_of_one() -> None:
    by = fresh()
    expected = {name: as_text(data, by) for name, data in documents().items()}
    assert len(set(expected.values())) == len(expected)
    work = list(documents().items()) * THREADS * ROUNDS
    random.Random(1).shuffle(work)  # noqa: S311 -- an order, no secret
    shared = fresh()
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(lambda each: (each[0], as_text(each[1], shared)), work))
    assert [each for each in found if each[1] != expected[each[0]]] == []
