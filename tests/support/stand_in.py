"""Stand-ins that follow the contracts: a store in memory, and documents that say their outcome.

A stand-in document is JSON with the fields of a transcript and `outcome`; the examiner believes
it. For tests of taking in, where signatures are not the question and thousands of documents are.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from hocba.ingest.workers import Examiner
from hocba.model.examination import Examination
from hocba.model.outcome import Outcome
from hocba.model.record import Event, RecordReference, RecordStatus, Transcript
from schemas.findings import finding
from schemas.report import SchemaReport
from signing.report import (
    PASSED,
    SignatureReport,
    SubIndication,
    Verdict,
    failed,
    indeterminate,
)
from storage.contract import StoredVersion, checked_key
from storage.errors import ObjectNotFound, StoreUnavailable

NOON = datetime(2026, 6, 1, 5, tzinfo=UTC)


def document(number: int = 1, **changes: Any) -> bytes:
    """A stand-in document of pupil *number*; *changes* are fields of it."""
    fields = {
        "outcome": "accepted",
        "madinhdanhhocba": f"00000000-0000-4000-8000-{number:012}",
        "mahocsinh": f"{1500000000 + number}",
        "namhoc": "2025-2026",
        "matruong": "15000001",
        "phienban": 1,
        "event": "NEW",
        "status": "1",
        "masogd": "15",
        "tentruong": "Trường Tiểu học Thử Nghiệm",
        "macaphoc": "02",
        "makhoi": "01",
        "tenlop": "1A",
        "sodinhdanh": f"{15_2_19_000000 + number:012}",
        "hovaten": f"Học Sinh {number}",
        "ketqua": "Hoàn thành tốt",
    }
    return json.dumps(fields | changes, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class StandInFactory:
    """Makes `examine`; picklable, so that worker processes can have it."""

    delay: float = 0.0

    def __call__(self) -> Examiner:
        """The stand-in examiner."""
        return self._examine

    def _examine(self, data: bytes, file_name: str, at: datetime) -> Examination:
        time.sleep(self.delay)
        return examine(data, file_name, at)


def examine(data: bytes, file_name: str, at: datetime) -> Examination:
    """An examination that says what the document says of itself."""
    try:
        fields = json.loads(data)
    except ValueError:
        return _examination(data, file_name, at, Outcome.UNREADABLE, {})
    match fields.get("trouble"):
        case "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hangs":
            time.sleep(3600)
        case "raises":
            raise RuntimeError("personal data")
        case "dies once" if not Path(fields["mark"]).exists():
            Path(fields["mark"]).touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return _examination(data, file_name, at, Outcome(fields["outcome"]), fields)


def _examination(
    data: bytes, file_name: str, at: datetime, outcome: Outcome, fields: dict[str, Any]
) -> Examination:
    unreadable = outcome is Outcome.UNREADABLE
    reference = None if unreadable else _reference(fields)
    silent = fields.get("silent", False)
    verdicts: dict[Outcome, Verdict] = {
        Outcome.ACCEPTED: PASSED,
        Outcome.REJECTED: failed(SubIndication.HASH_FAILURE, *_reasons(fields, silent)),
        Outcome.INDETERMINATE: indeterminate(
            SubIndication.NO_CERTIFICATE_CHAIN_FOUND, *_reasons(fields, silent)
        ),
    }
    accepted = outcome is Outcome.ACCEPTED and reference is not None
    return Examination(
        file_name=file_name,
        sha256=sha256(data).hexdigest(),
        size=len(data),
        examined_at=at,
        outcome=outcome,
        record=reference,
        schema=SchemaReport(
            None if unreadable else "stand-in/1", (finding("HB-U001"),) if unreadable else ()
        ),
        signatures=None if unreadable else SignatureReport("stand-in", (), verdicts[outcome]),
        transcript=_transcript(reference, fields) if accepted and reference else None,
    )


def _reasons(fields: dict[str, Any], silent: bool) -> tuple[Any, ...]:
    count = fields.get("findings", 1)
    return () if silent else tuple(finding("HB-U006", line=n + 1, reason="x") for n in range(count))


def _reference(fields: dict[str, Any]) -> RecordReference:
    return RecordReference(
        madinhdanhhocba=fields["madinhdanhhocba"],
        mahocsinh=fields["mahocsinh"],
        namhoc=fields["namhoc"],
        matruong=fields["matruong"],
        phienban=fields["phienban"],
        definition="stand-in/1",
    )


def _transcript(reference: RecordReference, fields: dict[str, Any]) -> Transcript:
    names = ("masogd", "tentruong", "macaphoc", "makhoi", "tenlop", "sodinhdanh", "hovaten")
    return Transcript(
        reference=reference,
        event=Event(fields["event"]),
        status=RecordStatus(fields["status"]),
        ketqua=fields["ketqua"],
        trichluc=fields.get("trichluc"),
        **{name: fields[name] for name in names},
    )


@dataclass
class MemoryStore:
    """A store that follows the contract and forgets everything; `fail` makes it unavailable."""

    objects: dict[str, list[tuple[StoredVersion, bytes]]] = field(default_factory=dict)
    fail: int = 0
    calls: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def put(self, key: str, data: bytes) -> StoredVersion:
        return self.put_many([(key, data)])[0]

    def put_many(self, items: Sequence[tuple[str, bytes]]) -> tuple[StoredVersion, ...]:
        with self._lock:
            self.calls += 1
            if self.fail:
                self.fail -= 1
                raise StoreUnavailable("the simulator is told to fail")
            return tuple(self._put(checked_key(key), data) for key, data in items)

    def _put(self, key: str, data: bytes) -> StoredVersion:
        versions = self.objects.setdefault(key, [])
        digest = sha256(data).hexdigest()
        if not versions or versions[-1][0].sha256 != digest:
            number = f"v{len(versions) + 1}"
            versions.append((StoredVersion(key, number, digest, len(data), NOON), data))
        return versions[-1][0]

    def get(self, key: str, version_id: str, sha256: str) -> bytes:
        for version, data in self.objects.get(key, ()):
            if version.version_id == version_id and version.sha256 == sha256:
                return data
        raise ObjectNotFound(key)

    def versions(self, key: str) -> tuple[StoredVersion, ...]:
        return tuple(version for version, _ in self.objects.get(key, ()))

    def keys(self, prefix: str = "") -> Iterator[str]:
        return iter(sorted(key for key in self.objects if key.startswith(prefix)))

    def check(self) -> None:
        return None
