"""Notify other processes of writes, by PostgreSQL's NOTIFY and LISTEN.

A notification has no payload: a listener reads again what it watches. A transaction with a NOTIFY
takes a lock that all such transactions of the server share until it commits, so no writing
transaction sends one; a process sends it afterwards, one for all its writes of a tenth of a second.
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
LISTENER = "sangkien-listener"  # application_name of the connection, in pg_stat_activity
_PAUSE = 0.1  # seconds between two notifications of one process
_LAST = 1.0  # timeout of the last notification, in seconds
_SOONEST, _LATEST = 0.2, 5.0  # shortest and longest delay before a reconnect, in seconds
_HEARTBEAT = 30.0  # seconds without a notification after which the connection is checked
_UNREACHABLE = (
    *(OSError, TimeoutError, BusyError, asyncpg.PostgresError),
    *(asyncpg.InterfaceError, asyncpg.InternalClientError),
)


class Announcer:
    """Notifies the other processes that this process has written."""

    def __init__(self, pool: Pool) -> None:
        """Use this pool's connections to notify."""
        self._pool = pool
        self._due = False
        self._telling: asyncio.Task[None] | None = None

    def tell(self) -> None:
        """Schedule a notification of a commit, without waiting for it."""
        self._due = True
        if self._telling is None:
            # Count against the server's own share of connections, not the writing request's.
            self._telling = asyncio.create_task(self._tell(), context=Context())

    async def close(self) -> None:
        """Stop, and send a pending notification first: a command may exit right after a write."""
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
            # Watchers also poll every few seconds.
            OUTAGES.note(error, "a write was not announced")
        finally:
            self._telling = None

    async def _notify(self) -> None:
        async with self._pool.link(5) as link:
            self._due = False
            await link.connection.execute(f"notify {CHANNEL}", timeout=5)


class Listener:
    """Receives notifications by a connection of its own, and reconnects when it is lost."""

    def __init__(self, url: str | None) -> None:
        """Connect to the primary server by this URL: a standby does not support LISTEN.

        None where the only way is a pooler in transaction mode, which does not support it either.
        """
        self._url = url

    async def listen(self, heard: Callable[[], None]) -> None:
        """Call `heard` once connected and at each notification, until cancelled."""
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
            heard()  # there may have been writes before the connection
            while not lost.is_set():
                try:
                    async with asyncio.timeout(_HEARTBEAT):
                        await lost.wait()
                except TimeoutError:
                    await connection.execute("select", timeout=5)
        finally:
            connection.terminate()
