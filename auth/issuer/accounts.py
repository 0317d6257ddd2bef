"""Accounts with the data that signing in needs."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from auth.permissions import SENSITIVE
from auth.principal import VIETNAM
from auth.tokens import OTP
from db.issuing import Issuing

PASSWORD = "pwd"  # noqa: S105 - the method's name in `amr` (RFC 8176)
FEDERATED = "fed"
"""The value of `amr` for a sign-in through an external provider; RFC 8176 defines none."""


@dataclass(frozen=True)
class Account:
    """An account; `name` is its person's name, which is personal data."""

    id: int
    username: str
    kind: str
    name: str | None = field(repr=False)
    password_hash: str | None = field(repr=False)
    disabled: bool
    has_totp: bool
    roles: Collection[str]

    def owes_second_factor(self, given: Collection[str], *, required: bool) -> bool:
        """Return whether a second factor is still missing from the factors given.

        `required` is whether holders of SENSITIVE roles must use one.
        """
        if OTP in given:
            return False
        return self.has_totp or (required and not SENSITIVE.isdisjoint(self.roles))


def by_name(connection: Issuing, username: str, now: datetime) -> Account | None:
    """Return the account of this username with its current roles; None where there is none."""
    return _find(connection, None, username, now)


def by_id(connection: Issuing, account_id: int, now: datetime) -> Account:
    """Return the account with this id, which always exists: accounts are never deleted."""
    account = _find(connection, account_id, None, now)
    assert account is not None
    return account


def set_password(connection: Issuing, account_id: int, password_hash: str) -> None:
    """Replace the password hash of an account."""
    connection.execute("select identity_set_password(%s, %s)", (account_id, password_hash))


def _find(
    connection: Issuing, account_id: int | None, username: str | None, now: datetime
) -> Account | None:
    day = now.astimezone(VIETNAM).date()
    row = connection.execute(
        "select * from identity_account(%s, %s, %s)", (account_id, username, day)
    ).fetchone()
    return None if row is None else Account(**row)
