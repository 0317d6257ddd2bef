"""How much one caller, and all together, may have this process do.

Everything is counted in the process: with several workers a caller gets as much from each.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import thread_time

from starlette.datastructures import Address

_CALLERS = 50_000  # whose last requests are remembered
# Seconds of the processor that preparing an operation may take, and that count as one more each.
_FREE, _OPERATION = 0.010, 0.002


class LimitedError(Exception):
    """More than a caller, or all of them, may have done now; `retry_after` is in seconds."""

    def __init__(self, status: int, code: str, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after


@dataclass
class _Bucket:
    tokens: float
    filled_at: float


class Rate:
    """A token bucket for each caller: `rate` operations a second, `burst` of them at once."""

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the figures; a rate of 0 is none."""
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, caller: str, operations: int = 1) -> None:
        """Count operations of a caller. Raises LimitedError where they are too many."""
        if not self._rate:
            return
        now = self._clock()
        bucket = self._buckets.get(caller)
        if bucket is None:
            bucket = self._buckets[caller] = _Bucket(self._burst, now)
            if len(self._buckets) > _CALLERS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(caller)
            gained = (now - bucket.filled_at) * self._rate
            bucket.tokens = min(self._burst, bucket.tokens + gained)
            bucket.filled_at = now
        missing = operations - bucket.tokens
        if missing > 0:
            wait = math.ceil(missing / self._rate)
            raise LimitedError(429, "RATE_LIMITED", "Too many operations; wait.", wait)
        bucket.tokens -= operations

    @contextmanager
    def measuring(self, caller: str) -> Iterator[None]:
        """Count what is done within by the processor's time: it may leave the caller in debt."""
        started = thread_time()
        try:
            yield
        finally:
            bucket = self._buckets.get(caller)
            if bucket is not None:
                beyond = max(thread_time() - started - _FREE, 0.0)
                bucket.tokens = max(bucket.tokens - beyond // _OPERATION, -self._burst)


class Crowd:
    """How many operations, or the like, there are at once: `total` of all callers, `each` of one.

    `of` is what they are called to a caller that is refused one more.
    """

    def __init__(self, total: int, each: int, of: str = "operations") -> None:
        """Take the figures."""
        self._total = total
        self._each = each
        self._what = of
        self._running = 0
        self._of: dict[str, int] = {}

    def enter(self, caller: str) -> None:
        """Take a place, to be left again. Raises LimitedError where there is none."""
        if self._running >= self._total:
            raise LimitedError(503, "OVERLOADED", f"Too many {self._what} run; try again.", 1)
        running = self._of.get(caller, 0)
        if running >= self._each:
            raise LimitedError(429, "TOO_MANY_AT_ONCE", f"Too many of your {self._what} run.", 1)
        self._running += 1
        self._of[caller] = running + 1

    def leave(self, caller: str) -> None:
        """Give a place back."""
        self._running -= 1
        running = self._of[caller] - 1
        if running:
            self._of[caller] = running
        else:
            del self._of[caller]


def stranger(address: Address | None) -> str:
    """Return what a caller who is not signed in counts as: its address.

    Of IPv6 that is the network of 64 bits, as one line to the internet has all addresses in it.
    """
    network = address.host if address else "nowhere"
    if ":" in network and not network.startswith("::ffff:"):
        network = ":".join(network.partition("::")[0].split(":")[:4]) + "::"
    return f"stranger at {network}"
