"""Two provinces, made once and copied for every test."""

import shutil
from pathlib import Path

import pytest

from hocba.home import Home
from tests.support import signed_home
from tests.support.transfers import SENDER, Provinces, two_provinces


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both homes; the sender has one version of one record."""
    folder = tmp_path_factory.mktemp("provinces")
    made = two_provinces(folder)
    batch, _ = signed_home.take_in(made.sender, signed_home.version(), masogd=SENDER)
    assert batch.counts.accepted == 1
    return folder


@pytest.fixture
def provinces(template: Path, tmp_path: Path) -> Provinces:
    """Both homes, of this test alone."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return Provinces(Home.open(tmp_path / "home"), Home.open(tmp_path / "receiver"), tmp_path)
