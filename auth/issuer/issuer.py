"""The issuer as the API holds it: its transactions, run on threads of their own."""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Concatenate, ParamSpec, TypeVar

from auth.issuer import sessions
from auth.issuer.passwords import BusyError, Passwords
from auth.issuer.server import Server, Terms
from auth.issuer.sessions import Session
from auth.tokens import Clock
from db.issuing import Issuing, IssuingSessions
from db.sessions import TooSlowError, UnavailableError

_AT_ONCE = 8  # transactions
_WAITING = 100
_SWEEP_EVERY, _SWEEP_ROWS = 60.0, 1_000  # seconds; rows of each table

_LOG = logging.getLogger("sangkien.identity")

Given = ParamSpec("Given")
Result = TypeVar("Result")
Work = Callable[Concatenate[Issuing, datetime, Given], Result]
"""What runs in one transaction, at one moment."""


class Issuer:
    """Signs people in, and gives applications their tokens."""

    def __init__(self, terms: Terms, writer_url: str, clock: Clock = time.time) -> None:
        """Take what the issuer says of itself, and the URL of the writer role."""
        self.terms = terms
        self.passwords = Passwords()
        self._sessions = IssuingSessions(writer_url, size=_AT_ONCE)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="issuer")
        self._waiting = 0
        self._clock = clock
        self._swept_at = float("-inf")

    def open(self) -> None:
        """Open the pool; the database may still be down."""
        self._sessions.open()

    def close(self) -> None:
        """Close every connection, and end the threads."""
        self._threads.shutdown()
        self._sessions.close()
        self.passwords.close()

    async def run(
        self, work: Work[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Result:
        """Run work in one transaction, which commits unless an error leaves it.

        Raises BusyError, UnavailableError, and what the work does.
        """
        if self._waiting >= _WAITING:
            raise BusyError
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(
                self._threads, partial(self._transact, work, *args, **kwargs)
            )
        finally:
            self._waiting -= 1
        if self._clock() - self._swept_at > _SWEEP_EVERY:
            self._swept_at = self._clock()
            loop.run_in_executor(self._threads, self._sweep)
        return result

    async def serve(
        self,
        work: Callable[Concatenate[Server, Given], Result],
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Result:
        """Run work with the authorization server in one transaction; otherwise like `run`."""

        def served(connection: Issuing, now: datetime) -> Result:
            return work(Server(connection, self.terms, now), *args, **kwargs)

        return await self.run(served)

    async def session(self, cookie: str | None, *, uses: bool = True) -> Session | None:
        """Return the session of a cookie, complete or not; None where there is none.

        It stays alive by being used; to look after it (not `uses`) does not count.
        """
        return await self.run(_session, cookie, uses=uses) if cookie else None

    def _transact(
        self, work: Work[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Result:
        with self._sessions.begin() as connection:
            return work(connection, datetime.fromtimestamp(self._clock(), UTC), *args, **kwargs)

    def _sweep(self) -> None:
        try:
            self._transact(_sweep)
        except (UnavailableError, TooSlowError) as error:
            _LOG.warning("expired rows were not deleted: %s", error)


def _session(connection: Issuing, now: datetime, cookie: str, *, uses: bool) -> Session | None:
    return sessions.find(connection, cookie, now, uses=uses)


def _sweep(connection: Issuing, now: datetime) -> None:
    connection.execute("select identity_sweep(%s, %s)", (now, _SWEEP_ROWS))
    connection.execute(
        "delete from link_code where code_hash in ("
        "select code_hash from link_code where expires_at < %s limit %s)",
        (now, _SWEEP_ROWS),
    )
