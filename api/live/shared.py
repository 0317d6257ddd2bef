"""Reads that many ask for at once, carried out once; and work that goes on whoever leaves."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Hashable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from db.fairness import CLAIM
from db.unavailable import LeftError

T = TypeVar("T")
_AT_ONCE = 4  # so that live updates leave room for whoever asks by themselves
_UNDER_WAY: set["asyncio.Task[Any]"] = set()  # the loop alone would not keep them


class SharedReads:
    """Reads, a few at a time; one that has not begun yet serves everyone who asks for it.

    Nobody is served by one that has begun: it may not see what the other was told of.
    """

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._waiting: dict[Hashable, _Shared] = {}

    async def read(self, key: Hashable, read: Callable[[], Awaitable[bytes]]) -> bytes:
        """Return what a read gives; `key` names all that it depends on.

        Whoever is cancelled leaves the read to end by itself, and its connection whole; where all
        are before it has a connection, it is dropped.
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
        """Let nobody else join a read."""
        if self._waiting.get(key) is shared:
            del self._waiting[key]


@dataclass
class _Shared:
    """A read, how many wait for it, and whether that has come to be none."""

    task: "asyncio.Task[bytes] | None" = None
    readers: int = 0
    dropped: asyncio.Event = field(default_factory=asyncio.Event)


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
