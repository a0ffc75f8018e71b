"""Every item of the list of attacks has a vector, and every vector gets the verdict it must."""

import ast
import time

import pytest

from signing.report import Indication
from tests.support import attacks
from tests.support.attacks import all_attacks, all_covered, attack_list

# No vector may keep the engine busy: a guard against hanging, far above what any takes.
MOST_SECONDS = 5


@pytest.mark.parametrize("item", attack_list())
def test_every_item_has_a_vector(item: str) -> None:
    named = {each.item for each in all_attacks()} | {each.item for each in all_covered()}
    assert item in named, attack_list()[item]


def test_every_vector_belongs_to_an_item_of_its_modules_letter() -> None:
    for each in all_attacks():
        assert each.item in attack_list(), each.name
        letter = each.build.__module__.rpartition(".")[2][0].upper()
        assert each.item.startswith(letter), each.name
        assert each.what, each.name


def test_what_is_covered_elsewhere_exists() -> None:
    for each in all_covered():
        assert each.item in attack_list()
        path, _, name = each.test.partition("::")
        tree = ast.parse((attacks.ROOT / path).read_text("utf-8"))
        functions = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
        assert name.rpartition("::")[2] in functions, each.test


@pytest.mark.parametrize("one", all_attacks(), ids=lambda each: each.name)
def test_gets_exactly_its_verdict(one: attacks.Attack) -> None:
    started = time.process_time()
    judged = attacks.judge(one)
    assert time.process_time() - started < MOST_SECONDS
    assert (judged.indication, judged.sub_indication) == (one.indication, one.sub_indication)
    if one.code is None:
        assert not judged.codes
    else:
        assert one.code in judged.codes
    if one.harmless is None:
        assert judged.record is not Indication.TOTAL_PASSED
