"""Reads that many ask for at once, carried out once; and work that goes on whoever leaves."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
_AT_ONCE = 4  # so that live updates leave room for whoever asks by themselves
_UNDER_WAY: set["asyncio.Task[Any]"] = set()  # the loop alone would not keep them


class SharedReads:
    """Reads, a few at a time; one that has not begun yet serves everyone who asks for it.

    Nobody is served by one that has begun: it may not see what the other was told of.
    """

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._waiting: dict[Hashable, asyncio.Task[bytes]] = {}

    async def read(self, key: Hashable, read: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return what a read gives; `key` names all that it depends on.

        Whoever is cancelled leaves the read to end by itself, and its connection whole.
        """
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = _started(self._begin(key, read))
        return await asyncio.shield(waiting)

    async def _begin(self, key: Hashable, read: Callable[[], Awaitable[bytes]]) -> bytes:
        try:
            await self._room.acquire()
        finally:
            del self._waiting[key]
        try:
            return await read()
        finally:
            self._room.release()


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Return what work gives; whoever is cancelled meanwhile leaves it to end by itself."""
    return await asyncio.shield(_started(work))


def _started(work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
    task = asyncio.create_task(work)
    _UNDER_WAY.add(task)
    task.add_done_callback(_ended)
    return task


def _ended(task: "asyncio.Task[Any]") -> None:
    """Take note of an error that nobody may be left to hear of."""
    _UNDER_WAY.discard(task)
    if not task.cancelled():
        task.exception()
