"""The cost of identity: *small* with a warm token cache, and with identity left out.

All servers run at once on one database. Several clients query them in turns of a moment each, so
other load of the machine affects neighbouring turns equally. The result is the median of many pairs
of turns.
"""

import contextlib
import random
import selectors
import socket
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, Self
from urllib.parse import urlencode, urlsplit

from tests.bench import contenders
from tests.bench.contenders import Contender, ContenderError
from tests.bench.load import Target
from tests.bench.place import Place

MOST = 0.15
WHOLE, UNAUTHENTICATED, UNBOUND = "whole", "unauthenticated", "unbound"
_NAMES = (WHOLE, UNAUTHENTICATED, UNBOUND)
_MOMENT = 0.25  # seconds of a turn
_WARM = 4  # turns of each server before it counts


class Cost(NamedTuple):
    """Responses a second to *small*, by server and turn."""

    rates: Mapping[str, Sequence[float]]

    @property
    def share(self) -> float:
        """The share of authentication and session binding in the time of *small*."""
        return self.saved(UNBOUND)[1]

    def saved(self, name: str) -> list[float]:
        """Return the quartiles of the share of time that a server without a step saves."""
        pairs = zip(self.rates[WHOLE], self.rates[name], strict=True)
        return statistics.quantiles([1 - rate / bare for rate, bare in pairs], n=4)


def measure(place: Place, folder: Path, *, clients: int, seconds: float) -> Cost:
    """Measure for some seconds. Raises ContenderError."""
    chance = random.Random(1)
    rates: dict[str, list[float]] = {name: [] for name in _NAMES}
    with contextlib.ExitStack() as stack:
        lines = []
        for server in stack.enter_context(serving(place, folder)):
            target = server.targets(place.subject)["small"]
            lines.append([stack.enter_context(Line(target)) for _ in range(clients)])
        order = list(zip(_NAMES, lines, strict=True))
        for _ in range(_WARM + round(seconds / _MOMENT / len(_NAMES))):
            chance.shuffle(order)
            for name, to_server in order:
                rates[name].append(_rate(to_server))
    return Cost({name: found[_WARM:] for name, found in rates.items()})


def _rate(lines: Sequence["Line"]) -> float:
    """Return the responses a second over these connections together, for a moment."""
    count, left, began = 0, len(lines), time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.ask()
        while left:
            for key, _ in selector.select():
                if not key.data.is_answered():
                    continue
                count += 1
                if time.perf_counter() - began < _MOMENT:
                    key.data.ask()
                else:
                    left -= 1
    return count / (time.perf_counter() - began)


class Line:
    """A connection that sends one request repeatedly."""

    def __init__(self, target: Target) -> None:
        address = urlsplit(target.url)
        body = target.bodies[0].encode()
        head = (
            f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {target.token}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self._request = head.encode() + body
        self._answer = b""
        self.socket = socket.create_connection((address.hostname, address.port), timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def ask(self) -> None:
        """Send the request."""
        self._answer = b""
        self.socket.sendall(self._request)

    def is_answered(self) -> bool:
        """Read received bytes; return whether the response is complete. Raises ContenderError."""
        self._answer += self.socket.recv(65_536)
        if not self._answer.startswith(b"HTTP/1.1 200"):
            raise ContenderError(f"not an answer to small: {self._answer[-500:]!r}")
        return self._answer.endswith(b"}}}}")  # data, unit, progress


@contextlib.contextmanager
def serving(place: Place, folder: Path) -> Iterator[list[Contender]]:
    """Start the application unchanged, and with identity left out. Raises ContenderError."""
    environment = {"BENCH_BOUND_URL": bound_url(place), "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                contenders.variant(
                    f"tests.bench.without_identity:{name}",
                    place,
                    folder / f"{name}.log",
                    environment,
                )
            )
            for name in _NAMES
        ]


def bound_url(place: Place) -> str:
    """Return the reader's URL with the caller's settings for each new connection."""
    joint = "&" if "?" in place.reader_url else "?"
    return place.reader_url + joint + urlencode(place.settings())
