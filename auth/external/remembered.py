"""A cache of one fetched value, with a time to live and a backoff between fetches."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from auth.tokens import Clock

FRESH = 300.0  # seconds before the value is fetched again in any case
STALE = 24 * 3600.0  # seconds that an old value is still returned while fetching fails
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 60.0  # seconds between fetches that failed or changed nothing

_LOG = logging.getLogger("sangkien.identity")

Fetched = TypeVar("Fetched")


class NotFetchedError(Exception):
    """The value could not be fetched; the text is for the server's log."""


class Remembered(Generic[Fetched]):
    """The cached result of a fetch function, which runs at most once at a time.

    A fetch that fails, or a forced fetch that returns the same value, doubles the wait before the
    next one, up to a minute. So neither anonymous callers nor an outage can cause a storm of
    requests.
    """

    def __init__(
        self, what: str, fetch: Callable[[], Awaitable[Fetched]], clock: Clock, fresh: float = FRESH
    ) -> None:
        """Set the fetch function, which raises NotFetchedError when it fails."""
        self._what = what
        self._fetch = fetch
        self._clock = clock
        self._fresh = fresh
        self._value: Fetched | None = None
        self._fetched_at = self._next_try = float("-inf")
        self._in_vain = 0
        self._turn = asyncio.Lock()

    async def get(self, *, anew: bool = False) -> Fetched:
        """Return the value; `anew` forces a fetch unless the last one was too recent.

        Raises NotFetchedError if the value was never fetched, or longer than STALE ago.
        """
        if self._is_due(anew=anew):
            async with self._turn:
                if self._is_due(anew=anew):
                    await self._try()
        if self._value is None or self._clock() - self._fetched_at > STALE:
            raise NotFetchedError(f"{self._what} could not be fetched")
        return self._value

    def _is_due(self, *, anew: bool) -> bool:
        now = self._clock()
        return (anew or now - self._fetched_at > self._fresh) and now >= self._next_try

    async def _try(self) -> None:
        try:
            found = await self._fetch()
        except NotFetchedError as error:
            _LOG.warning("%s could not be fetched: %s", self._what, str(error))
            self._wait(in_vain=True)
            return
        self._wait(in_vain=found == self._value)
        self._value, self._fetched_at = found, self._clock()

    def _wait(self, *, in_vain: bool) -> None:
        self._in_vain = self._in_vain + 1 if in_vain else 0
        wait = min(_FIRST_WAIT * 2 ** min(self._in_vain, 10), _LONGEST_WAIT)
        self._next_try = self._clock() + wait
