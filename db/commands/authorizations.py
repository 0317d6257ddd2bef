"""Authorizations of applications: revoked by the account, or by its manager if it is a service.

Revocation is permanent; access tokens issued before are rejected within five seconds.
"""

from dataclasses import dataclass

from db.rules.errors import ConflictError, ForbiddenError
from db.write_session import WriteSession

MANAGE = "GRANT_MANAGE"

_LOAD = """
    select client_id, revoked_at, account_id = caller() as own,
        account_id = any (services_managed()) as managed
    from token_family where serial = $1
"""
_REVOKE = "update token_family set revoked_at = now() where serial = $1 and revoked_at is null"
_WITHDRAW_CONSENT = "delete from consent where account_id = caller() and client_id = $1"
_LOAD_CLIENT = """
    select client_id, account_id, revoked_at, account_id = any (services_managed()) as managed
    from oauth_client where serial = $1 and removed_at is null
"""
_REVOKE_CLIENT = """
    update oauth_client set revoked_at = now() where serial = $1 and revoked_at is null
"""
_REVOKE_ALL = """
    update token_family set revoked_at = now()
    where client_id = $1 and account_id = $2 and revoked_at is null
"""


@dataclass(frozen=True)
class AuthorizationOutcome:
    """The revoked authorization."""

    authorization_id: int


@dataclass(frozen=True)
class ClientOutcome:
    """The revoked application, by the key of its global id."""

    client: int


async def revoke(session: WriteSession, *, authorization: int) -> AuthorizationOutcome:
    """Revoke all tokens of an authorization, the caller's own or a service account's.

    Its application needs the caller's consent again to get new tokens.
    """
    found = await session.found("Authorization", str(authorization), _LOAD, authorization)
    if not (found["own"] and session.caller.keeps_tokens) and not found["managed"]:
        raise ForbiddenError(MANAGE)
    if found["revoked_at"] is not None or not await session.execute(_REVOKE, authorization):
        raise ConflictError("ALREADY_REVOKED")
    if found["own"]:
        await session.execute(_WITHDRAW_CONSENT, found["client_id"])
    return AuthorizationOutcome(authorization)


async def revoke_client(
    session: WriteSession,
    *,
    client: int,
    reason: str,  # noqa: ARG001 - the audit log has it, as that of every attempt
) -> ClientOutcome:
    """Revoke all tokens of an application for its service account, and issue it no more."""
    found = await session.found("Client", str(client), _LOAD_CLIENT, client)
    if not found["managed"]:
        raise ForbiddenError(MANAGE)
    if found["revoked_at"] is not None or not await session.execute(_REVOKE_CLIENT, client):
        raise ConflictError("ALREADY_REVOKED")
    await session.execute(_REVOKE_ALL, found["client_id"], found["account_id"])
    return ClientOutcome(client)
