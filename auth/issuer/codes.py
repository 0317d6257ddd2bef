"""Authorization codes: good once, for a minute, and only for whom they were made."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.issuer import families
from auth.issuer.sessions import Session
from db.issuing import Issuing
from db.rules import secret

LIFE = timedelta(seconds=60)


@dataclass(frozen=True)
class Asked:
    """What an authorization request asked a code for."""

    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str


@dataclass(frozen=True)
class Code:
    """A code's bonds, under the names by which Authlib asks for them."""

    code_hash: bytes
    client_id: str
    account_id: int
    session_id: int | None
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    auth_time: datetime
    amr: Sequence[str]
    code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        """Return where it was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return what was agreed to."""
        return self.scope

    def get_nonce(self) -> str | None:
        """Return what the ID token repeats from the request."""
        return self.nonce

    def get_auth_time(self) -> int:
        """Return when the person signed in, in seconds since 1970."""
        return int(self.auth_time.timestamp())

    def get_acr(self) -> None:
        """Return no class of authentication: `amr` says what was given."""

    def get_amr(self) -> list[str]:
        """Return the factors given."""
        return list(self.amr)


def save(connection: Issuing, code: str, asked: Asked, session: Session, now: datetime) -> None:
    """Write a new code down."""
    connection.execute(
        "insert into authorization_code (code_hash, client_id, account_id, session_id,"
        " redirect_uri, scope, nonce, code_challenge, auth_time, amr, expires_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            secret.hashed(code),
            asked.client_id,
            session.account.id,
            session.id,
            asked.redirect_uri,
            asked.scope,
            asked.nonce,
            asked.code_challenge,
            session.signed_in_at,
            list(session.amr),
            now + LIFE,
        ),
    )


def find(connection: Issuing, code: str, client_id: str, now: datetime) -> Code | None:
    """Return a code that this client may use; a used one ends what it gave the first time."""
    row = connection.execute(
        "select code_hash, client_id, account_id, session_id, redirect_uri, scope, nonce,"
        " code_challenge, auth_time, amr, expires_at, family_id"
        " from authorization_code where code_hash = %s and client_id = %s for update",
        (secret.hashed(code), client_id),
    ).fetchone()
    if row is None:
        return None
    family_id, expires_at = row.pop("family_id"), row.pop("expires_at")
    if family_id is not None:
        families.end_reused(connection, family_id, "CODE_REUSED", now)
        return None
    return Code(**row) if expires_at > now else None


def use(connection: Issuing, code: Code, family_id: uuid.UUID) -> None:
    """Note that a code was used, and what for."""
    connection.execute(
        "update authorization_code set family_id = %s where code_hash = %s",
        (family_id, code.code_hash),
    )
