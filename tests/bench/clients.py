"""Clients for machines without wrk: `python -m tests.bench.clients`, a request as JSON on stdin.

The Content-Length, or the last chunk of a chunked response, marks the end of a response.
"""

import asyncio
import itertools
import json
import statistics
import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

_LAST_CHUNK = b"\r\n0\r\n\r\n"


class _Client(asyncio.Protocol):
    """One connection that sends a request, waits for the whole response, and repeats."""

    def __init__(
        self, requests: Iterator[bytes], until: float, done: "asyncio.Future[list[float]]"
    ) -> None:
        self._requests = requests
        self._until = until
        self._done = done
        self._took: list[float] = []
        self._chunks: list[bytes] = []
        self._missing = -1
        self._asked = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are transports without inheriting from the class.
        self._transport = cast("asyncio.Transport", transport)
        self._ask()

    def data_received(self, data: bytes) -> None:
        if self._missing < 0:
            self._begin(data)
        else:
            self._missing -= len(data)
            self._chunks = [*self._chunks[-1:], data]
        chunked_end = self._missing > 1 << 60 and b"".join(self._chunks).endswith(_LAST_CHUNK)
        if self._missing == 0 or chunked_end:
            self._took.append(time.perf_counter() - self._asked)
            if time.perf_counter() < self._until:
                self._ask()
            else:
                self._transport.close()
                self._done.set_result(self._took)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("closed by the server"))

    def _begin(self, data: bytes) -> None:
        head, _, body = data.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            self._done.set_exception(ConnectionError(head.decode(errors="replace")))
            self._transport.abort()
            return
        _, found, length = head.lower().partition(b"content-length:")
        size = int(length.split(b"\r\n")[0]) if found else 1 << 61
        self._missing = size - len(body)
        self._chunks = [data]

    def _ask(self) -> None:
        self._missing = -1
        self._asked = time.perf_counter()
        self._transport.write(next(self._requests))


async def _measure(asked: dict[str, Any]) -> tuple[float, float, float]:
    address = urlsplit(asked["url"])
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: Bearer {asked['token']}\r\nContent-Type: application/json\r\n"
    )
    requests = itertools.cycle(
        f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode()
        for body in asked["bodies"]
    )
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    until = began + asked["seconds"]
    done: list[asyncio.Future[list[float]]] = [
        loop.create_future() for _ in range(asked["clients"])
    ]
    for future in done:
        await loop.create_connection(
            partial(_Client, requests, until, future),
            address.hostname,
            address.port,
        )
    took = sorted(t for times in await asyncio.gather(*done) for t in times)
    rate = len(took) / (time.perf_counter() - began)
    return rate, statistics.median(took) * 1e3, took[len(took) * 99 // 100] * 1e3


if __name__ == "__main__":
    json.dump(uvloop.run(_measure(json.load(sys.stdin))), sys.stdout)
