"""The rules for every signature: those that ship, or files of one's own, each for itself."""

from importlib import resources

import pytest

from signing.constraints import default_constraints
from signing.errors import PolicyError
from signing.rules import ValidationRules
from signing.xmldsig.algorithms import default_policy


def test_ships_both():
    shipped = ValidationRules.shipped()
    assert shipped == ValidationRules.read(None, None)
    assert shipped.algorithms is default_policy()
    assert shipped.constraints is default_constraints()


def test_takes_a_file_for_one_and_leaves_the_other(tmp_path):
    own = tmp_path / "tinh.toml"
    text = resources.files("signing").joinpath("constraints.toml").read_text("utf-8")
    own.write_text(text.replace('"hocba-constraints"', '"tinh"'), "utf-8")
    rules = ValidationRules.read(None, own)
    assert rules.algorithms is default_policy()
    assert rules.constraints.name == "tinh"
    with pytest.raises(PolicyError, match=r"tinh\.toml"):
        ValidationRules.read(own, None)
