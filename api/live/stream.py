"""An operation's results as an event stream: the distinct connections mode of graphql-sse.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import answers, metrics
from api.identities import Identity
from api.limits import Counted, Crowd
from api.live.lifetime import Stopping, credentials_end
from api.refusals import refusal

MEDIA = "text/event-stream"
KEEP_ALIVE = 15.0  # seconds between comments that keep proxies from closing a silent stream
_COMPLETE = b"event: complete\ndata:\n\n"
_COMMENT = b":\n\n"
_HEADERS = {
    "cache-control": "no-store",
    "vary": "Accept, Authorization, Cookie, Origin",
    "x-accel-buffering": "no",  # nginx
}


def is_wanted(headers: Headers) -> bool:
    """Return whether a client accepts an event stream."""
    return MEDIA in headers.get("accept", "")


def is_all_that_is_wanted(headers: Headers) -> bool:
    """Return whether a client accepts only an event stream."""
    return headers.get("accept", "").partition(";")[0].strip() == MEDIA


class EventStream(Response):
    """Sends events until they end, the client disconnects, or the credentials or the server end."""

    def __init__(
        self,
        events: AsyncGenerator[bytes, None],
        identity: Identity,
        again: Callable[[], Awaitable[Identity]],
        stopping: Stopping,
        connections: tuple[Crowd, Counted],
    ) -> None:
        """Set the data of the events, the identity, and the limit of connections with its key.

        Takes a place in the limit. Raises LimitedError.
        """
        super().__init__(headers=_HEADERS, media_type=MEDIA)
        del self.headers["content-length"]
        self._events = events
        self._identity = identity
        self._again = again
        self._stopping = stopping
        self._crowd, self._caller = connections
        self._crowd.enter(self._caller)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """Send the stream."""
        metrics.CONNECTIONS.inc()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
            await _send(send, _COMMENT)  # confirms the request at once
            await _send(send, await self._last(receive, send), more=False)
        finally:
            self._crowd.leave(self._caller)
            metrics.CONNECTIONS.dec()

    async def _last(self, receive: Receive, send: Send) -> bytes:
        """Send events, and return the final bytes of the stream."""
        works = [
            self._tell(send),
            self._expire(),
            self._stop(),
            _disconnected(receive),
            _keep_alive(send),
        ]
        tasks = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return done.pop().result()

    async def _tell(self, send: Send) -> bytes:
        try:
            async with aclosing(self._events) as events:
                async for data in events:
                    await _send(send, _next(b'{"data":' + data + b"}"))
        except Exception as error:  # noqa: BLE001 - every error ends the stream
            return _next(bytes(refusal(error, answers.JSON).body)) + _COMPLETE
        return _COMPLETE

    async def _expire(self) -> bytes:
        if self._identity.username is None:
            await asyncio.Event().wait()
        reason = await credentials_end(self._identity, self._again)
        answer = answers.failed(401, "UNAUTHENTICATED", reason, answers.JSON)
        return _next(bytes(answer.body)) + _COMPLETE

    async def _stop(self) -> bytes:
        await self._stopping.begun()
        return b""  # without `complete`, so that the client connects again, to another server


async def refused(error: Exception) -> AsyncGenerator[bytes, None]:
    """Yield the events of a rejected operation: only the error."""
    yield await _raise(error)


async def _raise(error: Exception) -> bytes:
    raise error


async def _disconnected(receive: Receive) -> bytes:
    while (await receive())["type"] != "http.disconnect":
        pass
    return b""


async def _keep_alive(send: Send) -> bytes:
    while True:
        await asyncio.sleep(KEEP_ALIVE)
        await _send(send, _COMMENT)


async def _send(send: Send, body: bytes, *, more: bool = True) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": more})


def _next(result: bytes) -> bytes:
    # PostgreSQL puts line breaks between the elements of a list; here a line break would end the
    # data.
    return b"event: next\ndata: " + result.replace(b"\n", b" ") + b"\n\n"
