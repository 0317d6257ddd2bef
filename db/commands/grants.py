"""Role grants: give and revoke."""

from dataclasses import dataclass
from datetime import date

from db.commands.turns import hold_grants
from db.rules.errors import ConflictError, ForbiddenError
from db.rules.grant import (
    GrantRejectedError,
    Span,
    check_days,
    check_grantee,
    check_others,
    check_root,
)
from db.write_session import WriteSession

MANAGE = "grant_manage"

_UNIT = """
    select id, code, path::text, valid_to is not null as closed from unit where code = $1
"""
_GRANTEE = "select id, disabled, elsewhere, own from grantee($1)"
_HELD = """
    select from role_grant
    where account_id = $1 and role = $2 and unit_id = $3 and revoked_at is null
        and daterange(valid_from, valid_to, '[]') && daterange($4, $5, '[]')
"""
_GRANT = """
    insert into role_grant (
        account_id, role, unit_id, valid_from, valid_to, granted_by_id, granted_at
    ) values ($1, $2, $3, $4, $5, $6, $7) returning id
"""
# The caller's own role grant may be at a unit that it does not see.
_LOAD = """
    select g.role, g.revoked_at, u.id, u.code, u.path::text, u.parent_id is null as at_root,
        g.account_id = any (caller_accounts()) as own
    from role_grant g left join unit u on u.id = g.unit_id
    where g.id = $1
"""
_ROOT_ADMINS = "select grant_id, account_id, valid_from, valid_to from root_admins()"
_REVOKE = """
    update role_grant set revoked_at = $2, revoked_by_id = $3 where id = $1 and revoked_at is null
"""


@dataclass(frozen=True)
class GrantOutcome:
    """The role grant concerned."""

    grant_id: int


async def grant(
    session: WriteSession,
    *,
    username: str,
    role: str,
    unit: str,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> GrantOutcome:
    """Grant a role at a unit, and so in its subtree, to another person's account.

    Two grants of one role to one account at one unit never share a day.
    """
    await hold_grants(session)
    at = await session.found("Unit", unit, _UNIT, unit)
    session.require(MANAGE, at)
    span = Span(valid_from or session.today, valid_to)
    check_days(span, session.today)
    account = await session.found("Account", username, _GRANTEE, username)
    check_others(own=account["own"], permission=MANAGE, unit=at["code"], unit_id=at["id"])
    if at["closed"]:
        raise GrantRejectedError("UNIT_CLOSED", unit_id=at["id"])
    check_grantee(
        role, disabled=account["disabled"], elsewhere=account["elsewhere"], unit_id=at["id"]
    )
    if role == "AUDITOR":
        await keep_root(session, account_id=account["id"])
    held = await session.row(_HELD, account["id"], role, at["id"], span.valid_from, span.valid_to)
    if held is not None:
        raise ConflictError("TAKEN", unit_id=at["id"], field="role")
    grant_id: int = await session.value(
        _GRANT,
        *(account["id"], role, at["id"], span.valid_from, span.valid_to),
        *(session.caller.account_id, session.present),
    )
    return GrantOutcome(grant_id)


async def revoke(
    session: WriteSession,
    *,
    grant: int,
    reason: str,  # noqa: ARG001 - the audit log has it, as that of every attempt
) -> GrantOutcome:
    """Revoke another person's role grant, at once and for good; it stays as a record."""
    await hold_grants(session)
    found = await session.found("Grant", str(grant), _LOAD, grant)
    if found["path"] is None:
        raise ForbiddenError(MANAGE.upper())
    session.require(MANAGE, found)
    check_others(own=found["own"], permission=MANAGE, unit=found["code"], unit_id=found["id"])
    if found["revoked_at"] is not None:
        raise ConflictError("ALREADY_REVOKED", unit_id=found["id"])
    if found["role"] == "ADMIN" and found["at_root"]:
        await keep_root(session, grant_id=grant)
    await session.execute(_REVOKE, grant, session.present, session.caller.account_id)
    return GrantOutcome(grant)


async def keep_root(
    session: WriteSession, *, grant_id: int | None = None, account_id: int | None = None
) -> None:
    """Raise where the root needs this role grant, or this account's, to keep an administrator."""
    admins = await session.rows(_ROOT_ADMINS)
    spans = [(admin, Span(admin["valid_from"], admin["valid_to"])) for admin in admins]
    left = [
        span
        for admin, span in spans
        if admin["grant_id"] != grant_id and admin["account_id"] != account_id
    ]
    check_root([span for _, span in spans], left, session.today)
