"""Gauges that are updated periodically: pools, caches, and operating figures of the database.

Requests do none of this work. Figures of this process are read every five seconds and for each
scrape. The database runs one statement at most every fifteen seconds, and only where metrics can be
read.
"""

import asyncio
import logging
import time
from collections import Counter as Sums
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Gauge

from auth.issuer.issuer import Issuer
from db.cache import NAMED
from db.embedded_supervision import revivals
from db.outages import OUTAGES, is_outage
from db.pool import Usage
from db.sessions import Reader
from db.traces import trace
from db.transactions import Writer

_LOG = logging.getLogger("sangkien.metrics")
EVERY = 5.0
"""Seconds between two readings of pools and caches."""
FRESH = 15.0
"""Seconds for which the figures of the database are kept."""
_WITHIN = 2.0  # seconds that the database's statement may take
_STATEMENT = "select figure, label, amount from operating_figures()"

_SIZE = Gauge(
    "sangkien_pool_size", "Connections that there may be", ["pool"], multiprocess_mode="livesum"
)
_IN_USE = Gauge("sangkien_pool_in_use", "Connections in use", ["pool"], multiprocess_mode="livesum")
_WAITING = Gauge(
    "sangkien_pool_waiting",
    "Requests that wait for a connection",
    ["pool"],
    multiprocess_mode="livesum",
)
_WAITS = Counter("sangkien_pool_waits", "Requests that had to wait for a connection", ["pool"])
_WAITED = Counter(
    "sangkien_pool_wait_seconds", "Time that requests waited for a connection", ["pool"]
)
_REVIVED = Gauge(
    "sangkien_embedded_restarts",
    "Times that the embedded PostgreSQL, having ended, was started again since `serve` began",
    multiprocess_mode="livemostrecent",
)
_ENTRIES = Gauge(
    "sangkien_cache_entries", "Entries of a cache", ["cache"], multiprocess_mode="livesum"
)
_WEIGHT = Gauge(
    "sangkien_cache_bytes",
    "Weight of a cache's entries, about",
    ["cache"],
    multiprocess_mode="livesum",
)
_HITS = Counter("sangkien_cache_hits", "Look-ups that a cache could answer", ["cache"])
_MISSES = Counter("sangkien_cache_misses", "Look-ups that a cache could not answer", ["cache"])
_OF_DATABASE = {
    "queue": Gauge(
        "sangkien_queue_length",
        "Initiatives that await a unit, by its level; no more than 100,000 are counted",
        ["level"],
        multiprocess_mode="livemostrecent",
    ),
    "slots": Gauge(
        "sangkien_rollup_slots",
        "Rows that the totals of units of the upper levels are spread over",
        ["level"],
        multiprocess_mode="livemostrecent",
    ),
    "audit": Gauge(
        "sangkien_audit_events", "Events in the audit log", multiprocess_mode="livemostrecent"
    ),
    "imports": Gauge(
        "sangkien_imports",
        "Files imported in the last 24 hours, by outcome",
        ["outcome"],
        multiprocess_mode="livemostrecent",
    ),
    "import_rows": Gauge(
        "sangkien_import_rows",
        "Rows of these files, of refused ones those that were bad",
        ["outcome"],
        multiprocess_mode="livemostrecent",
    ),
    "import_seconds": Gauge(
        "sangkien_import_seconds",
        "Time that these imports took",
        ["outcome"],
        multiprocess_mode="livemostrecent",
    ),
    "started": Gauge(
        "sangkien_database_start_time_seconds",
        "When PostgreSQL started, in seconds since 1970; it changes with each restart",
        multiprocess_mode="livemostrecent",
    ),
}


class Figures:
    """Updates the gauges."""

    def __init__(
        self,
        reader: Reader,
        writer: Writer,
        issuer: Issuer,
        *,
        watch_database: bool,
        home: Path | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set the pools; `watch_database` is True if another process serves the metrics.

        `home` is the folder of an embedded server.
        """
        self._pools: Sequence[Callable[[], Mapping[str, Usage]]] = (
            reader.usage,
            writer.usage,
            issuer.usage,
        )
        self._reader = reader
        self._home = home
        self._watch_database = watch_database
        self._clock = clock
        self._counted: dict[str, float] = {}
        self._asked_at = float("-inf")
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Start the periodic updates."""
        self._task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop the periodic updates."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def refresh(self) -> None:
        """Update all gauges for a scrape."""
        self.look()
        await self.ask()

    def look(self) -> None:
        """Update the gauges of pools and caches."""
        for usages in self._pools:
            for pool, usage in usages().items():
                self._pool(pool, usage)
        if self._home is not None:
            _REVIVED.set(revivals(self._home))
        sums: dict[str, Sums[str]] = {}
        for cache in list(NAMED):
            found = sums.setdefault(str(cache.name), Sums())
            found.update(entries=len(cache), weight=cache.weight)
            found.update(hits=cache.hits, misses=cache.misses)
        for name, found in sums.items():
            _ENTRIES.labels(name).set(found["entries"])
            _WEIGHT.labels(name).set(found["weight"])
            self._advance(_HITS.labels(name), found["hits"], f"{name} hits")
            self._advance(_MISSES.labels(name), found["misses"], f"{name} misses")

    async def ask(self) -> None:
        """Update the database's gauges unless they are fresh; an error leaves them unchanged."""
        now = self._clock()
        if now - self._asked_at < FRESH:
            return
        self._asked_at = now
        try:
            async with asyncio.timeout(_WITHIN):
                rows = await self._reader.fetch_rows(_STATEMENT)
        except Exception as error:  # noqa: BLE001 - the other metrics are served in any case
            if is_outage(error):
                OUTAGES.note(error, "metrics of the database were not looked up")
            else:
                _LOG.warning("metrics of the database were not looked up: %s", trace(error))
            return
        for row in rows:
            _set(row)

    async def _watch(self) -> None:
        while True:
            self.look()
            if self._watch_database:
                await self.ask()
            await asyncio.sleep(EVERY)

    def _pool(self, pool: str, usage: Usage) -> None:
        _SIZE.labels(pool).set(usage.size)
        _IN_USE.labels(pool).set(usage.in_use)
        _WAITING.labels(pool).set(usage.waiting)
        self._advance(_WAITS.labels(pool), usage.waits, f"{pool} waits")
        self._advance(_WAITED.labels(pool), usage.seconds_waited, f"{pool} waited")

    def _advance(self, counter: Counter, total: float, key: str) -> None:
        """Increase a counter to a total that is counted elsewhere."""
        counter.inc(max(total - self._counted.get(key, 0), 0))
        self._counted[key] = total


def _set(row: Mapping[str, Any]) -> None:
    gauge = _OF_DATABASE[row["figure"]]
    (gauge.labels(row["label"]) if row["label"] else gauge).set(row["amount"])
