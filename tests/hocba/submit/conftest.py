"""A served home that takes the sample province's records in, and sources to submit."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hocba.home import Home
from hocba.index.rows import TokenKind
from tests.support.sample import Province, province
from tests.support.serving_process import ServedHome, serving
from tests.support.web import issue

__all__ = ["province"]

BLOBS = 3
BLOB = 1_000_000


@dataclass(frozen=True)
class Kept:
    """A server in a process of its own, its home, and a token of the sample's province."""

    served: ServedHome
    home: Home
    token: str


@pytest.fixture
def kept(province: Province, tmp_path: Path) -> Iterator[Kept]:
    home = Home.create(tmp_path / "home", trust=province.trust, roster=province.roster)
    with home.open_index() as index:
        token = issue(index, TokenKind.PROVINCE, masogd="15")
    with serving(home.path, tmp_path) as served:
        yield Kept(served, home, token)


@pytest.fixture
def records(province: Province, tmp_path: Path) -> Path:
    """The good records of the sample."""
    folder = tmp_path / "records"
    folder.mkdir()
    for each in province.records:
        shutil.copy(each, folder)
    return folder


@pytest.fixture
def heavy(records: Path) -> Path:
    """The records, and beside them what no compression makes smaller and nobody can read."""
    for number in range(BLOBS):
        (records / f"zz-{number}.xml").write_bytes(b"<" + os.urandom(BLOB))
    return records
