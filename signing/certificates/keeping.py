"""How long a verdict on a certificate may be kept: between two times that can change it.

All that can change it is a time: that a certificate or an anchor begins or ends, that revocation
data is issued or goes stale, that a revocation takes effect, that a day ends.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from schemas.vietnam import VIETNAM_TIME
from signing.certificates.engine import Engine
from signing.certificates.revocation import Freshness
from signing.certificates.validation import CertificateValidation

_TICK = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """A verdict that holds at `at`, and strictly between the other two."""

    validation: CertificateValidation
    at: datetime
    after: datetime
    before: datetime

    def holds(self, at: datetime) -> bool:
        return at == self.at or self.after < at < self.before


def times_of(engine: Engine | None) -> Iterator[datetime]:
    """Every time at which a verdict of this engine could become another."""
    if engine is None:
        return
    certificates = (engine.leaf, *engine.issuers, *engine.anchors)
    for certificate in certificates:
        yield certificate.not_valid_before
        yield certificate.not_valid_after
    freshness = Freshness(engine.constraints)
    serials = {bytes(each["tbs_certificate"]["serial_number"].contents) for each in certificates}
    for listed in engine.crls:
        yield listed.this_update
        yield freshness.end(listed.this_update, listed.next_update)
        for serial in serials:
            yield from listed.revocation_dates(serial)
            if (lost := listed.invalid_since(serial)) is not None:
                yield lost
    for answer in engine.ocsp_responses:
        yield from answer.responder_times
        for single in answer.singles:
            yield single.this_update
            yield freshness.end(single.this_update, single.next_update)
            yield from (each for each in (single.revoked_at, single.invalid_since) if each)


def between(times: Iterable[datetime], at: datetime) -> tuple[datetime, datetime]:
    """The nearest of *times* before and after *at*, at most its day: algorithms end at midnight."""
    midnight = datetime.combine(at.astimezone(VIETNAM_TIME).date(), time.min, VIETNAM_TIME)
    after, before = midnight.astimezone(UTC) - _TICK, midnight + timedelta(days=1)
    for each in times:
        if each <= at:
            after = max(after, each)
        if each >= at:
            before = min(before, each)
    return after, before
