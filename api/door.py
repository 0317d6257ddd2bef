"""The thread that accepts connections and answers health probes itself.

An event loop with hundreds of busy connections is slow to accept a new one. A probe (/healthz,
/readyz) uses a new connection, so new connections are examined before they join the queue. A
connection that begins with a probe is answered here, by an event loop with no other work; every
other connection is passed on unread.
"""

import asyncio
import ctypes
import json
import re
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import NamedTuple

from api.headers import CAREFUL

_SILENCE = 0.5  # seconds to wait for the first bytes of a connection before it is passed on
_KEPT = 75.0  # seconds that a connection is kept for another probe
_MOST_KEPT = 100
_AT_ONCE = 64  # connections accepted before the loop handles other events
_SHORT_OF_FILES = 0.05  # seconds before accept is tried again when no file descriptors are left
_LONGEST_HEAD = 4_096  # bytes
# A complete request without a body or following bytes. Every other request goes to the HTTP parser,
# because the end of a request must be where a proxy in front sees it, too.
_ALONE = re.compile(
    rb"GET [!-~]+ HTTP/1\.[01]\r\n"
    rb"(?:(?!content-length|transfer-encoding|upgrade|expect)[!#$%&'*+.^_`|~0-9a-z-]+:"
    rb"[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n",
    re.IGNORECASE,
)
_HEADERS = "".join(f"{name}: {value}\r\n" for name, value in CAREFUL.items())
# A classic BPF packet filter that drops packets which open a connection (SYN without ACK, in the
# 14th byte of the TCP header), and accepts all others.
_NO_SYN = (
    (0x30, 0, 0, 13),  # load byte 13
    (0x54, 0, 0, 0x12),  # and SYN|ACK
    (0x15, 0, 1, 0x02),  # if it is SYN without ACK
    (0x06, 0, 0, 0),  # drop the packet
    (0x06, 0, 0, 0xFFFF),  # else accept it
)
_SO_ATTACH_FILTER = 26
_AGAIN = "retry-after: 2\r\n"

Probe = Callable[[], Awaitable[tuple[int, Mapping[str, object]]]]
"""Returns the status and the JSON of a probe's response."""


class Probes(NamedTuple):
    """Probes by path, and a function that closes their connections; all run in the door's loop."""

    by_path: Mapping[str, Probe]
    close: Callable[[], None]


def refuse_new(listening: socket.socket) -> None:
    """Make the kernel drop new connections at a socket that will be closed soon.

    Connections that a listening socket has not handed over when it is closed are reset, with their
    requests. So the queue must stop growing first. A client whose first packet is dropped sends it
    again after a second; by then the socket is closed, and the client can go elsewhere.
    """
    code = b"".join(struct.pack("HBBI", *step) for step in _NO_SYN)
    buffer = ctypes.create_string_buffer(code)
    program = struct.pack("HL", len(_NO_SYN), ctypes.addressof(buffer))
    with suppress(OSError):  # not Linux: queued connections may be reset
        listening.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, program)


class Door:
    """Accepts the connections of listening sockets in a thread of its own."""

    def __init__(
        self,
        listening: Sequence[socket.socket],
        admit: Callable[[socket.socket], None],
        probes: Probes,
    ) -> None:
        """Set the listening sockets, the function that takes connections, and the probes.

        `admit` is called in the loop that creates the door.
        """
        self._listening = listening
        self._inside = asyncio.get_running_loop()
        self._admit = admit
        self._probes = {f"GET {path} ".encode(): probe for path, probe in probes.by_path.items()}
        self._close_probes = probes.close
        self._loop = asyncio.new_event_loop()
        # Connections that may still send a probe, with the timers that pass them on.
        self._waiting: dict[socket.socket, asyncio.TimerHandle] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="door", daemon=True)

    def open(self) -> None:
        """Start to accept connections."""
        for listening in self._listening:
            listening.settimeout(0)
            self._loop.add_reader(listening, self._accept, listening)
        self._thread.start()

    def close(self) -> None:
        """Accept the queued connections, pass on the open ones, and stop."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        for listening in self._listening:
            self._loop.remove_reader(listening)
            self._accept(listening)
        await asyncio.gather(*self._answering)
        self._close_probes()
        for connection in list(self._waiting):
            self._pass_on(connection)

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, _ = listening.accept()
            except BlockingIOError:
                return
            except OSError:  # no file descriptors left: queued connections must wait
                self._loop.remove_reader(listening)
                self._loop.call_later(
                    _SHORT_OF_FILES, self._loop.add_reader, listening, self._accept, listening
                )
                return
            connection.settimeout(0)
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._look(connection)

    def _look(self, connection: socket.socket) -> None:
        """Peek at the first bytes of a connection, and leave them in the socket for its reader."""
        try:
            head = connection.recv(_LONGEST_HEAD, socket.MSG_PEEK)
        except BlockingIOError:
            self._wait(connection, _SILENCE)
            return
        except OSError:
            head = b""
        self._forget(connection)
        probe = next((probe for line, probe in self._probes.items() if head.startswith(line)), None)
        if not head:
            connection.close()
        elif probe is not None and _ALONE.fullmatch(head):
            task = self._loop.create_task(self._answer(connection, head, probe))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        else:
            self._give(connection)

    async def _answer(self, connection: socket.socket, head: bytes, probe: Probe) -> None:
        last = len(self._waiting) >= _MOST_KEPT or b" HTTP/1.0\r\n" in head
        last = last or b"\r\nconnection: close" in head.lower()
        try:
            status, found = await probe()
            body = json.dumps(found, separators=(",", ":"))
            connection.recv(len(head))
            connection.send(
                f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
                f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
                f"{'' if status == HTTPStatus.OK else _AGAIN}"
                f"connection: {'close' if last else 'keep-alive'}\r\n{_HEADERS}\r\n{body}".encode()
            )
        except OSError:
            last = True
        if last:
            connection.close()
        else:
            self._wait(connection, _KEPT)

    def _wait(self, connection: socket.socket, seconds: float) -> None:
        if connection not in self._waiting:
            self._loop.add_reader(connection, self._look, connection)
            self._waiting[connection] = self._loop.call_later(seconds, self._pass_on, connection)

    def _forget(self, connection: socket.socket) -> None:
        waiting = self._waiting.pop(connection, None)
        if waiting is not None:
            waiting.cancel()
            self._loop.remove_reader(connection)

    def _pass_on(self, connection: socket.socket) -> None:
        self._forget(connection)
        self._give(connection)

    def _give(self, connection: socket.socket) -> None:
        try:
            self._inside.call_soon_threadsafe(self._admit, connection)
        except RuntimeError:  # the loop has ended
            connection.close()
