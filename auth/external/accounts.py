"""The account linked to a subject of an external provider, looked up and cached for `_HOLD`."""

from collections import OrderedDict

from auth.tokens import Clock
from db.sessions import Reader

_HOLD = 5.0  # seconds that a link, or its absence, is cached
_ACCOUNT = "select external_account($1, $2) as username"


class LinkedAccounts:
    """Linked accounts by issuer and subject."""

    def __init__(self, reader: Reader, clock: Clock, size: int = 10_000) -> None:
        """Set the reader of accounts and the size of the cache."""
        self._reader = reader
        self._clock = clock
        self._size = size
        self._known: OrderedDict[tuple[str, str], tuple[float, str | None]] = OrderedDict()

    async def of(self, issuer: str, subject: str) -> str | None:
        """Return the username of the linked account; None where no account is linked."""
        now = self._clock()
        looked_up_at, username = self._known.get((issuer, subject), (float("-inf"), None))
        if now - looked_up_at <= _HOLD:
            return username
        row = await self._reader.fetch_row(_ACCOUNT, issuer, subject)
        username = None if row is None else row["username"]
        self._known[issuer, subject] = (now, username)
        self._known.move_to_end((issuer, subject))
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return username
