"""What does not grow with a batch: memory, and the cost of one more record.

    python -m tests.benchmarks.growth 20000 200000

Takes stand-in documents of 20 KB in (whether signatures hold is not the question), embedded, with
two worker processes, each batch in a process of its own: whatever it costs is that batch's.
"""

import contextlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing import active_children
from pathlib import Path

from hocba.index.engine import sqlite_url
from hocba.index.index import Index
from hocba.index.migrate import migrate
from hocba.ingest.pipeline import Ingest, IngestOptions, Progress
from hocba.ingest.workers import WorkerOptions
from storage.configuration import open_store
from tests.benchmarks.measure import Figure, as_table
from tests.support.stand_in import StandInFactory, document

_ROOT = Path(__file__).parents[2]
_PADDING = 9_500  # bytes, as twice as many hexadecimal digits
_GIGABYTE = 1000 * 1000 * 1000
MEMORY_GOAL = 1.1
COST_GOAL = 1.1


@dataclass(frozen=True, slots=True)
class Growth:
    """What one batch took: peak bytes of all processes, and CPU seconds a record of the parent.

    In its second fifth and in its last: in the first, everything starts.
    """

    documents: int
    memory: int
    second: float
    last: float
    rate: float


def figures(folder: Path, small: int, large: int) -> list[Figure]:
    """A batch of *small* and one of *large* many records."""
    one, many = (_measured(folder, each) for each in (small, large))
    memory = many.memory / one.memory
    cost = many.last / many.second
    return [
        Figure(
            what=f"memory while taking in {large} records (parent and two workers)",
            measured=f"{many.memory / 1e6:.0f} MB",
            reference=f"{one.memory / 1e6:.0f} MB while taking in {small}",
            ratio=memory,
            goal="< 1 GB in all, no more than for the small batch",
            reached=many.memory < _GIGABYTE and memory <= MEMORY_GOAL,
        ),
        Figure(
            what=f"parent's CPU a record, the last fifth of {large}",
            measured=f"{many.last * 1e6:.0f} µs",
            reference=f"{many.second * 1e6:.0f} µs for the second fifth",
            ratio=cost,
            goal=f"<= {COST_GOAL}",
            reached=cost <= COST_GOAL,
        ),
    ]


def _measured(folder: Path, documents: int) -> Growth:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.growth", "--one", str(folder), str(documents)],
        stdout=subprocess.PIPE,
        check=True,
        cwd=_ROOT,
    )
    return Growth(**json.loads(ran.stdout))


def _one(folder: Path, documents: int) -> Growth:
    """Take one batch in, in this process."""
    folder = Path(tempfile.mkdtemp(dir=folder))
    batch = _batch(folder / "batch.zip", documents)
    url, store = sqlite_url(folder / "index.sqlite3"), (folder / "store").as_uri()
    migrate(url)
    watch = _Watch()
    with Index.open(url) as index:
        ingest = Ingest(
            index=index,
            store=open_store(store, create=True),
            examiner=StandInFactory(),
            options=IngestOptions(workers=WorkerOptions(2)),
        )
        begin = time.perf_counter()
        taken = ingest.take_in(batch, sender="benchmark", masogd="15", progress=watch)
        seconds = time.perf_counter() - begin
    if taken.counts.accepted != documents:
        raise SystemExit(f"{taken.counts}")
    return Growth(
        documents=documents,
        memory=watch.memory,
        second=watch.cost(0.2, 0.4),
        last=watch.cost(0.8, 1.0),
        rate=documents / seconds,
    )


class _Watch:
    """Notes the parent's CPU time and everybody's peak of memory whenever a chunk is done."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, float]] = []
        self._peaks: dict[int, int] = {}

    def __call__(self, now: Progress) -> None:
        self._steps.append((now.counts.total, time.process_time()))
        for process in (os.getpid(), *(each.pid or 0 for each in active_children())):
            with contextlib.suppress(OSError):  # it may have ended just now
                self._peaks[process] = _peak(process)

    @property
    def memory(self) -> int:
        """The peaks of all processes, added up: more than there ever was at one time."""
        return sum(self._peaks.values())

    def cost(self, start: float, end: float) -> float:
        """CPU seconds a record between two shares of the batch."""
        total = self._steps[-1][0]
        inside = [each for each in self._steps if start * total <= each[0] <= end * total]
        if len(inside) < 2:  # a batch of few chunks has no such part
            inside = self._steps
        (before, began), (after, ended) = inside[0], inside[-1]
        return (ended - began) / max(after - before, 1)


def _peak(process: int) -> int:
    """Peak resident bytes of a process."""
    status = Path(f"/proc/{process}/status").read_text()
    [line] = [each for each in status.splitlines() if each.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def _batch(path: Path, documents: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in _documents(documents):
            archive.writestr(name, data)
    return path


def _documents(count: int) -> Iterator[tuple[str, bytes]]:
    chance = random.Random(1)  # noqa: S311 -- only padding
    for number in range(1, count + 1):
        padding = chance.randbytes(_PADDING).hex()
        yield f"{number:07}.xml", document(number, padding=padding)


def main(arguments: list[str]) -> None:
    """Measure and print."""
    if arguments[0] == "--one":
        grown = _one(Path(arguments[1]), int(arguments[2]))
        print(json.dumps({name: getattr(grown, name) for name in Growth.__dataclass_fields__}))
        return
    small, large = (int(each) for each in arguments)
    with tempfile.TemporaryDirectory(prefix="hocba-growth-") as folder:
        print(as_table(figures(Path(folder), small, large)))


if __name__ == "__main__":
    main(sys.argv[1:])
