"""What identity costs: *small* with a warm token cache, and with identity left out.

All servers run at once on one database, and are measured in turns of a second or two; each turn's
rates are compared with one another, so that what else the machine does touches them alike.
"""

import contextlib
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from tests.bench import contenders, load
from tests.bench.contenders import Contender
from tests.bench.place import Place

MOST = 0.15
WHOLE, UNAUTHENTICATED, UNBOUND = "whole", "unauthenticated", "unbound"
_TURN = 1.5  # seconds
_NAMES = (WHOLE, UNAUTHENTICATED, UNBOUND)


class Cost(NamedTuple):
    """Rates of *small* by server, turn by turn."""

    rates: Mapping[str, list[float]]

    @property
    def share(self) -> float:
        """What part of the time of *small* goes to authentication and session binding."""
        return statistics.median(self.shares(UNBOUND))

    def shares(self, without: str) -> list[float]:
        """Return the part of the time that a server without it saves, turn by turn."""
        pairs = zip(self.rates[WHOLE], self.rates[without], strict=True)
        return [1 - rate / bare for rate, bare in pairs]


def measure(place: Place, folder: Path, *, clients: int, turns: int) -> Cost:
    """Measure in turns. Raises LoadError, ContenderError."""
    rates: dict[str, list[float]] = {name: [] for name in _NAMES}
    with serving(place, folder) as servers:
        targets = [server.targets(place.subject)["small"] for server in servers]
        for turn in range(turns + 1):  # the first is to warm up
            order = _NAMES if turn % 2 else _NAMES[::-1]
            for name in order:
                target = targets[_NAMES.index(name)]
                taken = load.measure(target, clients=clients, seconds=_TURN).rate
                if turn:
                    rates[name].append(taken)
    return Cost(rates)


@contextlib.contextmanager
def serving(place: Place, folder: Path) -> Iterator[list[Contender]]:
    """Start the application as it is, and with identity left out. Raises ContenderError."""
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
    """Return the reader's URL with the caller's settings, which its connections are opened with."""
    joint = "&" if "?" in place.reader_url else "?"
    return place.reader_url + joint + urlencode(place.settings)
