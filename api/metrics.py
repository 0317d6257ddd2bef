"""Prometheus metrics of requests and operations."""

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

__all__ = [
    "CONNECTIONS",
    "CONTENT_TYPE_LATEST",
    "EVENTS",
    "SUBSCRIPTIONS",
    "WORKER_STARTS",
    "exposition",
    "observe",
    "observe_operation",
]

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
_OPERATIONS = Counter(
    "sangkien_operations",
    "Operations by name (`other` where it is not kept), kind and outcome: OK or the error code",
    ["operation", "kind", "outcome"],
)
_OPERATION_SECONDS = Histogram(
    "sangkien_operation_seconds",
    "Time from request to response, by operation; subscriptions, which last, are not in it",
    ["operation", "kind"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
)
WORKER_STARTS = Counter(
    "sangkien_worker_starts", "Processes that have begun to serve, those started again included"
)
_BY_STATUS: dict[int, Counter] = {}
_BY_OUTCOME: dict[tuple[str, str, str], tuple[Counter, Histogram]] = {}


def observe(status: int, seconds: float) -> None:
    """Count one GraphQL request."""
    counter = _BY_STATUS.get(status)
    if counter is None:
        counter = _BY_STATUS[status] = _REQUESTS.labels(str(status))
    counter.inc()
    _SECONDS.observe(seconds)


def observe_operation(name: str, kind: str, outcome: str, seconds: float | None) -> None:
    """Count one operation by labels with few values; `seconds` is None for a subscription."""
    found = _BY_OUTCOME.get((name, kind, outcome))
    if found is None:
        found = _BY_OUTCOME[name, kind, outcome] = (
            _OPERATIONS.labels(name, kind, outcome),
            _OPERATION_SECONDS.labels(name, kind),
        )
    found[0].inc()
    if seconds is not None:
        found[1].observe(seconds)


def exposition() -> bytes:
    """Return all metrics in Prometheus' format, of all worker processes if there are several."""
    registry = ONE_PROCESS
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
