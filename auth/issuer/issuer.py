"""The issuer as the API holds it, and as each request asks it."""

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
    """Signs people in, and gives applications their tokens."""

    def __init__(
        self, terms: Terms, writer_url: str, clock: Clock = time.time, *, pooler: bool = False
    ) -> None:
        """Take what the issuer says of itself, and the URL of the writer role."""
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
        """Close every connection, and end the threads."""
        self._transactions.close()
        self.passwords.close()

    def usage(self) -> dict[str, Usage]:
        """Return how far the pool of the issuer is used, by its name."""
        return self._transactions.usage()

    def asked(self, action: str, address: str | None) -> "Issuer":
        """Return this issuer as a request asks it.

        The audit log tells of its changes what was asked for, and from where.
        """
        asked = copy(self)
        asked._attempt = Attempt(action, address)  # noqa: SLF001 - its own, of the same class
        return asked

    @property
    def address(self) -> str:
        """From where a request asks; empty where that is unknown."""
        return self._attempt.address or ""

    async def run(
        self, work: Work[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> Result:
        """Run work in one transaction, which commits unless an error leaves it.

        Raises BusyError, UnavailableError, and what the work does.
        """
        return await self._transactions.run(self._attempt, work, *args, **kwargs)

    def run_later(
        self, work: Work[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> None:
        """Run work beside the request, whose answer does not wait for it."""
        task = asyncio.create_task(self._run_quietly(work, *args, **kwargs))
        self._later.add(task)
        task.add_done_callback(self._later.discard)

    async def settle(self) -> None:
        """Wait for all that runs beside requests."""
        await asyncio.gather(*self._later)

    async def _run_quietly(
        self, work: Work[Given, Result], *args: Given.args, **kwargs: Given.kwargs
    ) -> None:
        try:
            await self.run(work, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - nobody waits for it who could be told
            _LOG.warning("what is done beside requests was not: %s", type(error).__name__)

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


def _session(connection: Issuing, now: datetime, cookie: str, *, uses: bool) -> Session | None:
    return sessions.find(connection, cookie, now, uses=uses)
