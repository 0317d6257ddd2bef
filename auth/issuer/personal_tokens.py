"""Revocation of personal access tokens by the issuer: after a new password or a compromise."""

from datetime import datetime
from typing import Any

import psycopg


def end(connection: psycopg.Connection[Any], account_id: int, now: datetime) -> int:
    """Revoke the personal access tokens of an account; return how many there were.

    Requires a transaction of the issuer or a connection of the owner.
    """
    return connection.execute(
        "update access_token set revoked_at = %s where account_id = %s and revoked_at is null",
        (now, account_id),
    ).rowcount
