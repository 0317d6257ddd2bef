"""Authorization codes: valid once, for LIFE, and for one client only."""

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
    """The parameters of an authorization request that a code is bound to."""

    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str


@dataclass(frozen=True)
class Code:
    """An authorization code with the data it is bound to, in the form that Authlib requires."""

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
        """Return the redirect URI that the code was sent to."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Return the scope that the account's holder agreed to."""
        return self.scope

    def get_nonce(self) -> str | None:
        """Return the nonce of the request, which the ID token repeats."""
        return self.nonce

    def get_auth_time(self) -> int:
        """Return when the person signed in, in seconds since 1970."""
        return int(self.auth_time.timestamp())

    def get_acr(self) -> None:
        """Return None: there are no authentication classes; `amr` lists the factors."""

    def get_amr(self) -> list[str]:
        """Return the factors that the person gave."""
        return list(self.amr)


def save(connection: Issuing, code: str, asked: Asked, session: Session, now: datetime) -> None:
    """Store a new code."""
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
    """Return a valid code of this client; None otherwise.

    If the code was used before, revoke the token family that it gave.
    """
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
    """Record the use of a code and the token family that it gave."""
    connection.execute(
        "update authorization_code set family_id = %s where code_hash = %s",
        (family_id, code.code_hash),
    )
