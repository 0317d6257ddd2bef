"""Liveness and readiness."""

from starlette.requests import Request
from starlette.responses import JSONResponse

from db import migrate
from db.sessions import Reader, TooSlowError, UnavailableError


def healthz(_: Request) -> JSONResponse:
    """Answer that the process lives."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> JSONResponse:
    """Answer whether requests can be served: the database is there and migrated."""
    reader: Reader = request.app.state.reader
    facts = {"embedded": request.app.state.embedded}
    try:
        row = await reader.fetch_row("select version_num from alembic_version")
    except (UnavailableError, TooSlowError):
        return JSONResponse({"status": "unavailable", "database": "down", **facts}, 503)
    current = row["version_num"] if row else None
    if current != migrate.head():
        facts = {"database": "up", "migration": current, "needed": migrate.head(), **facts}
        return JSONResponse({"status": "unavailable", **facts}, 503)
    return JSONResponse({"status": "ok", "database": "up", "migration": current, **facts})
