"""What Prometheus may ask: counts, durations and positions; never a tenant's or a stream's name."""

import time
from collections.abc import Iterable
from typing import Any, Final

from aiohttp import web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from service.http.problem import code_of
from service.log.append import GroupAppender
from service.log.commit import Commit, Receipt
from service.refusal import Refusal

FAST: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Upper bounds of the duration buckets, in seconds."""


class Metrics:
    """The measurements of one process, in a registry of their own."""

    media_type: Final = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        """Declare every measurement; all durations are in seconds."""
        self.registry: Final = CollectorRegistry()
        self._by_labels: dict[tuple[str, str, str], Histogram] = {}
        self.requests: Final = Histogram(
            "daybook_http_request_seconds",
            "Time to answer a request, by route template.",
            ("method", "route", "status"),
            buckets=FAST,
            registry=self.registry,
        )
        self.appends: Final = Counter(
            "daybook_append", "Commits by outcome.", ("result",), registry=self.registry
        )
        self.append_seconds: Final = Histogram(
            "daybook_append_seconds",
            "Time from a commit's arrival to its durable answer.",
            buckets=FAST,
            registry=self.registry,
        )
        self.head: Final = self._gauge("daybook_log_head_position", "The newest position.")
        self.position: Final = self._gauge(
            "daybook_projection_position", "The position folded last.", "projection"
        )
        self.lag: Final = self._gauge(
            "daybook_projection_lag_events", "Events not folded yet.", "projection"
        )
        self.heartbeat: Final = self._gauge(
            "daybook_projection_heartbeat_age_seconds", "Since a projector last looked."
        )
        self.pool: Final = self._gauge("daybook_pool_in_use", "Database connections in use.")
        self.streams: Final = self._gauge("daybook_event_streams", "Event streams open now.")
        self.jobs: Final = self._gauge("daybook_jobs", "Jobs by status.", "status")
        self.spooled: Final = self._gauge(
            "daybook_requests_spooled", "Requests that wait on the disk for the database."
        )
        self.audit_waiting: Final = self._gauge("daybook_audit_waiting", "Notes not stored yet.")
        self.audit_dropped: Final = self._gauge(
            "daybook_audit_dropped", "Notes that there was no room for, since the start."
        )

    def served(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        labels = (method, route, str(status))
        histogram = self._by_labels.get(labels)
        if histogram is None:  # labels() takes a lock and is asked for each request
            histogram = self._by_labels[labels] = self.requests.labels(*labels)
        histogram.observe(seconds)

    def note(self, rows: Iterable[Any]) -> None:
        """Take over where the projections stand."""
        for row in rows:
            self.head.set(row.head)
            self.position.labels(row.name).set(row.position)
            self.lag.labels(row.name).set(row.lag)
            if row.heartbeat_age is not None:
                self.heartbeat.set(row.heartbeat_age)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        return Gauge(name, text, labels, registry=self.registry)

    def text(self) -> bytes:
        """Return everything in the Prometheus text format."""
        return generate_latest(self.registry)


METRICS: Final = web.AppKey("metrics", Metrics)


class MeteredAppender(GroupAppender):
    """The group appender, counting what comes of each commit."""

    def __init__(self, metrics: Metrics, *arguments: Any, **options: Any) -> None:
        """Count into `metrics`; the rest is the appender's own."""
        super().__init__(*arguments, **options)
        self._metrics = metrics

    async def append(self, commit: Commit, timeout: float = 10.0) -> Receipt:
        """Append, and count the outcome under its problem's code."""
        started = time.perf_counter()
        result = "unknown"
        try:
            receipt = await super().append(commit, timeout)
            result = "duplicate" if receipt.duplicate else "appended"
        except Refusal as refusal:
            result = code_of(type(refusal))
            raise
        finally:
            self._metrics.appends.labels(result).inc()
            self._metrics.append_seconds.observe(time.perf_counter() - started)
        return receipt
