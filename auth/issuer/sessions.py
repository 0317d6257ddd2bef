"""Browser sessions of the issuer's pages, stored by the hash of the cookie's secret."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from auth.issuer import families
from auth.issuer.accounts import Account, by_id
from db.issuing import Issuing
from db.rules import secret

IDLE = timedelta(hours=2)
LONGEST = timedelta(hours=12)
MOST = 50  # per account; beyond it the oldest session ends
PENDING = timedelta(minutes=10)  # until the second factor is given
RECENT = timedelta(minutes=10)
"""How long after a sign-in the session may create tokens and set up a second factor."""
_TOUCH = timedelta(minutes=1)  # the use of a session is recorded at most this often


@dataclass(frozen=True)
class Session:
    """A session; `complete` once all required factors are given."""

    id: int
    account: Account
    complete: bool
    amr: Sequence[str]
    signed_in_at: datetime

    def is_whole(self, *, required: bool) -> bool:
        """Return whether the session is complete and still meets today's requirements.

        `required` is as in `Account.owes_second_factor`.
        """
        return self.complete and not self.account.owes_second_factor(self.amr, required=required)

    def is_recent(self, now: float) -> bool:
        """Return whether the sign-in was within RECENT, as a stolen cookie proves no password."""
        return is_recent(self.signed_in_at.timestamp(), now)


def is_recent(signed_in_at: float, now: float) -> bool:
    """Return whether a sign-in was within RECENT; both arguments are seconds since 1970."""
    return now - signed_in_at <= RECENT.total_seconds()


def begin(
    connection: Issuing, account_id: int, *, amr: Sequence[str], complete: bool, now: datetime
) -> str:
    """Begin a session and return its secret."""
    made = secret.new()
    idle, longest = (IDLE, LONGEST) if complete else (PENDING, PENDING)
    connection.execute(
        "insert into browser_session"
        " (secret_hash, account_id, complete, amr, signed_in_at, idle_ends_at, ends_at)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        (secret.hashed(made), account_id, complete, list(amr), now, now + idle, now + longest),
    )
    connection.execute(
        "delete from browser_session where id in (select id from browser_session"
        " where account_id = %s order by id desc offset %s)",
        (account_id, MOST),
    )
    return made


def renew(
    connection: Issuing, session: Session, *, amr: Sequence[str], complete: bool, now: datetime
) -> str:
    """Replace the secret of a session after another sign-in, and return it.

    The tokens issued in the session remain valid.
    """
    made = secret.new()
    idle, longest = (IDLE, LONGEST) if complete else (PENDING, PENDING)
    connection.execute(
        "update browser_session set secret_hash = %s, complete = %s, amr = %s,"
        " signed_in_at = %s, idle_ends_at = %s, ends_at = %s where id = %s",
        (secret.hashed(made), complete, list(amr), now, now + idle, now + longest, session.id),
    )
    return made


def find(connection: Issuing, cookie: str, now: datetime, *, uses: bool = True) -> Session | None:
    """Return the session of a cookie; None where it has ended or the account is disabled.

    `uses` extends the session's idle time.
    """
    row = connection.execute(
        "select id, account_id, complete, amr, signed_in_at, idle_ends_at, ends_at"
        " from browser_session where secret_hash = %s and idle_ends_at > %s and ends_at > %s",
        (secret.hashed(cookie), now, now),
    ).fetchone()
    if row is None:
        return None
    account = by_id(connection, row["account_id"], now)
    if account.disabled:
        return None
    idle_ends_at = min(now + (IDLE if row["complete"] else PENDING), row["ends_at"])
    if uses and idle_ends_at - row["idle_ends_at"] > _TOUCH:
        connection.execute(
            "update browser_session set idle_ends_at = %s where id = %s", (idle_ends_at, row["id"])
        )
    return Session(row["id"], account, row["complete"], row["amr"], row["signed_in_at"])


def end(connection: Issuing, session: Session, now: datetime) -> int:
    """End a session and revoke its token families; return how many families were revoked."""
    ended = families.revoke_of_session(connection, session.id, now)
    connection.execute("delete from browser_session where id = %s", (session.id,))
    return ended


def end_all(
    connection: psycopg.Connection[Any],
    account_id: int,
    now: datetime,
    *,
    but: Session | None = None,
) -> None:
    """End the sessions and revoke the token families of an account, except those of `but`."""
    kept = but.id if but else 0
    families.revoke_of_account(connection, account_id, now, but_session=kept)
    connection.execute(
        "delete from browser_session where account_id = %s and id <> %s", (account_id, kept)
    )
