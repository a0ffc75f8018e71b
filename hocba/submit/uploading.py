"""A file to a server by the tus protocol 1.0: every part with its checksum, none sent twice.

After any failure the server is asked how far it is, and only what lies beyond goes over the line.
Parts shrink on a line that breaks and grow on one that holds: the server keeps a part with a
checksum whole or not at all.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import httpx

from hocba.errors import SubmissionRefused
from hocba.submit.connection import Connection, Interruption
from schemas.findings import finding

VERSION = "1.0.0"
PATH = "/v1/uploads"
MEBIBYTE = 1024 * 1024

_HEADERS = {"Tus-Resumable": VERSION}
_BLOCK = 64 * 1024
_GONE = frozenset({404, 410})
_WRONG_OFFSET = 409


@dataclass(frozen=True, slots=True)
class PartSizes:
    """How much goes over the line in one request, and is at most lost with a cut."""

    first: int = MEBIBYTE
    least: int = 64 * 1024
    most: int = 4 * MEBIBYTE


@dataclass(frozen=True, slots=True)
class Place:
    """Where an upload stands on the server."""

    url: str
    offset: int
    batch: str | None


def server_limit(connection: Connection) -> int:
    """How many bytes an upload may have; raises `SubmissionRefused` for what is no such server."""
    answer = connection.ask("OPTIONS", PATH)
    versions = [each.strip() for each in answer.headers.get("tus-version", "").split(",")]
    extensions = answer.headers.get("tus-extension", "")
    algorithms = answer.headers.get("tus-checksum-algorithm", "")
    if versions == [""]:
        raise SubmissionRefused(finding("HB-I244", server=connection.server))
    if VERSION not in versions or "creation" not in extensions or "sha256" not in algorithms:
        found = ", ".join(versions)
        raise SubmissionRefused(finding("HB-I248", server=connection.server, reason=found))
    limit = answer.headers.get("tus-max-size", "")
    return int(limit) if limit.isascii() and limit.isdecimal() else 2**62


class Upload:
    """One file on its way."""

    def __init__(
        self,
        connection: Connection,
        path: Path,
        size: int,
        *,
        sizes: PartSizes | None = None,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> None:
        self._connection = connection
        self._path = path
        self._size = size
        self._sizes = sizes or PartSizes()
        self._progress = progress

    def find(self, url: str) -> Place | None:
        """Where the upload stands; None where the server has it no longer."""
        answer = self._connection.ask("GET", url, also=_GONE, headers=_HEADERS)
        return None if answer.status_code in _GONE else _place(url, answer)

    def begin(self, name: str, key: str) -> Place:
        """Announce the file; where that was done before with the same key, where it stands."""
        metadata = base64.b64encode(name.encode()).decode()
        headers = {
            **_HEADERS,
            "Upload-Length": str(self._size),
            "Upload-Metadata": f"filename {metadata}",
            "Idempotency-Key": key,
        }
        answer = self._connection.ask("POST", PATH, headers=headers)
        location = answer.headers.get("location", "")
        if not location.startswith(f"{PATH}/"):
            raise SubmissionRefused(finding("HB-I244", server=self._connection.server))
        return _place(location, answer)

    def send(self, place: Place) -> Place | None:
        """Send what the server lacks; None where it has given the upload up meanwhile."""
        size = self._sizes.first
        with self._path.open("rb") as file:
            while place.offset < self._size:
                self._progress(place.offset, self._size)
                file.seek(place.offset)
                data = file.read(size)
                if not data:
                    raise SubmissionRefused(finding("HB-I251", file=self._path.name))
                sent = self._send_part(place, data)
                size = min(size * 2, self._sizes.most)
                if sent is None:
                    size = max(len(data) // 4, self._sizes.least)
                    sent = self.find(place.url)
                    if sent is None:
                        return None
                place = sent
        self._progress(place.offset, self._size)
        while place.batch is None:  # the last answer was lost, or another request makes the batch
            found = self.find(place.url)
            if found is None:
                return None
            place = found
            if place.batch is None:
                self._connection.sleep(1)
        return place

    def _send_part(self, place: Place, data: bytes) -> Place | None:
        """Where the upload stands after *data*; None where that is to be asked."""
        digest = base64.b64encode(sha256(data).digest()).decode()
        headers = {
            **_HEADERS,
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(len(data)),
            "Upload-Offset": str(place.offset),
            "Upload-Checksum": f"sha256 {digest}",
        }
        also = {*_GONE, _WRONG_OFFSET}
        blocks = self._blocks(place.offset, data)
        try:
            answer = self._connection.once(
                "PATCH", place.url, also=also, headers=headers, content=blocks
            )
        except Interruption:
            return None
        return _place(place.url, answer) if answer.is_success else None

    def _blocks(self, offset: int, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _BLOCK):
            yield data[start : start + _BLOCK]
            self._progress(min(offset + start + _BLOCK, self._size), self._size)


def give_up(connection: Connection, url: str) -> None:
    """Tell the server that nothing more will come."""
    connection.ask("DELETE", url, also=_GONE, headers=_HEADERS)


def _place(url: str, answer: httpx.Response) -> Place:
    headers: Mapping[str, str] = answer.headers
    batch = headers.get("hocba-batch", "").rpartition("/")[2]
    offset = headers.get("upload-offset", "")
    return Place(url, int(offset) if offset.isascii() and offset.isdecimal() else 0, batch or None)
