"""The application behind a real HTTP server, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import psycopg

from api.app import create_app
from api.serving import PROTOCOLS
from api.settings import DEMO_TODAY, Settings
from api.workers import Config, Server
from auth import keys, tokens


class Live(NamedTuple):
    """The address of a server, and its settings."""

    url: str
    port: int
    settings: Settings
    server: Server | None = None

    def stop(self) -> None:
        """Stop the server, as a signal does."""
        assert self.server is not None
        self.server.should_exit = True

    def token(self, username: str, ttl: int = 600) -> str:
        """Return an access token as `sangkien token` creates it."""
        with psycopg.connect(self.settings.urls()[0]) as connection:
            key = keys.ensure(connection)
        return tokens.issue(
            key,
            username,
            issuer=self.settings.issuer,
            audience=self.settings.audience,
            ttl=ttl,
        )


@asynccontextmanager
async def live(url: str, port: int = 0, drain: float = 0.0, **changes: Any) -> AsyncIterator[Live]:
    """Serve this database on the demo's day, with the settings of uvicorn in production."""
    settings = Settings(database_url=url, today=DEMO_TODAY, **changes)
    config = Config(create_app(settings), log_config=None, drain=drain, **PROTOCOLS)
    server = Server(config)
    with socket.create_server(("127.0.0.1", port)) as listening:
        port = listening.getsockname()[1]
        # Not serve(): that would handle the signals of the process.
        task = asyncio.create_task(server._serve([listening]))
        while not server.started:  # noqa: ASYNC110 - uvicorn reports it in no other way
            await asyncio.sleep(0.01)
        try:
            yield Live(f"http://127.0.0.1:{port}/graphql", port, settings, server)
        finally:
            server.should_exit = True
            await task
