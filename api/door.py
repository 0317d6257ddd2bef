"""The thread that accepts connections, and answers /healthz itself.

An event loop with hundreds of busy connections gets to a new one late. Whether the process lives is
asked by new connections, so they are looked at before they join the queue: a connection that begins
with a request for /healthz is answered here, any other is passed on to the loop as it is. The
answer is bad only where the loop has stood still for long.
"""

import asyncio
import ctypes
import selectors
import socket
import struct
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress

from api.headers import CAREFUL

STUCK = 60.0
"""Seconds after which a loop that does nothing counts as dead."""
_BEAT = 1.0  # seconds between two signs of life of the loop
_SILENCE = 0.5  # seconds that a connection may take to say what it wants, before it is passed on
_KEPT = 75.0  # seconds that a connection that has asked for /healthz may ask once more
_MOST_KEPT = 100
_AT_ONCE = 64  # connections accepted before others are looked at
_SHORT_OF_FILES = 0.05  # seconds before accept is tried again
_LONGEST_HEAD = 4_096  # bytes
_HEALTHZ = (b"GET /healthz ", b"GET /healthz?")
_HEADERS = "".join(f"{name}: {value}\r\n" for name, value in CAREFUL.items())
# A filter of packets (classic BPF) that drops what would open a connection (SYN without ACK, in the
# 14th byte of a TCP header), and takes all else.
_NO_SYN = (
    (0x30, 0, 0, 13),  # load byte 13
    (0x54, 0, 0, 0x12),  # and SYN|ACK
    (0x15, 0, 1, 0x02),  # if it is SYN
    (0x06, 0, 0, 0),  # take nothing
    (0x06, 0, 0, 0xFFFF),  # else take it
)
_SO_ATTACH_FILTER = 26


def refuse_new(listening: socket.socket) -> None:
    """Have the kernel begin no more connections at a socket that is to be closed soon.

    What a listening socket has not yet handed over when it is closed is reset, requests and all.
    So first nothing more gets in line. A client whose first packet is dropped sends it again after
    a second; the socket is closed then, and the client sees that it may go elsewhere.
    """
    code = b"".join(struct.pack("HBBI", *step) for step in _NO_SYN)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HL", len(_NO_SYN), ctypes.addressof(buffer))
    with suppress(OSError):  # no Linux: the line may be reset then
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


class Door:
    """Accepts the connections of listening sockets, on a thread of its own."""

    def __init__(
        self,
        listening: Sequence[socket.socket],
        loop: asyncio.AbstractEventLoop,
        admit: Callable[[socket.socket], None],
    ) -> None:
        """Take what listens, and whom to give connections to: `admit` is called in the loop."""
        self._listening = listening
        self._loop = loop
        self._admit = admit
        self._selector = selectors.DefaultSelector()
        self._woken, self._waking = socket.socketpair()
        # Connections that may still ask for /healthz, by when they are passed on.
        self._silent: OrderedDict[socket.socket, float] = OrderedDict()
        self._kept: OrderedDict[socket.socket, float] = OrderedDict()
        self._closing = False
        self._alive_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="door", daemon=True)

    def open(self) -> None:
        """Begin to accept."""
        for listening in self._listening:
            listening.settimeout(0)
            self._selector.register(listening, selectors.EVENT_READ, self._accept)
        self._selector.register(self._woken, selectors.EVENT_READ, lambda woken: woken.recv(1))
        self._beat()
        self._thread.start()

    def close(self) -> None:
        """Accept what has come, pass on what has begun, and end."""
        self._closing = True
        self._waking.send(b".")
        self._thread.join()
        self._beating.cancel()
        self._woken.close()
        self._waking.close()

    def _beat(self) -> None:
        self._alive_at = time.monotonic()
        self._beating = self._loop.call_later(_BEAT, self._beat)

    def _run(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select(_SILENCE if self._silent or self._kept else None):
                key.data(key.fileobj)
            self._pass_on(self._silent)
            self._pass_on(self._kept)
        for listening in self._listening:
            self._accept(listening)
        self._pass_on(self._silent, float("inf"))
        self._pass_on(self._kept, float("inf"))
        self._selector.close()

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _ = listening.accept()
            except BlockingIOError:
                return
            except OSError:
                time.sleep(_SHORT_OF_FILES)
                return
            connection.settimeout(0)
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._look(connection)

    def _look(self, connection: socket.socket) -> None:
        """See what a connection begins with, and leave it there for whoever answers it."""
        try:
            head = connection.recv(_LONGEST_HEAD, socket.MSG_PEEK)
        except BlockingIOError:
            self._wait(connection, self._silent, _SILENCE)
            return
        except OSError:
            head = b""
        self._forget(connection)
        if not head:
            connection.close()
        elif head.startswith(_HEALTHZ) and head.endswith(b"\r\n\r\n"):
            self._answer(connection, head)
        else:
            self._give(connection)

    def _answer(self, connection: socket.socket, head: bytes) -> None:
        alive = time.monotonic() - self._alive_at < STUCK
        last = b"\r\nconnection: close" in head.lower() or b" HTTP/1.0\r\n" in head
        last = last or self._closing or len(self._kept) >= _MOST_KEPT
        body = f'{{"status":"{"ok" if alive else "stuck"}"}}'
        answer = (
            f"HTTP/1.1 {'200 OK' if alive else '503 Service Unavailable'}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            f"{'connection: close' if last else 'connection: keep-alive'}\r\n{_HEADERS}\r\n{body}"
        )
        try:
            connection.recv(len(head))
            connection.send(answer.encode())
        except OSError:
            last = True
        if last:
            connection.close()
        else:
            self._wait(connection, self._kept, _KEPT)

    def _wait(
        self, connection: socket.socket, among: OrderedDict[socket.socket, float], seconds: float
    ) -> None:
        if connection not in self._silent and connection not in self._kept:
            self._selector.register(connection, selectors.EVENT_READ, self._look)
            among[connection] = time.monotonic() + seconds

    def _forget(self, connection: socket.socket) -> None:
        for among in (self._silent, self._kept):
            if among.pop(connection, None) is not None:
                self._selector.unregister(connection)

    def _pass_on(self, among: OrderedDict[socket.socket, float], now: float | None = None) -> None:
        now = time.monotonic() if now is None else now
        while among and next(iter(among.values())) <= now:
            connection = next(iter(among))
            self._forget(connection)
            self._give(connection)

    def _give(self, connection: socket.socket) -> None:
        try:
            self._loop.call_soon_threadsafe(self._admit, connection)
        except RuntimeError:  # the loop has ended
            connection.close()
