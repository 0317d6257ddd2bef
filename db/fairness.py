"""Fair shares of a connection pool: how many connections each caller may have, and who is next.

A caller gets a further connection while it has fewer than are free, and all callers of one address
together while they have fewer than twice as many as are free. So one caller has at most about half
of a pool, the next one half of the rest, and a caller without any gets the next free one. Waiting
callers take turns; requests of one caller wait in order.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from db.unavailable import BusyError, LeftError

MOST_WAITING = 128  # requests of one caller that may wait for a connection
_OF_AN_ADDRESS = 2  # the share of an address, as a multiple of the free connections


@dataclass(slots=True)
class Claim:
    """The caller and the address that a connection is for.

    `gone` returns once the client no longer waits for the response; it is None where the request
    continues without the client, as after a change has begun.
    """

    caller: str
    address: str
    gone: Callable[[], Awaitable[object]] | None = None


_SERVER = Claim("the server", "here")
CLAIM: ContextVar[Claim] = ContextVar("claim", default=_SERVER)
"""The claim of the current request: its look-ups, command and payload each need a connection."""


class FairQueue:
    """Assigns a number of places by fair shares."""

    def __init__(self, size: int, *, shared: bool = True) -> None:
        """Set the number of places; without `shared`, callers take turns without a limit."""
        self._free = size
        self._shared = shared
        self._callers: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[tuple[Claim, asyncio.Future[None]]]] = OrderedDict()
        self.waits = 0
        self.seconds_waited = 0.0

    @property
    def free(self) -> int:
        """Return the number of free places."""
        return self._free

    @property
    def waiting(self) -> int:
        """Return the number of requests that wait for a place."""
        return sum(map(len, self._waiting.values()))

    async def enter(self, claim: Claim, seconds: float) -> None:
        """Wait for a place. Raises BusyError, and LeftError if the client disconnects."""
        if self._may(claim):
            self._take(claim)
            return
        turn = asyncio.get_running_loop().create_future()
        queue = self._waiting.setdefault(claim.caller, deque())
        if len(queue) >= MOST_WAITING:
            raise BusyError("too many requests of the caller wait for a connection")
        queue.append((claim, turn))
        started = perf_counter()
        try:
            left = await _wait(turn, claim, seconds)
        except asyncio.CancelledError:
            self._give_up(claim, turn)
            raise
        finally:
            self.waits += 1
            self.seconds_waited += perf_counter() - started
        if left or not turn.done():
            self._give_up(claim, turn)
            raise LeftError if left else BusyError("no connection became free in time")

    def leave(self, claim: Claim) -> None:
        """Free a place, and admit waiting requests."""
        self._free += 1
        for counter, key in ((self._callers, claim.caller), (self._addresses, claim.address)):
            counter[key] -= 1
            if not counter[key]:
                del counter[key]
        while self._free and self._admit():
            pass

    def _may(self, claim: Claim) -> bool:
        if not self._shared:
            return self._free > 0
        return (
            self._callers[claim.caller] < self._free
            and self._addresses[claim.address] < _OF_AN_ADDRESS * self._free
        )

    def _take(self, claim: Claim) -> None:
        self._free -= 1
        self._callers[claim.caller] += 1
        self._addresses[claim.address] += 1

    def _admit(self) -> bool:
        """Admit the first request allowed to enter; its caller then is last in turn."""
        for caller, queue in self._waiting.items():
            claim, turn = queue[0]
            if self._may(claim):
                queue.popleft()
                self._take(claim)
                turn.set_result(None)
                if queue:
                    self._waiting.move_to_end(caller)
                else:
                    del self._waiting[caller]
                return True
        return False

    def _give_up(self, claim: Claim, turn: "asyncio.Future[None]") -> None:
        if turn.done():
            self.leave(claim)
            return
        queue = self._waiting[claim.caller]
        queue.remove((claim, turn))
        if not queue:
            del self._waiting[claim.caller]


async def _wait(turn: "asyncio.Future[None]", claim: Claim, seconds: float) -> bool:
    """Wait for a turn, with a timeout. Returns whether the client has disconnected."""
    waited: set[asyncio.Future[Any]] = {turn}
    gone = None
    if claim.gone is not None:
        gone = asyncio.ensure_future(claim.gone())
        waited.add(gone)
    try:
        await asyncio.wait(waited, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return gone is not None and gone.done()
    finally:
        if gone is not None:
            gone.cancel()
