"""The lifetime of a connection: until its credentials expire or the server stops."""

import asyncio
from collections.abc import Awaitable, Callable
from time import time

from api.identities import Identity, IdentityError
from api.limits import LimitedError
from auth.tokens import TokenError
from db.unavailable import UnavailableError

CHECK_AGAIN = 5.0  # seconds between two checks of the credentials


class Stopping:
    """Whether the server is stopping; it notifies all streams.

    While it is `draining`, the server still responds to everything, but only once per connection.
    """

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.draining = False

    def drain(self) -> None:
        """Make each response the last of its connection, and /readyz report it."""
        self.draining = True

    def begin(self) -> None:
        """Make all streams end."""
        self.draining = True
        self._event.set()

    async def begun(self) -> None:
        """Return when the server stops."""
        await self._event.wait()


async def credentials_end(identity: Identity, again: Callable[[], Awaitable[Identity]]) -> str:
    """Wait for the end of credentials, and return the reason; `again` authenticates again."""
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
            continue  # the credentials cannot be checked now; retry later
