"""The serving processes, their supervisor, and their shutdown.

On SIGTERM a server drains first: /readyz returns 503, each response closes its connection, and new
connections are still served, until proxies and clients have had time to notice. Then it accepts no
more connections, completes the requests that it has, and ends. Ctrl-C skips draining.
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
"""The environment variable with the supervisor's process id, if there are several workers."""
_EVERY = 1.0  # seconds
_PASSES = 400  # over young objects for each pass over all; 10 by default
_TURN = 0.001  # seconds that a thread runs while others wait: the door's work is short
_SETTLE = 0.5  # seconds for connections in progress, after new ones are refused


async def leave_with(parent: int) -> None:
    """End this process, as Ctrl-C would, once its parent has gone.

    A killed supervisor cannot end its workers, which would otherwise keep the port.
    """
    while os.getppid() == parent:  # noqa: ASYNC110 - a process is not notified of its parent's death
        await asyncio.sleep(_EVERY)
    os.kill(os.getpid(), signal.SIGINT)


class Config(uvicorn.Config):
    """uvicorn's configuration, with the seconds that servers drain."""

    def __init__(self, *args: Any, drain: float = 0.0, **options: Any) -> None:
        super().__init__(*args, **options)
        self.drain = drain


class Server(uvicorn.Server):
    """A server that accepts connections in a separate thread, and drains before it ends."""

    config: Config

    def __init__(self, config: Config, *, alone: bool = True) -> None:
        """Set whether no other process accepts connections at the same socket."""
        super().__init__(config)
        self._alone = alone
        self._has_process = False
        self._hurried = False
        self._joining: set[asyncio.Task[None]] = set()

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until a signal to stop; the process does nothing else."""
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
            # Objects created so far stay alive. Scanning all of them for garbage again and again
            # would stop every thread for half a second.
            gc.collect()
            gc.freeze()
            # Caches fill with objects that refer to one another one way and need no such passes.
            gc.set_threshold(*gc.get_threshold()[:2], _PASSES)
        sys.setswitchinterval(_TURN)
        self._door.open()
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's
        """Drain, stop listening, and wait for the requests in progress."""
        if self.config.drain and not self._hurried:
            await self._drain()
        await asyncio.to_thread(self._door.close)
        await asyncio.sleep(0)  # connections that the door has passed on
        await asyncio.gather(*self._joining)
        await super().shutdown(self._listening)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Handle a signal to stop; Ctrl-C skips draining."""
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
    """One of several serving processes."""

    config: Config

    @property
    def server(self) -> Server:
        """The server of this process."""
        if self._server is None:
            self._server = Server(self.config, alone=False)
        assert isinstance(self._server, Server)
        return self._server


class Supervisor(multiprocess.Multiprocess):
    """Starts workers, replaces those that die, and stops them all."""

    config: Config

    def run(self) -> None:
        """Run until a signal to stop."""
        multiprocess.Process = Worker  # type: ignore[misc] # uvicorn leaves no other way to choose
        super().run()

    def handle_int(self) -> None:
        """Stop without draining."""
        self.config.drain = 0.0
        super().handle_int()

    def terminate_all(self) -> None:
        """Make all workers drain and stop; when they do, drop new connections."""
        super().terminate_all()
        if self.config.drain:
            end = time.monotonic() + self.config.drain
            while time.monotonic() < end and any(one.process.is_alive() for one in self.processes):
                time.sleep(0.05)
            for listening in self.sockets:
                refuse_new(listening)


def run(config: Config) -> None:
    """Serve until a signal to stop, with the configured number of processes."""
    # Each connection is a file descriptor, and a shell may allow as few as 1,024.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with contextlib.suppress(KeyboardInterrupt):
        if config.workers > 1:
            Supervisor(config, [config.bind_socket()]).run()
        else:
            config.load_app()
            Server(config).run()
