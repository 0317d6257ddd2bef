"""The processes that serve, the one that started them, and how they come to an end.

Asked to end (SIGTERM), a server first drains: /readyz answers 503, each answer closes its
connection, and new connections are still served, until proxies and clients had time to see it. Then
it begins no more connections, answers what it has, and ends. Ctrl-C does not wait for that.
"""

import asyncio
import contextlib
import gc
import os
import resource
import signal
import socket
import sys
import time
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import multiprocess

from api.door import Door, refuse_new
from api.health import PROBES
from api.protocols import STOPPING

SUPERVISOR = "SANGKIEN_SUPERVISOR"
"""Tells a worker the process id of the one that started it, where there are several."""
_EVERY = 1.0  # seconds
_TURN = 0.001  # seconds that a thread computes while others want to: the door has short work
_SETTLE = 0.5  # seconds for what has begun to connect, once nothing more does


async def leave_with(parent: int) -> None:
    """End this process, as Ctrl-C would, once its parent is gone.

    A supervisor that was killed cannot end its workers; left alone they would hold the port.
    """
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells a process that its parent died
        await asyncio.sleep(_EVERY)
    os.kill(os.getpid(), signal.SIGINT)


class Config(uvicorn.Config):
    """What servers run with: uvicorn's own, and how many seconds they drain."""

    def __init__(self, *args: Any, drain: float = 0.0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.drain = drain


class Server(uvicorn.Server):
    """A server that accepts by a thread of its own, and drains before it ends."""

    config: Config

    def __init__(self, config: Config, *, alone: bool = True) -> None:
        """Take whether nobody else accepts by the same socket."""
        super().__init__(config)
        self._alone = alone
        self._has_process = False
        self._hurried = False
        self._joining: set[asyncio.Task[None]] = set()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal to end; the process does nothing else."""
        self._has_process = True
        super().run(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, and listen."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        self.servers = []
        self._listening = sockets or [self.config.bind_socket()]
        for listening in self._listening:
            listening.listen(self.config.backlog)
        self._door = Door(self._listening, self._admit, self.lifespan.state[PROBES])
        if self._has_process:
            # What was made so far stays. To look through all of it for garbage, time and again,
            # would stop every thread for half a second.
            gc.collect()
            gc.freeze()
        sys.setswitchinterval(_TURN)
        self._door.open()
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's
        """Drain, stop listening, and let what is under way come to its end."""
        if self.config.drain and not self._hurried:
            await self._drain()
        await asyncio.to_thread(self._door.close)
        await asyncio.sleep(0)  # what the door has passed on
        await asyncio.gather(*self._joining)
        await super().shutdown(self._listening)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal to end; Ctrl-C is in a hurry."""
        self._hurried = self._hurried or sig == signal.SIGINT
        super().handle_exit(sig, frame)

    async def _drain(self) -> None:
        self.lifespan.state[STOPPING].drain()
        for connection in list(self.server_state.connections):
            if hasattr(connection, "drain"):
                connection.drain()
        await self._pass(self.config.drain)
        if self._alone:
            for listening in self._listening:
                refuse_new(listening)
        await self._pass(_SETTLE)

    async def _pass(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._hurried:  # noqa: ASYNC110 - set by a signal
            await asyncio.sleep(0.05)

    def _admit(self, connection: socket.socket) -> None:
        task = asyncio.get_running_loop().create_task(self._join(connection))
        self._joining.add(task)
        task.add_done_callback(self._joining.discard)

    async def _join(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(self._protocol, connection)
        except OSError:
            connection.close()

    def _protocol(self) -> asyncio.Protocol:
        protocol: asyncio.Protocol = self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        return protocol


class Worker(multiprocess.Process):
    """One of several servers."""

    config: Config

    @property
    def server(self) -> Server:
        """The server of this process."""
        if self._server is None:
            self._server = Server(self.config, alone=False)
        assert isinstance(self._server, Server)
        return self._server


class Supervisor(multiprocess.Multiprocess):
    """Starts workers, replaces those that die, and ends them all."""

    config: Config

    def run(self) -> None:
        """Run until a signal to end."""
        multiprocess.Process = Worker  # type: ignore[misc] # uvicorn leaves no other way to choose
        super().run()

    def handle_int(self) -> None:
        """End without draining."""
        self.config.drain = 0.0
        super().handle_int()

    def terminate_all(self) -> None:
        """Have all workers drain and end; as they do, nothing more gets in line."""
        super().terminate_all()
        if self.config.drain:
            end = time.monotonic() + self.config.drain
            while time.monotonic() < end and any(one.process.is_alive() for one in self.processes):
                time.sleep(0.05)
            for listening in self.sockets:
                refuse_new(listening)


def run(config: Config) -> None:
    """Serve until a signal to end, by as many processes as configured."""
    # Each connection is a file, and a shell may allow as few as 1,024.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.suppress(KeyboardInterrupt):
        if config.workers > 1:
            Supervisor(config, [config.bind_socket()]).run()
        else:
            config.load_app()
            Server(config).run()
