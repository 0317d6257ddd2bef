"""Personal access tokens, looked up by the hash of their secret and cached for `HOLD` seconds.

A revocation therefore takes effect within `HOLD` on every worker, and a request with a cached token
costs no query. The time of last use is recorded in the background, so requests do not wait for it.
"""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from auth.narrowing import Narrowing
from auth.tokens import Clock, TokenError
from auth.uses import NOTED_EVERY, Uses
from db.rules.access_token import hashed, is_one

HOLD = 5.0  # seconds that a token is cached
_LOOK_UP = "select * from access_token_holder($1)"

Fetch = Callable[[str, bytes], Awaitable[Mapping[str, Any] | None]]


class Holder(NamedTuple):
    """The owner, limits and expiry of a token; `expires` is in seconds since 1970."""

    username: str
    narrowing: Narrowing
    expires: float


class _Known(NamedTuple):
    holder: Holder
    at: float


class AccessTokens:
    """Resolves personal access tokens to their holders."""

    def __init__(
        self, fetch: Fetch, uses: Uses, *, clock: Clock = time.time, size: int = 10_000
    ) -> None:
        """Set the look-up function, the recorder of uses and the size of the cache.

        A second cache of the same size keeps the hashes of invalid tokens.
        """
        self._fetch = fetch
        self._uses = uses
        self._clock = clock
        self._size = size
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._worthless: OrderedDict[bytes, float] = OrderedDict()

    async def holder(self, token: str) -> Holder:
        """Return the holder of a token.

        The error does not reveal whether the token expired, was revoked or never existed.

        Raises:
            TokenError: the token is invalid.
            UnavailableError: the database is down.
        """
        if not is_one(token):
            raise _worthless()
        key, now = hashed(token), self._clock()
        known = self._known.get(key)
        if known is None or now - known.at > HOLD:
            if self._is_worthless(key):
                raise _worthless()
            known = await self._look_up(key, now)
        if known is None or known.holder.expires <= now:
            raise _worthless()
        return known.holder

    def is_guess(self, token: str) -> bool:
        """Return whether validating a token needs a look-up because neither cache has it."""
        key = hashed(token)
        return is_one(token) and key not in self._known and not self._is_worthless(key)

    def _is_worthless(self, key: bytes) -> bool:
        return self._clock() - self._worthless.get(key, float("-inf")) <= HOLD

    async def _look_up(self, key: bytes, now: float) -> _Known | None:
        row = await self._fetch(_LOOK_UP, key)
        if row is None:
            self._known.pop(key, None)
            _remember(self._worthless, key, now, self._size)
            return None
        narrowing = replace(Narrowing.of(row), one_factor=not row["second_factor"])
        holder = Holder(row["username"], narrowing, row["expires_at"].timestamp())
        known = _Known(holder, now)
        _remember(self._known, key, known, self._size)
        used = row["last_used_at"]
        due = used is None or now - used.timestamp() >= NOTED_EVERY.total_seconds()
        if due and holder.expires > now:
            self._uses.tell(row["id"])
        return known


def _remember(where: OrderedDict[bytes, Any], key: bytes, value: Any, most: int) -> None:
    where[key] = value
    where.move_to_end(key)
    if len(where) > most:
        where.popitem(last=False)


def _worthless() -> TokenError:
    return TokenError("The access token is not valid.")
