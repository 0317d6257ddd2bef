"""Event streams and WebSockets end within ten seconds of their credentials, without a change."""

import asyncio
import time

import httpx
import pytest

from tests.deciding import run
from tests.live import live
from tests.subscribing import PROGRESS, Stream, opened, told
from tests.token_holding import CREATE

PROMISED = 10.0  # seconds
OF = "(select id from account where username = 'upper-officer')"
ENDS = {
    "disabled": (f"update account set disabled_at = now() where id = {OF}", "UNAUTHENTICATED"),
    "role revoked": (
        f"update role_grant set revoked_at = now() where account_id = {OF}",
        "NOT_FOUND",
    ),
    "role that needs a second factor": (
        f"""insert into role_grant (account_id, role, unit_id, valid_from)
        select {OF}, 'ADMIN', id, '2022-01-01' from unit where code = 'TTTT'""",
        "SECOND_FACTOR_NEEDED",
    ),
    "token revoked": (
        f"update access_token set revoked_at = now() where account_id = {OF}",
        "UNAUTHENTICATED",
    ),
}
VARIABLES = {"unit": "VNPT", "phase": 2}


async def ended_stream(stream):
    """Return the code with which a stream ends."""
    name, result = await stream.event()
    assert name == "next"
    code = result["errors"][0]["extensions"]["code"]
    assert (await stream.event())[0] == "complete"
    return code


async def ended_socket(watcher):
    """Return the code with which a subscription ends, or with which its connection closes."""
    message = await watcher.hear() if not watcher.socket.close_code else None
    assert message is not None
    assert message["type"] == "error", message
    return message["payload"][0]["extensions"]["code"]


@pytest.mark.parametrize("what", ENDS)
async def test_what_is_open_ends_in_the_promised_time(programme, what):
    statement, code = ENDS[what]
    async with live(programme, totp_required=True) as server:
        given = {"name": "A wall", "days": 30}
        made = await told(server, CREATE, "upper-officer", input=given)
        run(programme, "update access_token set second_factor = false")
        bearer = f"Bearer {made['createAccessToken']['secret']}"
        headers = {"Accept": "text/event-stream", "Authorization": bearer}
        body = {"query": PROGRESS, "variables": VARIABLES}
        async with (
            opened(server) as watcher,
            httpx.AsyncClient(timeout=30) as http,
            http.stream("POST", server.url, json=body, headers=headers) as response,
        ):
            stream = Stream(response)
            await watcher.say("connection_init", payload={"authorization": bearer})
            assert (await watcher.hear())["type"] == "connection_ack"
            await watcher.subscribe("1", **VARIABLES)
            assert await watcher.count() > 0
            assert (await stream.event())[0] == "next"
            began = time.monotonic()
            run(programme, statement)
            if what == "token revoked":
                assert (await watcher.closed())[0] == 4403
                assert await ended_stream(stream) == code
            else:
                found = await asyncio.gather(ended_socket(watcher), ended_stream(stream))
                assert found == [code, code]
            assert time.monotonic() - began < PROMISED
