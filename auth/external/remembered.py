"""Something that is fetched from elsewhere, kept for a while, and not asked for too often."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from auth.tokens import Clock

FRESH = 300.0  # seconds before it is fetched anew in any case
STALE = 24 * 3600.0  # seconds that it is good for while it cannot be fetched
_FIRST_WAIT, _LONGEST_WAIT = 5.0, 60.0  # seconds between tries that brought nothing new

_LOG = logging.getLogger("sangkien.identity")

Fetched = TypeVar("Fetched")


class NotFetchedError(Exception):
    """It could not be fetched; the text is for our log."""


class Remembered(Generic[Fetched]):
    """What a function fetches, one try at a time.

    A try that fails, or that somebody asked for although nothing had changed, makes the next one
    wait longer, up to a minute. So neither strangers nor an outage become a storm of requests.
    """

    def __init__(
        self, what: str, fetch: Callable[[], Awaitable[Fetched]], clock: Clock, fresh: float = FRESH
    ) -> None:
        """Take a function that raises NotFetchedError where it has to."""
        self._what = what
        self._fetch = fetch
        self._clock = clock
        self._fresh = fresh
        self._value: Fetched | None = None
        self._fetched_at = self._next_try = float("-inf")
        self._in_vain = 0
        self._turn = asyncio.Lock()

    async def get(self, *, anew: bool = False) -> Fetched:
        """Return it; `anew` if what is known does not do, which is heeded when there was a pause.

        Raises NotFetchedError where it was never fetched, or too long ago.
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
