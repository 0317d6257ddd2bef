"""Limit the transactions of this process that write at one unit, and at a locked unit even more.

The database serialises writers of one unit in any case, by its counter of numbers. Here they wait
without a connection, so that an import, which locks the counter until its end, does not use up the
connections for other units.
"""

import asyncio
from collections import Counter, deque

from db.unavailable import LockedError

MOST_WAITING, MOST_AT_A_LOCK = 128, 4  # transactions that may wait for a unit; for a locked one
PATIENCE = 3.0  # seconds that each of them waits at most
_LOCKED = 5.0  # seconds for which a unit counts as locked after a lock timeout


class CrowdedUnitError(Exception):
    """The transaction must be retried once others have left the unit."""

    def __init__(self, unit_id: int) -> None:
        super().__init__(unit_id)
        self.unit_id = unit_id


class UnitGate:
    """Counts the transactions at units."""

    def __init__(self, most: int) -> None:
        """Set the maximum number of transactions at one unit; at a locked unit it is 1."""
        self._most = most
        self._inside: Counter[int] = Counter()
        self._locked: dict[int, float] = {}
        self._waiting: dict[int, deque[asyncio.Future[None]]] = {}

    def enter(self, unit_id: int) -> None:
        """Count a transaction at a unit until it leaves. Raises CrowdedUnitError."""
        if not self._has_room(unit_id):
            raise CrowdedUnitError(unit_id)
        self._inside[unit_id] += 1

    def leave(self, unit_id: int, *, locked: bool) -> None:
        """Remove a transaction that has ended; `locked`: it ended with a lock timeout."""
        self._inside[unit_id] -= 1
        if not self._inside[unit_id]:
            del self._inside[unit_id]
        if locked:
            self._locked[unit_id] = asyncio.get_running_loop().time() + _LOCKED
        else:
            self._locked.pop(unit_id, None)
        self._admit(unit_id)

    async def wait(self, unit_id: int, until: float) -> None:
        """Wait until there may be room, at the latest `until`, by the loop's clock.

        Raises LockedError if there is none by then, or if too many wait already.
        """
        if self._has_room(unit_id):
            return
        queue = self._waiting.setdefault(unit_id, deque())
        if len(queue) >= (MOST_AT_A_LOCK if self._is_locked(unit_id) else MOST_WAITING):
            raise LockedError("too many transactions wait for the unit")
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout_at(until):
                await turn
        except TimeoutError:
            raise LockedError("the unit did not become free in time") from None
        finally:
            if turn in queue:
                queue.remove(turn)
            if not queue and self._waiting.get(unit_id) is queue:
                del self._waiting[unit_id]

    def _has_room(self, unit_id: int) -> bool:
        return self._inside[unit_id] < (1 if self._is_locked(unit_id) else self._most)

    def _is_locked(self, unit_id: int) -> bool:
        until = self._locked.get(unit_id)
        if until is None:
            return False
        if asyncio.get_running_loop().time() >= until:
            del self._locked[unit_id]
            return False
        return True

    def _admit(self, unit_id: int) -> None:
        queue = self._waiting.get(unit_id)
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
