"""The issuer's transactions, which run in threads, and the sweep of expired rows."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from auth.issuer import trail
from auth.issuer.turns import Turns
from auth.tokens import Clock
from db.issuing import Issuing, IssuingSessions
from db.outages import OUTAGES
from db.pool import Usage
from db.sessions import TooSlowError
from db.transactions import Attempt
from db.unavailable import UnavailableError

_AT_ONCE = 8  # concurrent transactions
_WAITING, _WAITING_EACH = 400, 64
_LONGEST = 35.0  # seconds
_SWEEP_EVERY, _SWEEP_ROWS = 60.0, 5_000  # seconds; rows per table
_SWEEPING = Attempt("sweep")

_LOG = logging.getLogger("sangkien.identity")

Given = ParamSpec("Given")
Result = TypeVar("Result")
Work = Callable[Concatenate[Issuing, datetime, Given], Result]
"""A function that runs in one transaction, with a fixed current time."""


class Transactions:
    """Runs work in transactions."""

    def __init__(self, writer_url: str, clock: Clock, *, pooler: bool = False) -> None:
        """Set the database URL of the writer role and the clock."""
        self._sessions = IssuingSessions(writer_url, size=_AT_ONCE, pooler=pooler)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="issuer")
        self._turns = Turns(_AT_ONCE, waiting=_WAITING, each=_WAITING_EACH)
        self._clock = clock
        self._swept_at = float("-inf")

    def open(self) -> None:
        """Open the pool; the database may still be down."""
        self._sessions.open()

    def close(self) -> None:
        """Close all connections, and stop the threads."""
        self._threads.shutdown()
        self._sessions.close()

    def usage(self) -> dict[str, Usage]:
        """Return the usage of the pool, by its name; each turn uses one connection."""
        return {"sign-in": self._turns.usage()}

    async def run(
        self, attempt: Attempt, work: Work[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Result:
        """Run work in one transaction, which commits unless the work raises an error.

        Raises BusyError, UnavailableError, and the errors of the work.
        """
        loop = asyncio.get_running_loop()
        async with self._turns.turn(attempt.address or ""):
            try:
                # The server cancels slow statements; this timeout is for a server that does not
                # respond.
                async with asyncio.timeout(_LONGEST):
                    result = await loop.run_in_executor(
                        self._threads, partial(self._transact, attempt, work, *args, **kwargs)
                    )
            except TimeoutError as error:
                raise UnavailableError("the database does not answer") from error
        if self._clock() - self._swept_at > _SWEEP_EVERY:
            self._swept_at = self._clock()
            loop.run_in_executor(self._threads, self.sweep)
        return result

    def sweep(self) -> None:
        """Delete a batch of expired rows; after a failure the next sweep tries again."""
        try:
            self._transact(_SWEEPING, _sweep)
        except UnavailableError as error:
            OUTAGES.note(error, "expired rows were not deleted")
        except TooSlowError:
            _LOG.warning("expired rows were not deleted: it took too long")

    def _transact(
        self, attempt: Attempt, work: Work[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Result:
        with self._sessions.begin(attempt) as connection:
            return work(connection, datetime.fromtimestamp(self._clock(), UTC), *args, **kwargs)


def _sweep(connection: Issuing, now: datetime) -> None:
    trail.sweep(connection, now, _SWEEP_ROWS)
    connection.execute("select identity_sweep(%s, %s)", (now, _SWEEP_ROWS))
    connection.execute(
        "delete from link_code where code_hash in ("
        "select code_hash from link_code where expires_at < %s limit %s)",
        (now, _SWEEP_ROWS),
    )
