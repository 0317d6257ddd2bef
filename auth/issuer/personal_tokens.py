"""Personal access tokens, as the issuer ends them: with a new password, or after a compromise."""

from datetime import datetime
from typing import Any

import psycopg


def end(connection: psycopg.Connection[Any], account_id: int, now: datetime) -> int:
    """End the personal access tokens of an account; return how many there were.

    Takes a transaction of the issuer or a connection of the owner.
    """
    return connection.execute(
        "update access_token set revoked_at = %s where account_id = %s and revoked_at is null",
        (now, account_id),
    ).rowcount
