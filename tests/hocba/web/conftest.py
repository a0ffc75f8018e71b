"""Served repositories: an empty one that believes stand-ins, and a home with a sample province."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from hocba.examine import Judgement, judgement
from hocba.home import Home
from hocba.index.engine import sqlite_url
from hocba.index.index import Index
from hocba.index.migrate import migrate
from hocba.index.rows import Record, TokenKind
from hocba.web.app import create_app
from schemas.registry import DefinitionRegistry
from tests.support.sample import Province, province
from tests.support.web import SETTINGS, Site, running, served, stand_in_repository

__all__ = ["province"]


@pytest.fixture(scope="session")
def no_trust() -> Judgement:
    """A judgement that accepts nothing."""
    return judgement(DefinitionRegistry.load(), None, None)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the newest migration; to be copied, since migrating takes its time."""
    path = tmp_path_factory.mktemp("empty") / "index.sqlite3"
    migrate(sqlite_url(path))
    return path


@pytest.fixture
def sqlite_index(tmp_path: Path, empty_database: Path) -> Iterator[Index]:
    """An open, empty index on SQLite."""
    path = tmp_path / "index.sqlite3"
    shutil.copyfile(empty_database, path)
    with Index.open(sqlite_url(path)) as opened:
        yield opened


@pytest.fixture
def site(sqlite_index: Index, tmp_path: Path, no_trust: Judgement) -> Iterator[Site]:
    """An empty repository that believes stand-in documents, served."""
    with served(stand_in_repository(sqlite_index, tmp_path, no_trust)) as running_site:
        yield running_site


@dataclass(frozen=True)
class SampleSite(Site):
    """A served home with the sample province taken in."""

    home: Home
    province: Province

    def records(self) -> tuple[Record, ...]:
        """All records, those of the pupil with the longest history first."""
        found: list[Record] = []
        for pupil in self.province.summary.pupils:
            with self.repository.index.reading() as tx:
                found.extend(each.record for each in tx.records.timeline(pupil).records)
        return tuple(found)

    def guardian(self, *pupils: str) -> str:
        """A new access code for these pupils."""
        return self.token(TokenKind.GUARDIAN, mahocsinh=pupils)


@pytest.fixture(scope="session")
def sample(province: Province, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleSite]:
    """The sample province in a home of its own, served; tests add tokens and audit events only."""
    path = tmp_path_factory.mktemp("web") / "home"
    made = Home.create(path, trust=province.trust, roster=province.roster)
    home = replace(made, configuration=replace(made.configuration, processes=1))
    with home.open_index() as index:
        batch = home.ingest(index, home.open_store()).take_in(
            province.folder / "records", sender="cli", masogd=None
        )
    assert batch.counts.accepted == len(province.records)
    app = create_app(home, settings=SETTINGS)
    with running(app) as url:
        yield SampleSite(url, app.state.service.repository, app, home, province)
