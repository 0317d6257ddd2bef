"""Known devices: browsers that have signed in to an account, identified by a cookie."""

from datetime import datetime, timedelta

from db.issuing import Issuing
from db.rules import secret

REMEMBERED = timedelta(days=365)
MOST = 50  # per account; the device with the oldest sign-in is deleted


def is_known(connection: Issuing, device: str, account_id: int, now: datetime) -> bool:
    """Return whether an account has signed in with this device within REMEMBERED."""
    row = connection.execute(
        "select from known_device where device_hash = %s and account_id = %s and expires_at > %s",
        (secret.hashed(device), account_id, now),
    ).fetchone()
    return row is not None


def remember(connection: Issuing, device: str, account_id: int, now: datetime) -> None:
    """Store a device of an account, and delete the oldest beyond MOST."""
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
