"""GraphQL over WebSocket, with the protocol graphql-transport-ws only.

A client authenticates with the first message, `connection_init`, or with the cookie of our pages.
The connection ends when these credentials do.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial

from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from api import answers, metrics
from api.claiming import claiming
from api.identities import Identities, Identity, IdentityError
from api.limits import Counted, Crowd, LimitedError, counted, stranger
from api.live import messages
from api.live.conversation import Conversation
from api.live.lifetime import Stopping, credentials_end
from api.live.messages import ACK, PONG, PROTOCOL, ClosingError, GoneError
from api.operations import Asking, Operations, Rules
from auth.tokens import TokenError
from db.traces import trace
from db.unavailable import BusyError, UnavailableError

_LOG = logging.getLogger("sangkien.live")
INIT_SECONDS = 10.0  # for connection_init to arrive
IDLE_SECONDS = 300.0  # without an operation
_LONGEST_REASON = 120  # bytes of a reason that fit into a close frame


class SocketEndpoint:
    """Serves GraphQL over WebSocket at one path, as an ASGI application."""

    def __init__(
        self, operations: Operations, identities: Identities, rules: Rules, stopping: Stopping
    ) -> None:
        self._operations = operations
        self._identities = identities
        self._rules = rules
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        socket = WebSocket(scope, receive, send)
        if PROTOCOL not in socket.scope["subprotocols"]:
            await _refuse(socket, 400, "BAD_REQUEST", f"Ask for the subprotocol '{PROTOCOL}'.")
            return
        newcomer = stranger(socket.client)
        try:
            self._rules.rate.take(newcomer)
            place = _Place(self._rules.connections, newcomer)
        except LimitedError as error:
            await _refuse(socket, error.status, error.code, str(error))
            return
        metrics.CONNECTIONS.inc()
        try:
            await _Connection(socket, self._operations, self._rules, place).serve(
                partial(self._identities.of_socket, socket), self._stopping
            )
        finally:
            place.leave()
            metrics.CONNECTIONS.dec()


class _Place:
    """A connection's place in the concurrency limit; its caller is anonymous at first."""

    def __init__(self, crowd: Crowd, caller: str) -> None:
        self._crowd = crowd
        self._caller: str | Counted | None = caller
        crowd.enter(caller)

    def change(self, caller: Counted) -> None:
        """Count the connection for another caller. Raises LimitedError."""
        self.leave()
        self._crowd.enter(caller)
        self._caller = caller

    def leave(self) -> None:
        """Release the place."""
        if self._caller is not None:
            self._crowd.leave(self._caller)
            self._caller = None


Identify = Callable[..., Awaitable[Identity]]  # Identities.of_socket for one handshake


class _Connection:
    """One connection, from its handshake to its end."""

    def __init__(
        self, socket: WebSocket, operations: Operations, rules: Rules, place: _Place
    ) -> None:
        self._socket = socket
        self._operations = operations
        self._rules = rules
        self._place = place
        self._open = True

    async def serve(self, identify: Identify, stopping: Stopping) -> None:
        """Serve the connection until its end."""
        await self._socket.accept(PROTOCOL)
        leaving = asyncio.create_task(self._leave(stopping))
        try:
            await self._serve(identify)
        except ClosingError as closing:
            await self._close(closing.code, closing.reason)
        except (GoneError, WebSocketDisconnect):
            self._open = False
        except Exception as error:  # noqa: BLE001 - every error closes the connection
            _LOG.error("unexpected error of a connection: %s", trace(error))
            await self._close(4500, "Internal server error")
        finally:
            leaving.cancel()

    async def _serve(self, identify: Identify) -> None:
        authorization = await self._initialised()
        identity = await self._identified(identify, authorization)
        asking = Asking.of(identity, self._socket)
        try:
            self._place.change(asking.counted_as)
        except LimitedError as error:
            raise ClosingError(1013, str(error)) from None
        conversation = Conversation(asking, self._operations, self._rules, self.send)
        await self.send(ACK)
        guards = [
            asyncio.create_task(guard)
            for guard in (
                self._expire(identity, lambda: identify(authorization, uses=False)),
                self._tire(conversation),
            )
        ]
        try:
            while True:
                text = await self._receive()
                await conversation.hear(messages.parse(text), len(text))
        finally:
            for guard in guards:
                guard.cancel()
            conversation.end()

    async def _initialised(self) -> str | None:
        """Return the authorization in the first message, which must arrive within INIT_SECONDS.

        Raises ClosingError.
        """
        try:
            async with asyncio.timeout(INIT_SECONDS):
                while True:
                    message = messages.parse(await self._receive())
                    if message.type == "connection_init":
                        return _authorization(message.payload)
                    if message.type == "ping":
                        await self.send(PONG)
                    elif message.type == "subscribe":
                        raise ClosingError(4401, "Unauthorized")
        except TimeoutError:
            raise ClosingError(4408, "Connection initialisation timeout") from None

    async def _identified(self, identify: Identify, authorization: str | None) -> Identity:
        try:
            with claiming(counted(None, self._socket.client)):
                return await identify(authorization)
        except (TokenError, IdentityError) as error:
            self._count_refused()
            raise ClosingError(4403, f"Forbidden: {error}") from None
        except LimitedError as error:
            raise ClosingError(1013, str(error)) from None
        except BusyError:
            raise ClosingError(1013, "The server is busy; try again") from None
        except UnavailableError:
            raise ClosingError(1013, "The database is not available; try again") from None

    def _count_refused(self) -> None:
        try:
            self._rules.rate.take(stranger(self._socket.client))
        except LimitedError as error:
            raise ClosingError(1013, str(error)) from None

    async def _expire(self, identity: Identity, again: Callable[[], Awaitable[Identity]]) -> None:
        if identity.username is not None:
            reason = await credentials_end(identity, again)
            await self._close(4403, f"Forbidden: {reason}")

    async def _tire(self, conversation: Conversation) -> None:
        while True:
            left = IDLE_SECONDS - conversation.idle_for()
            if left <= 0:
                break
            await asyncio.sleep(left)
        await self._close(1000, "Idle")

    async def _leave(self, stopping: Stopping) -> None:
        await stopping.begun()
        await self._close(1001, "The server is stopping")

    async def _receive(self) -> str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise GoneError
        text: str | None = message.get("text")
        if text is None:
            raise ClosingError(4400, "Send text, not binary data")
        return text

    async def send(self, text: str) -> None:
        """Send a message; waits while the client does not read. Raises GoneError."""
        if not self._open:
            raise GoneError
        try:
            await self._socket.send_text(text)
        except (WebSocketDisconnect, RuntimeError):
            self._open = False
            raise GoneError from None

    async def _close(self, code: int, reason: str) -> None:
        if not self._open:
            return
        self._open = False
        text = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")
        try:
            await self._socket.close(code, text)
        except (WebSocketDisconnect, RuntimeError):
            return


def _authorization(payload: dict[str, object]) -> str | None:
    """Return the authorization in connection_init; names are case-insensitive, as in headers.

    Raises ClosingError.
    """
    given = [value for name, value in payload.items() if name.lower() == "authorization"]
    if not given or given == [None]:
        return None
    if len(given) > 1 or not isinstance(given[0], str):
        raise ClosingError(4400, "'authorization' must be one string")
    return given[0]


async def _refuse(socket: WebSocket, status: int, code: str, message: str) -> None:
    await socket.receive()
    await socket.send_denial_response(answers.failed(status, code, message, answers.JSON))
