"""Liveness and readiness."""

from collections.abc import Awaitable, Callable
from functools import cache

from starlette.requests import Request
from starlette.responses import JSONResponse

from api.live.lifetime import Stopping
from db import migrate
from db.readiness import Readiness

_needed = cache(migrate.head)


def healthz(_: Request) -> JSONResponse:
    """Answer that the process lives, on a connection that api/door.py has passed on."""
    return JSONResponse({"status": "ok"})


def readyz(
    readiness: Readiness, stopping: Stopping, *, embedded: bool
) -> Callable[[Request], Awaitable[JSONResponse]]:
    """Return the endpoint that answers whether requests can be served.

    They can while the server does not stop, and the database can be written and is migrated.
    """

    async def endpoint(_: Request) -> JSONResponse:
        facts: dict[str, str | bool | None] = {"embedded": embedded}
        if stopping.draining:
            return JSONResponse({"status": "stopping", **facts}, 503)
        found = await readiness.standing()
        if found.wrong is not None:
            return JSONResponse({"status": "unavailable", "database": found.wrong, **facts}, 503)
        if found.revision != _needed():
            facts = {"migration": found.revision, "needed": _needed(), **facts}
            return JSONResponse({"status": "unavailable", "database": "up", **facts}, 503)
        facts = {"migration": found.revision, **facts}
        return JSONResponse({"status": "ok", "database": "up", **facts})

    return endpoint
