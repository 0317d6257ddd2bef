"""The account behind a subject of an issuer, looked up and remembered for a moment."""

from collections import OrderedDict

from auth.tokens import Clock
from db.sessions import Reader

_HOLD = 5.0  # seconds that an account is still taken for linked, or not
_ACCOUNT = "select external_account($1, $2) as username"


class LinkedAccounts:
    """Accounts by issuer and subject."""

    def __init__(self, reader: Reader, clock: Clock, size: int = 10_000) -> None:
        """Take where to look accounts up, and how many to remember."""
        self._reader = reader
        self._clock = clock
        self._size = size
        self._known: OrderedDict[tuple[str, str], tuple[float, str | None]] = OrderedDict()

    async def of(self, issuer: str, subject: str) -> str | None:
        """Return the username that is linked; None where nobody is."""
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
