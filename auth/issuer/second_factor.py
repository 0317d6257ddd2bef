"""The second factor of an account: an authenticator app, and recovery codes for when it is lost."""

import base64
import secrets
from datetime import datetime

from auth.issuer import totp
from db.issuing import Issuing
from db.rules import secret

_RECOVERY_CODES = 10


def pending_secret(connection: Issuing, account_id: int) -> bytes | None:
    """Return the secret that an app is to be given, made where there is none.

    None where the account has a confirmed one, which is never shown again.
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
    """Take the app's first code for proof that it has the secret.

    Return new recovery codes, of which only hashes are kept; None where the code is wrong.
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
    """Whether a code is the app's, or a recovery code; either is good once."""
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
    """Whether a code is right and newer than any before; it is noted, so that it is not again."""
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
    """Return a code of 80 bits, in groups of four letters and digits."""
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, 16, 4))


def _bare(code: str) -> str:
    return "".join(character for character in code.lower() if character.isalnum())
