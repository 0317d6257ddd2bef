"""How long a connection may last: as long as its credentials, and as the server."""

import asyncio
from collections.abc import Awaitable, Callable
from time import time

from api.identities import Identity, IdentityError
from api.limits import LimitedError
from auth.tokens import TokenError
from db.unavailable import UnavailableError

CHECK_AGAIN = 5.0  # seconds between two checks of the credentials


class Stopping:
    """Whether the server is stopping; it says so once, to all that last.

    While it is `draining`, it serves everything still, but on no connection more than once.
    """

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.draining = False

    def drain(self) -> None:
        """Have each answer be the last of its connection, and /readyz say so."""
        self.draining = True

    def begin(self) -> None:
        """Have everything that lasts come to its end."""
        self.draining = True
        self._event.set()

    async def begun(self) -> None:
        """Return when the server stops."""
        await self._event.wait()


async def credentials_end(identity: Identity, again: Callable[[], Awaitable[Identity]]) -> str:
    """Return, in words, why credentials ended, once they have; `again` finds out who it is now."""
    while True:
        left = CHECK_AGAIN if identity.expires is None else identity.expires - time()
        if left <= 0:
            return "The access token has expired."
        await asyncio.sleep(min(left, CHECK_AGAIN))
        try:
            if await again() != identity:
                return "The credentials are no longer the same."
        except (TokenError, IdentityError) as error:
            return str(error)
        except (UnavailableError, LimitedError):
            continue  # nothing can be told now; the next time it may be
