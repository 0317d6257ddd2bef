"""Announcements between processes that something was written: PostgreSQL's NOTIFY and LISTEN.

They carry nothing: who hears one looks for itself. A transaction that notifies takes a lock that
all such transactions of the server share until it has committed, so no writing transaction does
it; a process tells afterwards, once for all that it wrote in a tenth of a second.
"""

import asyncio
import contextlib
from collections.abc import Callable
from contextvars import Context

import asyncpg

from db.outages import OUTAGES
from db.pool import Pool
from db.unavailable import BusyError

CHANNEL = "sangkien_written"
LISTENER = "sangkien-listener"  # as pg_stat_activity calls the connection
_PAUSE = 0.1  # seconds between two announcements of one process
_LAST = 1.0  # seconds that the last one may take
_SOONEST, _LATEST = 0.2, 5.0  # seconds before a lost connection is opened again
_HEARTBEAT = 30.0  # seconds after which a silent connection must show that it is alive
_UNREACHABLE = (
    *(OSError, TimeoutError, BusyError, asyncpg.PostgresError),
    *(asyncpg.InterfaceError, asyncpg.InternalClientError),
)


class Announcer:
    """Tells the other processes that this one has written."""

    def __init__(self, pool: Pool) -> None:
        """Take the connections to tell it by."""
        self._pool = pool
        self._due = False
        self._telling: asyncio.Task[None] | None = None

    def tell(self) -> None:
        """Announce that something was committed, soon; nobody waits for it."""
        self._due = True
        if self._telling is None:
            # By the server's own share of connections, not that of the request that wrote.
            self._telling = asyncio.create_task(self._tell(), context=Context())

    async def close(self) -> None:
        """Stop telling, but for what is still due: a command may end as soon as it has written."""
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        if self._due:
            with contextlib.suppress(*_UNREACHABLE):
                async with asyncio.timeout(_LAST):
                    await self._notify()

    async def _tell(self) -> None:
        try:
            while self._due:
                await self._notify()
                await asyncio.sleep(_PAUSE)
        except _UNREACHABLE as error:
            # Whoever watches looks by itself every few seconds.
            OUTAGES.note(error, "a write was not announced")
        finally:
            self._telling = None

    async def _notify(self) -> None:
        async with self._pool.link(5) as link:
            self._due = False
            await link.connection.execute(f"notify {CHANNEL}", timeout=5)


class Listener:
    """Hears announcements by a connection of its own, opened anew whenever it is lost."""

    def __init__(self, url: str | None) -> None:
        """Take the URL of a role at the primary server: a standby does not take LISTEN.

        None where there is but a pooler in transaction mode, which does not take it either.
        """
        self._url = url

    async def listen(self, heard: Callable[[], None]) -> None:
        """Call `heard` at each announcement, and once connected, until cancelled."""
        if self._url is None:
            return
        delay = _SOONEST
        while True:
            try:
                await self._listen(self._url, heard)
                delay = _SOONEST
            except _UNREACHABLE as error:
                OUTAGES.note(error, "what other processes write is not heard")
                delay = min(2 * delay, _LATEST)
            await asyncio.sleep(delay)

    async def _listen(self, url: str, heard: Callable[[], None]) -> None:
        """Return when the connection is lost."""
        connection = await asyncpg.connect(
            url, timeout=5, server_settings={"application_name": LISTENER}
        )
        try:
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _: lost.set())
            await connection.add_listener(CHANNEL, lambda *_: heard())
            heard()  # there may have been some before
            while not lost.is_set():
                try:
                    async with asyncio.timeout(_HEARTBEAT):
                        await lost.wait()
                except TimeoutError:
                    await connection.execute("select", timeout=5)
        finally:
            connection.terminate()
