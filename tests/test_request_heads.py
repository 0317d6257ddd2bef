"""The first bytes of a request: its line and its headers."""

import asyncio

import pytest

from api import protocols
from tests.live import live

CUT = b"cut"
GET = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"


@pytest.fixture
async def served(database):
    async with live(database) as running:
        yield running


async def said(served, *parts, pause=0.0):
    """Send these bytes, and return the response until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        return await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:  # it closed before it had read all; its response may be lost
        return CUT
    finally:
        writer.close()


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(protocols, "HEAD_SECONDS", 0.3)


@pytest.mark.parametrize("begun", [b"", b"G", b"GET /healthz HTTP/1.1\r\nHost: lo"])
async def test_a_head_that_does_not_come_to_its_end_is_not_waited_for(served, soon, begun):
    assert (await said(served, begun)).startswith(b"HTTP/1.1 408 ")


async def test_a_head_that_arrives_in_drops_gets_no_more_time(served, soon):
    drops = [GET, *(b"X-%d: y\r\n" % n for n in range(20))]
    assert (await said(served, *drops, pause=0.05)).startswith((b"HTTP/1.1 408 ", CUT))


async def test_a_slow_second_request_of_a_connection_is_not_waited_for_either(served, soon):
    answered = await said(served, GET + b"\r\n", b"GET", pause=0.1)
    assert answered.startswith(b"HTTP/1.1 200 ")
    assert b"HTTP/1.1 408 " in answered


async def test_a_head_without_an_end_is_cut(served):
    endless = [GET, *(b"X-Filler: %s\r\n" % (b"y" * 8_000) for _ in range(20))]
    assert (await said(served, *endless, pause=0.01)).startswith((b"HTTP/1.1 431 ", CUT))
    async with asyncio.timeout(5):  # and the server continues
        answered = await said(served, GET + b"Connection: close\r\n\r\n")
    assert answered.startswith(b"HTTP/1.1 200 ")


async def test_a_body_may_take_longer_than_a_head(served, soon):
    post = b"POST /graphql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    body = b'{"query": "{ __typename }"}'
    head = post + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    answered = await said(served, head, body[:5], body[5:], pause=0.25)
    assert answered.startswith(b"HTTP/1.1 200 ")
