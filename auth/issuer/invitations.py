"""Invitations: a link by which the holder of an account chooses a password, once."""

from datetime import datetime, timedelta
from typing import Any

import psycopg

from auth.issuer import secret
from auth.issuer.accounts import Account, by_id
from db.issuing import Issuing

VALID_FOR = timedelta(hours=72)


def invite(connection: psycopg.Connection[Any], account_id: int, now: datetime) -> str:
    """Return the token of a new invitation; one from before is good no more.

    Takes a connection of the owner.
    """
    token = secret.new()
    connection.execute(
        "insert into invitation (account_id, token_hash, expires_at) values (%s, %s, %s)"
        " on conflict (account_id) do update"
        " set token_hash = excluded.token_hash, expires_at = excluded.expires_at",
        (account_id, secret.hashed(token), now + VALID_FOR),
    )
    return token


def invited(connection: Issuing, token: str, now: datetime) -> Account | None:
    """Return whom a token invites; None where it is used, expired or was never given."""
    row = connection.execute(
        "select account_id from invitation where token_hash = %s and expires_at > %s for update",
        (secret.hashed(token), now),
    ).fetchone()
    if row is None:
        return None
    account = by_id(connection, row["account_id"], now)
    return None if account.disabled else account


def use(connection: Issuing, token: str) -> None:
    """Make a token good no more."""
    connection.execute("delete from invitation where token_hash = %s", (secret.hashed(token),))
