"""300 MB over a line that is cut ten times: by `hocba submit`, and by a client no one here wrote.

    python -m tests.support.soak_upload [MEGABYTES]

Ends with an error unless every byte that the server has is the one that was sent.
"""

import os
import sys
import tempfile
import time
from hashlib import file_digest
from pathlib import Path

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

from hocba.home import Home
from hocba.index.rows import Batch, TokenKind
from tests.support.command import run
from tests.support.cut_line import Line, carried
from tests.support.serving_process import ServedHome, serving
from tests.support.web import issue

CUTS = 10
MEGABYTE = 1_000_000
_DOCUMENT = 4 * MEGABYTE


def main() -> None:
    """Send twice and compare."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = Home.create(folder / "home", trust=None, roster=None)
        with home.open_index() as index:
            token = issue(index, TokenKind.PROVINCE, masogd="15")
        with serving(home.path, folder) as served:
            by_command(home, served, token, folder, megabytes)
            by_foreign_client(home, served, token, folder, megabytes)


def by_command(home: Home, served: ServedHome, token: str, folder: Path, megabytes: int) -> None:
    """`hocba submit`, in a process of its own."""
    source = folder / "records"
    source.mkdir()
    for number in range(max(1, megabytes * MEGABYTE // _DOCUMENT)):
        (source / f"{number:04}.xml").write_bytes(b"<" + os.urandom(_DOCUMENT - 1))
    line = _line(served, megabytes)
    start = time.monotonic()
    with carried(line) as url:
        arguments = ("submit", source, "--server", url, "--state", folder / "state")
        ran = run(*arguments, "--no-wait", "--part-size", "1024", env={"HOCBA_TOKEN": token})
    assert ran.code == 0, ran.said
    batch = _newest(home)
    packed = (batch.idempotency_key or "").split("-")[1]
    assert batch.fingerprint.removeprefix("sha256:")[:40] == packed
    _tell("hocba submit", line, start)


def by_foreign_client(
    home: Home, served: ServedHome, token: str, folder: Path, megabytes: int
) -> None:
    """tuspy, told to try again as its users do."""
    path = folder / "foreign.tar"
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(MEGABYTE))
    line = _line(served, megabytes)
    start = time.monotonic()
    with carried(line) as url:
        client = TusClient(f"{url}/v1/uploads", headers={"Authorization": f"Bearer {token}"})
        uploader = client.uploader(str(path), chunk_size=2 * MEGABYTE)
        uploader.set_url(uploader.create_url())
        while uploader.offset < megabytes * MEGABYTE:
            try:
                uploader.offset = uploader.get_offset()
                uploader.upload()
            except (TusCommunicationError, OSError):
                time.sleep(0.5)
    with path.open("rb") as file:
        expected = file_digest(file, "sha256").hexdigest()
    assert _newest(home).fingerprint == f"sha256:{expected}"
    _tell("tuspy", line, start)


def _line(served: ServedHome, megabytes: int) -> Line:
    step = megabytes * MEGABYTE // (CUTS + 1)
    cuts = [step * number for number in range(1, CUTS + 1)]
    return Line(("127.0.0.1", served.port), cuts)


def _newest(home: Home) -> Batch:
    with home.open_index() as index, index.reading() as tx:
        return tx.batches.page(limit=1).rows[0]


def _tell(name: str, line: Line, start: float) -> None:
    assert line.done == CUTS
    seconds = time.monotonic() - start
    sent = line.sent / MEGABYTE
    print(f"{name}: {sent:.1f} MB sent, {line.done} cuts, {seconds:.0f} s, identical")


if __name__ == "__main__":
    main()
