"""Turns planned pupils into signed files, many at once, with no more in memory than that."""

import pickle
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hocba.sample.calendar import year_name
from hocba.sample.keyring import Keyring
from hocba.sample.levels import Level
from hocba.sample.plan import PupilPlan
from hocba.sample.signers import signed_record
from hocba.sample.world import World
from hocba.sample.years import SampleRecord, records_of

_CHUNK: Final = 16  # pupils a task
_AHEAD: Final = 8  # tasks handed out and not yet done
_VIETNAMESE_NAMES: Final = 6  # of 256 files


@dataclass(frozen=True, slots=True)
class MadeRecord:
    """One file that was written."""

    name: str
    level: Level
    year: int
    pupil: str


class Factory:
    """Writes records into *folder*; used in a `with` block.

    What every worker needs lies in a temporary file, read once a process.
    """

    def __init__(self, folder: Path, world: World, keyring: Keyring, pool: Executor) -> None:
        self._folder = folder
        self._pool = pool
        self._temporary = tempfile.TemporaryDirectory(prefix="hocba-sample-")
        self._state = Path(self._temporary.name) / "world.pickle"
        self._state.write_bytes(pickle.dumps((world, keyring)))

    def __enter__(self) -> Self:
        """Makes the folder."""
        self._folder.mkdir(parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Removes the temporary file."""
        self._temporary.cleanup()

    def make(self, plans: Iterable[PupilPlan]) -> Iterator[MadeRecord]:
        """The records of *plans*, in their order, each written when it comes."""
        waiting: deque[Future[list[MadeRecord]]] = deque()
        remaining = iter(plans)
        while chunk := tuple(islice(remaining, _CHUNK)):
            waiting.append(
                self._pool.submit(write_records, str(self._state), str(self._folder), chunk)
            )
            if len(waiting) > _AHEAD:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def write_records(state: str, folder: str, plans: Sequence[PupilPlan]) -> list[MadeRecord]:
    """Sign and write the records of *plans*; the work of one task."""
    world, keyring = _loaded(state)
    made = []
    for plan in plans:
        for record in records_of(world, plan):
            name = file_name(record)
            (Path(folder) / name).write_bytes(signed_record(record, keyring))
            year = record.context.year
            made.append(MadeRecord(name, year.level, year.year, year.pupil.code))
    return made


def file_name(record: SampleRecord) -> str:
    """The record id; a few are named in words, as people do."""
    number, year = int(record.record_id[:2], 16), record.context.year
    if number >= _VIETNAMESE_NAMES and (year.pupil.number or year.earlier):
        return f"{record.record_id}.xml"
    school_year = year_name(year.year)
    return f"Học bạ lớp {year.class_name} năm học {school_year} - {record.record_id[:13]}.xml"


@lru_cache(maxsize=1)
def _loaded(state: str) -> tuple[World, Keyring]:
    loaded: tuple[World, Keyring] = pickle.loads(Path(state).read_bytes())  # noqa: S301 -- own file
    return loaded
