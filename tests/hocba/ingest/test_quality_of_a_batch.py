"""What figures of quality need to know is kept when a batch is taken in."""

import json
from datetime import UTC, date, datetime

import pytest

from hocba.index.rows import Record
from hocba.index.schools import School
from hocba.ingest.delivery import claimed_school, delivered, school_of
from hocba.model.examination import AcceptedDocument, Examination
from hocba.model.record import RecordReference
from tests.support.rows import record
from tests.support.stand_in import document, examine

NOON = datetime(2026, 6, 1, 5, tzinfo=UTC)


def accepted(**changes: object) -> AcceptedDocument:
    data = document(1, **changes)
    examination: Examination = examine(data, "x.xml", NOON)
    return AcceptedDocument(data, examination)


def days(issued: date | None, at: datetime = NOON, **changes: object) -> int | None:
    row = record(ngaykyphathanh=issued, **changes)
    return delivered(row, accepted(), at, None).days_to_arrive


class TestDaysToArrive:
    def test_go_by_the_calendar_of_viet_nam(self) -> None:
        late = datetime(2026, 6, 1, 18, tzinfo=UTC)  # 2 June there
        assert days(date(2026, 6, 1)) == 0
        assert days(date(2026, 6, 1), late) == 1

    def test_are_none_without_a_day_of_issue(self) -> None:
        assert days(None) is None

    def test_are_none_of_a_record_made_from_paper(self) -> None:
        assert days(date(2026, 5, 1), trichluc=True) is None
        assert days(date(2026, 5, 1), trichluc=False) == 31

    def test_never_go_back_in_time(self) -> None:
        assert days(date(2026, 7, 1)) == 0

    def test_stay_those_of_the_first_version(self) -> None:
        first = record(days_to_arrive=4)
        later = record(ngaykyphathanh=date(2026, 5, 1), phienban=2)
        assert delivered(later, accepted(), NOON, first).days_to_arrive == 4
        unknown = record(days_to_arrive=None)
        assert delivered(later, accepted(), NOON, unknown).days_to_arrive is None


class TestSchools:
    def test_are_as_the_record_names_them(self) -> None:
        transcript = accepted().transcript
        assert school_of(transcript) == School(
            masogd="15",
            matruong="15000001",
            tentruong="Trường Tiểu học Thử Nghiệm",
            maxa=None,
            namhoc="2025-2026",
        )

    @pytest.mark.parametrize(
        ("changes", "masogd", "claimed"),
        [
            ({}, "15", ("15", "2025-2026", "15000001")),
            ({}, "79", ("79", "2025-2026", "15000001")),  # what it sends is its own
            ({"masogd": "15"}, None, ("15", "2025-2026", "15000001")),
            ({"masogd": ""}, None, None),
            ({"matruong": "một hai"}, "15", None),
            ({"namhoc": "x" * 10_000}, "15", None),
        ],
    )
    def test_that_a_refused_document_claims(
        self,
        changes: dict[str, str],
        masogd: str | None,
        claimed: tuple[str, str, str] | None,
    ) -> None:
        fields = {
            "madinhdanhhocba": "x",
            "mahocsinh": "y",
            "namhoc": "2025-2026",
            "matruong": "15000001",
            "phienban": 1,
            "definition": "stand-in/1",
        }
        assert claimed_school(RecordReference(**fields | changes), masogd) == claimed
        assert claimed_school(None, masogd) is None


def test_a_record_keeps_its_warnings_and_when_it_came() -> None:
    row: Record = delivered(record(), accepted(), NOON, None)
    assert (row.warnings, row.signature_warnings, row.accepted_at) == (0, 0, NOON)
    assert json.loads(accepted().data)["outcome"] == "accepted"
