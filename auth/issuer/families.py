"""Token families: all access and refresh tokens of one authorization.

A refresh token is valid once and is exchanged for the next. A second use means that it was stolen,
and revokes the family.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from auth.issuer import trail
from auth.issuer.clients import Client
from db.issuing import Issuing
from db.rules import secret

REFRESH_LIFE = timedelta(days=14)  # of an unused token
LIFE = timedelta(days=30)  # of a family, including all refreshes
MOST = 20  # families per account and client; beyond it the oldest one is revoked
KEPT = 100  # used refresh tokens per family that are kept to detect reuse


@dataclass(frozen=True)
class Family:
    """An authorization: its client, its account, and how the person signed in."""

    id: uuid.UUID
    client_id: str
    account_id: int
    session_id: int | None
    scope: str
    auth_time: datetime | None
    amr: Sequence[str]
    expires_at: datetime

    def check_client(self, client: Client) -> bool:
        """Return whether the family belongs to this client; required by Authlib."""
        return self.client_id == client.client_id

    def get_scope(self) -> str:
        """Return the whole scope; required by Authlib."""
        return self.scope


_COLUMNS = "id, client_id, account_id, session_id, scope, auth_time, amr, expires_at"


def start(connection: Issuing, family: Family, now: datetime) -> None:
    """Store a new family."""
    connection.execute(
        f"insert into token_family ({_COLUMNS}, created_at)"  # noqa: S608 - a constant
        " values (%(id)s, %(client_id)s, %(account_id)s, %(session_id)s, %(scope)s,"
        " %(auth_time)s, %(amr)s, %(expires_at)s, %(now)s)",
        {**vars(family), "amr": list(family.amr), "now": now},
    )


def end_oldest(connection: Issuing, family: Family, now: datetime) -> None:
    """Revoke the oldest families of the same account and client beyond MOST."""
    connection.execute(
        "update token_family set revoked_at = %(now)s where id in ("
        "select id from token_family where account_id = %(account_id)s"
        " and client_id = %(client_id)s and revoked_at is null and expires_at > %(now)s"
        " order by created_at desc, serial desc offset %(most)s)",
        {**vars(family), "amr": list(family.amr), "now": now, "most": MOST},
    )


def find(connection: Issuing, family_id: str, now: datetime) -> Family | None:
    """Return a family by its id; None where it is revoked or expired."""
    row = connection.execute(
        f"select {_COLUMNS} from token_family"  # noqa: S608 - a constant
        " where id = %s and revoked_at is null and expires_at > %s",
        (family_id, now),
    ).fetchone()
    return None if row is None else Family(**row)


def add_refresh_token(connection: Issuing, family: Family, now: datetime) -> str:
    """Create a refresh token of a family and return it."""
    token = secret.new()
    connection.execute(
        "insert into refresh_token (token_hash, family_id, expires_at) values (%s, %s, %s)",
        (secret.hashed(token), family.id, min(now + REFRESH_LIFE, family.expires_at)),
    )
    return token


def of_refresh_token(connection: Issuing, token: str, now: datetime) -> Family | None:
    """Return the family of a valid refresh token, and lock the token; None otherwise.

    If the token was used before, revoke its family.
    """
    row = connection.execute(
        "select family_id, expires_at, used_at from refresh_token where token_hash = %s for update",
        (secret.hashed(token),),
    ).fetchone()
    if row is None:
        return None
    if row["used_at"] is not None:
        end_reused(connection, row["family_id"], "REFRESH_TOKEN_REUSED", now)
        return None
    return find(connection, row["family_id"], now) if row["expires_at"] > now else None


def holding_refresh_token(
    connection: Issuing, token: str, now: datetime
) -> tuple[Family, datetime] | None:
    """Return the family of a valid refresh token and the token's expiry, without locking it."""
    row = connection.execute(
        "select family_id, expires_at from refresh_token"
        " where token_hash = %s and used_at is null and expires_at > %s",
        (secret.hashed(token), now),
    ).fetchone()
    family = row and find(connection, row["family_id"], now)
    return (family, row["expires_at"]) if row and family else None


def use_refresh_token(connection: Issuing, token: str, now: datetime) -> None:
    """Record the use of a refresh token, and delete the oldest used ones beyond KEPT."""
    connection.execute(
        "update refresh_token set used_at = %s where token_hash = %s", (now, secret.hashed(token))
    )
    connection.execute(
        "delete from refresh_token where token_hash in ("
        "select token_hash from refresh_token where used_at is not null and family_id = ("
        "select family_id from refresh_token where token_hash = %s)"
        " order by used_at desc offset %s)",
        (secret.hashed(token), KEPT),
    )


def revoke(connection: Issuing, family_id: uuid.UUID, now: datetime) -> dict[str, Any] | None:
    """Revoke a family; return its account and client, or None if it was revoked before."""
    return connection.execute(
        "update token_family set revoked_at = %s where id = %s and revoked_at is null"
        " returning account_id, client_id",
        (now, family_id),
    ).fetchone()


def end_reused(connection: Issuing, family_id: uuid.UUID, code: str, now: datetime) -> None:
    """Revoke a family whose code or refresh token was used twice."""
    ended = revoke(connection, family_id, now)
    if ended is not None:
        trail.record_reuse(connection, ended["account_id"], code, ended["client_id"])


def revoke_of_session(connection: Issuing, session_id: int, now: datetime) -> int:
    """Revoke the families of a browser session; return how many there were."""
    ended = connection.execute(
        "update token_family set revoked_at = %s where session_id = %s and revoked_at is null",
        (now, session_id),
    ).rowcount
    connection.execute(
        "delete from authorization_code where session_id = %s and family_id is null", (session_id,)
    )
    return ended


def revoke_of_account(
    connection: psycopg.Connection[Any], account_id: int, now: datetime, *, but_session: int
) -> None:
    """Revoke the families of an account, except those of one session."""
    connection.execute(
        "update token_family set revoked_at = %s where account_id = %s and revoked_at is null"
        " and session_id is distinct from %s",
        (now, account_id, but_session),
    )
    connection.execute(
        "delete from authorization_code where account_id = %s and family_id is null"
        " and session_id is distinct from %s",
        (account_id, but_session),
    )
