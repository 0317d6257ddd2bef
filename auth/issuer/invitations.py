"""Invitations: a link by which the holder of an account chooses a password, once."""

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
    """Return the token of a new invitation of an account; an earlier one ends.

    Takes a connection of the owner.
    """
    (token,) = invite_all(connection, [account_id], now)
    return token


def invite_all(
    connection: psycopg.Connection[Any], account_ids: Sequence[int], now: datetime
) -> list[str]:
    """Return the tokens of new invitations of several accounts, in their order."""
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
    """Return whom a token invites; None where it is used, expired or was never given.

    Nor is it good when the ADMIN who made it does not manage the account any more.
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
    """Make a token good no more."""
    connection.execute("delete from invitation where token_hash = %s", (secret.hashed(token),))
