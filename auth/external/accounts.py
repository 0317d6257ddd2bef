"""The account behind a subject of an issuer, looked up and remembered for a moment."""

from collections import OrderedDict
from datetime import UTC, datetime
from typing import NamedTuple

from auth.principal import VIETNAM
from auth.tokens import Clock
from db.sessions import Reader

_HOLD = 5.0  # seconds that an account is still taken for linked, or not, or for no admin's
_ACCOUNT = "select username, sensitive from external_account($1, $2, $3)"


class Linked(NamedTuple):
    """An account, and whether it has a role today that can be made to need a second factor."""

    username: str
    sensitive: bool


class LinkedAccounts:
    """Accounts by issuer and subject."""

    def __init__(self, reader: Reader, clock: Clock, size: int = 10_000) -> None:
        """Take where to look accounts up, and how many to remember."""
        self._reader = reader
        self._clock = clock
        self._size = size
        self._known: OrderedDict[tuple[str, str], tuple[float, Linked | None]] = OrderedDict()

    async def of(self, issuer: str, subject: str) -> Linked | None:
        """Return who that is; None where nobody is linked."""
        now = self._clock()
        looked_up_at, linked = self._known.get((issuer, subject), (float("-inf"), None))
        if now - looked_up_at <= _HOLD:
            return linked
        day = datetime.fromtimestamp(now, UTC).astimezone(VIETNAM).date()
        row = await self._reader.fetch_row(_ACCOUNT, issuer, subject, day)
        linked = None if row is None else Linked(row["username"], row["sensitive"])
        self._known[issuer, subject] = (now, linked)
        self._known.move_to_end((issuer, subject))
        if len(self._known) > self._size:
            self._known.popitem(last=False)
        return linked
