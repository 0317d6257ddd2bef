"""That tokens are used: noted beside the requests, which do not wait for it, and seldom.

What comes while one note is under way is noted together by the next, so that thousands of tokens
after a start are a few transactions.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from auth.tokens import Clock
from db.issuing import Issuing

NOTED_EVERY = timedelta(minutes=10)
_KEYS = {"access_token": "bigint", "token_family": "uuid"}
# In the order of ids, and without what others hold, so that no two workers wait for one another.
_USED = """
    update {table} set last_used_at = %(now)s where id in (
        select id from {table}
        where id = any (%(ids)s::{key}[])
            and (last_used_at is null or last_used_at <= %(now)s - %(every)s)
        order by id for no key update skip locked)
"""
_LOG = logging.getLogger("sangkien.identity")

Key = int | str
Table = Literal["access_token", "token_family"]


class Uses:
    """Notes uses of tokens by their keys, of each at most every ten minutes."""

    def __init__(
        self,
        note: Callable[[Sequence[Key]], Awaitable[None]],
        *,
        clock: Clock = time.time,
        size: int = 10_000,
    ) -> None:
        """Take what writes some down, and of how many to remember when that was."""
        self._note = note
        self._clock = clock
        self._size = size
        self._noted: OrderedDict[Key, float] = OrderedDict()
        self._due: list[Key] = []
        self._noting: asyncio.Task[None] | None = None

    def tell(self, key: Key) -> None:
        """Say that a token is used; it is noted by and by."""
        now = self._clock()
        if now - self._noted.get(key, float("-inf")) < NOTED_EVERY.total_seconds():
            return
        self._noted[key] = now
        self._noted.move_to_end(key)
        if len(self._noted) > self._size:
            self._noted.popitem(last=False)
        self._due.append(key)
        if self._noting is None:
            self._noting = asyncio.create_task(self._note_due())

    async def close(self) -> None:
        """Wait until what was used is noted."""
        if self._noting is not None:
            await self._noting

    async def _note_due(self) -> None:
        while self._due:
            due, self._due = self._due, []
            try:
                await self._note(due)
            except Exception as error:  # noqa: BLE001 - nobody waits for it who could be told
                _LOG.warning("the use of tokens was not noted: %s", type(error).__name__)
                for key in due:
                    self._noted.pop(key, None)
        self._noting = None


def note(connection: Issuing, now: datetime, table: Table, ids: Sequence[Key]) -> None:
    """Write down that tokens are used, but for those of which that was done shortly before."""
    statement = _USED.format(table=table, key=_KEYS[table])
    connection.execute(statement.encode(), {"ids": list(ids), "now": now, "every": NOTED_EVERY})
