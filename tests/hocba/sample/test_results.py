"""Year results hang together, whatever chance gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocba.sample.assessment import (
    CONTINUING,
    SECONDARY,
    Achievement,
    Award,
    PrimaryResult,
    Rating,
    Trait,
    primary_result,
    study_rating,
)
from hocba.sample.levels import Level
from hocba.sample.primary_results import PrimaryYear, primary_year
from hocba.sample.secondary_results import SecondaryYear, secondary_year
from hocba.sample.source import chance
from hocba.sample.subjects import class_subjects, teaching_posts

abilities = st.floats(0, 1)
seeds = st.integers(0, 10**6)
ABOVE_PRIMARY = (Level.LOWER, Level.UPPER, Level.CONTINUING)


def primary(seed: int, ability: float, grade: int, **options: bool) -> PrimaryYear:
    subjects = class_subjects(Level.PRIMARY, grade, 0, 0)
    return primary_year(chance(seed), ability, grade, subjects, **options)


def secondary(seed: int, ability: float, level: Level, **options: bool) -> SecondaryYear:
    subjects = class_subjects(level, level.grades[0], seed % 7, 0)
    rules = CONTINUING if level is Level.CONTINUING else SECONDARY
    return secondary_year(chance(seed), ability, subjects, rules, **options)


@given(seed=seeds, ability=abilities, grade=st.integers(1, 5))
def test_primary_results_follow_from_their_parts(seed: int, ability: float, grade: int) -> None:
    year = primary(seed, ability, grade)
    levels = [each.achievement for each in year.subjects if each.achievement]
    tests = [each.test for each in year.subjects if each.test is not None]
    assert year.result is primary_result(levels, list(year.traits.values()), tests)
    assert len(year.traits) == (13 if grade < 3 else 15)
    for each in year.subjects:
        assert (each.test is not None) == (each.subject.scored and not each.exempt)
        if each.test is not None:
            assert 1 <= each.test <= 10
            assert (each.test < 5) == (each.achievement is Achievement.NOT_COMPLETED)
    if year.award is Award.EXCELLENT:
        assert min(tests) >= 9


@given(seed=seeds, ability=abilities, grade=st.integers(1, 5))
def test_a_primary_pupil_catches_up_in_summer(seed: int, ability: float, grade: int) -> None:
    before, after = primary(seed, ability, grade), primary(seed, ability, grade, after_summer=True)
    assert after.promoted
    if before.promoted:
        assert after == before
    else:
        assert after.result is PrimaryResult.COMPLETED
        assert Trait.NEEDS_EFFORT not in after.traits.values()


@given(seed=seeds, ability=abilities, level=st.sampled_from(ABOVE_PRIMARY))
def test_secondary_results_follow_from_their_parts(seed: int, ability: float, level: Level) -> None:
    year = secondary(seed, ability, level)
    known = [each.results for each in year.subjects if each.results is not None]
    rules = CONTINUING if level is Level.CONTINUING else SECONDARY
    assert year.study is not None
    assert year.study[0] is study_rating([each.first for each in known], rules)
    assert year.study[2] is study_rating([each.year for each in known], rules)
    assert (year.study_again, year.conduct_again) == (None, None)
    if year.award:
        assert year.study[2] is year.conduct[2] is Rating.GOOD


@given(seed=seeds, ability=st.floats(0, 0.4), level=st.sampled_from(ABOVE_PRIMARY))
def test_the_summer_lifts_to_achieved_and_no_further(
    seed: int, ability: float, level: Level
) -> None:
    before, after = secondary(seed, ability, level), secondary(seed, ability, level, summer=True)
    assert after.study == before.study
    if before.promoted:
        assert after == before
        return
    assert not after.promoted_at_once
    assert (after.study_again is not None) == (before.study[2] is Rating.NOT_ACHIEVED)  # type: ignore[index]
    assert (after.conduct_again is not None) == (before.conduct[2] is Rating.NOT_ACHIEVED)
    assert after.study_again in {None, Rating.NOT_ACHIEVED, Rating.ACHIEVED}
    for each in after.subjects:
        if each.again is not None:
            assert each.results is not None
            assert each.final == each.again


@pytest.mark.parametrize("level", ABOVE_PRIMARY)
def test_who_is_not_assessed_has_no_marks_and_is_promoted(level: Level) -> None:
    year = secondary(1, 0.1, level, assessed=False)
    assert year.promoted
    assert {each.final for each in year.subjects} == {None}
    pupil = primary(1, 0.1, 4, assessed=False)
    assert pupil.promoted
    assert (pupil.result, pupil.traits) == (None, {})


def test_exempt_pupils_exist_and_have_neither_mark_nor_level() -> None:
    exempt = [each for seed in range(400) for each in primary(seed, 0.5, 4).subjects if each.exempt]
    assert exempt
    assert {(each.subject.code, each.achievement, each.test) for each in exempt} == {
        ("TDC", None, None)
    }
    years = [secondary(seed, 0.5, Level.LOWER) for seed in range(400)]
    rows = [each for year in years for each in year.subjects if each.exempt]
    assert rows
    assert {(each.subject.code, each.final) for each in rows} == {("TDC", None)}


@pytest.mark.parametrize("level", ABOVE_PRIMARY)
def test_every_subject_of_a_class_has_a_teacher(level: Level) -> None:
    for seed in range(4):
        posts = teaching_posts(chance(seed), level)
        taught = {code for post in posts for code in post}
        for school in range(4):
            for index in range(4):
                subjects = class_subjects(level, level.grades[0], school, index)
                assert {each.code for each in subjects} <= taught


def test_a_mix_is_no_level_of_a_class() -> None:
    with pytest.raises(ValueError, match="one level"):
        class_subjects(Level.MIX, 1, 0, 0)


def test_nobody_signs_rows_at_primary_school() -> None:
    assert teaching_posts(chance(1), Level.PRIMARY) == ()
