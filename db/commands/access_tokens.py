"""Personal access tokens: made and revoked by the account that they are for."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from db.commands.requests import TOLD_ONCE
from db.rules.access_token import check_number, hashed, new
from db.rules.errors import ConflictError, ForbiddenError
from db.transactions import WriteSession

_UNIT = "select id from unit where code = $1"
_HELD = "select count(*) from access_token where revoked_at is null and expires_at > now()"
# Expiry is by the clock, also where a demo has fixed the day.
_ADD = """
    insert into access_token (
        account_id, name, token_hash, permissions, unit_id, read_only, expires_at
    ) values ($1, $2, $3, $4, $5, $6, now() + make_interval(hours => 24 * $7)) returning id
"""
_LOAD = "select revoked_at from access_token where id = $1"
_REVOKE = "update access_token set revoked_at = now() where id = $1 and revoked_at is null"


@dataclass(frozen=True)
class CreatedOutcome:
    """The token that was made, and its secret, which is told this once."""

    access_token_id: int
    secret: str | None = field(metadata=TOLD_ONCE)


@dataclass(frozen=True)
class RevokedOutcome:
    """The token that was revoked."""

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
    """Make a token that holds for some days, and a part of what the caller may do.

    What the caller may not do it does not hold, now or later, whatever it is made for.
    """
    _check_session(session)
    at = None if unit is None else await session.found("Unit", unit, _UNIT, unit)
    check_number(await session.value(_HELD))
    secret = new()
    token_id: int = await session.value(
        _ADD,
        *(session.caller.account_id, name, hashed(secret)),
        *(permissions, at and at["id"], read_only, days),
    )
    return CreatedOutcome(token_id, secret)


async def revoke(session: WriteSession, *, access_token: int) -> RevokedOutcome:
    """End a token for good; it stays as a record."""
    _check_session(session)
    found = await session.found("AccessToken", str(access_token), _LOAD, access_token)
    if found["revoked_at"] is not None or not await session.execute(_REVOKE, access_token):
        raise ConflictError("ALREADY_REVOKED")
    return RevokedOutcome(access_token)


def _check_session(session: WriteSession) -> None:
    """Insist on a session of the account's own, in which it writes. Raises ForbiddenError."""
    if not session.caller.own_tokens:
        raise ForbiddenError(code="OWN_SESSION")
    if not session.caller.keeps_tokens:
        raise ForbiddenError
