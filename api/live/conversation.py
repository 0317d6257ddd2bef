"""The operations of one WebSocket after the handshake, each with an id.

As over HTTP, queries and mutations that have begun run to their end even if the client cancels
them: cancelling a statement costs the database a connection. An operation that still waits for a
connection is dropped. A subscription ends at once.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from time import monotonic

from api import answers, bodies
from api.limits import LimitedError
from api.live import messages
from api.live.messages import ClosingError, GoneError, Message
from api.live.shared import to_its_end
from api.operations import Asking, Operations, Prepared, Rules
from api.refusals import refusal
from db.request_context import RequestContext

MOST = 100  # operations in progress per connection
_TURNS = 4  # queries and mutations among these that run at the same time
_FREE = 1_000  # bytes of a message that count as one operation of the rate limit

Send = Callable[[str], Awaitable[None]]


class Conversation:
    """The operations of one connection."""

    def __init__(self, asking: Asking, operations: Operations, rules: Rules, send: Send) -> None:
        """Set the request context and the send function, which may raise GoneError."""
        self._asking = asking
        self._operations = operations
        self._log = operations.log
        self._rules = rules
        self._send = send
        self._running: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(_TURNS)
        self._idle_since = monotonic()

    def idle_for(self) -> float:
        """Return the seconds since the last operation ended."""
        return 0.0 if self._tasks else monotonic() - self._idle_since

    def end(self) -> None:
        """Cancel all operations; statements in the database complete by themselves."""
        self._running.clear()
        for task in self._tasks:
            task.cancel()

    async def hear(self, message: Message, size: int) -> None:
        """Handle a message; `size` is its length in bytes. Raises ClosingError."""
        if message.type == "subscribe":
            await self._subscribe(message, size)
            return
        try:
            self._rules.rate.take(self._asking.counted_as)
        except LimitedError:
            raise ClosingError(4429, "Too many messages") from None
        if message.type == "ping":
            await self._send(messages.PONG)
        elif message.type == "complete":
            self._drop(message.id)
        elif message.type == "connection_init":
            raise ClosingError(4429, "Too many initialisation requests")

    async def _subscribe(self, message: Message, size: int) -> None:
        if message.id in self._running:
            raise ClosingError(4409, f"Subscriber for {message.id} already exists"[:100])
        context = self._log.new()
        with self._log.within(context):
            try:
                prepared = self._prepare(message, size)
            except Exception as error:  # noqa: BLE001 - every error ends the operation only
                last = _refused(message.id, error)
                self._log.finish(context)
                await self._send(last)
                return
            work = self._tell if prepared.subscribed else self._answer
            task = asyncio.create_task(self._carry_out(message.id, work, prepared, context))
        self._running[message.id] = task
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _prepare(self, message: Message, size: int) -> Prepared:
        self._rules.rate.take(self._asking.counted_as, 1 + size // _FREE)
        if len(self._tasks) >= MOST:
            sentence = f"A connection has at most {MOST} operations under way."
            raise LimitedError(429, "TOO_MANY_AT_ONCE", sentence, 1)
        with self._rules.rate.measuring(self._asking.counted_as):
            return self._operations.prepare(self._asking, bodies.parse_object(message.payload))

    async def _carry_out(
        self,
        id_: str,
        work: Callable[[str, Prepared], Awaitable[None]],
        prepared: Prepared,
        context: RequestContext,
    ) -> None:
        try:
            await work(id_, prepared)
            last = messages.complete(id_)
        except GoneError:
            return
        except Exception as error:  # noqa: BLE001 - as above
            last = _refused(id_, error)
        finally:
            self._log.finish(context)
        if self._is_wanted(id_):
            del self._running[id_]
            await self._send_if_there(last)

    async def _answer(self, id_: str, prepared: Prepared) -> None:
        async with self._turns:
            dropped = asyncio.Event()
            asking = self._asking._replace(gone=dropped.wait)
            try:
                data = await to_its_end(self._operations.run(asking, prepared))
            except asyncio.CancelledError:
                dropped.set()
                raise
            if self._is_wanted(id_):
                await self._send(messages.next_(id_, data))

    async def _tell(self, id_: str, prepared: Prepared) -> None:
        async with aclosing(self._operations.events(self._asking, prepared)) as events:
            async for data in events:
                await self._send(messages.next_(id_, data))

    def _is_wanted(self, id_: str) -> bool:
        return self._running.get(id_) is asyncio.current_task()

    async def _send_if_there(self, text: str) -> None:
        try:
            await self._send(text)
        except GoneError:
            return

    def _drop(self, id_: str) -> None:
        """Cancel an operation that the client no longer wants."""
        task = self._running.pop(id_, None)
        if task is not None:
            task.cancel()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._idle_since = monotonic()


def _refused(id_: str, error: Exception) -> str:
    return messages.error(id_, answers.errors_in(refusal(error, answers.JSON)))
