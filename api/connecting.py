"""The reason why a database cannot be used: one line with the setting's name, not its value.

A driver's message repeats hosts, databases and roles in the server's language; SQLSTATE codes give
the same information. libpq returns no code if it cannot connect, so the connection is tried again
with asyncpg.
"""

import asyncio
import socket

import asyncpg
import psycopg
from psycopg.conninfo import conninfo_to_dict

from api.settings import Settings

OLDEST = 15
"""The oldest major version of PostgreSQL that is supported."""
PATIENCE = 10.0
"""Seconds to wait for a connection."""

_ESCAPED = "a password with @, / or : is escaped in a URL, or set by SANGKIEN_{}_PASSWORD"
_NO_HOST = f"its host is not found; correct it ({_ESCAPED})"
_OPTIONS = "the connection fails; correct its options, such as sslmode"
_SILENT = "no PostgreSQL answers at its host and port; start it, or correct the setting"
# By SQLSTATE, or by its class: the first two characters.
_REASONS = {
    "08": "PostgreSQL closed the connection; see its log",
    "28": "PostgreSQL does not let this role in; see pg_hba.conf on its server",
    "28P01": "PostgreSQL rejects the role or its password; correct it, or set the role's password",
    "3D000": "the database that it names does not exist; create it, or correct the setting",
    "42501": "the role lacks a right in the database; correct the setting, or see 'sangkien roles'",
    "53": "PostgreSQL lacks resources; see its log",
    "53100": "the disk of PostgreSQL is full; make room on it",
    "53300": "PostgreSQL has no connection left; raise max_connections, or use smaller pools",
    "57": "PostgreSQL ended the session; see its log, and try again",
    "57P03": "PostgreSQL is starting, stopping or recovering; try again",
    "58": "PostgreSQL cannot use its files; see its log",
}


class TooOldError(Exception):
    """The server is older than OLDEST; the text is one line."""


def check_version(connection: psycopg.Connection) -> None:
    """Validate the server's version. Raises TooOldError."""
    major = connection.info.server_version // 10_000
    if major < OLDEST:
        raise TooOldError(
            f"the database is PostgreSQL {major}; sangkien needs PostgreSQL {OLDEST} or newer"
        )


def reason(config: Settings, error: BaseException) -> str:
    """Return why the database could not be used; `error` is the driver's exception."""
    state = _state(error)
    for name, url in _suspects(config, error):
        said = _tried(url)
        if said is not None:
            return f"SANGKIEN_{name}_URL: {said.format(name)}"
    return _REASONS.get(state, _REASONS.get(state[:2], "the connection to PostgreSQL was lost"))


def _suspects(config: Settings, error: BaseException) -> list[tuple[str, str]]:
    """Return the settings that the failed connection may have used, with their values."""
    urls = {
        "DATABASE": config.database_url,
        "READER": config.reader_url,
        "WRITER": config.writer_url,
    }
    given = [(name, url) for name, url in urls.items() if url is not None]
    failed = getattr(_first(error), "pgconn", None)
    if failed is None:
        return given
    user = failed.user.decode()
    # A role without a URL of its own uses the owner's.
    return [one for one in given if conninfo_to_dict(one[1]).get("user") == user] or given


def _tried(url: str) -> str | None:
    """Connect again; return why that fails, or None where it succeeds."""

    async def connect() -> None:
        connection = await asyncpg.connect(url, timeout=PATIENCE)
        await connection.close()

    try:
        asyncio.run(connect())
    except socket.gaierror:
        return _NO_HOST
    except (OSError, TimeoutError) as error:
        # asyncpg raises an OSError without errno if a server fails the TLS negotiation.
        return _OPTIONS if error.errno is None and not isinstance(error, TimeoutError) else _SILENT
    except asyncpg.PostgresError as error:
        return _REASONS.get(_state(error), _REASONS.get(_state(error)[:2], "it cannot be used"))
    except (asyncpg.InterfaceError, ValueError):
        return _OPTIONS
    return None


def _state(error: BaseException) -> str:
    return str(getattr(_first(error), "sqlstate", None) or "")


def _first(error: BaseException) -> BaseException:
    """Return the driver's own error, which SQLAlchemy's or our errors may wrap."""
    while not any(getattr(error, name, None) for name in ("sqlstate", "pgconn")):
        inner = getattr(error, "orig", None) or error.__cause__
        if not isinstance(inner, BaseException):
            break
        error = inner
    return error
