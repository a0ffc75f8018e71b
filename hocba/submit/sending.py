"""What the server lacks, packed and sent part by part; each part becomes a batch.

A part is packed to the disk before it is sent: what a restarted machine goes on with must be the
bytes that it began with. The next part is packed once the one before it is on the server, so the
disk holds one at a time, and the server works the first while the second is on its way.
"""

import errno
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import file_digest, sha256

from hocba.errors import SubmissionRefused
from hocba.ingest.entry import BadEntry, Document
from hocba.ingest.source import Source
from hocba.submit.batches import FINAL, read_batch
from hocba.submit.connection import Connection
from hocba.submit.manifest import forget_manifest
from hocba.submit.packing import Packer, PackLimits
from hocba.submit.state import Line, Part, State
from hocba.submit.uploading import PartSizes, Place, Upload, server_limit
from hocba.submit.watching import Stage, Watcher
from schemas.findings import finding

PENDING = "outcome IS NULL AND part IS NULL"
_MOST_ATTEMPTS = 100
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True)
class SendLimits:
    """How large a part may become, and how much of it goes over the line at once."""

    pack: PackLimits = field(default_factory=PackLimits)
    line: PartSizes = field(default_factory=PartSizes)


@dataclass(slots=True, kw_only=True)
class Sender:
    """Sends everything in *state* that has neither an outcome nor a batch. *day* is today."""

    connection: Connection
    source: Source
    state: State
    watcher: Watcher
    day: str
    limits: SendLimits = field(default_factory=SendLimits)

    def send_all(self) -> None:
        """Send it; whatever stops this, the next call goes on where it stood."""
        self._finish_begun()
        if self.state.count(PENDING) == 0:
            return
        most = min(self.limits.pack.size, server_limit(self.connection) // 2)
        self._pack_and_send(replace(self.limits.pack, size=most))

    def _finish_begun(self) -> None:
        """A part that was packed, and perhaps sent half, comes first."""
        for part in self.state.parts():
            if part.batch is not None:
                continue
            if self._is_packed(part):
                self._send(part)
            else:
                self.state.drop_part(part.number)

    def _is_packed(self, part: Part) -> bool:
        try:
            with self.state.pack.open("rb") as file:
                return file_digest(file, "sha256").hexdigest() == part.sha256
        except FileNotFoundError:
            return False

    def _pack_and_send(self, limits: PackLimits) -> None:
        packer: Packer | None = None
        positions: list[int] = []
        done, total = 0, self.state.count(PENDING)
        try:
            for entry in self.source.entries():
                if not isinstance(entry, Document | BadEntry):
                    continue
                line = self._pending(entry)
                if line is None or not isinstance(entry, Document):
                    continue
                packer = packer or Packer(self.state.pack, limits)
                packer.add(entry.file_name, entry.data)
                positions.append(line.position)
                done += 1
                self.watcher(Stage.PACKING, done, total)
                if packer.full:
                    self._send_packed(packer, positions)
                    packer, positions = None, []
            if packer is not None:
                self._send_packed(packer, positions)
                packer = None
        except OSError as error:
            if error.errno not in _FULL:
                raise
            folder = self.state.folder.parent
            raise SubmissionRefused(finding("HB-I250", folder=folder)) from error
        finally:
            if packer is not None:
                packer.close()
        if self.state.count(PENDING):
            raise self._changed(self.source.name)

    def _pending(self, entry: Document | BadEntry) -> Line | None:
        """The entry's line, if it is still to be sent; raises where it is not what it was."""
        line = self.state.find(entry.position)
        digest = sha256(entry.data).hexdigest() if isinstance(entry, Document) else ""
        if line is None or line.sha256 != digest:
            raise self._changed(entry.file_name)
        return line if line.part is None and line.outcome is None else None

    def _changed(self, name: str) -> SubmissionRefused:
        forget_manifest(self.state)
        return SubmissionRefused(finding("HB-I251", file=name))

    def _send_packed(self, packer: Packer, positions: Sequence[int]) -> None:
        packed = packer.finish()
        packer.close()
        numbers = [each.number for each in self.state.parts()]
        part = Part(
            number=max(numbers, default=0) + 1,
            documents=packed.documents,
            sha256=packed.sha256,
            size=packed.size,
            key=f"submit-{packed.sha256[:40]}-{self.day}",
        )
        self.state.add_part(part, positions)
        self._send(part)

    def _send(self, part: Part) -> None:
        """Send a part that lies packed; it has its batch once this returns."""
        upload = Upload(
            self.connection,
            self.state.pack,
            part.size,
            sizes=self.limits.line,
            progress=lambda done, total: self.watcher(Stage.SENDING, done, total),
        )
        place: Place | None = None
        for _ in range(_MOST_ATTEMPTS):
            place = upload.find(part.upload) if part.upload else None
            if place is None:
                part, place = self._begin(part, upload)
            place = upload.send(place)
            if place is not None:
                break
            part = replace(part, upload=None)
        if place is None or place.batch is None:
            raise SubmissionRefused(finding("HB-I244", server=self.connection.server))
        self.state.note_batch(part.number, place.batch)
        self.state.pack.unlink(missing_ok=True)

    def _begin(self, part: Part, upload: Upload) -> tuple[Part, Place]:
        """Announce the part; not as what an earlier submission sent and the server has worked.

        What was refused then is sent once more, for something may have been mended since.
        """
        name = f"{self.source.name}.{part.number}.tar.zst"
        for attempt in range(1, _MOST_ATTEMPTS + 1):
            key = part.key if attempt == 1 else f"{part.key}-{attempt}"
            place = upload.begin(name, key)
            worked = place.batch and read_batch(self.connection, place.batch)["state"] in FINAL
            if not worked:
                self.state.note_upload(part.number, place.url)
                return replace(part, upload=place.url), place
        raise SubmissionRefused(finding("HB-I244", server=self.connection.server))
