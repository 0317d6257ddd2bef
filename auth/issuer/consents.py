"""Consents: the scopes that accounts have granted to applications."""

from datetime import datetime

from db.issuing import Issuing


def covers(connection: Issuing, account_id: int, client_id: str, scope: str) -> bool:
    """Return whether an account has already consented to all of a scope for a client."""
    row = connection.execute(
        "select scope from consent where account_id = %s and client_id = %s",
        (account_id, client_id),
    ).fetchone()
    return row is not None and set(scope.split()) <= set(row["scope"].split())


def give(connection: Issuing, account_id: int, client_id: str, scope: str, now: datetime) -> None:
    """Store a consent; it replaces the account's earlier consent for the client."""
    connection.execute(
        "insert into consent values (%s, %s, %s, %s) on conflict (account_id, client_id)"
        " do update set scope = excluded.scope, given_at = excluded.given_at"
        " where consent.scope <> excluded.scope",
        (account_id, client_id, scope, now),
    )
