"""How much one caller, and all together, may have this process do.

Everything is counted in the process: with several workers a caller gets as much from each.
"""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv6Address
from time import thread_time
from typing import NamedTuple

from starlette.datastructures import Address

_CALLERS = 50_000  # whose last requests are remembered
# Seconds of the processor that preparing an operation may take, and that count as one more each.
_FREE, _OPERATION = 0.010, 0.002
# Accounts behind one address share what ten of them may do, and so do all anonymous callers: an
# office of many is not stopped by one of them, nor by somebody who is not signed in there.
_GROUP = 10
_CALLER_AT_ONCE, _GROUP_AT_ONCE = 2, 4  # times the places that are left free


class Counted(NamedTuple):
    """Whom a request is counted for: a caller, and all callers that it is one of.

    These are everybody at the address of an account, and all who are not signed in.
    """

    caller: str
    group: str


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

    def take(self, caller: str | Counted, operations: int = 1) -> None:
        """Count operations of a caller. Raises LimitedError where they are too many."""
        if not self._rate:
            return
        if isinstance(caller, str):
            taken = [self._filled(caller, 1, operations)]
        else:
            taken = [
                self._filled(caller.caller, 1, operations),
                self._filled(caller.group, _GROUP, operations),
            ]
        for bucket in taken:
            bucket.tokens -= operations

    def _filled(self, key: str, times: int, operations: int) -> _Bucket:
        """Return a bucket, `times` as large as one caller's, that has enough in it."""
        now = self._clock()
        rate, burst = self._rate * times, self._burst * times
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(burst, now)
            if len(self._buckets) > _CALLERS:
                self._buckets.popitem(last=False)
        else:
            self._buckets.move_to_end(key)
            gained = (now - bucket.filled_at) * rate
            bucket.tokens = min(burst, bucket.tokens + gained)
            bucket.filled_at = now
        missing = operations - bucket.tokens
        if missing > 0:
            wait = math.ceil(missing / rate)
            raise LimitedError(429, "RATE_LIMITED", "Too many operations; wait.", wait)
        return bucket

    @contextmanager
    def measuring(self, caller: Counted) -> Iterator[None]:
        """Count what is done within by the processor's time: it may leave the caller in debt."""
        started = thread_time()
        try:
            yield
        finally:
            spent = max(thread_time() - started - _FREE, 0.0) // _OPERATION
            for key, times in ((caller.caller, 1), (caller.group, _GROUP)):
                bucket = self._buckets.get(key)
                if bucket is not None:
                    bucket.tokens = max(bucket.tokens - spent, -self._burst * times)


class Crowd:
    """How many operations, or the like, there are at once: `total` of all callers, `each` of one.

    A caller gets another one only while it has less than twice as many as are free, and a group of
    callers less than four times as many, so that however many one has there is room for others.
    `of` is what they are called to a caller that is refused one more.
    """

    def __init__(self, total: int, each: int, of: str = "operations") -> None:
        """Take the figures."""
        self._total = total
        self._each = each
        self._what = of
        self._running = 0
        self._of: Counter[str] = Counter()

    def enter(self, caller: str | Counted) -> None:
        """Take a place, to be left again. Raises LimitedError where there is none."""
        free = self._total - self._running
        key, *group = (caller,) if isinstance(caller, str) else caller
        if free <= 0 or any(self._of[one] >= _GROUP_AT_ONCE * free for one in group):
            raise LimitedError(503, "OVERLOADED", f"Too many {self._what} run; try again.", 1)
        if self._of[key] >= min(self._each, _CALLER_AT_ONCE * free):
            raise LimitedError(429, "TOO_MANY_AT_ONCE", f"Too many of your {self._what} run.", 1)
        self._running += 1
        self._of.update([key, *group])

    def leave(self, caller: str | Counted) -> None:
        """Give a place back."""
        self._running -= 1
        for key in (caller,) if isinstance(caller, str) else caller:
            self._of[key] -= 1
            if not self._of[key]:
                del self._of[key]


def stranger(address: Address | None) -> str:
    """Return what a caller who is not signed in counts as: its address.

    Of IPv6 that is the network of 64 bits, as one line to the internet has all addresses in it.
    """
    return f"stranger at {network(address)}"


def network(address: Address | None) -> str:
    """Return what an address is counted as; of IPv6 its network of 64 bits."""
    host = address.host if address else "nowhere"
    if ":" not in host:
        return host
    try:
        parsed = IPv6Address(host)
    except ValueError:
        return host  # no address, but what a server of ours calls its peer
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))


def counted(username: str | None, address: Address | None) -> Counted:
    """Return whom a request of an account, or of nobody, is counted for."""
    if username is None:
        return Counted(stranger(address), "anonymous callers")
    return Counted(f"account {username}", f"accounts at {network(address)}")
