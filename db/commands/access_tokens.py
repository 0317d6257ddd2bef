"""Personal access tokens: an account creates and revokes its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from db.commands.requests import TOLD_ONCE
from db.rules.access_token import check_number, hashed, new
from db.rules.errors import ConflictError, ForbiddenError
from db.write_session import WriteSession

_UNIT = "select id from unit where code = $1"
_HELD = "select count(*) from access_token where revoked_at is null and expires_at > now()"
# Expiry follows the real clock, even where a demo fixes the day.
_ADD = """
    insert into access_token (
        account_id, name, token_hash, permissions, unit_id, read_only, expires_at, second_factor,
        family_id
    ) values (
        $1, $2, $3, $4, $5, $6, least(now() + make_interval(hours => 24 * $7), $8), $9, $10
    ) returning id
"""
# Locked for share: a concurrent revocation of the authorization waits, and then ends the token too.
_FAMILY_ENDS = """
    select expires_at from token_family where id = $1 and revoked_at is null for share
"""
_LOAD = "select revoked_at from access_token where id = $1"
_REVOKE = "update access_token set revoked_at = now() where id = $1 and revoked_at is null"


@dataclass(frozen=True)
class CreatedOutcome:
    """The created token and its secret, which is returned only once."""

    access_token_id: int
    secret: str | None = field(metadata=TOLD_ONCE)


@dataclass(frozen=True)
class RevokedOutcome:
    """The revoked token."""

    access_token_id: int


async def create(
    session: WriteSession,
    *,
    name: str,
    days: int,
    permissions: Sequence[str] | None = None,
    unit: str | None = None,
    read_only: bool = False,
) -> CreatedOutcome:
    """Create a token that is valid for some days, with some or all of the caller's permissions.

    A token never has a permission that the caller lacks, now or later, even if it is requested. It
    records whether the caller used a second factor. A token that an application creates expires
    with the application's authorization at the latest.
    """
    _check_session(session)
    if session.caller.stale:
        raise ForbiddenError(code="SIGN_IN_AGAIN")
    ends = await _authorization_end(session)
    at = None if unit is None else await session.found("Unit", unit, _UNIT, unit)
    check_number(await session.value(_HELD))
    secret = new()
    token_id: int = await session.value(
        _ADD,
        *(session.caller.account_id, name, hashed(secret)),
        *(permissions, at and at["id"], read_only, days),
        *(ends, not session.caller.one_factor, session.caller.family),
    )
    return CreatedOutcome(token_id, secret)


async def revoke(session: WriteSession, *, access_token: int) -> RevokedOutcome:
    """Revoke a token for good; its row stays as a record."""
    _check_session(session)
    found = await session.found("AccessToken", str(access_token), _LOAD, access_token)
    if found["revoked_at"] is not None or not await session.execute(_REVOKE, access_token):
        raise ConflictError("ALREADY_REVOKED")
    return RevokedOutcome(access_token)


async def _authorization_end(session: WriteSession) -> datetime | None:
    """Return when the caller's authorization ends, None for a session. Raises ForbiddenError."""
    if session.caller.family is None:
        return None
    ends: datetime | None = await session.value(_FAMILY_ENDS, session.caller.family)
    if ends is None:
        raise ForbiddenError(code="OWN_SESSION")
    return ends


def _check_session(session: WriteSession) -> None:
    """Require a session of the account's own that may write. Raises ForbiddenError."""
    if not session.caller.own_tokens:
        raise ForbiddenError(code="OWN_SESSION")
    if not session.caller.keeps_tokens:
        raise ForbiddenError
