"""Live totals as received by the npm packages graphql-ws and graphql-sse."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from api.live import lifetime
from tests import node
from tests.live import Live, live
from tests.subscribing import change

CLIENTS = Path(__file__).parent / "clients"
SECONDS = 20.0
TOTALS = 'subscription { progress(unit: "TTTT", campaign: "1TRSK", phase: 2) { submitted } }'
HIDDEN = 'subscription { progress(unit: "TLD", campaign: "nope") { submitted } }'
MUTATION = 'mutation { submitInitiative(input: {number: "x"}) { __typename } }'
both = pytest.mark.parametrize("kind", ["ws", "sse"])


@pytest.fixture(scope="module", autouse=True)
def installed() -> None:
    try:
        node.install(CLIENTS)
    except node.NodeError as error:
        pytest.skip(f"the clients cannot be installed: {error}")


class Program:
    """A running client, and its output."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> Any:
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            return json.loads(await self.process.stdout.readline())

    async def until(self, name: str) -> Any:
        """Return the next output line of this name, past all others."""
        while name not in (line := await self.line()):
            pass
        return line[name]

    async def count(self) -> int:
        submitted: int = (await self.until("data"))["progress"]["submitted"]
        return submitted


@asynccontextmanager
async def program(
    kind: str, server: Live, results: int, *tokens: str, document: str = TOTALS
) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        *(node.NODE, "live.mjs", kind, server.url, str(results), document, *tokens),
        cwd=CLIENTS,
        env={**os.environ, **node.environment()},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@both
async def test_a_client_is_told_of_a_change_and_leaves(programme, kind):
    async with live(programme) as server:
        token = server.token("tttt-admin")
        async with program(kind, server, 2, token) as client:
            first = await client.count()
            await change(server)
            assert await client.count() == first + 1
            assert await client.until("completed")
            async with asyncio.timeout(SECONDS):
                assert await client.process.wait() == 0


@both
async def test_a_client_gets_a_query_and_a_mutation_answered_too(programme, kind):
    async with live(programme) as server:
        token = server.token("member")
        document = "{ viewer { account { username } } }"
        async with program(kind, server, 5, token, document=document) as client:
            assert (await client.until("data"))["viewer"]["account"]["username"] == "member"
            assert await client.until("completed")
        async with program(kind, server, 5, token, document=MUTATION) as client:
            answer = await client.until("data")
            assert answer["submitInitiative"]["__typename"] == "NotFound"
            assert await client.until("completed")


async def test_a_client_is_told_why_it_is_told_nothing(programme):
    async with live(programme) as server:
        token = server.token("member")
        async with program("ws", server, 2, token, document=HIDDEN) as client:
            (error,) = await client.until("failed")
            assert error["extensions"]["code"] == "NOT_FOUND"
        async with program("sse", server, 2, token, document=HIDDEN) as client:
            (error,) = await client.until("errors")
            assert error["extensions"]["code"] == "NOT_FOUND"
            assert await client.until("completed")


@both
async def test_a_client_goes_on_with_the_next_server(programme, kind):
    async with live(programme) as server:
        token, port = server.token("tttt-admin"), server.port
        running = program(kind, server, 3, token)
        client = await running.__aenter__()
        first = await client.count()
    if kind == "ws":
        assert await client.until("closed") == 1001
    async with live(programme, port) as server:
        assert await client.count() == first
        await change(server)
        assert await client.count() == first + 1
        await running.__aexit__(None, None, None)


async def test_a_client_comes_back_with_a_new_token_once_the_old_one_has_expired(
    programme, monkeypatch
):
    monkeypatch.setattr(lifetime, "CHECK_AGAIN", 0.5)
    async with live(programme) as server:
        tokens = (server.token("tttt-admin", ttl=2), server.token("tttt-admin"))
        async with program("ws", server, 3, *tokens) as client:
            first = await client.count()
            assert await client.until("closed") == 4403
            assert await client.count() == first
            await change(server)
            assert await client.count() == first + 1
