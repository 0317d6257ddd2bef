"""uvicorn's protocols, with what slow and long connections need besides.

A request's line and headers have to arrive soon, and there may not be any number of them.

A client that does not read what is sent holds its buffer for as long as it likes: even closing
waits for the buffer to empty. Here a client has to read a little each minute, or the connection is
cut. And what lasts is told when the server stops, which otherwise would wait for it.
"""

import asyncio
import fcntl
import termios
from array import array
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

PATIENCE = 60.0  # seconds in which a client with a full buffer must read
LEAST = 16_384  # bytes of it
HEAD_SECONDS = 10.0  # for a request's line and headers to arrive
_LAST_HEAD = 1.0  # the same, once the server stops
LONGEST_HEAD = 65_536  # bytes of them
_SLOW = b"HTTP/1.1 408 Request Timeout\r\n"
_LONG = b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
STOPPING = "stopping"  # api.live.lifetime.Stopping, in the state of the application's lifespan
_GOODBYE = 2.0  # seconds for a client to answer that it closes too


class _Patience(asyncio.Protocol):
    """Cuts a connection whose client has read next to nothing for long."""

    transport: asyncio.Transport
    app_state: dict[str, Any]
    _cut: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Wait until there is room again, but not for ever."""
        super().pause_writing()
        self._be_impatient()

    def resume_writing(self) -> None:
        """Go on."""
        self._be_patient()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
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

    _head: int | None = 0  # bytes of a request's head so far; None once it is whole
    _overdue: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a first request."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing more."""
        self._end_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what has arrived, as far as a head is not too long."""
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > LONGEST_HEAD:
                self._refuse(_LONG)

    def on_message_begin(self) -> None:
        """Expect the head of a request that has begun."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """Go on with the request: its head is whole."""
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
        """Have the answer under way be the connection's last."""
        if self.cycle is not None:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Have streams come to their end, and close the connection unless a request has begun."""
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
        """Answer a ping, but not one of a client that does not read: it could send any number."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def shutdown(self) -> None:
        """Have the application close the connection."""
        self.app_state[STOPPING].begin()
        if self.handshake_complete and not self.close_sent:
            asyncio.get_running_loop().call_later(2 * _GOODBYE, self.transport.abort)
        else:
            super().shutdown()
