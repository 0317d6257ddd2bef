"""Browsers that an account signed in with before, known by a cookie of their own."""

from datetime import datetime, timedelta

from db.issuing import Issuing
from db.rules import secret

REMEMBERED = timedelta(days=365)
MOST = 50  # of an account; the one that signed in longest ago is forgotten


def is_known(connection: Issuing, device: str, account_id: int, now: datetime) -> bool:
    """Whether an account signed in with this device before."""
    row = connection.execute(
        "select from known_device where device_hash = %s and account_id = %s and expires_at > %s",
        (secret.hashed(device), account_id, now),
    ).fetchone()
    return row is not None


def remember(connection: Issuing, device: str, account_id: int, now: datetime) -> None:
    """Remember that an account signed in with this device."""
    connection.execute(
        "insert into known_device values (%s, %s, %s)"
        " on conflict (device_hash, account_id) do update set expires_at = excluded.expires_at",
        (secret.hashed(device), account_id, now + REMEMBERED),
    )
    connection.execute(
        "delete from known_device where account_id = %(account)s and device_hash in ("
        "select device_hash from known_device where account_id = %(account)s"
        " order by expires_at desc, device_hash = %(device)s desc offset %(most)s)",
        {"account": account_id, "device": secret.hashed(device), "most": MOST},
    )
