"""When a sample's records are made out and signed.

Certificates live three years (NĐ 23/2025/NĐ-CP) and records are validated today, so everything is
signed with certificates issued in the spring before last: the two finished years at their own end,
earlier ones as extracts from paper (trích lục). That leaves every certificate valid for about one
more year at least, whenever the sample is made.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

from hocba.sample.errors import SampleError
from hocba.sample.pki import SUBSCRIBER_YEARS, Validity
from schemas.findings import finding
from schemas.vietnam import VIETNAM_TIME

HISTORY_YEARS = 4
_SCHOOL_YEAR = re.compile(r"(\d{4})-(\d{4})\Z")


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which a year's records are signed, both inclusive."""

    first: date
    last: date
    extract: bool = False


@dataclass(frozen=True, slots=True)
class SampleCalendar:
    """The years of a sample; each is named by its first calendar year.

    `finished` is the newest year that is over and signed, `last` the newest one in the sample.
    """

    finished: int
    last: int

    @property
    def years(self) -> range:
        """The school years of the sample, oldest first."""
        return range(self.last - HISTORY_YEARS + 1, self.last + 1)

    @property
    def certificates(self) -> Validity:
        """The validity of every signer's certificate."""
        start = datetime(self.finished, 5, 26, tzinfo=UTC)
        return Validity.years(start, SUBSCRIBER_YEARS)

    @property
    def staff_change(self) -> date:
        """The day on which some schools got a new principal: between the two digital years."""
        return date(self.finished, 7, 20)

    def window(self, year: int) -> Window:
        """When the records of *year* are signed."""
        if year == self.finished:
            return Window(date(year + 1, 5, 20), date(year + 1, 6, 14))
        if year == self.finished - 1:
            return Window(date(year + 1, 5, 27), date(year + 1, 6, 14))
        return Window(date(self.finished, 6, 20), date(self.finished, 7, 10), extract=True)

    def summer_window(self, year: int) -> Window | None:
        """When those who were tested again are signed; None where that is not yet known."""
        if year >= self.finished:
            return None
        window = self.window(year)
        if window.extract:
            return window
        return Window(date(year + 1, 8, 5), date(year + 1, 8, 14))


def calendar_for(now: datetime, school_year: str | None) -> SampleCalendar:
    """The calendar at *now*, with *school_year* (`YYYY-YYYY`) as its last year.

    Raises `SampleError` for a year that is not over and signed (mid-June), or no year at all.
    """
    today = now.astimezone(VIETNAM_TIME).date()
    finished = today.year - (1 if today >= date(today.year, 6, 16) else 2)
    if school_year is None:
        return SampleCalendar(finished, finished)
    match = _SCHOOL_YEAR.match(school_year)
    newest = year_name(finished)
    if match is None or int(match[2]) != int(match[1]) + 1 or not 2024 <= int(match[1]) <= finished:
        raise SampleError(finding("HB-K101", found=school_year, oldest="2024-2025", newest=newest))
    return SampleCalendar(finished, int(match[1]))


def year_name(year: int) -> str:
    """`namhoc` as records write it."""
    return f"{year}-{year + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningDays:
    """When one record was made out and when each role signs it, in order."""

    created: datetime
    subject_teachers: datetime
    homeroom_teacher: datetime
    principal: datetime
    seal: datetime


def signing_days(of_class: Random, of_record: Random, window: Window) -> SigningDays:
    """Working days inside *window*, each role after the one before.

    The days are the class's (*of_class*), the time of day the record's: people sign class by class.
    """
    created = of_class.randint(0, max(0, (window.last - window.first).days - 8))
    steps = [created, created + 1]
    steps += [created + of_class.randint(2, 3), created + of_class.randint(4, 5)]
    steps.append(steps[-1] + of_class.randint(0, 2))
    moments: list[datetime] = []
    for step in steps:
        moment = _working_time(of_record, window.first + timedelta(days=step))
        if moments:
            moment = max(moment, moments[-1] + timedelta(seconds=of_record.randint(60, 1800)))
        moments.append(moment)
    return SigningDays(
        created=moments[0],
        subject_teachers=moments[1],
        homeroom_teacher=moments[2],
        principal=moments[3],
        seal=moments[4],
    )


def _working_time(source: Random, day: date) -> datetime:
    """A time between 07:30 and 16:00 on *day*, on Saturday for a Sunday."""
    if day.isoweekday() == 7:
        day -= timedelta(days=1)
    seconds = source.randint(7 * 3600 + 1800, 16 * 3600)
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM_TIME) + timedelta(seconds=seconds)
