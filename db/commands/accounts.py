"""Accounts of people: create, tie to a person, invite, disable and enable."""

from dataclasses import dataclass, field

import asyncpg

from db.commands.grants import keep_root
from db.commands.requests import TOLD_ONCE
from db.commands.turns import hold_grants
from db.rules.account import (
    INVITATION_HOURS,
    AccountRejectedError,
    check_manageable,
    check_tie,
    check_username,
)
from db.rules.errors import ConflictError, ForbiddenError
from db.rules.secret import hashed, new
from db.write_session import WriteSession

MANAGE = "account_manage"

_PERSON = """
    select p.id, p.path::text, u.id as unit_id, u.code as unit_code,
        (select a.id from account a where a.person_id = p.id) as account_id
    from person p left join unit u on u.id = p.unit_id where p.code = $1
"""
_CREATE = """
    insert into account (username, kind, person_id) values ($1, 'PERSON', $2)
    on conflict do nothing returning id
"""
_LOAD = """
    select id, kind, person_id, disabled_at, account_manageable(id) as manageable,
        account_elsewhere(id) as elsewhere
    from account where username = $1 and kind <> 'PUBLIC'
"""
_ACTED = "select person_id is not null and account_acted(id) from account where id = $1"
_TIE = "update account set person_id = $2 where id = $1"
_DISABLE = "update account set disabled_at = case when $2 then $3::timestamptz end where id = $1"
_INVITE = "select accounts_invite(array[$1::bigint], array[$2::bytea], $3)"


@dataclass(frozen=True)
class AccountOutcome:
    """The account concerned, and the path of its invitation page, which is returned only once."""

    account_id: int
    invitation: str | None = field(default=None, metadata=TOLD_ONCE)


async def create(
    session: WriteSession, *, person: str, username: str, invite: bool = True
) -> AccountOutcome:
    """Create the account of a person, and invite it unless `invite` is false."""
    check_username(username)
    behind = await _person(session, person)
    account_id = await session.value(_CREATE, username, behind["id"])
    if account_id is None:
        raise ConflictError("TAKEN", field="username", unit_id=behind["unit_id"])
    return AccountOutcome(account_id, await _invite(session, account_id) if invite else None)


async def update(
    session: WriteSession,
    *,
    username: str,
    person: str | None = None,
    disabled: bool | None = None,
    reason: str | None = None,  # noqa: ARG001 - the audit log has it
) -> AccountOutcome:
    """Disable or enable an account, or tie it to another person if it has not acted yet.

    Disabling ends the account's sessions and tokens for good; enabling restores its role grants.
    """
    await hold_grants(session)
    found = await _load(session, username, person_only=person is not None)
    if person is not None:
        await _tie(session, found, person)
    if disabled is not None and disabled != (found["disabled_at"] is not None):
        if disabled:
            await keep_root(session, account_id=found["id"])
        await session.execute(_DISABLE, found["id"], disabled, session.present)
    return AccountOutcome(found["id"])


async def invite(session: WriteSession, *, username: str) -> AccountOutcome:
    """Create a link for the account's holder to choose a password; an earlier link expires."""
    found = await _load(session, username, person_only=True)
    check_manageable(own=False, elsewhere=False, disabled=found["disabled_at"] is not None)
    return AccountOutcome(found["id"], await _invite(session, found["id"]))


async def _person(session: WriteSession, code: str) -> asyncpg.Record:
    """Return a person whose account the caller may create. Raises DomainError."""
    behind = await session.found("Person", code, _PERSON, code)
    if not session.caller.may(MANAGE, behind["path"]):
        raise ForbiddenError(MANAGE.upper(), behind["unit_code"], unit_id=behind["unit_id"])
    if behind["account_id"] is not None:
        raise AccountRejectedError("PERSON_HAS_ACCOUNT", unit_id=behind["unit_id"])
    return behind


async def _tie(session: WriteSession, account: asyncpg.Record, person: str) -> None:
    behind = await session.found("Person", person, _PERSON, person)
    if behind["account_id"] != account["id"]:
        check_tie(acted=await session.value(_ACTED, account["id"]))
        behind = await _person(session, person)
        await session.execute(_TIE, account["id"], behind["id"])


async def _load(session: WriteSession, username: str, *, person_only: bool) -> asyncpg.Record:
    """Return an account that the caller may manage. Raises DomainError."""
    found = await session.found("Account", username, _LOAD, username)
    check_manageable(
        own=found["id"] == session.caller.account_id,
        elsewhere=found["elsewhere"],
        service=person_only and found["kind"] == "SERVICE",
    )
    if not found["manageable"]:
        raise ForbiddenError(MANAGE.upper())
    return found


async def _invite(session: WriteSession, account_id: int) -> str:
    """Return the path of the page where the account's holder chooses a password."""
    token = new()
    if not await session.value(_INVITE, account_id, hashed(token), INVITATION_HOURS):
        raise ForbiddenError(MANAGE.upper())
    return f"/oauth/invitation/{token}"
