"""Invitations: a link with which the holder of an account sets a password, once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg

from auth.issuer.accounts import Account, by_id
from db.issuing import Issuing
from db.rules import secret
from db.rules.account import INVITATION_HOURS

VALID_FOR = timedelta(hours=INVITATION_HOURS)


def invite(connection: psycopg.Connection[Any], account_id: int, now: datetime) -> str:
    """Create an invitation of an account and return its token; it replaces an earlier one.

    Requires a connection of the owner.
    """
    (token,) = invite_all(connection, [account_id], now)
    return token


def invite_all(
    connection: psycopg.Connection[Any], account_ids: Sequence[int], now: datetime
) -> list[str]:
    """Create invitations of several accounts and return their tokens, in the same order."""
    tokens = [secret.new() for _ in account_ids]
    connection.execute(
        "insert into invitation (account_id, token_hash, expires_at)"
        " select id, hash, %s from unnest(%s::bigint[], %s::bytea[]) as given (id, hash)"
        " on conflict (account_id) do update"
        " set token_hash = excluded.token_hash, expires_at = excluded.expires_at,"
        " invited_by_id = null",
        (now + VALID_FOR, list(account_ids), [secret.hashed(token) for token in tokens]),
    )
    return tokens


def invited(connection: Issuing, token: str, now: datetime) -> Account | None:
    """Return the invited account; None where the token is unknown, used or expired.

    The invitation also becomes invalid when the ADMIN who created it no longer manages the account,
    and while the account is disabled.
    """
    row = connection.execute(
        "select account_id from invitation where token_hash = %s and expires_at > %s"
        " and invitation_holds(account_id, invited_by_id) for update",
        (secret.hashed(token), now),
    ).fetchone()
    if row is None:
        return None
    account = by_id(connection, row["account_id"], now)
    return None if account.disabled else account


def use(connection: Issuing, token: str) -> None:
    """Delete an invitation that was used."""
    connection.execute("delete from invitation where token_hash = %s", (secret.hashed(token),))
