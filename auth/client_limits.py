"""The limits of registered applications: they apply to every token, for any account."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from auth.narrowing import Narrowing
from auth.tokens import Clock

HOLD = 5.0  # seconds that the limits are cached
_LIMITED = "select * from limited_clients()"

Fetch = Callable[[str], Awaitable[Sequence[Mapping[str, Any]]]]


class ClientLimits:
    """Caches the applications that have limits; there are few of them."""

    def __init__(self, fetch: Fetch, *, clock: Clock = time.time) -> None:
        """Set the look-up function."""
        self._fetch = fetch
        self._clock = clock
        self._limits: Mapping[str, Narrowing] = {}
        self._loaded_at = float("-inf")

    async def of(self, client_id: str | None) -> Narrowing | None:
        """Return the limits of an application, or None without limits. Raises UnavailableError."""
        if client_id is None:
            return None
        if self._clock() - self._loaded_at > HOLD:
            rows = await self._fetch(_LIMITED)
            self._limits = {row["client_id"]: Narrowing.of(row) for row in rows}
            self._loaded_at = self._clock()
        return self._limits.get(client_id)
