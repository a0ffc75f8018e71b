"""Which school year a sample ends with, and that everything is signed in time."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hocba.sample.calendar import SampleCalendar, calendar_for, signing_days, year_name
from hocba.sample.errors import SampleError
from hocba.sample.source import chance
from signing.creation.signature_builder import VIETNAM_TIME

moments = st.datetimes(datetime(2026, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("now", "finished"),
    [
        (datetime(2026, 6, 15, 16, 59, tzinfo=UTC), 2024),
        (datetime(2026, 6, 15, 17, 0, tzinfo=UTC), 2025),  # 16 June in Việt Nam
        (datetime(2026, 11, 22, tzinfo=UTC), 2025),
        (datetime(2027, 6, 1, tzinfo=UTC), 2025),
    ],
)
def test_a_year_is_finished_when_it_is_signed(now: datetime, finished: int) -> None:
    assert calendar_for(now, None) == SampleCalendar(finished, finished)


def test_an_earlier_year_may_be_asked_for() -> None:
    calendar = calendar_for(datetime(2026, 11, 22, tzinfo=UTC), "2024-2025")
    assert calendar == SampleCalendar(finished=2025, last=2024)
    assert [year_name(year) for year in calendar.years] == [
        "2021-2022",
        "2022-2023",
        "2023-2024",
        "2024-2025",
    ]


@pytest.mark.parametrize(
    "school_year", ["2026-2027", "2025-2027", "2023-2024", "2025", "2025-2026 ", "năm nay"]
)
def test_a_year_that_is_not_over_or_none_at_all_is_refused(school_year: str) -> None:
    with pytest.raises(SampleError) as caught:
        calendar_for(datetime(2026, 11, 22, tzinfo=UTC), school_year)
    assert caught.value.finding.code == "HB-K101"
    assert dict(caught.value.finding.parameters)["newest"] == "2025-2026"


@given(now=moments, back=st.integers(0, 5), seed=st.integers())
def test_everything_is_signed_before_now_with_certificates_good_for_most_of_a_year(
    now: datetime, back: int, seed: int
) -> None:
    calendar = calendar_for(now, None)
    validity = calendar.certificates
    assert validity.end > now + timedelta(days=340)
    year = calendar.finished - back
    for window in filter(None, (calendar.window(year), calendar.summer_window(year))):
        days = signing_days(chance(seed), chance(seed + 1), window)
        steps = [
            days.created,
            days.subject_teachers,
            days.homeroom_teacher,
            days.principal,
            days.seal,
        ]
        assert steps == sorted(set(steps))
        assert validity.start <= steps[0]
        assert steps[-1] < now
        assert steps[-1].astimezone(VIETNAM_TIME).date() <= window.last


def test_a_year_older_than_the_certificates_is_an_extract_from_paper() -> None:
    calendar = SampleCalendar(finished=2025, last=2025)
    extracts = [calendar.window(year).extract for year in calendar.years]
    assert extracts == [True, True, False, False]
    assert calendar.window(2022).first > date(2025, 5, 26)


def test_the_newest_year_knows_no_summer_yet() -> None:
    calendar = SampleCalendar(finished=2025, last=2025)
    assert calendar.summer_window(2025) is None
    summer = calendar.summer_window(2024)
    assert summer is not None
    assert summer.first.month == 8
    assert calendar.summer_window(2022) == calendar.window(2022)


def test_staff_changes_between_the_two_digital_years() -> None:
    calendar = SampleCalendar(finished=2025, last=2025)
    assert calendar.window(2022).last < calendar.staff_change
    summer = calendar.summer_window(2024)
    assert summer is not None
    assert calendar.window(2024).last < calendar.staff_change < summer.first
