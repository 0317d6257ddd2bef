"""Rate and concurrency limits of one caller, and of all callers of this process together.

Everything is counted per process: with several workers a caller has the limit in each.
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

_CALLERS = 50_000  # callers whose buckets are kept
# Preparing an operation is free for the first CPU time, in seconds; beyond it, each further slice
# of this many seconds counts as one more operation.
_FREE, _OPERATION = 0.010, 0.002
# The accounts at one address share ten times the limit of one account, and so do all anonymous
# callers. So neither one account nor an anonymous caller blocks a large office.
_GROUP = 10
_CALLER_AT_ONCE, _GROUP_AT_ONCE = 2, 4  # times the number of free places


class Counted(NamedTuple):
    """What a request is counted for: its caller, and the caller's group.

    The group is all accounts at the address, or all anonymous callers.
    """

    caller: str
    group: str


class LimitedError(Exception):
    """A rate or concurrency limit is exceeded; `retry_after` is in seconds."""

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
    """A token bucket per caller: `rate` operations per second, and a burst of `burst`."""

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Set the limits; a rate of 0 disables them."""
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, caller: str | Counted, operations: int = 1) -> None:
        """Count operations of a caller. Raises LimitedError where the limit is exceeded."""
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
        """Return a refilled bucket of `times` one caller's size.

        Raises LimitedError where it has too few tokens.
        """
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
        """Count the CPU time of the block as operations; the bucket may become negative."""
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
    """A limit on concurrent operations, or the like: `total` over all callers, `each` per caller.

    A caller gets another place only while it uses less than twice the free places, and a group of
    callers less than four times, so that there is always room for others. `of` is what the error
    message calls the operations.
    """

    def __init__(self, total: int, each: int, of: str = "operations") -> None:
        """Set the limits."""
        self._total = total
        self._each = each
        self._what = of
        self._running = 0
        self._of: Counter[str] = Counter()

    def enter(self, caller: str | Counted) -> None:
        """Take a place, to be released by `leave`. Raises LimitedError where none is free."""
        free = self._total - self._running
        key, *group = (caller,) if isinstance(caller, str) else caller
        if free <= 0 or any(self._of[one] >= _GROUP_AT_ONCE * free for one in group):
            raise LimitedError(503, "OVERLOADED", f"Too many {self._what} run; try again.", 1)
        if self._of[key] >= min(self._each, _CALLER_AT_ONCE * free):
            raise LimitedError(429, "TOO_MANY_AT_ONCE", f"Too many of your {self._what} run.", 1)
        self._running += 1
        self._of.update([key, *group])

    def leave(self, caller: str | Counted) -> None:
        """Release a place."""
        self._running -= 1
        for key in (caller,) if isinstance(caller, str) else caller:
            self._of[key] -= 1
            if not self._of[key]:
                del self._of[key]


def stranger(address: Address | None) -> str:
    """Return the key by which an anonymous caller is counted: its address.

    IPv6 addresses are counted by their /64 network, because one internet connection has all
    addresses in it.
    """
    return f"stranger at {network(address)}"


def network(address: Address | None) -> str:
    """Return the network that an address is counted as: for IPv6 its /64."""
    host = address.host if address else "nowhere"
    if ":" not in host:
        return host
    try:
        parsed = IPv6Address(host)
    except ValueError:
        return host  # not an IP address, but a name that a server of ours uses for its peer
    return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64))


def counted(username: str | None, address: Address | None) -> Counted:
    """Return the keys by which a request is counted; a username of None is anonymous."""
    if username is None:
        return Counted(stranger(address), "anonymous callers")
    return Counted(f"account {username}", f"accounts at {network(address)}")
