"""What is kept of pupils' years says what their records say, whatever changes them."""

from datetime import UTC, datetime

from hocba.continuity.refresh import refresh, refresh_all
from hocba.index.index import Index
from hocba.index.rows import Record
from hocba.ingest.decision import pupil_of
from hocba.links import link_pupils, unlink_pupils
from hocba.model.record import EarlierYear, RecordStatus
from tests.support.rows import fill, record

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SCHOOL = {"masogd": "15", "matruong": "15000001"}


def year(pupil: str, start: int, grade: int, **changes: object) -> Record:
    told = {
        "madinhdanhhocba": f"{pupil}-{start}",
        "mahocsinh": pupil,
        "sodinhdanh": f"id of {pupil}",
        "namhoc": f"{start}-{start + 1}",
        "makhoi": f"{grade:02}",
    }
    return record(**told | changes)


def kept(index: Index) -> list[tuple[str, str]]:
    with index.reading() as tx:
        rows = tx.continuity.page(**SCHOOL).rows
    return sorted((each.mahocsinh, each.finding.code) for each in rows)


def put(index: Index, *records: Record) -> None:
    with index.transaction() as tx:
        tx.records.put_pupils(pupil_of(each) for each in records)
        tx.records.add(records)
        refresh(tx, [each.mahocsinh for each in records])


def test_what_came_late_fills_the_gap(index: Index) -> None:
    put(index, year("a", 2023, 1), year("a", 2025, 3))
    assert kept(index) == [("a", "HB-I141")]
    with index.transaction() as tx:
        tx.records.add([year("a", 2024, 2)])
        refresh(tx, ["a"])
    assert kept(index) == []


def test_a_recall_opens_one(index: Index) -> None:
    records = [year("a", 2023 + n, n + 1) for n in range(3)]
    put(index, *records)
    with index.transaction() as tx:
        tx.records.replace([year("a", 2024, 2, status=RecordStatus.RECALLED)])
        refresh(tx, ["a"])
    assert kept(index) == [("a", "HB-I160")]


def test_notes_are_not_kept(index: Index) -> None:
    put(index, year("a", 2024, 8))
    assert kept(index) == []


def test_linked_ids_are_one_pupil_and_unlinked_ones_two(index: Index) -> None:
    shared = {"sodinhdanh": "the same"}
    put(index, year("a", 2023, 1, **shared), year("b", 2025, 3, **shared))
    assert kept(index) == [("a", "HB-I159"), ("b", "HB-I159")]
    told = {"reason": "x", "by": "y", "at": NOW, "actor": "z"}
    with index.transaction() as tx:
        link_pupils(tx, "a", "b", **told)
    assert kept(index) == [("b", "HB-I141")]
    with index.transaction() as tx:
        unlink_pupils(tx, "a", "b", **told)
    assert kept(index) == [("a", "HB-I159"), ("b", "HB-I159")]


def test_who_shares_an_id_with_a_newcomer_is_looked_at_again(index: Index) -> None:
    put(index, year("a", 2023, 1, sodinhdanh="the same"))
    assert kept(index) == []
    put(index, year("b", 2023, 1, sodinhdanh="the same"))
    assert kept(index) == [("a", "HB-I159"), ("b", "HB-I159")]


def test_all_pupils_are_judged_anew_page_by_page(index: Index) -> None:
    fill(index, *(year(f"{n:04}", 2023 + 2 * k, 1 + 2 * k) for n in range(3) for k in range(2)))
    counted: list[int] = []
    assert refresh_all(index, counted.append) == 3
    assert counted == [3]
    assert kept(index) == [(f"{n:04}", "HB-I141") for n in range(3)]


def test_what_is_judged_is_what_a_whole_record_says(index: Index) -> None:
    told = (EarlierYear("2022-2023", "1A", "Trường", "Tỉnh"),)
    put(index, year("a", 2023, 2, earlier=told, duoclenlop=True), year("b", 2023, 2))
    with index.reading() as tx:
        whole = tx.continuity.years_of(["a", "b"])
        judged = tx.continuity.years_to_judge(["a", "b"])
    for one, other in zip(whole, judged, strict=True):
        for record_, row in zip(one.records, other.records, strict=True):
            for name in (*type(row).__dataclass_fields__, "earlier"):
                if name != "history":
                    assert getattr(row, name) == getattr(record_, name), name
    assert judged[0].records[0].earlier == told
    assert judged[1].records[0].earlier is None
