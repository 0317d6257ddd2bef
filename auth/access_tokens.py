"""Personal access tokens, looked up by the hash of their secret and remembered for a few seconds.

So revoking one takes effect within `HOLD` on every worker, and a request by a known token costs no
query. That a token is used is noted beside its requests, which do not wait for it.
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

HOLD = 5.0  # seconds that what is known of a token may be old
_LOOK_UP = "select * from access_token_holder($1)"

Fetch = Callable[[str, bytes], Awaitable[Mapping[str, Any] | None]]


class Holder(NamedTuple):
    """Whose a token is, what it is limited to, and until when; `expires` is since 1970."""

    username: str
    narrowing: Narrowing
    expires: float


class _Known(NamedTuple):
    holder: Holder
    at: float


class AccessTokens:
    """Tells whose a token is."""

    def __init__(
        self, fetch: Fetch, uses: Uses, *, clock: Clock = time.time, size: int = 10_000
    ) -> None:
        """Take what runs a look-up, what notes uses, and how many tokens to remember.

        As many again are remembered that are worth nothing.
        """
        self._fetch = fetch
        self._uses = uses
        self._clock = clock
        self._size = size
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._worthless: OrderedDict[bytes, float] = OrderedDict()

    async def holder(self, token: str) -> Holder:
        """Return whose a token is. Raises TokenError, UnavailableError.

        The error is the same whether the token expired, was revoked or never was.
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
        """Whether a token has to be looked up that was never known as one that is good."""
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
