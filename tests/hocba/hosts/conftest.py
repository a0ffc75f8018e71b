"""A repository that several machines take batches in for: PostgreSQL, and buckets of SeaweedFS."""

import shutil
import signal
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hocba.home import Home
from hocba.hosts.host import Handing
from hocba.index.rows import Batch, BatchState, Item
from tests.support.command import ROOT, environment
from tests.support.services.postgresql import PostgreSQL
from tests.support.services.seaweedfs import SeaweedFS


@dataclass
class Process:
    """A worker host in a process of its own."""

    popen: subprocess.Popen[str]
    log: Path

    def kill(self) -> None:
        """End it as a power cut would, its processes with it."""
        self.popen.kill()
        self.popen.wait(30)

    def stop(self) -> int:
        """Ask it to end, and wait until it has."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(60)


@dataclass
class Site:
    """The repository, and the worker hosts that were started for it."""

    home: Home
    folder: Path
    s3: Mapping[str, str]
    processes: list[Process] = field(default_factory=list)

    def start_host(self, *, delay: float = 0.0, stand_in: bool = True, jobs: int = 1) -> Process:
        """Another machine, with a copy of the home of its own; returns once it takes jobs."""
        number = len(self.processes)
        own = self.folder / f"host-{number}"
        shutil.copytree(self.home.path, own)
        log = self.folder / f"host-{number}.log"
        command = [sys.executable, "-m", "tests.support.host_process", str(own), str(delay)]
        if not stand_in:
            command = [sys.executable, "-m", "cli.main", "worker", "--home", str(own)]
            command += ["--jobs", str(jobs)]
        with log.open("w") as out:
            popen = subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=ROOT,
                env={**environment(**self.s3), "PYTHONUNBUFFERED": "1"},
            )
        process = Process(popen, log)
        self.processes.append(process)
        wait_until(lambda: log.read_text() != "" or popen.poll() is not None, seconds=120)
        assert popen.poll() is None, log.read_text()
        return process

    def send(self, name: str, documents: Iterable[bytes]) -> Batch:
        """A batch of these documents, handed over to the hosts as the server does it."""
        archive = self.folder / name
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            for number, data in enumerate(documents, 1):
                file.writestr(f"{number:06}.xml", data)
        with self.home.open_index() as index:
            ingest = self.home.ingest(index, self.home.open_store())
            batch = ingest.register(archive, sender="cli", masogd="15")
        self.handing.hand_over(batch.id, archive)
        return batch

    @property
    def handing(self) -> Handing:
        """How a server leaves batches to the hosts."""
        opened = Handing.opened(self.home)
        assert opened is not None
        return opened

    def batch(self, batch: Batch) -> Batch:
        """The batch as it stands now."""
        with self.home.open_index() as index, index.reading() as tx:
            found = tx.batches.find(batch.id)
        assert found is not None
        return found

    def items(self, batch: Batch) -> tuple[Item, ...]:
        """All its items."""
        with self.home.open_index() as index, index.reading() as tx:
            return tx.batches.items(batch.id, limit=1000).rows

    def wait_for(self, batch: Batch, *, seconds: float = 180) -> Batch:
        """The batch once it is done."""
        wait_until(lambda: self.batch(batch).state is BatchState.DONE, seconds=seconds)
        return self.batch(batch)

    def logs(self) -> str:
        """What the hosts said last."""
        return "\n".join(
            f"{each.log.name}\n{each.log.read_text()[-3000:]}" for each in self.processes
        )


def wait_until(ready: Callable[[], bool], *, seconds: float) -> None:
    """Return once *ready* says yes; fail after *seconds* on an idle machine's clock."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.fixture
def site(
    postgresql: PostgreSQL,
    seaweedfs: SeaweedFS,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    """A repository without trust: for stand-in documents, which say themselves what they are."""
    for name, value in seaweedfs.environment.items():
        monkeypatch.setenv(name, value)
    with postgresql.database() as url:
        home = make_home(tmp_path / "home", url, seaweedfs)
        made = Site(home, tmp_path, seaweedfs.environment)
        try:
            yield made
        finally:
            for each in made.processes:
                if each.popen.poll() is None:
                    each.kill()


def make_home(
    path: Path,
    index_url: str,
    seaweedfs: SeaweedFS,
    *,
    trust: Path | None = None,
    roster: Path | None = None,
) -> Home:
    """A home for several machines: chunks of 10 documents, one process each."""
    name = uuid.uuid4().hex
    Home.create(
        path,
        trust=trust,
        roster=roster,
        index_url=index_url,
        store_url=seaweedfs.url(f"store-{name}"),
    )
    file = path / "hocba.toml"
    text = file.read_text("utf-8")
    text = text.replace("[depot]", f'[depot]\nurl = "{seaweedfs.url(f"depot-{name}")}"')
    text = text.replace("[ingest]", "[ingest]\nprocesses = 1\nchunk = 10")
    file.write_text(text, "utf-8")
    return Home.open(path)


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)
