"""Pupils and schools of a sample: the asked number of records, and histories that make sense."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hocba.sample.calendar import SampleCalendar
from hocba.sample.levels import FIRST_YEAR, SINGLE_LEVELS, Level
from hocba.sample.people import Sex
from hocba.sample.plan import PupilPlan, expected_records, plan_pupils
from hocba.sample.pupils import make_pupil
from hocba.sample.world import World, make_world
from hocba.sample.years import records_of

CALENDAR = SampleCalendar(2025, 2025)


def plans(seed: int, level: Level, records: int, schools: int = 2) -> list[PupilPlan]:
    count = dict.fromkeys(SINGLE_LEVELS if level is Level.MIX else (level,), schools)
    return list(plan_pupils(seed, level, records, CALENDAR, count))


def world(level: Level = Level.MIX, records: int = 300, style: str = "mix") -> World:
    return make_world(3, CALENDAR, expected_records(level, records), style)


@settings(max_examples=40)
@given(
    seed=st.integers(0, 1000),
    level=st.sampled_from(Level),
    records=st.integers(1, 120),
    schools=st.integers(1, 3),
)
def test_the_plan_has_exactly_the_records_asked_for(
    seed: int, level: Level, records: int, schools: int
) -> None:
    made = plans(seed, level, records, schools)
    assert sum(len(plan.steps) for plan in made) == records
    assert [plan.number for plan in made] == list(range(len(made)))
    for plan in made:
        years = [step.year for step in plan.steps]
        assert years == list(range(CALENDAR.last - len(years) + 1, CALENDAR.last + 1))
        grades = [step.grade for step in plan.steps]
        assert grades == list(range(grades[0], grades[0] + len(grades)))
        for step in plan.steps:
            assert step.grade in step.level.grades
            assert FIRST_YEAR[step.grade] <= step.year
            assert level in {Level.MIX, step.level}


def test_a_mixed_province_begins_with_every_kind_of_history() -> None:
    made = plans(7, Level.MIX, 12)
    levels = [tuple(step.level for step in plan.steps) for plan in made[:4]]
    assert levels == [
        (Level.PRIMARY, Level.LOWER),
        (Level.LOWER, Level.UPPER),
        (Level.LOWER, Level.CONTINUING),
        (Level.PRIMARY, Level.PRIMARY),
    ]
    before, after = made[3].steps
    assert before.school != after.school


def test_a_transfer_without_a_second_school_comes_from_another_province() -> None:
    pupil = plans(7, Level.MIX, 12, schools=1)[3]
    assert pupil.from_elsewhere
    assert len(pupil.steps) == 1


def test_the_mix_is_near_its_shares() -> None:
    made = plans(5, Level.MIX, 1000)
    count = dict.fromkeys(SINGLE_LEVELS, 0)
    for plan in made:
        for step in plan.steps:
            count[step.level] += 1
    for level, expected in expected_records(Level.MIX, 1000).items():
        assert abs(count[level] - expected) < 40


# ------------------------------------------------------------------------------------ world


@pytest.mark.parametrize(("records", "schools"), [(1, 1), (59, 1), (60, 2), (800, 2), (1201, 4)])
def test_schools_grow_with_the_records(records: int, schools: int) -> None:
    made = make_world(3, CALENDAR, {Level.LOWER: records}, "mix")
    assert len(list(made.all_schools())) == schools


def test_every_office_has_one_holder_on_every_day_of_signing() -> None:
    for school in world().all_schools():
        for year in CALENDAR.years:
            for window in filter(None, (CALENDAR.window(year), CALENDAR.summer_window(year))):
                assert school.head(window.first)
                assert school.head(window.last)
        for grade in school.level.grades:
            assert school.homeroom(grade, 0)
    with pytest.raises(LookupError, match="no principal"):
        school.head(date(2000, 1, 1))


def test_some_schools_changed_their_principal() -> None:
    heads = [len(school.heads) for school in world().all_schools()]
    assert set(heads) == {1, 2}


def test_people_and_schools_are_told_apart_by_their_ids() -> None:
    made = world(records=3000)
    people = [person.personal_id for school in made.all_schools() for person in school.people()]
    assert len(people) == len(set(people))
    codes = [school.code for school in made.all_schools()]
    names = [school.name for school in made.all_schools()]
    assert len(codes) == len(set(codes)) == len(set(names))
    assert all(len(school.tax_code) == 10 for school in made.all_schools())


def test_the_roster_holds_everybody_who_signs_and_one_who_left() -> None:
    for school in world().all_schools():
        roster = list(school.roster())
        assert {entry.role for entry in roster} == (
            {"GVCN", "CBQL", "KY_PHAT_HANH"}
            | (set() if school.level is Level.PRIMARY else {"GVBM"})
        )
        assert len(roster) == len(set(roster))
        assert [entry.organization_id for entry in roster][-1] == school.tax_code
        assert any(entry.valid_to and entry.valid_to.year == 2022 for entry in roster)


@pytest.mark.parametrize("style", ["xades", "vendor", "mix"])
def test_schools_have_the_styles_asked_for(style: str) -> None:
    found = {school.style for school in world(style=style).all_schools()}
    vendors = {"vendor-enveloped", "vendor-canonical-twice", "vendor-with-chain"}
    expected = {"xades": {"xades"}, "vendor": vendors, "mix": vendors | {"xades"}}
    assert found == expected[style]


def test_half_of_the_teachers_and_all_offices_have_rsa_keys() -> None:
    made = world()
    for school in made.all_schools():
        assert school.tax_code in made.rsa_holders
        assert {t.person.personal_id for t in school.heads} <= made.rsa_holders
        people = list(school.people())
        share = sum(p.personal_id in made.rsa_holders for p in people) / len(people)
        assert 0.4 < share < 0.8


# ----------------------------------------------------------------------------------- pupils


def test_pupils_have_ids_of_the_right_structure_and_of_their_own() -> None:
    made = [make_pupil(7, plan) for plan in plans(7, Level.MIX, 600)]
    for pupil in made:
        person = pupil.person
        assert person.personal_id[:3] in {"010", "015"}
        century = {1900: 0, 2000: 2}[person.born.year // 100 * 100]
        assert int(person.personal_id[3]) == century + (1 if person.sex is Sex.FEMALE else 0)
        assert person.personal_id[4:6] == f"{person.born.year % 100:02d}"
        assert len(person.personal_id) == 12
        assert pupil.father.split()[0] == person.name.split()[0]
    assert len({pupil.person.personal_id for pupil in made}) == len(made)
    assert len({pupil.code for pupil in made}) == len(made)


def test_who_fails_repeats_the_grade_and_stays_behind() -> None:
    made = world(Level.LOWER, 2000)
    for plan in plans(3, Level.LOWER, 2000):
        records = list(records_of(made, plan))
        grades = [record.context.year.grade for record in records]
        promoted = [record.content.information["duoclenlop"] == "1" for record in records[:-1]]
        for (before, after), moved in zip(pairwise(grades), promoted, strict=True):
            assert after - before == (1 if moved else 0)
        if not all(promoted):
            return
    pytest.fail("nobody repeated a year")


def test_a_transfer_is_a_line_of_the_history_with_its_day() -> None:
    made = world(Level.MIX, 300)
    plan = plans(7, Level.MIX, 12)[3]
    first, second = records_of(made, plan)
    assert first.content.schooling == ()
    old, new = second.content.schooling
    assert old["tentruong"] != new["tentruong"]
    assert old["ngaytrangthaichuyenden"] is None
    assert str(new["ngaytrangthaichuyenden"]).startswith("2025-08-")


def test_who_came_from_another_province_brings_the_year_before() -> None:
    made = world(Level.MIX, 30)
    plan = plans(7, Level.MIX, 12, schools=1)[3]
    (record,) = records_of(made, plan)
    assert [line["tentinh"] != "Tỉnh Lào Cai" for line in record.content.schooling] == [True, False]
