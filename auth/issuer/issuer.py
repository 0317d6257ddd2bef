"""The built-in issuer: its settings, its passwords and its transactions."""

import asyncio
import logging
import time
from collections.abc import Callable
from copy import copy
from datetime import datetime
from typing import Concatenate

from auth.issuer import sessions
from auth.issuer.passwords import Passwords
from auth.issuer.server import Server, Terms
from auth.issuer.sessions import Session
from auth.issuer.transactions import Given, Result, Transactions, Work
from auth.tokens import Clock
from db.issuing import Issuing
from db.pool import Usage
from db.transactions import Attempt

_LOG = logging.getLogger("sangkien.identity")


class Issuer:
    """Runs sign-in and authorization work in the issuer's own transactions."""

    def __init__(
        self, terms: Terms, writer_url: str, clock: Clock = time.time, *, pooler: bool = False
    ) -> None:
        """Set the issuer's terms and the database URL of the writer role."""
        self.terms = terms
        self.passwords = Passwords()
        self.clock = clock
        self._transactions = Transactions(writer_url, clock, pooler=pooler)
        self._attempt = Attempt("issuer")
        self._later: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        """Open the pool; the database may still be down."""
        self._transactions.open()

    def close(self) -> None:
        """Close all connections, and stop the threads."""
        self._transactions.close()
        self.passwords.close()

    def usage(self) -> dict[str, Usage]:
        """Return the usage of the issuer's pool, by its name."""
        return self._transactions.usage()

    def asked(self, action: str, address: str | None) -> "Issuer":
        """Return a copy of this issuer for one request.

        Audit events of the request's changes carry its action and client address.
        """
        asked = copy(self)
        asked._attempt = Attempt(action, address)  # noqa: SLF001 - the copy has the same class
        return asked

    @property
    def address(self) -> str:
        """The client address of the request; empty where it is unknown."""
        return self._attempt.address or ""

    async def run(
        self, work: Work[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Result:
        """Run work in one transaction, which commits unless the work raises an error.

        Raises BusyError, UnavailableError, and the errors of the work.
        """
        return await self._transactions.run(self._attempt, work, *args, **kwargs)

    def run_later(
        self, work: Work[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> None:
        """Run work in the background; the response does not wait for it."""
        task = asyncio.create_task(self._run_quietly(work, *args, **kwargs))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def settle(self) -> None:
        """Wait for all background work."""
        await asyncio.gather(*self._later)

    async def _run_quietly(
        self, work: Work[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> None:
        try:
            await self.run(work, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - no caller awaits the task
            _LOG.warning("what is done beside requests was not: %s", type(error).__name__)

    async def serve(
        self,
        work: Callable[Concatenate[Server, Given], Result],
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Result:
        """Run work with the authorization server in one transaction, with the errors of `run`."""

        def served(connection: Issuing, now: datetime) -> Result:
            return work(Server(connection, self.terms, now), *args, **kwargs)

        return await self.run(served)

    async def session(self, cookie: str | None, *, uses: bool = True) -> Session | None:
        """Return the session of a cookie, complete or not; None where there is none.

        Each request extends the session, except one that only checks it (`uses` is False).
        """
        return await self.run(_session, cookie, uses=uses) if cookie else None


def _session(connection: Issuing, now: datetime, cookie: str, *, uses: bool) -> Session | None:
    return sessions.find(connection, cookie, now, uses=uses)
