"""What is counted, as Prometheus reads it."""

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
)
from prometheus_client import REGISTRY as ONE_PROCESS

__all__ = ["CONNECTIONS", "CONTENT_TYPE_LATEST", "EVENTS", "SUBSCRIPTIONS", "exposition", "observe"]

_REQUESTS = Counter("sangkien_graphql_requests", "GraphQL requests answered", ["status"])
_SECONDS = Histogram(
    "sangkien_graphql_seconds",
    "Time from request to response",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
)
CONNECTIONS = Gauge(
    "sangkien_live_connections",
    "WebSockets and event streams that are open",
    multiprocess_mode="livesum",
)
SUBSCRIPTIONS = Gauge(
    "sangkien_subscriptions", "Subscriptions that are open", multiprocess_mode="livesum"
)
EVENTS = Counter("sangkien_subscription_events", "Results sent to subscribers")
_BY_STATUS: dict[int, Counter] = {}


def observe(status: int, seconds: float) -> None:
    """Count one GraphQL request."""
    counter = _BY_STATUS.get(status)
    if counter is None:
        counter = _BY_STATUS[status] = _REQUESTS.labels(str(status))
    counter.inc()
    _SECONDS.observe(seconds)


def exposition() -> bytes:
    """Return all figures in Prometheus' format, of all worker processes where there are several."""
    registry = ONE_PROCESS
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
