"""The second factor of an account: an authenticator app, with recovery codes for its loss."""

import base64
import secrets
from datetime import datetime

from auth.issuer import totp
from db.issuing import Issuing
from db.rules import secret

_RECOVERY_CODES = 10


def pending_secret(connection: Issuing, account_id: int) -> bytes | None:
    """Return the unconfirmed TOTP secret of an account, created where there is none.

    None if the account has a confirmed secret, which is never returned.
    """
    connection.execute(
        "insert into totp_secret (account_id, secret) values (%s, %s) on conflict do nothing",
        (account_id, totp.new_secret()),
    )
    row = connection.execute(
        "select secret from totp_secret where account_id = %s and confirmed_at is null",
        (account_id,),
    ).fetchone()
    return None if row is None else bytes(row["secret"])


def confirm(connection: Issuing, account_id: int, code: str, now: datetime) -> list[str] | None:
    """Confirm the secret with the app's first code, which proves that the app has it.

    Return new recovery codes, stored as hashes only; None if the code is wrong.
    """
    if not _take(connection, account_id, code, now, confirmed=False):
        return None
    connection.execute(
        "update totp_secret set confirmed_at = %s where account_id = %s", (now, account_id)
    )
    connection.execute("delete from recovery_code where account_id = %s", (account_id,))
    codes = [_recovery_code() for _ in range(_RECOVERY_CODES)]
    connection.cursor().executemany(
        "insert into recovery_code values (%s, %s)",
        [(account_id, secret.hashed(_bare(code))) for code in codes],
    )
    return codes


def verify(connection: Issuing, account_id: int, code: str, now: datetime) -> bool:
    """Return whether a code is a TOTP code or a recovery code; each is accepted once."""
    if _take(connection, account_id, code, now, confirmed=True):
        return True
    used = connection.execute(
        "delete from recovery_code where account_id = %s and code_hash = %s returning account_id",
        (account_id, secret.hashed(_bare(code))),
    ).fetchone()
    return used is not None


def _take(
    connection: Issuing, account_id: int, code: str, now: datetime, *, confirmed: bool
) -> bool:
    """Return whether a TOTP code is right and newer than the last one, and record its time step."""
    row = connection.execute(
        "select secret, last_step from totp_secret"
        " where account_id = %s and (confirmed_at is not null) = %s for update",
        (account_id, confirmed),
    ).fetchone()
    if row is None:
        return False
    digits = code.replace(" ", "")
    step = totp.matching_step(bytes(row["secret"]), digits, now.timestamp(), row["last_step"])
    if step is None:
        return False
    connection.execute(
        "update totp_secret set last_step = %s where account_id = %s", (step, account_id)
    )
    return True


def _recovery_code() -> str:
    """Return a recovery code of 80 bits, in groups of four letters and digits."""
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def _bare(code: str) -> str:
    return "".join(character for character in code.lower() if character.isalnum())
