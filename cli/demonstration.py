"""A demonstration repository: a home with a sample province in it, made in resumable steps.

DIR/                  the home
DIR/sample/           the province: records, trust store, roster, keys, defects.json
DIR/export/           everything taken in, as an auditor gets it
DIR/demo.json         which batch and which pupil to show; there once all is done
"""

import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli.commands.export import readme
from cli.commands.ingest import take_in
from cli.errors import Misuse
from cli.files import write_whole
from cli.progress import progress
from cli.session import Session
from hocba.export import export
from hocba.home import Home
from hocba.index.index import Index
from hocba.index.rows import Batch, Item, VersionSelection
from hocba.ingest.report import batch_items
from hocba.sample.defects import SHOWN
from hocba.sample.levels import Level
from hocba.sample.province import build_province
from hocba.sample.source import words
from schemas.findings import Finding, Severity

SAMPLE = "sample"
EXPORT = "export"
MARKER = "demo.json"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the sample province should be."""

    records: int
    defects: int | None
    seed: int

    @property
    def bad_records(self) -> int:
        """As many as asked for, else one of each kind, if there is room for them."""
        return min(SHOWN, self.records) if self.defects is None else self.defects


@dataclass(frozen=True, slots=True)
class BadFile:
    """A file that is spoilt on purpose, and what became of it."""

    item: Item
    about: dict[str, str]
    expected_finding: str | None

    @property
    def reason(self) -> Finding | None:
        """The finding that shows the defect: the expected one, else the first error."""
        found = self.item.findings
        expected = [each for each in found if each.code == self.expected_finding]
        errors = [each for each in found if each.severity is Severity.ERROR]
        return next(iter((*expected, *errors)), None)


@dataclass(frozen=True, slots=True)
class Demonstration:
    """Everything there is to show."""

    home: Home
    batch: str
    pupil: str

    @property
    def sample(self) -> Path:
        """The sample province."""
        return self.home.path / SAMPLE

    @property
    def export(self) -> Path:
        """What an auditor gets."""
        return self.home.path / EXPORT

    def bad_files(self, index: Index) -> tuple[BadFile, ...]:
        """Every spoilt file with what became of it, in order."""
        sheet = json.loads((self.sample / "defects.json").read_text("utf-8"))
        entries: dict[str, dict[str, Any]] = {each["file"]: each for each in _entries(sheet)}
        return tuple(
            BadFile(item, entries[item.file_name]["about"], entries[item.file_name]["finding"])
            for item in batch_items(index, self.batch)
            if item.file_name in entries
        )


def existing(path: Path) -> Demonstration | None:
    """The finished demonstration at *path*; raises `Misuse` for a repository that is none."""
    if (path / MARKER).is_file():
        marker = json.loads((path / MARKER).read_text("utf-8"))
        return Demonstration(Home.open(path), marker["batch"], marker["pupil"])
    if (path / "hocba.toml").is_file() and not (path / SAMPLE).is_dir():
        raise Misuse("misuse.no_demo", folder=path)
    return None


def make(path: Path, wish: Wish, session: Session) -> Demonstration:
    """The demonstration at *path*, made from where it stands."""
    if not (path / "hocba.toml").is_file():
        _make_home(path, wish, session)
    home = Home.open(path)
    with home.open_index() as index:
        taking = home.ingest(index, home.open_store())
        session.note("demo.step.ingest")
        batch = take_in(taking, path / SAMPLE / "batch.zip", _province(), session)
        pupil = _pupil_with_a_long_way(index)
    session.note("demo.step.export")
    shutil.rmtree(path / EXPORT, ignore_errors=True)
    _export(home, path / EXPORT, batch, session)
    marker = {"batch": batch.id, "pupil": pupil}
    write_whole(path / MARKER, json.dumps(marker).encode() + b"\n")
    return Demonstration(home, batch.id, pupil)


def _make_home(path: Path, wish: Wish, session: Session) -> None:
    """A home with the province in it, or nothing at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder:
        province = Path(folder) / SAMPLE
        session.note("demo.step.sample", records=wish.records, defects=wish.bad_records)
        with progress(session, "sample.progress") as advance:
            build_province(
                province,
                records=wish.records,
                level=Level.MIX,
                seed=wish.seed,
                defects=wish.bad_records,
                progress=advance,
            )
        session.note("demo.step.init", home=path)
        Home.create(
            path,
            trust=province / "trust",
            roster=province / "roster.csv",
            masogd=_province(),
        )
        province.rename(path / SAMPLE)


def _province() -> str:
    """The code of the sample's province: only its records are taken in."""
    return str(words()["province"]["code"])


def _pupil_with_a_long_way(index: Index) -> str:
    """A pupil whose timeline is worth looking at: many schools, then many years."""
    with index.reading() as tx:
        page = tx.records.select_versions(VersionSelection(), limit=500)
        pupils = {
            record.mahocsinh
            for record in tx.records.current(each.madinhdanhhocba for each in page.rows).values()
        }
        timelines = [tx.records.timeline(each) for each in sorted(pupils)]
    best = max(
        timelines,
        key=lambda each: (
            len({history.record.matruong for history in each.records}),
            len(each.records),
        ),
    )
    return best.mahocsinh


def _export(home: Home, folder: Path, batch: Batch, session: Session) -> None:
    with progress(session, "export.progress") as advance:
        export(
            home,
            folder,
            VersionSelection(),
            at=datetime.now(UTC),
            actor="cli",
            readme=lambda roster: readme(session, roster=roster),
            progress=lambda done: advance(done, batch.counts.accepted),
        )


def _entries(sheet: Any) -> Sequence[dict[str, Any]]:
    entries: Sequence[dict[str, Any]] = sheet
    return entries
