"""Transactions of the issuer: as the writer role, with access to the tables of identity.

They are synchronous, as Authlib is, and run on threads of the issuer.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

from db.outages import OUTAGES, cause, is_outage
from db.sessions import TooSlowError
from db.transactions import Attempt
from db.unavailable import UnavailableError

_BEGIN = """
    select set_config('sangkien.issuing', 'on', true), set_config('sangkien.action', %s, true),
        set_config('sangkien.address', %s, true)
"""

Issuing = psycopg.Connection[dict[str, Any]]
"""A connection within a transaction of the issuer; rows are dictionaries."""


class _Failures(logging.Filter):
    """Counts the pool's messages on failed connections, and keeps them out of the log."""

    def filter(self, record: logging.LogRecord) -> bool:
        given = record.args if isinstance(record.args, tuple) else ()
        errors = [one for one in given if isinstance(one, BaseException)]
        if errors:
            OUTAGES.note(errors[0], "the issuer has no connection")
        return not errors


_FAILURES = _Failures()


class IssuingSessions:
    """Transactions of the issuer."""

    def __init__(self, url: str, *, size: int, pooler: bool = False) -> None:
        """Set the URL of the writer role and the maximum number of connections.

        With a `pooler` in transaction mode in between, no statement is prepared.
        """
        logging.getLogger("psycopg.pool").addFilter(_FAILURES)
        self._pool = ConnectionPool(
            url,
            connection_class=psycopg.Connection[dict[str, Any]],
            kwargs={
                "row_factory": dict_row,
                "connect_timeout": 5,
                "prepare_threshold": None if pooler else 5,
            },
            min_size=0,
            max_size=size,
            timeout=3,
            max_waiting=100,
            check=ConnectionPool.check_connection,
            open=False,
        )

    def open(self) -> None:
        """Open the pool; it connects on demand, so the database may still be down."""
        self._pool.open()

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    @contextmanager
    def begin(self, attempt: Attempt) -> Iterator[Issuing]:
        """Open a transaction; it commits at the end, or rolls back on any error.

        The audit log records its changes with the attempt's action and address.

        Raises UnavailableError, TooSlowError.
        """
        try:
            with self._pool.connection() as connection:
                connection.execute(_BEGIN, [attempt.action, attempt.address or ""])
                yield connection
        except psycopg.errors.QueryCanceled as error:
            raise TooSlowError from error
        except psycopg.OperationalError as error:
            raise UnavailableError(cause(error)) from error
        except Exception as error:
            if not is_outage(error):
                raise
            raise UnavailableError(cause(error)) from error
