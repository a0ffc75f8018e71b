"""Small sample provinces, made once a session and shared by all tests that only read them.

`province` and `bad_province` are session fixtures: import them into a conftest to use them.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hocba.examine import Judgement, judgement
from hocba.sample.defects import SHOWN
from hocba.sample.levels import Level
from hocba.sample.province import SampleSummary, build_province
from schemas.registry import DefinitionRegistry
from signing.certificates.trust import read_trust_store
from signing.roster import read_roster

SEED = 7
RECORDS = 12


@dataclass(frozen=True)
class Province:
    """A sample on disk; read it, never write into it."""

    folder: Path
    summary: SampleSummary
    made_at: datetime

    @property
    def records(self) -> tuple[Path, ...]:
        """The good records, by name."""
        return tuple(p for p in sorted((self.folder / "records").iterdir()) if not _is_bad(p))

    @property
    def bad(self) -> tuple[dict[str, Any], ...]:
        """The entries of defects.json."""
        path = self.folder / "defects.json"
        return tuple(json.loads(path.read_text("utf-8"))) if path.exists() else ()

    @property
    def trust(self) -> Path:
        """The trust folder."""
        return self.folder / "trust"

    @property
    def roster(self) -> Path:
        """The roster file."""
        return self.folder / "roster.csv"

    @property
    def batch(self) -> Path:
        """All records, good and bad, as one zip."""
        return self.folder / "batch.zip"

    def judgement(self) -> Judgement:
        """What `examine` needs to accept the good records."""
        return judgement(
            DefinitionRegistry.load(), read_trust_store(self.trust), read_roster(self.roster)
        )


def _is_bad(path: Path) -> bool:
    return path.name.startswith("loi-")


_made: dict[int, Province] = {}


def small_province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    """Twelve good records of all levels, every style among them."""
    return _province(tmp_path_factory, defects=0)


def small_bad_province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    """Good records and beside them one bad one of every kind that is shown."""
    return _province(tmp_path_factory, defects=SHOWN)


def _province(tmp_path_factory: pytest.TempPathFactory, defects: int) -> Province:
    if defects not in _made:
        folder = tmp_path_factory.mktemp("province")
        now = datetime.now(UTC)
        summary = build_province(
            folder,
            records=max(RECORDS, defects),
            level=Level.MIX,
            seed=SEED,
            style="mix",
            defects=defects,
            now=now,
        )
        _made[defects] = Province(folder, summary, now)
    return _made[defects]


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    """See `small_province`."""
    return small_province(tmp_path_factory)


@pytest.fixture(scope="session")
def bad_province(tmp_path_factory: pytest.TempPathFactory) -> Province:
    """See `small_bad_province`."""
    return small_bad_province(tmp_path_factory)
