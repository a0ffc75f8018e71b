"""A small province for every test of the command line, and a home that took it in."""

import shutil
from pathlib import Path

import pytest

from tests.support.command import call
from tests.support.sample import Province, bad_province, province
from tests.support.services.softhsm import softhsm

__all__ = ["bad_province", "province", "softhsm"]


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, province: Province) -> Path:
    """A home that took the province's batch in; read it, never change it."""
    path = tmp_path_factory.mktemp("command") / "home"
    made = call("init", "--home", path, "--trust", province.trust, "--roster", province.roster)
    assert made.code == 0, made.said
    taken = call("ingest", province.batch, "--home", path)
    assert taken.code == 0, taken.said
    return path


@pytest.fixture
def records(tmp_path: Path, province: Province) -> Path:
    """A copy of the good records to spoil."""
    folder = tmp_path / "records"
    folder.mkdir()
    for each in province.records:
        shutil.copy(each, folder)
    return folder
