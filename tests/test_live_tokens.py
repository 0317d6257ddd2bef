"""Live totals with personal access tokens: within their limits, while they are valid."""

from contextlib import asynccontextmanager

import pytest

from api.live import lifetime
from auth import access_tokens
from tests.live import live
from tests.mutating import change as run
from tests.subscribing import PROGRESS, change, opened, told
from tests.token_holding import CREATE


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(lifetime, "CHECK_AGAIN", 0.3)
    monkeypatch.setattr(access_tokens, "HOLD", 0.2)


@asynccontextmanager
async def listening(server, username, **fields):
    """A connection with a new token of an account."""
    input_ = {"name": "A screen", "days": 1, **fields}
    made = (await told(server, CREATE, username, input=input_))["createAccessToken"]
    async with opened(server) as watcher:
        await watcher.say("connection_init", payload={"authorization": f"Bearer {made['secret']}"})
        assert await watcher.hear() == {"type": "connection_ack"}
        yield watcher


async def test_a_token_that_only_reads_hears_of_what_it_is_for_and_nothing_else(programme):
    async with (
        live(programme) as server,
        listening(server, "tttt-admin", unit="VNPT", readOnly=True) as watcher,
    ):
        await watcher.subscribe("1", unit="VNPT", phase=2)
        before = await watcher.count()
        await watcher.subscribe("2", unit="TTTT", phase=2)
        assert await watcher.code() == "NOT_FOUND"
        await change(server)
        assert await watcher.count() == before + 1
        mutation = "mutation ($x: String!) { submitInitiative(input: {number: $x}) { __typename } }"
        await watcher.subscribe("3", mutation, x="X")
        assert await watcher.code() == "INSUFFICIENT_SCOPE"


async def test_a_revoked_token_ends_its_connections(programme):
    async with live(programme) as server, listening(server, "tttt-admin") as watcher:
        await watcher.subscribe("1", PROGRESS)
        await watcher.count()
        assert await watcher.silent()
        run(programme, "update access_token set revoked_at = now()")
        assert (await watcher.closed())[0] == 4403


async def test_a_token_whose_limits_become_others_is_not_gone_on_with(programme):
    """Its connection ends, and the next one begins with the new limits."""
    async with live(programme) as server, listening(server, "tttt-admin") as watcher:
        await watcher.subscribe("1", PROGRESS)
        await watcher.count()
        run(programme, "update access_token set permissions = '{}'")
        assert (await watcher.closed())[0] in {4401, 4403}
