"""Records when tokens were last used: in the background, and seldom.

Uses that arrive during one write are written together by the next. After a start, thousands of
tokens therefore cost a few transactions.
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
# In the order of ids and without locked rows, so that workers never wait for each other.
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
    """Records uses of tokens by their keys, each key at most once per NOTED_EVERY."""

    def __init__(
        self,
        note: Callable[[Sequence[Key]], Awaitable[None]],
        *,
        clock: Clock = time.time,
        size: int = 10_000,
    ) -> None:
        """Set the function that writes uses, and for how many keys to cache the last write."""
        self._note = note
        self._clock = clock
        self._size = size
        self._noted: OrderedDict[Key, float] = OrderedDict()
        self._due: list[Key] = []
        self._noting: asyncio.Task[None] | None = None

    def tell(self, key: Key) -> None:
        """Queue the use of a token to be recorded in the background."""
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
        """Wait until the queued uses are recorded."""
        if self._noting is not None:
            await self._noting

    async def _note_due(self) -> None:
        while self._due:
            due, self._due = self._due, []
            try:
                await self._note(due)
            except Exception as error:  # noqa: BLE001 - no caller awaits the task
                _LOG.warning("the use of tokens was not noted: %s", type(error).__name__)
                for key in due:
                    self._noted.pop(key, None)
        self._noting = None


def note(connection: Issuing, now: datetime, table: Table, ids: Sequence[Key]) -> None:
    """Write the time of last use of tokens, except of those recorded within NOTED_EVERY."""
    statement = _USED.format(table=table, key=_KEYS[table])
    connection.execute(statement.encode(), {"ids": list(ids), "now": now, "every": NOTED_EVERY})
