"""A synthetic province on disk: signed records, trust, roster, batch, keys to try.

The same seed and school year give the same bytes, on any number of processes; only the PKCS#12
files differ, whose encryption is salted.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hocba.sample.calendar import calendar_for, year_name
from hocba.sample.defects import bad_files
from hocba.sample.errors import SampleError
from hocba.sample.factory import Factory, MadeRecord
from hocba.sample.keyring import key_steps, make_pki
from hocba.sample.levels import Level
from hocba.sample.output import (
    write_batch,
    write_defects,
    write_mandates,
    write_practice,
    write_trust,
)
from hocba.sample.plan import expected_records, plan_pupils
from hocba.sample.practice import practice_records
from hocba.sample.processes import executor
from hocba.sample.world import make_world
from schemas.findings import finding

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSummary:
    """What was made. `by_level` counts records; `pupils` are codes worth looking up, best first."""

    out: Path
    records: int
    by_level: Mapping[Level, int]
    pupils: tuple[str, ...]
    schools: int
    signers: int
    school_years: tuple[str, ...]
    defects: int


def build_province(  # noqa: PLR0913 -- a sample has as many choices
    out: Path,
    *,
    records: int,
    level: Level,
    seed: int,
    style: str = "mix",
    school_year: str | None = None,
    defects: int = 0,
    now: datetime | None = None,
    processes: int | None = None,
    progress: Progress | None = None,
) -> SampleSummary:
    """Make a province with *records* good records, and *defects* bad ones beside them, in *out*.

    *style* is `xades`, `vendor` or `mix`. *progress* is told (done, total), a step being a
    key or a record. Raises `SampleError`.
    """
    calendar = calendar_for(now or datetime.now(UTC), school_year)
    _refuse(out, records, defects)
    world = make_world(seed, calendar, expected_records(level, records), style)
    count = {each: len(schools) for each, schools in world.schools.items()}
    steps = _Steps(key_steps(world) + records + defects, progress)
    with executor(records, processes) as pool:
        pki = make_pki(world, pool, lambda *_: steps.advance())
        out.mkdir(parents=True, exist_ok=True)
        write_trust(out / "trust", pki)
        write_mandates(out / "roster.csv", world)
        plans = plan_pupils(seed, level, records, calendar, count)
        made = _Tally()
        with Factory(out / "records", world, pki.keyring, pool) as factory:
            for each in factory.make(plans):
                made.add(each)
                steps.advance()
    bad: list[str] = []
    for names in write_defects(out, bad_files(world, pki, defects)):
        bad.extend(names)
        steps.advance()
    write_practice(out, practice_records(world), pki.keyring)
    write_batch(out / "batch.zip", out / "records", sorted(made.names) + sorted(bad))
    steps.finish()
    return SampleSummary(
        out=out,
        records=len(made.names),
        by_level=dict(made.by_level),
        pupils=tuple(code for code, _ in made.by_pupil.most_common(5)),
        schools=sum(count.values()),
        signers=len(pki.keyring.stored),
        school_years=tuple(year_name(year) for year in sorted(made.years)),
        defects=defects,
    )


def _refuse(out: Path, records: int, defects: int) -> None:
    if records < 1 or not 0 <= defects <= records:
        raise SampleError(finding("HB-K103", found=records))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SampleError(finding("HB-K102", found=out))


class _Tally:
    """What was made, counted as it comes."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.by_level: Counter[Level] = Counter()
        self.by_pupil: Counter[str] = Counter()
        self.years: set[int] = set()

    def add(self, made: MadeRecord) -> None:
        """Count one record."""
        self.names.append(made.name)
        self.by_level[made.level] += 1
        self.by_pupil[made.pupil] += 1
        self.years.add(made.year)


class _Steps:
    """Tells the caller how far it is; never past the total."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done = 0
        self._total = total
        self._progress = progress

    def advance(self) -> None:
        """One step further."""
        self._done = min(self._done + 1, self._total)
        if self._progress is not None:
            self._progress(self._done, self._total)

    def finish(self) -> None:
        """At the end, whatever was counted."""
        self._done = self._total - 1
        self.advance()
