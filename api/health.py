"""Liveness and readiness probes, for the door (api/door.py) and for connections in use."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse

from api.door import Probe
from api.live.lifetime import Stopping
from api.refusals import AGAIN
from db import migrate
from db.readiness import Readiness

PROBES = "probes"
"""The key of the probes by path in the state of the application's lifespan."""
STUCK = 60.0
"""Seconds without progress after which an event loop counts as dead."""
_BEAT = 1.0  # seconds between two heartbeats of the loop
_needed = cache(migrate.head)


class Liveness:
    """The liveness of the event loop in which the object is created."""

    def __init__(self) -> None:
        """Start the heartbeat in the running loop."""
        self._loop = asyncio.get_running_loop()
        self._beat()

    async def probe(self) -> tuple[int, Mapping[str, object]]:
        """Return 200 if the loop's last heartbeat is recent, otherwise 503."""
        if time.monotonic() - self._seen < STUCK:
            return 200, {"status": "ok"}
        return 503, {"status": "stuck"}

    def _beat(self) -> None:
        self._seen = time.monotonic()
        self._loop.call_later(_BEAT, self._beat)


def readiness(readiness: Readiness, stopping: Stopping, *, embedded: bool) -> Probe:
    """Return a probe that checks whether requests can be served.

    That requires that the server is not stopping, and that the database is writable and migrated.
    """

    async def probe() -> tuple[int, Mapping[str, object]]:
        facts: dict[str, object] = {"embedded": embedded}
        if stopping.draining:
            return 503, {"status": "stopping", **facts}
        found = await readiness.standing()
        if found.wrong is not None:
            return 503, {"status": "unavailable", "database": found.wrong, **facts}
        facts = {"database": "up", "migration": found.revision, **facts}
        if found.revision != _needed():
            return 503, {"status": "unavailable", "needed": _needed(), **facts}
        return 200, {"status": "ok", **facts}

    return probe


def endpoint(probe: Probe) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Return the HTTP endpoint of a probe."""

    async def answer(_: Request) -> JSONResponse:
        status, found = await probe()
        return JSONResponse(found, status, None if status == HTTPStatus.OK else AGAIN)

    return answer
