"""uvicorn's protocols, with what long connections need besides.

A client that does not read what is sent holds its buffer for as long as it likes: even closing
waits for the buffer to empty. Here it has a minute, and then the connection is cut. And what lasts
is told when the server stops, which otherwise would wait for it.
"""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

PATIENCE = 60.0  # seconds that a full buffer may take to empty
STOPPING = "stopping"  # api.live.lifetime.Stopping, in the state of the application's lifespan
_GOODBYE = 2.0  # seconds for a client to answer that it closes too


class _Patience(asyncio.Protocol):
    """Cuts a connection whose client has not read for long."""

    transport: asyncio.Transport
    app_state: dict[str, Any]
    _cut: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Wait until there is room again, but not for ever."""
        super().pause_writing()
        if self._cut is None:
            loop = asyncio.get_running_loop()
            self._cut = loop.call_later(PATIENCE, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self._be_patient()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._be_patient()
        super().connection_lost(exc)

    def _be_patient(self) -> None:
        if self._cut is not None:
            self._cut.cancel()
            self._cut = None


class HttpProtocol(_Patience, HttpToolsProtocol):
    """HTTP/1.1."""

    def shutdown(self) -> None:
        """Have streams come to their end."""
        self.app_state[STOPPING].begin()
        super().shutdown()


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
