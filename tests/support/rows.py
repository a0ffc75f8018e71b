"""Rows for tests of the index, filled with whatever the test does not care about."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from hocba.index.index import Index
from hocba.index.rows import Item, NewBatch, Pupil, Record, Version
from hocba.model.outcome import Outcome
from hocba.model.record import Event, RecordStatus

NOW = datetime(2026, 6, 1, 5, 0, 0, 123456, tzinfo=UTC)

_RECORD = Record(
    madinhdanhhocba="hb-1",
    mahocsinh="1500000001",
    sodinhdanh="015219000001",
    hovaten="Nguyễn Thị Ánh",
    namhoc="2025-2026",
    masogd="15",
    matruong="15000001",
    tentruong="Trường Tiểu học Hoà Bình",
    macaphoc="02",
    makhoi="01",
    tenlop="1A",
    ketqua="Hoàn thành tốt",
    definition="tieu-hoc/1",
    phienban=1,
    status=RecordStatus.VALID,
)


def record(**changes: Any) -> Record:
    """A record."""
    return replace(_RECORD, **changes)


def batch(**changes: Any) -> NewBatch:
    """A batch that came in."""
    new = NewBatch(
        id="batch-1",
        source="lô.zip",
        fingerprint="sha256:1",
        sender="cli",
        masogd="15",
        created_at=NOW,
    )
    return replace(new, **changes)


def version_of(each: Record, position: int = 1, **changes: Any) -> Version:
    """The version that made *each* what it is."""
    new = Version(
        madinhdanhhocba=each.madinhdanhhocba,
        phienban=each.phienban,
        event=Event.NEW,
        status=each.status,
        masogd=each.masogd,
        storage_key=f"records/{each.masogd}/{each.madinhdanhhocba}.xml",
        version_id=f"v{each.phienban}",
        sha256=sha256(f"{each.madinhdanhhocba} {each.phienban}".encode()).hexdigest(),
        size=20_000,
        accepted_at=NOW,
        batch="batch-1",
        position=position,
        definition=each.definition,
        policy="tieu-hoc/1",
    )
    return replace(new, **changes)


def item(position: int, outcome: Outcome = Outcome.ACCEPTED, **changes: Any) -> Item:
    """An item of the batch."""
    new = Item(
        batch="batch-1",
        position=position,
        file_name=f"học bạ {position}.xml",
        outcome=outcome,
        madinhdanhhocba=f"hb-{position}",
        phienban=1,
        sha256="0" * 64,
        findings=(),
    )
    return replace(new, **changes)


def fill(index: Index, *records: Record) -> None:
    """Put *records* into the index, each with the version that made it, in one batch."""
    with index.transaction() as tx:
        if tx.batches.find("batch-1") is None:
            tx.batches.create(batch())
        tx.records.put_pupils(
            Pupil(mahocsinh=each.mahocsinh, sodinhdanh=each.sodinhdanh) for each in records
        )
        tx.records.add(records)
        tx.records.add_versions(
            [version_of(each, position) for position, each in enumerate(records, 1)]
        )
