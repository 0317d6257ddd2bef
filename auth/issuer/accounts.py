"""Accounts as signing in sees them."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from auth.permissions import SENSITIVE
from auth.principal import VIETNAM
from auth.tokens import OTP
from db.issuing import Issuing

PASSWORD = "pwd"  # noqa: S105 - that name
FEDERATED = "fed"
"""What `amr` says where another issuer signed somebody in; RFC 8176 has no name for it."""


@dataclass(frozen=True)
class Account:
    """An account; `name` is that of the person behind it, and personal data."""

    id: int
    username: str
    kind: str
    name: str | None = field(repr=False)
    password_hash: str | None = field(repr=False)
    disabled: bool
    has_totp: bool
    roles: Collection[str]

    def owes_second_factor(self, given: Collection[str], *, required: bool) -> bool:
        """Whether the factors given are too few; `required` is for the holders of SENSITIVE."""
        if OTP in given:
            return False
        return self.has_totp or (required and not SENSITIVE.isdisjoint(self.roles))


def by_name(connection: Issuing, username: str, now: datetime) -> Account | None:
    """Return the account of this name, with the roles it has today."""
    return _find(connection, None, username, now)


def by_id(connection: Issuing, account_id: int, now: datetime) -> Account:
    """Return the account with this id, which is there: accounts are never deleted."""
    account = _find(connection, account_id, None, now)
    assert account is not None
    return account


def set_password(connection: Issuing, account_id: int, password_hash: str) -> None:
    """Give an account another password."""
    connection.execute("select identity_set_password(%s, %s)", (account_id, password_hash))


def _find(
    connection: Issuing, account_id: int | None, username: str | None, now: datetime
) -> Account | None:
    day = now.astimezone(VIETNAM).date()
    row = connection.execute(
        "select * from identity_account(%s, %s, %s)", (account_id, username, day)
    ).fetchone()
    return None if row is None else Account(**row)
