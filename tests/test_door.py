"""Probes are answered in the thread that accepts connections, however busy the event loop is."""

import asyncio
import socket
import threading
import time

import httpx

from tests.live import live

HEALTHZ = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"


def probe(port, path="/healthz"):
    """Return the status and duration of a probe by a new connection."""
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        request = f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
        connection.sendall(request.encode())
        answer = b""
        while more := connection.recv(65_536):
            answer += more
    return int(answer.split()[1]), time.monotonic() - began


def busy(seconds):
    """Compute in the event loop, as no request should."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1_000))


async def test_probes_do_not_wait_for_the_event_loop(demo):
    async with live(demo) as server:
        assert (await asyncio.to_thread(probe, server.port, "/readyz"))[0] == 200
        found, done = [], threading.Event()

        def ask():
            while not done.is_set():
                found.extend(probe(server.port, path) for path in ("/healthz", "/readyz"))
                time.sleep(0.05)

        asking = threading.Thread(target=ask)
        asking.start()
        busy(3)
        while_busy = list(found)
        done.set()
        await asyncio.to_thread(asking.join)
    times = sorted(seconds for _, seconds in while_busy)
    assert len(times) >= 10
    assert {status for status, _ in while_busy} == {200}
    # The test machine may be busy too, so most of them must be fast.
    assert times[len(times) // 2] < 0.1
    assert times[-1] < 2


async def test_a_loop_that_stands_still_for_long_is_not_alive(demo, monkeypatch):
    monkeypatch.setattr("api.health.STUCK", 0.5)
    async with live(demo) as server:
        found = []
        asking = threading.Timer(1.5, lambda: found.append(probe(server.port)))
        asking.start()
        busy(3)
        await asyncio.to_thread(asking.join)
    assert found[0][0] == 503


async def test_a_connection_may_bring_probes_and_then_anything_else(demo):
    async with live(demo) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for _ in range(3):
            writer.write(HEALTHZ)
            assert (await reader.readuntil(b'{"status":"ok"}')).startswith(b"HTTP/1.1 200")
        writer.write(b"GET /oauth/style.css HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()


async def test_a_probe_in_pieces_and_a_silent_connection_are_served_all_the_same(demo):
    async with live(demo) as server:
        for pause in (0.05, 0.8):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            await asyncio.sleep(pause)
            for piece in (HEALTHZ[:7], HEALTHZ[7:30], HEALTHZ[30:]):
                writer.write(piece)
                await asyncio.sleep(0.05)
            answer = await asyncio.wait_for(reader.readuntil(b'{"status":"ok"}'), 5)
            assert answer.startswith(b"HTTP/1.1 200")
            writer.close()


async def test_a_probe_with_a_body_or_another_request_behind_it_is_read_as_http_has_it(demo):
    style = b"GET /oauth/style.css HTTP/1.1\r\nhost: x\r\n"
    inner = style + b"\r\n"
    length, chunk = b"Content-Length: %d\r\n\r\n" % len(inner), b"%x\r\n" % len(inner)
    with_body = HEALTHZ.removesuffix(b"\r\n")
    chunked = b"transfer-encoding: chunked\r\n\r\n" + chunk
    async with live(demo) as server:
        for sent, rest in (
            (with_body + length, inner),
            (with_body + length + inner, b""),
            (with_body + chunked, inner + b"\r\n0\r\n\r\n"),
            (HEALTHZ, HEALTHZ),
            (HEALTHZ + HEALTHZ, b""),
        ):
            probes = (sent + rest).count(b"/healthz")
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(sent)
            await asyncio.sleep(0.1)
            writer.write(rest + style + b"connection: close\r\n\r\n")
            answered = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            assert answered.count(b"HTTP/1.1 200") == probes + 1, (sent, answered)
            assert answered.count(b'{"status":"ok"}') == probes


async def test_a_request_that_has_begun_when_the_server_stops_is_answered(demo):
    async with live(demo) as server, httpx.AsyncClient() as http:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        body = b'{"query":"{ __typename }"}'
        writer.write(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"content-length: %d\r\n\r\n" % len(body)
        )
        assert (await http.post(server.url, json={"query": "{ __typename }"})).status_code == 200
        server.stop()
        await asyncio.sleep(0.3)
        writer.write(body)
        assert b'{"data":{"__typename":"Query"}}' in await asyncio.wait_for(reader.read(), 10)
        writer.close()
