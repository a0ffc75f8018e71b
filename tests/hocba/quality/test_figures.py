"""The figures of a small repository, each counted by hand, on both databases."""

import csv
import io
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hocba.continuity.refresh import refresh
from hocba.identity.model import MismatchState, PersonKind, Problem
from hocba.index.expected import ExpectedPupils
from hocba.index.identity_tables import identity_mismatches, identity_records, identity_sources
from hocba.index.index import Index
from hocba.index.rows import Record, Request, RequestDecision
from hocba.index.schools import School
from hocba.model.lifecycle import Reason, Step
from hocba.model.outcome import Outcome
from hocba.model.record import RecordStatus
from hocba.quality.counting import Grouping
from hocba.quality.definitions import Unit, quality_definitions
from hocba.quality.report import COLUMNS, QualityReport, quality_report
from hocba.quality.scope import QualityRefused, Scope
from schemas.findings import Language
from tests.support.rows import NOW, fill, item, record

A, B, ELSEWHERE = "15000001", "15000002", "79000001"
COMMUNE_A, COMMUNE_B = "03001", "03002"


def pupil(number: int, **changes: Any) -> Record:
    """The record of one pupil of grade 1 in school A, in order, 10 days after its issue."""
    told = {
        "madinhdanhhocba": f"hb-{number}",
        "mahocsinh": f"15{number:08}",
        "sodinhdanh": f"0152190{number:05}",
        "matruong": A,
        "duoclenlop": True,
        "ngaykyphathanh": date(2026, 5, 22),
        "warnings": 0,
        "signature_warnings": 0,
        "days_to_arrive": 10,
        "accepted_at": NOW,
    }
    return record(**told | changes)


def expected(matruong: str, number: int, **changes: Any) -> ExpectedPupils:
    row = ExpectedPupils(
        masogd="15",
        namhoc="2025-2026",
        matruong=matruong,
        makhoi="01",
        sohocsinh=number,
        imported_at=NOW,
        imported_by="test",
    )
    return replace(row, **changes)


def deliver(index: Index, *records: Record) -> None:
    """Put records in as taking in does."""
    fill(index, *records)
    communes = {A: COMMUNE_A, B: COMMUNE_B}
    with index.transaction() as tx:
        tx.schools.note(
            School(
                masogd=each.masogd,
                matruong=each.matruong,
                tentruong=f"Trường {each.matruong}",
                maxa=communes.get(each.matruong),
                namhoc=each.namhoc,
            )
            for each in records
        )
        refresh(tx, [each.mahocsinh for each in records])


def report_of(index: Index, by: Grouping = Grouping.NONE, **asked: Any) -> QualityReport:
    days = asked.pop("days", None)
    at = asked.pop("at", NOW + timedelta(days=3))
    with index.reading() as tx:
        return quality_report(tx, Scope(**asked), at=at, by=by, within_days=days)


def figures(report: QualityReport, unit: int = 0) -> dict[str, Any]:
    """Value, numerator and denominator of each figure of a unit."""
    return {
        each.figure.code: (each.value, each.numerator, each.denominator)
        for each in report.units[unit].figures
    }


def share(numerator: int, denominator: int, value: str) -> tuple[Decimal, int, int]:
    return Decimal(value), numerator, denominator


class TestComplete:
    def test_pupils_with_a_record_of_those_expected(self, index: Index) -> None:
        recalled = pupil(3, status=RecordStatus.RECALLED)
        deliver(index, pupil(1), pupil(2), recalled)
        with index.transaction() as tx:
            tx.expected.put([expected(A, 4)])
        assert figures(report_of(index))["du.hoc-ba"] == share(2, 4, "50.0")

    def test_more_than_expected_in_one_school_does_not_hide_less_in_another(
        self, index: Index
    ) -> None:
        deliver(index, *(pupil(n) for n in range(1, 6)), pupil(6, matruong=B))
        with index.transaction() as tx:
            tx.expected.put([expected(A, 2), expected(B, 3)])
        assert figures(report_of(index))["du.hoc-ba"] == share(3, 5, "60.0")

    def test_a_school_that_sent_nothing_counts(self, index: Index) -> None:
        deliver(index, pupil(1))
        with index.transaction() as tx:
            tx.schools.note_expected([School(masogd="15", matruong=B, maxa=COMMUNE_B)])
            tx.expected.put([expected(A, 1), expected(B, 9)])
        found = figures(report_of(index, masogd="15"))
        assert found["du.truong"] == share(1, 2, "50.0")
        assert found["du.hoc-ba"] == share(1, 10, "10.0")
        only = figures(report_of(index, maxa=COMMUNE_B))
        assert only["du.hoc-ba"] == share(0, 9, "0.0")
        assert only["du.cac-nam"][0] is None

    def test_a_new_import_replaces_the_numbers_of_its_schools_and_years_only(
        self, index: Index
    ) -> None:
        with index.transaction() as tx:
            tx.expected.put([expected(A, 1), expected(A, 2, makhoi="02"), expected(B, 3)])
            tx.expected.put([expected(A, 5)])
            assert [each.sohocsinh for each in tx.expected.of_school("15", A)] == [5]
            assert [each.sohocsinh for each in tx.expected.of_school("15", B)] == [3]

    def test_pupils_without_a_missing_year(self, index: Index) -> None:
        first = pupil(1, madinhdanhhocba="hb-first", namhoc="2023-2024")
        deliver(index, first, pupil(1, makhoi="03"), pupil(2))
        found = figures(report_of(index, namhoc="2025-2026"))
        assert found["du.cac-nam"] == share(1, 2, "50.0")
        assert found["sach.lien-tuc"] == share(1, 2, "50.0")


class TestClean:
    def test_pupils_without_a_duplicate(self, index: Index) -> None:
        twin = pupil(1, madinhdanhhocba="hb-twin")
        shared = pupil(3, sodinhdanh=pupil(2).sodinhdanh)
        deliver(index, pupil(1), twin, pupil(2), shared, pupil(4))
        found = figures(report_of(index))
        assert found["sach.khong-trung"] == share(1, 4, "25.0")

    def test_documents_refused_and_records_at_the_first_try(self, index: Index) -> None:
        refused = {"masogd": "15", "namhoc": "2025-2026", "matruong": A}
        deliver(index, pupil(1), pupil(2), pupil(3))
        items = [
            item(1, Outcome.REJECTED, madinhdanhhocba="hb-1", sha256="1", **refused),
            item(2, Outcome.REJECTED, madinhdanhhocba="hb-1", sha256="1", **refused),  # twice
            item(3, Outcome.REJECTED, madinhdanhhocba="hb-2", sha256="2", phienban=2, **refused),
            item(4, Outcome.REJECTED, madinhdanhhocba="hb-9", sha256="3", **refused),
            item(5, Outcome.REJECTED, madinhdanhhocba=None, sha256="4"),  # names no school
        ]
        with index.transaction() as tx:
            tx.batches.add_chunk("batch-1", items, NOW)
        found = figures(report_of(index))
        # hb-1 at the second try, hb-9 never; what was refused of hb-2 is a later version.
        assert found["dung.lan-dau"] == share(2, 4, "50.0")
        assert found["sach.tu-choi"] == share(3, 6, "50.0")

    def test_recalled_records(self, index: Index) -> None:
        deliver(index, pupil(1), pupil(2), pupil(3, status=RecordStatus.RECALLED))
        assert figures(report_of(index))["sach.thu-hoi"] == share(1, 3, "33.3")


class TestRight:
    def test_records_without_warnings(self, index: Index) -> None:
        deliver(
            index,
            pupil(1),
            pupil(2, warnings=2),
            pupil(3, signature_warnings=1),
            pupil(4, warnings=None, signature_warnings=None),  # before anybody counted
        )
        found = figures(report_of(index))
        assert found["dung.noi-dung"] == share(2, 3, "66.6")
        assert found["dung.chu-ky"] == share(2, 3, "66.6")

    def test_a_share_is_said_to_be_all_only_where_it_is(self, index: Index) -> None:
        deliver(index, pupil(9999, warnings=1), *(pupil(n) for n in range(2000)))
        assert figures(report_of(index))["dung.noi-dung"] == share(2000, 2001, "99.9")

    def test_records_that_agree_with_a_register_of_identities(self, index: Index) -> None:
        deliver(index, *(pupil(n) for n in range(1, 5)), pupil(5, status=RecordStatus.RECALLED))
        assert figures(report_of(index))["dung.dinh-danh"] == (None, None, None)
        compare(index, "hb-1", "hb-2", "hb-3", "hb-5", later=("hb-4",))
        mismatch(index, 1, "hb-2", "hb-5")
        mismatch(index, 2, "hb-3", state=MismatchState.EXPLAINED)
        mismatch(index, 3, "hb-1", kind=PersonKind.TEACHER)
        assert figures(report_of(index))["dung.dinh-danh"] == share(2, 3, "66.6")
        assert figures(report_of(index, matruong=A))["dung.dinh-danh"] == share(2, 3, "66.6")


def compare(index: Index, *checked: str, later: tuple[str, ...] = ()) -> None:
    """Note records as compared with a register, and those whose answer is still due."""
    rows = [
        {"madinhdanhhocba": each, "phienban": 1, "deferred": each in later, "checked_at": NOW}
        for each in (*checked, *later)
    ]
    with index._engine.begin() as connection:
        connection.execute(identity_records.insert(), rows)


def mismatch(
    index: Index,
    number: int,
    *shows_in: str,
    state: MismatchState = MismatchState.OPEN,
    kind: PersonKind = PersonKind.PUPIL,
) -> None:
    """An entry of the queue, and the records that it shows in."""
    entry = {
        "id": number,
        "masogd": "15",
        "matruong": A,
        "kind": kind,
        "role": "",
        "sodinhdanh": str(number),
        "hovaten": "x",
        "ngaysinh": "2019-01-01",
        "problem": next(iter(Problem)),
        "state": state,
        "opened_at": NOW,
    }
    with index._engine.begin() as connection:
        connection.execute(identity_mismatches.insert(), [entry])
        connection.execute(
            identity_sources.insert(),
            [{"mismatch": number, "source": each} for each in shows_in],
        )


class TestAlive:
    def test_days_from_issue_to_coming_in(self, index: Index) -> None:
        days = (0, 30, 31, 200, None)
        deliver(index, *(pupil(n, days_to_arrive=d) for n, d in enumerate(days, 1)))
        found = figures(report_of(index))
        assert found["song.dung-han"] == share(2, 4, "50.0")
        assert found["song.so-ngay"] == (Decimal("30.5"), None, 4)
        assert figures(report_of(index, days=31))["song.dung-han"] == share(3, 4, "75.0")
        assert figures(report_of(index, days=0))["song.dung-han"] == share(1, 4, "25.0")

    def test_days_since_the_last_delivery(self, index: Index) -> None:
        deliver(index, pupil(1, accepted_at=NOW - timedelta(days=30)), pupil(2))
        assert figures(report_of(index))["song.lan-cuoi"] == (Decimal("3.0"), None, 2)

    def test_days_that_a_correction_takes(self, index: Index) -> None:
        deliver(index, pupil(1), pupil(2))
        with index.transaction() as tx:
            for number, (days, kind) in enumerate([(8, Step.CORRECTION), (90, Step.RECALL)], 1):
                tx.requests.add(fulfilled(f"hb-{number}", days, kind))
        assert figures(report_of(index))["song.dinh-chinh"] == (Decimal("8.0"), None, 1)


def fulfilled(madinhdanhhocba: str, days: int, kind: Step) -> Request:
    """A request of *days* before the version that fulfilled it."""
    return Request(
        madinhdanhhocba=madinhdanhhocba,
        number=1,
        kind=kind,
        reason=Reason.ENTRY_ERROR,
        text="x",
        requested_by="a",
        requested_at=NOW - timedelta(days=days),
        decision=RequestDecision.APPROVED,
        decided_by="b",
        decided_at=NOW,
        phienban=1,
    )


class TestScopes:
    @pytest.fixture
    def three(self, index: Index) -> Index:
        """Two schools of one province, one of another, in two years."""
        deliver(
            index,
            pupil(1),
            pupil(2, matruong=B),
            pupil(3, matruong=B, namhoc="2024-2025"),
            pupil(4, matruong=ELSEWHERE, masogd="79"),
        )
        return index

    @pytest.mark.parametrize(
        ("asked", "records"),
        [
            ({}, 4),
            ({"masogd": "15"}, 3),
            ({"masogd": "79"}, 1),
            ({"maxa": COMMUNE_B}, 2),
            ({"masogd": "15", "maxa": COMMUNE_A}, 1),
            ({"matruong": B}, 2),
            ({"matruong": B, "namhoc": "2024-2025"}, 1),
            ({"namhoc": "2025-2026"}, 3),
        ],
    )
    def test_each_counts_its_own(self, three: Index, asked: dict[str, str], records: int) -> None:
        assert figures(report_of(three, **asked))["sach.thu-hoi"][2] == records

    def test_one_part_for_each_school(self, three: Index) -> None:
        report = report_of(three, Grouping.SCHOOL, masogd="15")
        assert [each.code for each in report.units] == [A, B]
        assert [each.name for each in report.units] == [f"Trường {A}", f"Trường {B}"]
        assert [figures(report, n)["sach.thu-hoi"][2] for n in (0, 1)] == [1, 2]

    def test_one_part_for_each_commune(self, three: Index) -> None:
        report = report_of(three, Grouping.COMMUNE)
        assert [each.code for each in report.units] == [None, COMMUNE_A, COMMUNE_B]

    @pytest.mark.parametrize(
        ("asked", "code"),
        [
            ({"matruong": "0"}, "HB-I162"),
            ({"masogd": "79", "matruong": A}, "HB-I162"),
            ({"matruong": A, "maxa": "99999"}, "HB-I285"),
            ({"maxa": "99999"}, "HB-I163"),
            ({"masogd": "99"}, "HB-I164"),
        ],
    )
    def test_what_is_not_there_is_refused(
        self, three: Index, asked: dict[str, str], code: str
    ) -> None:
        with pytest.raises(QualityRefused) as raised:
            report_of(three, **asked)
        assert raised.value.finding.code == code

    @pytest.mark.parametrize("year", ["2025", "2025-2027", "", "2025-2026 ", "năm nay"])
    def test_what_is_no_school_year_is_refused(self, year: str) -> None:
        with pytest.raises(QualityRefused) as raised:
            Scope(namhoc=year)
        assert raised.value.finding.code == "HB-I168"

    def test_an_empty_year_has_no_figures_at_all(self, three: Index) -> None:
        report = report_of(three, masogd="15", namhoc="2030-2031")
        assert report.empty
        assert {each.value for each in report.units[0].figures} == {None}

    def test_an_empty_repository_has_none_either(self, index: Index) -> None:
        assert report_of(index).empty


def test_the_table_for_spreadsheets_has_every_figure_of_every_school(index: Index) -> None:
    deliver(index, pupil(1), pupil(2, matruong=B))
    with index.transaction() as tx:
        tx.schools.note([School(masogd="15", matruong=A, tentruong="=1+1", namhoc="2099-2100")])
    report = report_of(index, Grouping.SCHOOL, masogd="15", namhoc="2025-2026")
    text = "".join(report.csv_lines(Language.VI))
    assert text.startswith("\ufeffmasogd,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 2 * len(quality_definitions().figures)
    assert {each["tentruong"] for each in rows} == {"'=1+1", f"Trường {B}"}
    (one,) = [each for each in rows if (each["matruong"], each["figure"]) == (A, "song.dung-han")]
    assert (one["value"], one["numerator"], one["denominator"]) == ("100.0", "1", "1")
    assert (one["maxa"], one["aspect"], one["namhoc"]) == (COMMUNE_A, "Sống", "2025-2026")


def test_every_figure_has_words_and_counts_in_both_languages() -> None:
    known = quality_definitions()
    assert (
        {each.aspect for each in known.figures}
        == set(known.aspects)
        == {
            "dung",
            "du",
            "sach",
            "song",
        }
    )
    used = {name for each in known.figures for name in (each.numerator, each.denominator)}
    assert used <= set(known.counts)
    assert len({each.code for each in known.figures}) == len(known.figures)
    for each in known.figures:
        assert each.code.startswith(f"{each.aspect}.")
        assert each.unit in set(Unit)
        assert set(each.name) == set(Language)
