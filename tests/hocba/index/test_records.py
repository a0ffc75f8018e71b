"""One pupil, one timeline: records and versions on both databases."""

import pytest

from hocba.errors import BadCursor
from hocba.index.index import Index
from hocba.index.pages import cursor
from hocba.index.rows import Pupil, RecordStatistics, VersionSelection
from hocba.model.record import Event, RecordStatus
from tests.support.rows import NOW, batch, fill, record, version_of

_CHILD = "1500000001"


def _school_career(index: Index) -> None:
    """A pupil at three schools and levels, another pupil beside."""
    fill(
        index,
        record(madinhdanhhocba="c", namhoc="2031-2032", macaphoc="03", makhoi="06", matruong="9"),
        record(madinhdanhhocba="a", namhoc="2025-2026", makhoi="01"),
        record(madinhdanhhocba="d", namhoc="2034-2035", macaphoc="05", makhoi="10", masogd="16"),
        record(madinhdanhhocba="b", namhoc="2026-2027", makhoi="02"),
        record(madinhdanhhocba="x", mahocsinh="1500000002", sodinhdanh="015319000002"),
    )


def test_a_timeline_spans_schools_levels_and_provinces_by_school_year(index: Index) -> None:
    _school_career(index)
    with index.reading() as tx:
        timeline = tx.records.timeline(_CHILD)
    assert [(each.record.namhoc, each.record.makhoi) for each in timeline.records] == [
        ("2025-2026", "01"),
        ("2026-2027", "02"),
        ("2031-2032", "06"),
        ("2034-2035", "10"),
    ]


def test_a_timeline_has_the_shape_of_the_design(index: Index) -> None:
    fill(index, record())
    second = record(phienban=2, status=RecordStatus.RECALLED, tenlop="1B")
    with index.transaction() as tx:
        tx.records.replace([second])
        tx.records.add_versions([version_of(second, 2, event=Event.CANCEL)])
    with index.reading() as tx:
        body = tx.records.timeline(_CHILD).as_json()
    assert body == {
        "mahocsinh": _CHILD,
        "records": [
            {
                "namhoc": "2025-2026",
                "makhoi": "01",
                "macaphoc": "02",
                "matruong": "15000001",
                "madinhdanhhocba": "hb-1",
                "phienban": 2,
                "status": "2",
                "trichluc": None,
                "versions": [
                    {
                        "phienban": number,
                        "version_id": f"v{number}",
                        "sha256": version_of(record(phienban=number)).sha256,
                        "accepted_at": NOW.isoformat(),
                    }
                    for number in (1, 2)
                ],
            }
        ],
    }


def test_an_unknown_pupil_has_an_empty_timeline(index: Index) -> None:
    with index.reading() as tx:
        assert tx.records.timeline("nobody").as_json() == {"mahocsinh": "nobody", "records": []}


def test_a_pupil_is_found_by_either_number(index: Index) -> None:
    _school_career(index)
    child = Pupil(mahocsinh=_CHILD, sodinhdanh="015219000001")
    with index.reading() as tx:
        assert tx.records.find_pupil(_CHILD) == child
        assert tx.records.find_pupils("015219000001") == (child,)
        assert tx.records.find_pupil("nobody") is None
        assert tx.records.find_pupils("nobody") == ()


def test_a_new_personal_id_takes_the_place_of_the_old_one(index: Index) -> None:
    fill(index, record())
    with index.transaction() as tx:
        tx.records.put_pupils([Pupil(mahocsinh=_CHILD, sodinhdanh="015219000099")])
        tx.records.put_pupils([])
    with index.reading() as tx:
        assert tx.records.find_pupils("015219000001") == ()
        assert [each.mahocsinh for each in tx.records.find_pupils("015219000099")] == [_CHILD]


def test_every_value_comes_back_as_it_went_in(index: Index) -> None:
    odd = record(ketqua=None, hovaten="Đặng 'Thị' \"Ưu\" \\ Ỷ 𠮷", tentruong="")
    fill(index, odd)
    with index.reading() as tx:
        assert tx.records.find("hb-1") == odd
        assert tx.records.versions("hb-1") == (version_of(odd),)
        assert tx.records.version("hb-1", 1) == version_of(odd)
        assert tx.records.version("hb-1", 2) is None
        assert tx.records.find("hb-2") is None


def test_records_and_versions_are_looked_up_by_the_thousand(index: Index) -> None:
    many = [record(madinhdanhhocba=f"r{n:04}", phienban=n + 1) for n in range(1200)]
    fill(index, *many)
    with index.reading() as tx:
        assert tx.records.current(f"r{n:04}" for n in range(2000)) == {
            each.madinhdanhhocba: each for each in many
        }
        asked = [(f"r{n:04}", n + 1 if n % 2 else 7000) for n in range(1200)]
        assert set(tx.records.known_versions(asked)) == set(asked[1::2])
        assert set(tx.records.known_pupils([_CHILD, "nobody"])) == {_CHILD}


def test_selected_versions_come_page_by_page_without_a_gap(index: Index) -> None:
    _school_career(index)
    found: list[str] = []
    after: str | None = None
    for _ in range(3):
        with index.reading() as tx:
            page = tx.records.select_versions(
                VersionSelection(mahocsinh=_CHILD), after=after, limit=2
            )
        found += [each.madinhdanhhocba for each in page.rows]
        after = page.next
        if after is None:
            break
    assert found == ["a", "b", "c", "d"]


@pytest.mark.parametrize("selection", [VersionSelection(), VersionSelection(batch="batch-1")])
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_no_version_is_lost_or_doubled_between_pages(
    index: Index, selection: VersionSelection, limit: int
) -> None:
    first = [record(madinhdanhhocba=f"r{n}", matruong=f"{n % 3}") for n in range(6)]
    second = [record(madinhdanhhocba=f"r{n}", matruong=f"{n % 3}", phienban=2) for n in range(6)]
    fill(index, *first)
    with index.transaction() as tx:
        tx.records.replace(second)
        tx.records.add_versions([version_of(each, 7 + n) for n, each in enumerate(second)])
    found: list[tuple[str, int]] = []
    after: str | None = None
    while True:
        with index.reading() as tx:
            page = tx.records.select_versions(selection, after=after, limit=limit)
        found += [(each.madinhdanhhocba, each.phienban) for each in page.rows]
        after = page.next
        if after is None:
            break
    by_school = sorted((n % 3, f"r{n}", version) for n in range(6) for version in (1, 2))
    by_position = [(f"r{n}", version) for version in (1, 2) for n in range(6)]
    assert found == (by_position if selection.batch else [each[1:] for each in by_school])


@pytest.mark.parametrize(
    ("selection", "ids"),
    [
        (VersionSelection(), ["a", "x", "b", "c", "d"]),
        (VersionSelection(masogd="16"), ["d"]),
        (VersionSelection(namhoc="2025-2026"), ["a", "x"]),
        (VersionSelection(matruong="9"), ["c"]),
        (VersionSelection(mahocsinh="1500000002"), ["x"]),
        (VersionSelection(batch="batch-1", masogd="15", mahocsinh=_CHILD), ["c", "a", "b"]),
        (VersionSelection(batch="batch-2"), []),
    ],
)
def test_a_selection_narrows_with_every_field(
    index: Index, selection: VersionSelection, ids: list[str]
) -> None:
    _school_career(index)
    with index.reading() as tx:
        page = tx.records.select_versions(selection)
    assert [each.madinhdanhhocba for each in page.rows] == ids
    assert page.next is None


@pytest.mark.parametrize(
    "text",
    ["", "a", "nonsense", "ñ", cursor((1,)), cursor(("a",)), cursor(("a", "b")), "W1tbW1tb"],
)
def test_a_cursor_of_another_kind_is_refused(index: Index, text: str) -> None:
    with index.reading() as tx, pytest.raises(BadCursor):
        tx.records.select_versions(VersionSelection(), after=text)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_has_a_limit(index: Index, limit: int) -> None:
    with index.reading() as tx, pytest.raises(ValueError, match="allowed is 1 to 1000"):
        tx.records.select_versions(VersionSelection(), limit=limit)


def test_statistics_are_counted_from_the_records(index: Index) -> None:
    _school_career(index)
    with index.transaction() as tx:
        tx.batches.create(batch(id="batch-2"))
        recalled = record(madinhdanhhocba="a", status=RecordStatus.RECALLED, phienban=2)
        tx.records.replace([recalled])
        tx.records.add_versions([version_of(recalled, 9)])
    with index.reading() as tx:
        totals = tx.statistics.totals()
        assert (totals.pupils, totals.records, totals.versions, totals.batches) == (2, 5, 6, 2)
        assert tx.statistics.records(masogd="15", namhoc="2025-2026") == (
            RecordStatistics(masogd="15", namhoc="2025-2026", macaphoc="02", records=2, recalled=1),
        )
        assert [each.records for each in tx.statistics.records()] == [2, 1, 1, 1]


def test_schools_come_page_by_page(index: Index) -> None:
    _school_career(index)
    with index.reading() as tx:
        first = tx.statistics.schools(masogd="15", limit=2)
        second = tx.statistics.schools(masogd="15", after=first.next, limit=2)
    found = [(each.namhoc, each.matruong, each.records) for each in first.rows + second.rows]
    assert found == [
        ("2025-2026", "15000001", 2),
        ("2026-2027", "15000001", 1),
        ("2031-2032", "9", 1),
    ]
    assert second.next is None
    assert first.map(lambda each: each.matruong).rows == ("15000001", "15000001")
