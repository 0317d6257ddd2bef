"""Link codes: a code links a subject of an external provider to one account, once."""

import base64
import secrets
from datetime import datetime, timedelta
from typing import Any

import psycopg

from db.issuing import Issuing
from db.rules import secret

VALID_FOR = timedelta(hours=72)


def give(connection: psycopg.Connection[Any], account_id: int, now: datetime) -> str:
    """Create a link code of 80 bits for an account; it replaces the account's earlier code.

    Requires a connection of the owner.
    """
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    connection.execute(
        "insert into link_code (account_id, code_hash, expires_at) values (%s, %s, %s)"
        " on conflict (account_id) do update"
        " set code_hash = excluded.code_hash, expires_at = excluded.expires_at",
        (account_id, secret.hashed(text), now + VALID_FOR),
    )
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def take(connection: Issuing, code: str, now: datetime) -> int | None:
    """Consume a code and return the id of its account; None where the code is wrong or expired."""
    bare = "".join(character for character in code.lower() if character.isalnum())
    row = connection.execute(
        "delete from link_code where code_hash = %s and expires_at > %s returning account_id",
        (secret.hashed(bare), now),
    ).fetchone()
    return None if row is None else int(row["account_id"])
