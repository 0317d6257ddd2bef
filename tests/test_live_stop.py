"""A stopping server closes its sockets, streams and listeners."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from api.settings import Settings
from tests.live import Live, live
from tests.subscribing import change, opened, peer, streamed

ROOT = Path(__file__).parents[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


async def until_ready(port: int) -> None:
    async with asyncio.timeout(60), httpx.AsyncClient() as http:
        while True:
            try:
                if (await http.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.2)


async def test_a_stop_closes_sockets_and_ends_streams(demo):
    async with (
        live(demo) as server,
        peer(server) as idle,
        opened(server) as newcomer,
        peer(server) as watcher,
        streamed(server, None, unit="TLD") as stream,
    ):
        await watcher.subscribe(unit="TLD", phase=1)
        await watcher.count()
        await stream.event()
        server.stop()
        began = time.monotonic()
        for one in (idle, newcomer, watcher):
            assert await one.closed() == (1001, "The server is stopping")
        assert await stream.event() == ("", None)
        assert time.monotonic() - began < 3


def serving(arguments: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "api.cli", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_signal_stops_a_server_that_has_subscribers(programme, workers):
    port = free_port()
    settings = Settings(database_url=programme, issuer=f"http://localhost:{port}")
    server = Live(f"http://127.0.0.1:{port}/graphql", port, settings)
    arguments = ["serve", "--port", str(port), "--workers", str(workers)]
    environment = {
        "SANGKIEN_DATABASE_URL": programme,
        "SANGKIEN_TODAY": "2022-10-21",
        "SANGKIEN_DRAIN_SECONDS": "0.5",
    }
    with serving(arguments, environment) as process:
        try:
            await until_ready(port)
            async with (
                peer(server, "tttt-admin") as one,
                peer(server, "tttt-admin") as two,
                streamed(server, "tttt-admin") as stream,
            ):
                # With two workers they may be at either; the change is made at any.
                for watcher in (one, two):
                    await watcher.subscribe()
                    first = await watcher.count()
                await stream.event()
                await change(server)
                for watcher in (one, two):
                    assert await watcher.count() == first + 1
                await stream.event()
                process.send_signal(signal.SIGTERM)
                for watcher in (one, two):
                    assert (await watcher.closed())[0] == 1001
                assert await stream.event() == ("", None)
            assert process.wait(10) in {0, -signal.SIGTERM}
        finally:
            if process.poll() is None:
                process.kill()
        assert process.stderr is not None
        assert process.stderr.read() == ""
