"""Connections without HTTP, without data, or without reading are closed; others continue."""

import asyncio
import resource
import socket
import ssl
import time

import httpx
import pytest

from api import protocols
from tests.live import live

QUESTION = {"query": '{ unit(code: "TLD") { code } }'}
IDLE = 2_000


def client_hello():
    """Return the first bytes of a TLS client."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    made = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        made.do_handshake()
    return outgoing.read()


async def answered(port, sent):
    """Return the response to these bytes until the server closes, which it must soon."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_bytes_of_other_protocols_are_answered_by_400_and_the_end(demo):
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
    ssh, redis = b"SSH-2.0-OpenSSH_9.2\r\n", b"*1\r\n$4\r\nPING\r\n"
    async with live(demo) as server:
        for sent in (client_hello(), preface, ssh, redis, b"\x00" * 1_000, b"\xff\r\n\r\n"):
            said = await answered(server.port, sent)
            assert said == b"" or said.startswith(b"HTTP/1.1 400 "), sent[:20]
        async with httpx.AsyncClient() as http:
            assert (await http.post(server.url, json=QUESTION)).status_code == 200


@pytest.fixture
def many_files():
    """Raise the limit of open files for both ends of so many connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = 2 * IDLE + 500
    if hard != resource.RLIM_INFINITY and hard < needed:
        pytest.skip(f"THIS SYSTEM ALLOWS NO {needed} OPEN FILES")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, needed), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_two_thousand_idle_connections_are_closed_and_stop_nobody(demo, many_files):
    async with live(demo) as server:
        began = time.monotonic()
        idle = []
        for number in range(IDLE):
            connection = socket.create_connection(("127.0.0.1", server.port))
            if number % 2:
                connection.send(b"GET /hea")  # half a request's line
            idle.append(connection)
            if number % 50 == 0:
                await asyncio.sleep(0)
        async with httpx.AsyncClient(timeout=5) as http:
            for _ in range(5):
                health = await http.get(server.url.replace("/graphql", "/healthz"))
                assert health.status_code == 200
                assert (await http.post(server.url, json=QUESTION)).status_code == 200
        latest = time.monotonic() + protocols.HEAD_SECONDS + 5
        for connection in idle:
            connection.settimeout(0)
        left = list(idle)
        while left and time.monotonic() < latest:
            await asyncio.sleep(0.5)
            left = [one for one in left if not is_closed(one)]
        assert left == []
        assert time.monotonic() - began > protocols.HEAD_SECONDS - 5  # not for lack of room
        for connection in idle:
            connection.close()


def is_closed(connection):
    """Return whether the server has closed a connection."""
    try:
        while connection.recv(4_096):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


async def test_an_answer_read_at_a_byte_a_second_is_cut_off_and_stops_nobody(demo, monkeypatch):
    monkeypatch.setattr(protocols, "PATIENCE", 1.0)

    async def large(*_):
        return b'"' + b"x" * 20_000_000 + b'"'

    async with live(demo) as server:
        raw = socket.socket()
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        raw.connect(("127.0.0.1", server.port))
        body = b'{"query": "{ campaigns { totalCount } }"}'
        head = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        with monkeypatch.context() as patched:
            patched.setattr("api.operations.Operations.run", large)
            raw.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            await asyncio.sleep(0.5)
        raw.settimeout(0)
        read, cut = 0, False
        async with httpx.AsyncClient(timeout=5) as http:
            for _ in range(12):
                try:
                    read += len(raw.recv(1))
                except BlockingIOError:
                    pass
                except ConnectionError:
                    cut = True
                    break
                assert (await http.post(server.url, json=QUESTION)).status_code == 200
                await asyncio.sleep(1)
            open_ = len(server.server.server_state.connections)
        raw.close()
    assert read < 13
    assert cut or open_ <= 1  # the connection of the other requests
