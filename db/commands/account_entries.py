"""Accounts from files: many at once, each created or changed as by the single commands."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from db.commands import accounts, grants
from db.commands.entering import each
from db.commands.turns import hold_grants
from db.rules.account import check_username
from db.rules.errors import DomainError
from db.write_session import WriteSession

_KNOWN = "select username from account where username = any ($1)"
_PEOPLE = """
    select p.id, p.code, p.path::text, u.code as unit,
        exists (select from account a where a.person_id = p.id) as has_account
    from person p left join unit u on u.id = p.unit_id where p.code = any ($1)
"""
_UNITS = "select id, code, path::text from unit where code = any ($1) and valid_to is null"
_CREATE = """
    insert into account (username, kind, person_id)
    select username, 'PERSON', person_id
    from unnest($1::text[], $2::bigint[]) as given (username, person_id)
    on conflict do nothing returning id, username
"""
_GRANT = """
    insert into role_grant (account_id, role, unit_id, valid_from, granted_by_id, granted_at)
    select account_id, role, unit_id, $4, $5, $6
    from unnest($1::bigint[], $2::text[], $3::bigint[]) as given (account_id, role, unit_id)
"""
_LOAD = """
    select id, disabled_at is not null as disabled, person_id from account
    where username = $1 and kind <> 'PUBLIC'
"""
_PERSON = """
    select p.id, (select u.code from unit u where u.id = p.unit_id) as unit
    from person p where p.code = $1
"""
_HELD = """
    select g.id, g.role from role_grant g join unit u on u.id = g.unit_id
    where g.account_id = $1 and u.code = $2 and lasts(g)
"""


class _New(NamedTuple):
    """An account that the bulk insert can create, and its role, if it gets one."""

    person_id: int
    role: str | None
    unit_id: int | None


async def enter(
    session: WriteSession, entries: Sequence[Mapping[str, Any]]
) -> list[DomainError | None]:
    """Create accounts by their usernames, or change those that exist, without invitations.

    A `role` becomes the account's only role at `unit`, by default the person's own unit.
    Returns an error or None for each entry; an error does not stop the other entries.
    """
    await hold_grants(session)
    created = await _create(session, await _plain(session, entries))
    left = [entry for entry in entries if entry["username"] not in created]
    refused = iter(await each(session, [partial(_enter, session, **entry) for entry in left]))
    return [None if entry["username"] in created else next(refused) for entry in entries]


async def _plain(session: WriteSession, entries: Sequence[Mapping[str, Any]]) -> dict[str, _New]:
    """Return the new accounts, by username, that can only fail because a name is taken meanwhile.

    All other entries are processed one by one, so that each gets its own error.
    """
    usernames = Counter(entry["username"] for entry in entries)
    people = Counter(entry["person"] for entry in entries)
    taken = {row["username"] for row in await session.rows(_KNOWN, list(usernames))}
    persons = {row["code"]: row for row in await session.rows(_PEOPLE, list(people))}
    at = {entry.get("unit") for entry in entries} | {row["unit"] for row in persons.values()}
    units = {row["code"]: row for row in await session.rows(_UNITS, list(at - {None}))}
    plain: dict[str, _New] = {}
    for entry in entries:
        username, role = entry["username"], entry.get("role")
        behind = persons.get(entry["person"])
        alone = usernames[username] == people[entry["person"]] == 1 and username not in taken
        if not alone or entry.get("disabled") or role == "AUDITOR" or not _is_username(username):
            continue
        if behind is None or behind["has_account"]:
            continue
        if not session.caller.may(accounts.MANAGE, behind["path"]):
            continue
        unit = None if role is None else units.get(entry.get("unit") or behind["unit"])
        if role is None:
            plain[username] = _New(behind["id"], None, None)
        elif unit is not None and session.caller.may(grants.MANAGE, unit["path"]):
            plain[username] = _New(behind["id"], role, unit["id"])
    return plain


def _is_username(username: str) -> bool:
    try:
        check_username(username)
    except DomainError:
        return False
    return True


async def _create(session: WriteSession, plain: Mapping[str, _New]) -> set[str]:
    """Create accounts with their roles. Returns the usernames of the created ones."""
    if not plain:
        return set()
    try:
        async with session.savepoint():
            people = [one.person_id for one in plain.values()]
            made = await session.rows(_CREATE, list(plain), people)
            given = [(row["id"], plain[row["username"]]) for row in made]
            roles = [(account, new) for account, new in given if new.role is not None]
            await session.execute(
                _GRANT,
                [account for account, _ in roles],
                [new.role for _, new in roles],
                [new.unit_id for _, new in roles],
                *(session.today, session.caller.account_id, session.present),
            )
    except DomainError:
        return set()
    return {row["username"] for row in made}


async def _enter(
    session: WriteSession,
    *,
    username: str,
    person: str,
    role: str | None = None,
    unit: str | None = None,
    disabled: bool | None = None,
) -> None:
    known = await session.row(_LOAD, username)
    if known is None:
        created = await accounts.create(session, username=username, person=person, invite=False)
        account_id, was_disabled = created.account_id, False
    else:
        account_id, was_disabled = known["id"], known["disabled"]
        behind = await session.found("Person", person, _PERSON, person)
        if known["person_id"] != behind["id"]:
            await accounts.update(session, username=username, person=person)
    if disabled is False and was_disabled:
        await accounts.update(session, username=username, disabled=False)
    if role is not None:
        behind = await session.found("Person", person, _PERSON, person)
        await _set_role(session, account_id, username, role, unit or behind["unit"])
    if disabled and not was_disabled:
        await accounts.update(session, username=username, disabled=True)


async def _set_role(
    session: WriteSession, account_id: int, username: str, role: str, unit: str
) -> None:
    """Leave an account one role at a unit: grant it if missing, and revoke the others."""
    held = await session.rows(_HELD, account_id, unit)
    if role not in [row["role"] for row in held]:
        await grants.grant(session, username=username, role=role, unit=unit)
    for row in held:
        if row["role"] != role:
            await grants.revoke(session, grant=row["id"], reason="")
