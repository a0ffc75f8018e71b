"""Figures for Prometheus. Labels name routes, outcomes and states, never a person or a record."""

import math
from collections.abc import Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from hocba.index.rows import BatchState, Counts
from hocba.ingest.standing import Standing
from hocba.model.outcome import Outcome

MEDIA_TYPE = CONTENT_TYPE_LATEST

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
_BATCH_SECONDS = (0.1, 1, 10, 60, 300, 1200, 3600)
_COUNTED = (
    Outcome.ACCEPTED,
    Outcome.DUPLICATE,
    Outcome.REJECTED,
    Outcome.UNREADABLE,
    Outcome.DEFERRED,
)


class Metrics:
    """The figures of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "hocba_http_requests",
            "Requests by route template.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "hocba_http_request_seconds",
            "Time from a request to the end of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._verifications = Counter(
            "hocba_verifications",
            "Documents verified for anybody, by outcome.",
            ("outcome",),
            registry=self._registry,
        )
        self._items = Counter(
            "hocba_batch_items",
            "Documents of batches that this server worked, by outcome.",
            ("outcome",),
            registry=self._registry,
        )
        self._batch_seconds = Histogram(
            "hocba_batch_seconds",
            "Time that this server worked on a batch, by the state it came to.",
            ("state",),
            buckets=_BATCH_SECONDS,
            registry=self._registry,
        )
        self._batches = Gauge(
            "hocba_batches",
            "Batches in the index, by state.",
            ("state",),
            registry=self._registry,
        )
        self._rate = Gauge(
            "hocba_batch_documents_per_second",
            "Documents that come to their outcome in running batches, on all machines.",
            registry=self._registry,
        )
        self._left = Gauge(
            "hocba_batch_documents_left",
            "About how many documents of running batches wait for their outcome.",
            registry=self._registry,
        )
        self._followers = Gauge(
            "hocba_batch_followers",
            "Listeners that follow a batch on this server.",
            registry=self._registry,
        )

    def request(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count one request; *route* is the template, None where no route matched."""
        known = method if method in _METHODS else "other"
        template = route or "unmatched"
        self._requests.labels(known, template, str(status)).inc()
        self._request_seconds.labels(known, template).observe(seconds)

    def verification(self, outcome: Outcome) -> None:
        """Count one verified document."""
        self._verifications.labels(outcome.value).inc()

    def items(self, before: Counts, after: Counts) -> None:
        """Count the documents that came to their outcome between two states of a batch."""
        for outcome in _COUNTED:
            added = getattr(after, outcome.value) - getattr(before, outcome.value)
            if added > 0:
                self._items.labels(outcome.value).inc(added)

    def batch(self, state: str, seconds: float) -> None:
        """Count one stretch of work on a batch."""
        self._batch_seconds.labels(state).observe(seconds)

    def standing(self, states: Mapping[BatchState, int], running: Sequence[Standing]) -> None:
        """Set what the index says of batches now."""
        for state in BatchState:
            self._batches.labels(state.value).set(states.get(state, 0))
        self._rate.set(sum(each.rate or 0 for each in running))
        left = (each.expected - each.batch.counts.total for each in running if each.expected)
        self._left.set(sum(max(each, 0) for each in left))

    def no_standing(self) -> None:
        """Say nothing of batches: the index cannot be asked, and old figures would mislead."""
        self._batches.clear()
        for gauge in (self._rate, self._left):
            gauge.set(math.nan)

    def followers(self, count: int) -> None:
        """Set how many listen."""
        self._followers.set(count)

    def exposition(self) -> bytes:
        """All figures in the text format."""
        return generate_latest(self._registry)
