"""Connection pool with fair shares and bounded prepared statements.

PostgreSQL keeps about 70 bytes for each byte of a prepared statement's text until the statement is
closed, and uses about 850 per byte to plan it, which the process does not return (docs/adr/0017).
So a connection prepares by name only statements that were run before, up to a total length, and is
replaced after a large one.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from typing import Any, NamedTuple

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement

from db.fairness import CLAIM, FairQueue

MOST_NAMED = 320_000  # characters of all statements that one connection has prepared by name
LARGE = 32_000  # characters above which a statement is never named and its connection is replaced
_SEEN = 10_000  # statements remembered as run before
_IDLE = 300.0  # seconds after which an idle connection is closed
_LAST = 5.0  # seconds for running statements to end when the pool is closed

Init = Callable[[asyncpg.Connection], Awaitable[None]]


class Usage(NamedTuple):
    """The size of a pool, connections in use, requests waiting, and all waits so far."""

    size: int
    in_use: int
    waiting: int
    waits: int
    seconds_waited: float


class Seen:
    """Remembers the statements that were run, as one that runs only once gets no name."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()

    def before(self, sql: str) -> bool:
        """Return whether a statement was run before, and remember it."""
        key = hash(sql)
        if key in self._hashes:
            return True
        if len(self._hashes) >= _SEEN:
            self._hashes.clear()
        self._hashes.add(key)
        return False


class Link:
    """A connection and its prepared statements."""

    def __init__(self, connection: asyncpg.Connection, seen: Seen | None) -> None:
        """Wrap a connection without a statement cache; without `seen` no statement gets a name."""
        self.connection = connection
        self.expiry: asyncio.TimerHandle | None = None
        self._seen = seen
        self._named: OrderedDict[str, PreparedStatement[Any]] = OrderedDict()
        self._names = count()
        self._weight = 0
        self._worn = False

    @property
    def is_usable(self) -> bool:
        """Whether another request may use the connection."""
        return not (self._worn or self.connection.is_closed())

    async def value(self, sql: str, values: Sequence[Any]) -> Any:
        """Return the first column of the first row."""
        statement = self._named.get(sql) or await self._prepared(sql)
        return await statement.fetchval(*values)

    async def rows(self, sql: str, values: Sequence[Any]) -> list[asyncpg.Record]:
        """Return all rows."""
        statement = self._named.get(sql) or await self._prepared(sql)
        return list(await statement.fetch(*values))

    async def _prepared(self, sql: str) -> "PreparedStatement[Any]":
        """Return a prepared statement, named if it was run before and is not large."""
        if len(sql) > LARGE:
            self._worn = True
        elif self._seen is not None and self._seen.before(sql):
            return await self._named_statement(sql)
        return await self.connection.prepare(sql, name="")

    async def _named_statement(self, sql: str) -> "PreparedStatement[Any]":
        name = f"sangkien_{next(self._names)}"
        statement = self._named[sql] = await self.connection.prepare(sql, name=name)
        self._weight += len(sql)
        while self._weight > MOST_NAMED:
            forgotten, _ = self._named.popitem(last=False)
            self._weight -= len(forgotten)
        return statement


class Pool:
    """Connections of one role, made on demand."""

    def __init__(
        self,
        url: str,
        *,
        size: int,
        shared: bool = True,
        init: Init | None = None,
        seen: Seen | None = None,
        settings: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        """Set the size, the initialisation of each connection, and asyncpg's own options.

        Without `shared`, one caller may use all connections.
        """
        self._url = url
        self._size = size
        self._queue = FairQueue(size, shared=shared)
        self._init = init
        self._seen = seen
        self._options = {"timeout": 5, "server_settings": dict(settings or {}), **options}
        self._idle: list[Link] = []
        self._used: set[Link] = set()
        self._unused = asyncio.Event()
        self._unused.set()
        self._closed = False

    @asynccontextmanager
    async def link(self, seconds: float) -> AsyncIterator[Link]:
        """Return a connection within some seconds, by the fair share of the request's claim.

        Raises BusyError, LeftError, and the errors of connecting.
        """
        claim = CLAIM.get()
        await self._queue.enter(claim, seconds)
        try:
            link = self._from_idle() or await self._connect()
            self._used.add(link)
            self._unused.clear()
            try:
                yield link
            finally:
                self._used.discard(link)
                if not self._used:
                    self._unused.set()
                self._put_back(link)
        finally:
            self._queue.leave(claim)

    def usage(self) -> Usage:
        """Return the current use of the pool."""
        queue = self._queue
        return Usage(
            self._size, self._size - queue.free, queue.waiting, queue.waits, queue.seconds_waited
        )

    async def close(self) -> None:
        """Close every connection, after up to 5 seconds for running statements to end."""
        self._closed = True
        idle, self._idle = self._idle, []
        for link in idle:
            self._retire(link)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST):
                await self._unused.wait()
        for link in self._used:
            link.connection.terminate()
        await asyncio.sleep(0)  # lets the terminated connections close

    def _from_idle(self) -> Link | None:
        while self._idle:
            link = self._idle.pop()
            if link.expiry is not None:
                link.expiry.cancel()
            if link.is_usable:
                return link
        return None

    async def _connect(self) -> Link:
        connection = await asyncpg.connect(self._url, **self._options)
        try:
            if self._init is not None:
                await self._init(connection)
        except BaseException:
            connection.terminate()
            raise
        return Link(connection, self._seen)

    def _put_back(self, link: Link) -> None:
        if link.connection.is_closed():
            return
        if self._closed or not link.is_usable or link.connection.is_in_transaction():
            self._retire(link)
            return
        link.expiry = asyncio.get_running_loop().call_later(_IDLE, self._expire, link)
        self._idle.append(link)

    def _expire(self, link: Link) -> None:
        self._idle.remove(link)
        self._retire(link)

    def _retire(self, link: Link) -> None:
        """Close a connection without waiting for the server."""
        if link.expiry is not None:
            link.expiry.cancel()
        link.connection.terminate()
