"""Outages of the database: which errors mean one, and a log that does not repeat them.

All code for every driver uses `is_outage`, so that no way in which PostgreSQL goes down is
reported as a fault of the code.
"""

import logging
import time

import asyncpg
import psycopg
from sqlalchemy.exc import DBAPIError

from db.counters import OUTAGE_ERRORS
from db.unavailable import UnavailableError

LOG_EVERY = 20.0
"""Seconds between two log lines of one process about outages."""

_LOG = logging.getLogger("sangkien.database")
# SQLSTATE classes, the same in both drivers: lost or refused connections (08), wrong credentials
# (28), insufficient resources such as disk, memory or connections (53), the server stops, starts
# or terminates a session (57), system errors such as a failing disk (58).
_CLASSES = ("08", "28", "53", "57", "58")
_STATES = {
    "25006",  # read_only_sql_transaction: after a failover the server is a standby
    "25P03",  # idle_in_transaction_session_timeout
    "25P04",  # transaction_timeout
    "3D000",  # invalid_catalog_name: the database is being replaced
    "40003",  # statement_completion_unknown
}
_LONGEST = 20  # errors followed along a chain of causes
_CANCELED = "57014"  # a statement timed out: the database is available
# Drivers' errors without a SQLSTATE: of connections, and of interrupted responses.
_LOST = (
    OSError,  # ssl.SSLError and TimeoutError are among them
    TimeoutError,
    EOFError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    psycopg.OperationalError,  # PoolTimeout, PoolClosed and TooManyRequests of psycopg_pool as well
    psycopg.InterfaceError,
)


def is_outage(error: BaseException) -> bool:
    """Return whether an error means an unavailable database, rather than a fault of the code."""
    if isinstance(error, UnavailableError):
        return True
    if isinstance(error, DBAPIError):
        return error.orig is not None and is_outage(error.orig)
    state = getattr(error, "sqlstate", None)
    if state is not None:
        return state != _CANCELED and (state in _STATES or state.startswith(_CLASSES))
    # asyncpg raises wrong arguments as InterfaceError too, but also as ValueError.
    return isinstance(error, _LOST) and not isinstance(error, ValueError)


def cause(error: BaseException) -> str:
    """Return the first error of a chain in one line: its kind, and the driver's message."""
    for _ in range(_LONGEST):
        before = error.__cause__ or error.__context__
        if isinstance(before, Exception):  # not a CancelledError, which timeouts are built on
            error = before
    state = getattr(error, "sqlstate", None)
    kind = f"{type(error).__name__} {state}" if state else type(error).__name__
    said = str(error).strip().splitlines()
    return f"{kind}: {said[0]}" if said else kind


class OutageLog:
    """Logs the first error of an outage at once, and later how many more there were."""

    def __init__(self) -> None:
        self._next = float("-inf")
        self._unsaid = 0

    def note(self, error: BaseException, what: str) -> None:
        """Log that `what`, such as a request, failed because of an outage; or only count it."""
        OUTAGE_ERRORS.inc()
        now = time.monotonic()
        if now < self._next:
            self._unsaid += 1
            return
        more = f" ({self._unsaid} more since the last such line)" if self._unsaid else ""
        self._next, self._unsaid = now + LOG_EVERY, 0
        _LOG.warning("the database is not available: %s: %s%s", what, cause(error), more)


OUTAGES = OutageLog()
"""The log of this process."""
