"""Misbehaving clients of WebSockets and event streams, and the server's reactions."""

import asyncio
import json
import socket
from contextlib import suppress

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.protocol import State

from api import protocols
from api.bodies import LARGEST_BODY
from api.live import conversation
from api.live import socket as live_socket
from api.operations import Operations
from tests.live import live
from tests.subscribing import PROGRESS, opened, peer, streamed

HELLO = "{ viewer { account { username } } }"
INIT = '{"type": "connection_init"}'
TOTALS = 'subscription { progress(unit: "TLD", campaign: "1TRSK") { submitted } }'
LASTING = json.dumps({"type": "subscribe", "id": "1", "payload": {"query": TOTALS}})
SUBSCRIBE = json.dumps({"type": "subscribe", "id": "1", "payload": {"query": HELLO}})


@pytest.mark.parametrize("protocols_", [["graphql-ws"], ["other"], None])
async def test_another_protocol_is_refused_at_the_handshake(demo, protocols_):
    async with live(demo) as server:
        with pytest.raises(InvalidStatus) as refused:
            async with opened(server, subprotocols=protocols_):
                raise AssertionError("it was taken")
    assert refused.value.response.status_code == 400
    assert b"graphql-transport-ws" in refused.value.response.body


async def test_of_several_protocols_ours_is_taken(demo):
    async with (
        live(demo) as server,
        opened(server, subprotocols=["graphql-ws", "graphql-transport-ws"]) as watcher,
    ):
        assert watcher.socket.subprotocol == "graphql-transport-ws"
        await watcher.say("connection_init")
        assert (await watcher.hear())["type"] == "connection_ack"


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ([SUBSCRIBE], 4401),
        ([INIT, INIT], 4429),
        ([INIT, LASTING, LASTING], 4409),
        (["not json"], 4400),
        (["[]"], 4400),
        (["null"], 4400),
        (['"text"'], 4400),
        (["{}"], 4400),
        (['{"type": 3}'], 4400),
        (['{"type": "start"}'], 4400),
        (['{"type": "connection_ack"}'], 4400),
        ([b"\x00\x01"], 4400),
        (["[" * 20_000], 4400),
        (['{"type": "connection_init", "payload": []}'], 4400),
        (['{"type": "connection_init", "payload": {"authorization": 7}}'], 4400),
        (['{"type":"connection_init","payload":{"authorization":"a","Authorization":"b"}}'], 4400),
        ([INIT, '{"type": "subscribe", "payload": {}}'], 4400),
        ([INIT, '{"type": "subscribe", "id": "", "payload": {}}'], 4400),
        ([INIT, '{"type": "subscribe", "id": 1, "payload": {}}'], 4400),
        ([INIT, '{"type": "subscribe", "id": "%s", "payload": {}}' % ("x" * 129)], 4400),
        ([INIT, '{"type": "subscribe", "id": "1"}'], 4400),
        ([INIT, '{"type": "subscribe", "id": "1", "payload": "{}"}'], 4400),
        ([INIT, '{"type": "complete"}'], 4400),
        ([INIT, '{"type": "ping", "payload": 1}'], 4400),
        ([INIT, '{"type": "nonsense"}'], 4400),
        ([INIT, " " * (LARGEST_BODY + 2_000)], 1009),
    ],
)
async def test_what_the_protocol_does_not_know_closes_the_connection(demo, texts, code):
    async with live(demo) as server, opened(server) as watcher:
        with suppress(ConnectionClosed):
            for text in texts:
                await watcher.socket.send(text)
        assert (await watcher.closed())[0] == code


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "BAD_REQUEST"),
        ({"query": 3}, "BAD_REQUEST"),
        ({"query": HELLO, "variables": []}, "BAD_REQUEST"),
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothing }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": "query A { __typename } query B { __typename }"}, "BAD_USER_INPUT"),
        ({"query": PROGRESS}, "BAD_USER_INPUT"),
        ({"query": PROGRESS, "variables": {"unit": "\0"}}, "BAD_USER_INPUT"),
        ({"documentId": "sha256:unknown"}, "PERSISTED_DOCUMENT_NOT_FOUND"),
    ],
)
async def test_an_operation_that_does_not_run_ends_alone(demo, payload, code):
    async with live(demo) as server, peer(server) as watcher:
        await watcher.say("subscribe", id="1", payload=payload)
        assert await watcher.code() == code
        await watcher.subscribe("1", HELLO)
        assert (await watcher.hear())["payload"] == {"data": {"viewer": {"account": None}}}


async def test_a_fault_of_ours_is_masked_and_ends_the_operation_alone(demo, monkeypatch):
    async def broken(*_: object) -> bytes:
        raise ZeroDivisionError("a secret")

    async with live(demo) as server, peer(server) as watcher:
        with monkeypatch.context() as patched:
            patched.setattr(Operations, "_read", broken)
            for id_, query in (("1", HELLO), ("2", PROGRESS)):
                await watcher.subscribe(id_, query, unit="TLD")
                message = await watcher.hear()
                assert message["payload"][0]["extensions"]["code"] == "INTERNAL"
                assert "secret" not in json.dumps(message)
        await watcher.subscribe("3", HELLO)
        assert (await watcher.hear())["type"] == "next"


async def test_who_says_nothing_is_closed(demo, monkeypatch):
    monkeypatch.setattr(live_socket, "INIT_SECONDS", 0.3)
    async with live(demo) as server, opened(server) as watcher:
        await watcher.say("ping")
        assert await watcher.hear() == {"type": "pong"}
        assert (await watcher.closed())[0] == 4408


async def test_who_subscribes_to_nothing_is_closed(demo, monkeypatch):
    monkeypatch.setattr(live_socket, "IDLE_SECONDS", 0.5)
    async with live(demo) as server, peer(server) as idle, peer(server) as busy:
        await busy.subscribe(unit="TLD", phase=1)
        await busy.count()
        assert await idle.closed() == (1000, "Idle")
        assert await busy.silent()
        await busy.say("complete", id="1")
        assert (await busy.closed())[0] == 1000


async def test_an_id_may_be_used_again_once_its_operation_has_ended(demo):
    async with live(demo) as server, peer(server) as watcher:
        for _ in range(3):
            await watcher.subscribe("1", unit="TLD", phase=1)
            await watcher.count()
            await watcher.say("complete", id="1")
            await watcher.say("complete", id="1")
        await watcher.say("ping")
        assert await watcher.hear() == {"type": "pong"}


async def test_thousands_of_subscriptions_are_refused_one_by_one(demo):
    async with live(demo, burst=20_000, subscriptions_each=30) as server, peer(server) as watcher:

        async def ask() -> None:
            for number in range(3_000):
                await watcher.subscribe(str(number), unit="TLD", phase=1)

        asking = asyncio.create_task(ask())
        seen: dict[str, int] = {}
        for _ in range(3_000):
            message = await watcher.hear()
            what = message["type"]
            if what == "error":
                what = message["payload"][0]["extensions"]["code"]
            seen[what] = seen.get(what, 0) + 1
        await asking
    assert seen == {"next": 30, "TOO_MANY_AT_ONCE": 2_970}


async def test_one_connection_has_a_limit_of_its_own(demo, monkeypatch):
    monkeypatch.setattr(conversation, "MOST", 3)
    async with live(demo) as server, peer(server) as watcher:
        for number in range(4):
            await watcher.subscribe(str(number), unit="TLD", phase=1)
        types = [(await watcher.hear())["type"] for _ in range(4)]
    assert sorted(types) == ["error", "next", "next", "next"]


async def test_connections_have_a_limit_for_each_caller(demo):
    async with live(demo, connections_each=2, connections=4) as server:
        async with peer(server, "member"), peer(server, "member"):
            with pytest.raises(ConnectionClosed):
                async with peer(server, "member") as third:
                    await third.hear()
            async with (
                peer(server, "council"),
                peer(server, "council"),
            ):
                with pytest.raises(InvalidStatus) as refused:
                    async with opened(server):
                        pass
                assert refused.value.response.status_code == 503
        async with peer(server, "member") as later:
            await later.say("ping")
            assert (await later.hear())["type"] == "pong"


async def test_strangers_are_counted_by_their_address(demo):
    async with live(demo, connections_each=2) as server, peer(server), peer(server):
        with pytest.raises(InvalidStatus) as refused:
            async with opened(server):
                pass
        assert refused.value.response.status_code == 429
        stream = httpx.AsyncClient()
        answer = await stream.post(
            server.url,
            json={"query": PROGRESS, "variables": {"unit": "TLD"}},
            headers={"Accept": "text/event-stream"},
        )
        await stream.aclose()
        assert answer.json()["errors"][0]["extensions"]["code"] == "TOO_MANY_AT_ONCE"


async def test_the_rate_of_operations_holds_for_messages(demo):
    async with live(demo, rate=1, burst=10) as server, peer(server, "member") as watcher:
        for number in range(12):
            await watcher.subscribe(str(number), HELLO)
        codes = []
        for _ in range(22):
            message = await watcher.hear()
            if message["type"] == "error":
                codes.append(message["payload"][0]["extensions"]["code"])
            if len(codes) == 2:
                break
        assert codes == ["RATE_LIMITED"] * 2
        with suppress(ConnectionClosed):
            for _ in range(1_000):
                await watcher.say("ping")
        assert (await watcher.closed())[0] == 4429


async def test_guessing_tokens_counts(demo):
    async with live(demo, rate=0.1, burst=6) as server:
        codes = []
        for _ in range(4):
            try:
                async with opened(server) as guess:
                    await guess.say("connection_init", payload={"authorization": "Bearer x"})
                    codes.append((await guess.closed())[0])
            except InvalidStatus as refused:
                codes.append(refused.response.status_code)
    assert codes == [4403, 4403, 4403, 429]


async def test_who_does_not_read_is_cut_off_and_takes_no_memory_meanwhile(demo, monkeypatch):
    monkeypatch.setattr(protocols, "PATIENCE", 1.0)
    answered = 0

    async def large(*_: object) -> bytes:
        nonlocal answered
        answered += 1
        return b'"' + b"x" * 1_000_000 + b'"'

    async with live(demo) as server:
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        raw.connect(("127.0.0.1", server.port))
        async with opened(server, sock=raw, max_queue=1, ping_interval=None) as watcher:
            await watcher.say("connection_init")
            await watcher.hear()
            watcher.socket.transport.pause_reading()
            with monkeypatch.context() as patched:
                patched.setattr(Operations, "run", large)
                for number in range(500):
                    with suppress(ConnectionClosed, TimeoutError):
                        async with asyncio.timeout(10):
                            await watcher.subscribe(str(number), HELLO)
                    if watcher.socket.state is not State.OPEN:
                        break
                    await asyncio.sleep(0.01)
                assert watcher.socket.state is not State.OPEN
        assert answered < 30, "what the system buffers, and a few more"
        async with peer(server) as after:
            await after.subscribe("1", HELLO)
            assert (await after.hear())["type"] == "next"


async def test_a_stream_that_nobody_reads_is_cut_off(demo, monkeypatch):
    monkeypatch.setattr(protocols, "PATIENCE", 0.5)

    async def endless(*_: object):
        while True:
            await asyncio.sleep(0)
            yield b'{"x": "' + b"x" * 100_000 + b'"}'

    monkeypatch.setattr(Operations, "events", endless)
    async with live(demo, connections_each=1, demo=True) as server:
        async with streamed(server, None, unit="TLD"):
            await asyncio.sleep(2)
        async with httpx.AsyncClient() as http:
            text = (await http.get(server.url.replace("graphql", "metrics"))).text
        assert "sangkien_live_connections 0.0" in text


async def test_who_reads_slowly_gets_everything(demo, monkeypatch):
    monkeypatch.setattr(protocols, "PATIENCE", 0.3)

    async def large(*_: object) -> bytes:
        return b'"' + b"x" * 20_000_000 + b'"'

    monkeypatch.setattr(Operations, "run", large)
    async with live(demo) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=4_096)
        body = json.dumps({"query": HELLO}).encode()
        head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        read, began = 0, asyncio.get_running_loop().time()
        async with asyncio.timeout(20):
            while read < 20_000_000 and (part := await reader.read(200_000)):
                read += len(part)
                if read < 10_000_000:
                    await asyncio.sleep(0.02)
        writer.close()
        took = asyncio.get_running_loop().time() - began
    assert read > 20_000_000
    assert took > 1, "longer than a client that reads nothing has"


async def test_what_is_open_is_counted(demo):
    async with live(demo, demo=True) as server, httpx.AsyncClient() as http:

        async def figures() -> dict[str, float]:
            text = (await http.get(server.url.replace("graphql", "metrics"))).text
            lines = (line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
            return {name: float(value) for name, value in lines if "{" not in name}

        before = await figures()
        async with peer(server) as watcher, streamed(server, None, unit="TLD") as stream:
            await watcher.subscribe(unit="TLD", phase=1)
            await watcher.count()
            await stream.event()
            during = await figures()
        await asyncio.sleep(0.3)
        after = await figures()
    assert during["sangkien_live_connections"] == before["sangkien_live_connections"] + 2
    assert during["sangkien_subscriptions"] == before["sangkien_subscriptions"] + 2
    told = during["sangkien_subscription_events_total"]
    assert told == before["sangkien_subscription_events_total"] + 2
    for name in ("sangkien_live_connections", "sangkien_subscriptions"):
        assert after[name] == before[name]
