"""Reads shared by several subscribers, and work that continues when its waiter is cancelled."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from db.fairness import CLAIM
from db.unavailable import LeftError

T = TypeVar("T")
_AT_ONCE = 4  # live updates leave connections free for queries
_UNDER_WAY: set["asyncio.Task[Any]"] = set()  # the event loop keeps only weak references to tasks


class SharedReads:
    """Runs reads, a few at a time; all callers of a read that has not begun share it.

    Nobody joins a read that has begun: it may not see the change that the new caller was notified
    of.
    """

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._waiting: dict[Hashable, _Shared] = {}

    async def read(self, key: Hashable, read: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return the result of a read; `key` identifies everything that it depends on.

        A cancelled caller leaves a running read to complete, so its connection stays usable. A read
        that does not have a connection yet is dropped when all its callers are cancelled.
        """
        shared = self._waiting.get(key)
        if shared is None:
            shared = self._waiting[key] = _Shared()
            shared.task = _started(self._begin(key, shared, read))
        assert shared.task is not None
        shared.readers += 1
        try:
            return await asyncio.shield(shared.task)
        finally:
            shared.readers -= 1
            if not shared.readers:
                shared.dropped.set()
                self._close(key, shared)

    async def _begin(
        self, key: Hashable, shared: "_Shared", read: Callable[[], Awaitable[bytes]]
    ) -> bytes:
        CLAIM.set(replace(CLAIM.get(), gone=shared.dropped.wait))
        async with self._room:
            if shared.dropped.is_set():
                raise LeftError
            self._close(key, shared)
            return await read()

    def _close(self, key: Hashable, shared: "_Shared") -> None:
        """Let no more callers join a read."""
        if self._waiting.get(key) is shared:
            del self._waiting[key]


@dataclass
class _Shared:
    """A read, the number of its callers, and an event set when there are none left."""

    task: "asyncio.Task[bytes] | None" = None
    readers: int = 0
    dropped: asyncio.Event = field(default_factory=asyncio.Event)


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Return the result of work; if the caller is cancelled, the work still completes."""
    return await asyncio.shield(_started(work))


def _started(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    task = asyncio.create_task(work)
    _UNDER_WAY.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: "asyncio.Task[Any]") -> None:
    """Retrieve the error of a task, in case no caller is left to receive it."""
    _UNDER_WAY.discard(task)
    if not task.cancelled():
        task.exception()
