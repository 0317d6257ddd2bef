"""Members: add, change and move people, singly or many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg

from db.commands.turns import hold_tree
from db.rules.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from db.rules.person import Record, check_contact, check_entry
from db.write_session import WriteSession

MANAGE = "person_manage"

_UNITS = """
    select id, code, path::text, valid_to is not null as closed from unit where code = any ($1)
"""
_KNOWN = """
    select p.id, p.version, p.code, p.name, p.unit_id, p.sector, p.email, p.phone,
        exists (select from account where person_id = p.id) as has_account,
        p.path::text, (select u.code from unit u where u.id = p.unit_id) as unit_code
    from person p where p.code = any ($1)
"""
_EXISTS = "select id from person where code = $1"
_ADD = """
    insert into person (code, name, unit_id, sector, email, phone)
    select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[])
    on conflict (code) do nothing returning code
"""
_CHANGE = """
    update person p set version = p.version + 1, name = n.name, unit_id = n.unit_id,
        sector = n.sector, email = n.email, phone = n.phone
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[],
        $7::text[]) as n (id, version, name, unit_id, sector, email, phone)
    where p.id = n.id and p.version = n.version returning p.code
"""


@dataclass(frozen=True)
class PersonOutcome:
    """The person concerned."""

    person_id: int


@dataclass(frozen=True)
class _Entry:
    """A member as stored, None for a new one, and as requested."""

    known: asyncpg.Record | None
    after: Record


async def add(session: WriteSession, **person: Any) -> PersonOutcome:
    """Add a member; the fields are those of a file's row."""
    if await session.value(_EXISTS, person["code"]):
        raise ConflictError("TAKEN", field="code")
    return await _entered(session, person)


async def update(
    session: WriteSession, *, person: str, version: int | None = None, **changes: Any
) -> PersonOutcome:
    """Change a member's name, sector, e-mail or phone (null clears e-mail or phone)."""
    known = await _known(session, person, version)
    return await _entered(session, {"code": person, "unit": known["unit_code"], **changes})


async def move(
    session: WriteSession,
    *,
    person: str,
    unit: str,
    reason: str,  # noqa: ARG001 - the audit log has it
    version: int | None = None,
) -> PersonOutcome:
    """Move a member to another unit, from now on."""
    await _known(session, person, version)
    return await _entered(session, {"code": person, "unit": unit})


async def enter(
    session: WriteSession, people: Sequence[Mapping[str, Any]]
) -> list[DomainError | None]:
    """Add members by their codes, or change those who exist; each code occurs once.

    Fields that are not given stay. Returns an error or None for each; an error does not stop the
    others.
    """
    await hold_tree(session, alone=False)
    units = {row["code"]: row for row in await session.rows(_UNITS, [p["unit"] for p in people])}
    known = {row["code"]: row for row in await session.rows(_KNOWN, [p["code"] for p in people])}
    refused: dict[str, DomainError] = {}
    entries: list[_Entry] = []
    for person in people:
        try:
            entries.append(_checked(session, person, units, known.get(person["code"])))
        except DomainError as error:
            refused[person["code"]] = error
    refused |= await _add(session, [entry.after for entry in entries if entry.known is None])
    refused |= await _change(session, entries)
    return [refused.get(person["code"]) for person in people]


async def _known(session: WriteSession, code: str, version: int | None) -> asyncpg.Record:
    """Return a member, and check the caller's version of it. Raises DomainError.

    The caller may not see the unit of an author who has moved away: then ForbiddenError.
    """
    known = await session.found("Person", code, _KNOWN, [code])
    if known["unit_code"] is None:
        raise ForbiddenError(MANAGE.upper())
    if version is not None and known["version"] != version:
        raise ConflictError("STALE", version=known["version"], unit_id=known["unit_id"])
    return known


async def _entered(session: WriteSession, person: Mapping[str, Any]) -> PersonOutcome:
    (refusal,) = await enter(session, [person])
    if refusal is not None:
        raise refusal
    person_id: int = await session.value(_EXISTS, person["code"])
    return PersonOutcome(person_id)


def _checked(
    session: WriteSession,
    person: Mapping[str, Any],
    units: Mapping[str, asyncpg.Record],
    known: asyncpg.Record | None,
) -> _Entry:
    """Return what to write for a member. Raises DomainError."""
    given = dict(person)
    unit = units.get(given.pop("unit"))
    if unit is None:
        raise NotFoundError("Unit", person["unit"])
    before = None if known is None else Record(**{name: known[name] for name in _FIELDS})
    kept = {"email": None, "phone": None} if before is None else asdict(before)
    after = Record(**{**kept, **given, "unit_id": unit["id"]})
    if before != after:
        session.require(MANAGE, unit)
        if known is not None:
            at = {"id": known["unit_id"], "code": known["unit_code"], "path": known["path"]}
            session.require(MANAGE, at)
        check_contact(after.email, after.phone)
        has_account = known is not None and known["has_account"]
        check_entry(before, after, closed=unit["closed"], has_account=has_account)
    return _Entry(known, after)


_FIELDS = ("code", "name", "unit_id", "sector", "email", "phone")


async def _add(session: WriteSession, new: Sequence[Record]) -> dict[str, DomainError]:
    """Add members. Returns errors for taken codes, also those of people hidden from the caller."""
    if not new:
        return {}
    columns = ([getattr(one, name) for one in new] for name in _FIELDS)
    added = {row["code"] for row in await session.rows(_ADD, *columns)}
    return {
        one.code: ConflictError("TAKEN", field="code", unit_id=one.unit_id)
        for one in new
        if one.code not in added
    }


async def _change(session: WriteSession, entries: Sequence[_Entry]) -> dict[str, DomainError]:
    """Write the differences. Returns errors for members whom somebody else changed meanwhile."""
    changed = [
        (entry.known, entry.after)
        for entry in entries
        if entry.known is not None
        and any(entry.known[name] != getattr(entry.after, name) for name in _FIELDS)
    ]
    if not changed:
        return {}
    columns = ([getattr(after, name) for _, after in changed] for name in _FIELDS[1:])
    done = {
        row["code"]
        for row in await session.rows(
            _CHANGE,
            [known["id"] for known, _ in changed],
            [k["version"] for k, _ in changed],
            *columns,
        )
    }
    return {
        after.code: ConflictError("STALE", version=known["version"] + 1, unit_id=after.unit_id)
        for known, after in changed
        if after.code not in done
    }
