"""uvicorn's protocols, with timeouts and limits for slow and large requests.

The head of a request (its line and headers) must arrive in time, and its size is limited.

A client that does not read keeps its buffer allocated: even closing waits until the buffer is
empty. Here a client must read a little each minute, or its connection is aborted. When the server
stops, open streams are notified, because the server would wait for them otherwise.
"""

import asyncio
import fcntl
import termios
from array import array
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

PATIENCE = 60.0  # seconds in which a client with a full buffer must read LEAST bytes
LEAST = 16_384  # bytes
HEAD_SECONDS = 10.0  # for a request's line and headers to arrive
_LAST_HEAD = 1.0  # the same, once the server is stopping
LONGEST_HEAD = 65_536  # bytes
_SLOW = b"HTTP/1.1 408 Request Timeout\r\n"
_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
STOPPING = "stopping"  # api.live.lifetime.Stopping, in the state of the application's lifespan
_GOODBYE = 2.0  # seconds for a client to confirm the closing of a WebSocket


class _Patience(asyncio.Protocol):
    """Aborts a connection whose client reads too little."""

    transport: asyncio.Transport
    app_state: dict[str, Any]
    _cut: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Wait until the buffer has room again, with a timeout."""
        super().pause_writing()
        self._be_impatient()

    def resume_writing(self) -> None:
        """Cancel the timeout."""
        self._be_patient()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timeout of a closed connection."""
        self._be_patient()
        super().connection_lost(exc)

    def _be_impatient(self) -> None:
        self._be_patient()
        loop, left = asyncio.get_running_loop(), self.transport.get_write_buffer_size()
        self._cut = loop.call_later(PATIENCE, self._look, left)

    def _look(self, left_before: int) -> None:
        if self.transport.get_write_buffer_size() > left_before - LEAST:
            self.transport.abort()
        else:
            self._be_impatient()

    def _be_patient(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None


class HttpProtocol(_Patience, HttpToolsProtocol):
    """HTTP/1.1."""

    _head: int | None = 0  # bytes of the request's head so far; None once it is complete
    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the timeout of the first request's head."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Cancel the timeout."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Receive data; reject a head larger than LONGEST_HEAD."""
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > LONGEST_HEAD:
                self._refuse(_LONG)

    def on_message_begin(self) -> None:
        """Start the timeout of the next request's head."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """Start the request: its head is complete."""
        self._end_head()
        before = self.cycle
        super().on_headers_complete()
        if self.app_state[STOPPING].draining and self.cycle is not None:
            if self.pipeline:
                before.keep_alive = True
            self.cycle.keep_alive = False

    def _expect_head(self) -> None:
        self._end_head()
        self._head = 0
        self._overdue = asyncio.get_running_loop().call_later(HEAD_SECONDS, self._refuse, _SLOW)

    def _end_head(self) -> None:
        self._head = None
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _refuse(self, status: bytes) -> None:
        self._end_head()
        if not self.transport.is_closing():
            self.transport.write(status + b"connection: close\r\ncontent-length: 0\r\n\r\n")
            self.transport.close()

    def drain(self) -> None:
        """Make the response in progress the last one of the connection."""
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """End streams, and close the connection unless a request has begun."""
        self.app_state[STOPPING].begin()
        if self._overdue is not None:
            asyncio.get_running_loop().call_later(_LAST_HEAD, super().shutdown)
        elif not self._has_input():
            super().shutdown()

    def _has_input(self) -> bool:
        waiting = array("i", [0])
        fcntl.ioctl(self.transport.get_extra_info("socket").fileno(), termios.FIONREAD, waiting)
        return waiting[0] > 0


class SocketProtocol(_Patience, WebSocketsSansIOProtocol):
    """WebSocket."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.close_timeout = _GOODBYE

    def handle_ping(self) -> None:
        """Answer a ping, unless the client does not read: it could send any number of pings."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def shutdown(self) -> None:
        """Make the application close the connection."""
        self.app_state[STOPPING].begin()
        if self.handshake_complete and not self.close_sent:
            asyncio.get_running_loop().call_later(2 * _GOODBYE, self.transport.abort)
        else:
            super().shutdown()
