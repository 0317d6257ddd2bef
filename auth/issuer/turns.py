"""A fair concurrency limit: waiting client addresses take turns, round robin.

So an address with a hundred waiting requests delays the first request of another by one turn.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import perf_counter

from db.pool import Usage
from db.unavailable import BusyError


class Turns:
    """A limit on running tasks, on waiting tasks, and on waiting tasks per address."""

    def __init__(self, at_once: int, *, waiting: int, each: int) -> None:
        """Set the limits."""
        self._free = self._size = at_once
        self._most, self._each = waiting, each
        self._waiting = self._waits = 0
        self._seconds_waited = 0.0
        self._queues: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    def usage(self) -> Usage:
        """Return the usage of the limit."""
        in_use = self._size - self._free
        return Usage(self._size, in_use, self._waiting, self._waits, self._seconds_waited)

    @asynccontextmanager
    async def turn(self, address: str) -> AsyncIterator[None]:
        """Wait for a turn and keep it. Raises BusyError where too many tasks wait."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(address)
        try:
            yield
        finally:
            self._pass_on()

    async def _wait(self, address: str) -> None:
        queue = self._queues.get(address, ())
        if self._waiting >= self._most or len(queue) >= self._each:
            raise BusyError
        mine = asyncio.get_running_loop().create_future()
        self._queues.setdefault(address, deque()).append(mine)
        self._waiting += 1
        started = perf_counter()
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self._pass_on()  # the task was cancelled after it got its turn
            raise
        finally:
            self._waits += 1
            self._seconds_waited += perf_counter() - started

    def _pass_on(self) -> None:
        """Give the turn to the first task of the next address."""
        while self._queues:
            address, queue = self._queues.popitem(last=False)
            mine = queue.popleft()
            self._waiting -= 1
            if queue:
                self._queues[address] = queue
            if not mine.done():
                mine.set_result(None)
                return
        self._free += 1
