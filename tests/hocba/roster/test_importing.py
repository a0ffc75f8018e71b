"""What an import changes, what it keeps, and what was known when."""

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
import sqlalchemy

from hocba.errors import IndexConflict
from hocba.index.engine import open_engine
from hocba.index.index import Index
from hocba.index.roster_rows import RosterChange, RosterScope
from hocba.requests import RequestRefused
from hocba.roster.errors import NoRoster, RosterRefused
from hocba.roster.importing import ImportRequest, adopt, import_roster, take_in
from hocba.roster.plan import Plan
from hocba.roster.states import load_roster, newest_change, signers, write_state
from signing.roster import read_roster
from tests.support.roster_files import (
    HOMEROOM,
    NOW,
    OTHER_SCHOOL,
    PRINCIPAL,
    ROLES,
    SCHOOL,
    SEAL,
    SUBSTITUTE,
    TODAY,
    VISITOR,
    checked,
    line,
    request,
    staff,
    written,
)

Lines = list[dict[str, str]]
LATER = request(at=NOW + timedelta(days=30), effective=TODAY + timedelta(days=30))


def brought(
    index: Index, lines: Lines, by: ImportRequest | None = None, *, confirmed: bool = True
) -> tuple[Plan, RosterChange | None]:
    with index.transaction() as tx:
        return import_roster(tx, checked(lines), by or request(), confirmed=confirmed)


def names(index: Index, day: date, **options: object) -> list[str]:
    with index.reading() as tx:
        return [e.name for e in signers(tx, SCHOOL, day, **options).entries]  # type: ignore[arg-type]


def test_the_first_import_adds_everybody(index: Index) -> None:
    planned, change = brought(index, staff(SUBSTITUTE))
    assert change is not None
    assert (change.number, change.added, change.mandates) == (1, 5, 5)
    assert planned.ending == 0
    assert len(names(index, TODAY)) == 5


def test_the_same_file_again_changes_nothing_and_leaves_no_trace(index: Index) -> None:
    brought(index, staff())
    planned, change = brought(index, staff())
    assert (planned.is_empty, change) == (True, None)
    with index.reading() as tx:
        assert len(tx.rosters.history().rows) == 1


def test_who_is_missing_in_a_later_file_has_left_and_did_sign_before(index: Index) -> None:
    brought(index, staff())
    planned, change = brought(index, staff(without=[HOMEROOM]), LATER)
    assert change is not None
    assert (change.ended, change.mandates) == (1, 4)
    assert planned.ended[0].differences == {"denngay": ("", "2026-06-30")}
    assert HOMEROOM["hovaten"] in names(index, date(2026, 6, 30))
    assert HOMEROOM["hovaten"] not in names(index, date(2026, 7, 1))


def test_what_had_ended_stays_known_though_no_file_repeats_it(index: Index) -> None:
    former = HOMEROOM | {"tungay": "2015-08-15", "denngay": "2019-05-31", "hovaten": "Cũ"}
    brought(index, staff(former))
    planned, change = brought(index, staff(), LATER)
    assert (planned.is_empty, change) == (True, None)
    assert names(index, date(2018, 1, 1)) == ["Cũ"]


def test_a_mandate_that_has_not_begun_is_taken_back(index: Index) -> None:
    brought(index, staff(HOMEROOM | {"tungay": "2026-09-01", "sodinhdanh": "015189339456"}))
    _, change = brought(index, staff(), LATER)
    assert change is not None
    assert (change.ended, change.withdrawn) == (0, 1)


def test_a_mandate_entered_by_mistake_was_never_held(index: Index) -> None:
    brought(index, staff())
    mistake = line(HOMEROOM, trangthai="huybo", lydo="nhập nhầm trường")
    planned, change = brought(index, [*staff(without=[HOMEROOM]), mistake], LATER)
    assert change is not None
    assert (change.withdrawn, change.ended) == (1, 0)
    assert planned.ending == 1
    assert HOMEROOM["hovaten"] not in names(index, date(2021, 1, 1))


def test_both_questions_have_an_answer_who_could_sign_and_what_was_known_of_it(
    index: Index,
) -> None:
    brought(index, staff())
    left_in_march = line(HOMEROOM, denngay="2026-03-31")
    _, change = brought(index, [*staff(without=[HOMEROOM]), left_in_march], LATER)
    assert change is not None
    assert change.changed == 1
    may = date(2026, 5, 29)
    assert HOMEROOM["hovaten"] not in names(index, may)
    assert HOMEROOM["hovaten"] in names(index, may, known_at=NOW + timedelta(days=29))
    with index.reading() as tx:
        assert newest_change(tx, NOW + timedelta(days=29)).number == 1
        with pytest.raises(NoRoster):
            signers(tx, SCHOOL, may, known_at=NOW - timedelta(seconds=1))


def test_a_file_of_some_schools_leaves_the_others_alone(index: Index) -> None:
    other = [line(each, matruong=OTHER_SCHOOL) for each in (HOMEROOM, SEAL)]
    brought(index, staff() + other)
    only = replace(LATER, scope=RosterScope.SCHOOLS)
    planned, change = brought(index, [other[1]], only)
    assert change is not None
    assert (change.ended, change.mandates) == (1, 6)
    assert planned.ended[0].before.row["matruong"] == OTHER_SCHOOL
    assert len(names(index, LATER.effective)) == 4


def test_the_same_person_may_sign_for_several_schools(index: Index) -> None:
    brought(index, staff(VISITOR | {"matruong": OTHER_SCHOOL}))
    with index.reading() as tx:
        roster = load_roster(tx, demands_bound=False)
    assert roster is not None
    for school in (SCHOOL, OTHER_SCHOOL):
        (entry,) = roster.mandates(school, "GVBM", VISITOR["sodinhdanh"])
        assert (entry.engagement, entry.home_school) == ("thinhgiang", OTHER_SCHOOL)
        assert entry.governing_body == "Trường Cao đẳng Mẫu"


def test_nothing_is_imported_with_a_single_error(index: Index) -> None:
    brought(index, staff())
    bad = line(SUBSTITUTE, nguoipheduyet="")
    with pytest.raises(RosterRefused) as refused:
        brought(index, [*staff(without=[HOMEROOM]), bad, line(PRINCIPAL, tungay="x")])
    assert refused.value.finding.code == "HB-I139"
    assert [each.code for each in refused.value.found][:2] == ["HB-I127", "HB-I122"]
    with index.reading() as tx:
        assert tx.rosters.number() == 1
    assert len(names(index, TODAY)) == 4


def test_an_import_that_ends_unusually_much_has_to_be_confirmed(index: Index) -> None:
    brought(index, staff())
    with pytest.raises(RosterRefused) as refused:
        brought(index, staff(without=[HOMEROOM]), LATER, confirmed=False)
    assert refused.value.finding.code == "HB-I138"
    assert "1 trên 4" in refused.value.finding.message()
    with index.reading() as tx:
        assert tx.rosters.number() == 1
    _, change = brought(index, staff(without=[HOMEROOM]), LATER, confirmed=True)
    assert change is not None


def test_a_fifth_is_not_unusual(index: Index) -> None:
    brought(index, staff(SUBSTITUTE))
    planned, change = brought(index, staff(), LATER, confirmed=False)
    assert (planned.ending_percent, change is not None) == (20, True)


@pytest.mark.parametrize("field", ["made_by", "reason"])
def test_nobody_imports_without_name_and_reason(index: Index, field: str) -> None:
    with pytest.raises(RequestRefused):
        brought(index, staff(), request(**{field: " "}))


def test_the_digest_is_that_of_the_file_that_says_the_same(index: Index, tmp_path: Path) -> None:
    lines = staff(SUBSTITUTE, HOMEROOM | {"matruong": OTHER_SCHOOL, "chungthu": "ab" * 32})
    _, change = brought(index, lines)
    assert change is not None
    with index.reading() as tx:
        write_state(tx, change, tmp_path / "roster.csv")
        imported = load_roster(tx, demands_bound=False)
    data = (tmp_path / "roster.csv").read_bytes()
    assert sha256(data).hexdigest() == change.digest
    offline = read_roster(tmp_path / "roster.csv")
    assert imported is not None
    assert (offline.digest, offline.entries()) == (imported.digest, imported.entries())


def test_the_order_of_the_lines_makes_no_other_roster(index: Index) -> None:
    _, first = brought(index, staff(SUBSTITUTE))
    _, change = brought(index, staff(SUBSTITUTE, without=[VISITOR]), LATER)
    again = list(reversed(staff(SUBSTITUTE)))
    _, third = brought(index, again, replace(LATER, at=LATER.at + timedelta(days=1)))
    assert first is not None
    assert change is not None
    assert third is not None
    assert third.digest == first.digest != change.digest


def test_a_dry_run_keeps_nothing_and_refuses_nothing_unusual(index: Index, tmp_path: Path) -> None:
    before = tmp_path / "roster.csv"
    before.write_bytes(written(staff()))
    planned, change = take_in(
        index,
        checked(staff(without=[HOMEROOM, VISITOR])),
        LATER,
        ROLES,
        before,
        confirmed=False,
        dry_run=True,
    )
    assert (len(planned.ended), planned.is_unusual, change) == (2, True, None)
    with index.reading() as tx:
        assert (tx.rosters.number(), tx.audit.events().rows) == (0, ())


def test_history_begins_with_the_file_from_before_any_import(index: Index, tmp_path: Path) -> None:
    before = tmp_path / "roster.csv"
    before.write_bytes(written(staff()))
    take_in(
        index,
        checked(staff(SUBSTITUTE)),
        LATER,
        ROLES,
        before,
        confirmed=False,
        dry_run=False,
    )
    with index.reading() as tx:
        newest, first = tx.rosters.history().rows
        assert (first.source, first.added, newest.added) == ("roster.csv", 4, 1)
        assert tx.rosters.knows_source(sha256(before.read_bytes()).hexdigest())
    with index.transaction() as tx:
        adopt(tx, before, ROLES, NOW, "cli")
        assert tx.rosters.number() == 2


def test_every_import_is_an_event_without_a_person_in_it(index: Index) -> None:
    brought(index, staff(SUBSTITUTE), request(masogd="15"))
    with index.reading() as tx:
        (event,) = tx.audit.events().rows
    assert (event.action, event.actor, event.masogd) == ("roster.import", "cli", "15")
    assert dict(event.detail)["added"] == "5"
    assert HOMEROOM["sodinhdanh"] not in str(event)
    assert HOMEROOM["hovaten"] not in str(event)


@pytest.mark.parametrize(
    "table", ["roster_changes", "roster_mandates", "roster_ends", "roster_bindings"]
)
def test_the_database_lets_nobody_rewrite_history(index: Index, index_url: str, table: str) -> None:
    brought(index, staff(HOMEROOM | {"chungthu": "ab" * 32}, without=[HOMEROOM]))
    brought(index, staff(without=[HOMEROOM]), LATER)
    column = "number" if table == "roster_changes" else "change"
    engine = open_engine(index_url)
    try:
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = 9"):  # noqa: S608
            with (
                pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"),
                engine.begin() as connection,
            ):
                connection.execute(sqlalchemy.text(statement))
    finally:
        engine.dispose()


def test_a_change_that_another_import_was_faster_with_is_a_conflict(index: Index) -> None:
    _, change = brought(index, staff())
    assert change is not None
    with pytest.raises(IndexConflict), index.transaction() as tx:
        tx.rosters.add_change(change)


def test_pages_of_history_end(index: Index) -> None:
    for number in range(3):
        lines = staff(HOMEROOM | {"hovaten": f"Tên {number}"}, without=[HOMEROOM])
        brought(index, lines, request(at=NOW + timedelta(days=number)))
    with index.reading() as tx:
        page = tx.rosters.history(limit=2)
        rest = tx.rosters.history(after=page.next, limit=2)
    assert [each.number for each in (*page.rows, *rest.rows)] == [3, 2, 1]
    assert rest.next is None


@pytest.mark.parametrize("effective", [date(2000, 1, 1), TODAY - timedelta(days=1)])
def test_nobody_has_left_before_today_unless_it_is_confirmed(index: Index, effective: date) -> None:
    lines = staff(SUBSTITUTE, *(HOMEROOM | {"matruong": f"1{n:010}"} for n in range(9)))
    brought(index, lines)
    back = request(effective=effective)
    with pytest.raises(RosterRefused) as refused:
        brought(index, [each for each in lines if each != line(HOMEROOM)], back, confirmed=False)
    assert refused.value.finding.code == "HB-I296"
    with index.reading() as tx:
        assert tx.rosters.number() == 1


def test_withdrawing_everybody_from_long_ago_counts_as_ending_them(index: Index) -> None:
    brought(index, staff())
    back = request(effective=date(2000, 1, 1))
    with pytest.raises(RosterRefused) as refused:
        brought(index, [line(SUBSTITUTE)], back, confirmed=False)
    assert refused.value.finding.code == "HB-I138"
    assert "4 trên 4" in refused.value.finding.message()


def test_a_first_import_as_of_an_earlier_day_needs_no_confirmation(index: Index) -> None:
    _, change = brought(index, staff(), request(effective=date(2020, 1, 1)), confirmed=False)
    assert change is not None


@pytest.mark.parametrize("effective", [date.min, date(1999, 12, 31), date(2200, 1, 1), date.max])
def test_an_import_takes_effect_in_our_time(index: Index, effective: date) -> None:
    brought(index, [line(PRINCIPAL, tungay="")])
    with pytest.raises(RosterRefused) as refused:
        brought(index, staff(without=[PRINCIPAL]), request(effective=effective))
    assert refused.value.finding.code == "HB-I295"
