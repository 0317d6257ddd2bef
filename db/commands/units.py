"""Units: create, change, move, close. db/commands/unit_merge.py has merges."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg

from db.commands.adjustments import shift
from db.commands.moved_windows import check_moved, hold_all_windows
from db.commands.turns import hold_tree
from db.rules.errors import ConflictError, DomainError, ForbiddenError
from db.rules.grant import check_others
from db.rules.unit import Place, Ties, check_below, check_close, check_day, check_move, check_open
from db.write_session import WriteSession

MANAGE = "unit_manage"

_LOAD = """
    select u.id, u.code, u.name, u.level, u.path::text, u.parent_id, u.bloc_id, u.member_count,
        u.valid_from, u.valid_to, u.version, above.code as parent_code
    from unit u left join unit above on above.id = u.parent_id
    where u.code = $1
"""
_BLOC = "select id from emulation_bloc where code = $1"
_FACTS = ("name", "level", "parent_id", "member_count", "bloc_id", "valid_from")
_CREATE = """
    insert into unit (code, name, level, parent_id, member_count, bloc_id, valid_from)
    select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[],
        $6::bigint[], $7::date[])
    on conflict (code) do nothing returning id, code
"""
_NOTE_CREATED = """
    insert into unit_history (unit_id, change, after, reason, account_id, at)
    select unit_id, 'CREATED', after, $3, $4, $5
    from unnest($1::bigint[], $2::jsonb[]) as planted (unit_id, after)
"""
_CHANGE = """
    update unit set name = $3, member_count = $4, bloc_id = $5, version = version + 1
    where id = $1 and version = $2
"""
_MOVE = "update unit set parent_id = $3, version = version + 1 where id = $1 and version = $2"
_GIVES = "select tree_gives_role($1, $2, $3)"
_TIES = "select children, awaited, members, returned, campaigns from unit_ties($1)"
_CLOSE = "update unit set valid_to = $3, version = version + 1 where id = $1 and version = $2"
_NOTE = """
    insert into unit_history (unit_id, change, before, after, reason, account_id, at)
    values ($1, $2, $3, $4, $5, $6, $7)
"""


@dataclass(frozen=True)
class UnitOutcome:
    """The unit concerned."""

    unit_id: int


@dataclass(frozen=True)
class NewUnit:
    """A unit to create, with the codes of its parent and its bloc."""

    code: str
    name: str
    level: str
    parent: str
    member_count: int
    bloc: str | None
    valid_from: date | None


async def create(
    session: WriteSession,
    *,
    code: str,
    name: str,
    level: str,
    parent: str,
    member_count: int,
    bloc: str | None = None,
    valid_from: date | None = None,
    reason: str | None = None,
) -> UnitOutcome:
    """Create a unit below another; it counts from now on, however early it is valid from."""
    new = NewUnit(code, name, level, parent, member_count, bloc, valid_from)
    (planted,) = await create_all(session, [new], reason)
    if isinstance(planted, DomainError):
        raise planted
    return UnitOutcome(planted)


async def create_all(
    session: WriteSession, units: Sequence[NewUnit], reason: str | None
) -> list[int | DomainError]:
    """Create units below existing ones, updating the counts of their ancestors in one step.

    Returns the id or the error of each.
    """
    await hold_tree(session, alone=False)
    found: dict[str, int | DomainError] = {}
    ready: dict[str, dict[str, Any]] = {}
    for unit in units:
        try:
            ready[unit.code] = await _facts(session, unit)
        except DomainError as error:
            found[unit.code] = error
        else:
            found[unit.code] = ConflictError("TAKEN", field="code")
    if ready:
        columns = ([facts[name] for facts in ready.values()] for name in _FACTS)
        planted = await session.rows(_CREATE, list(ready), *columns)
        found |= {row["code"]: row["id"] for row in planted}
        ids = [row["id"] for row in planted]
        facts = [ready[row["code"]] for row in planted]
        about = (reason, session.caller.account_id, session.present)
        await session.execute(_NOTE_CREATED, ids, facts, *about)
    return [found[unit.code] for unit in units]


async def _facts(session: WriteSession, unit: NewUnit) -> dict[str, Any]:
    """Return a new unit's columns. Raises DomainError."""
    above = await load(session, unit.parent)
    session.require(MANAGE, above)
    first = unit.valid_from or session.today
    check_day("validFrom", first, session.today)
    check_open(place(above))
    check_below(unit.level, place(above))
    bloc_id = await _bloc(session, unit.bloc)
    values = (unit.name, unit.level, above["id"], unit.member_count, bloc_id, first)
    return dict(zip(_FACTS, values, strict=True))


async def update(
    session: WriteSession,
    *,
    unit: str,
    version: int | None = None,
    reason: str | None = None,
    **changes: Any,
) -> UnitOutcome:
    """Change the given fields of a unit: name, members, bloc (null removes it from its bloc)."""
    found = await load(session, unit)
    session.require(MANAGE, found)
    check_version(found, version)
    check_open(place(found))
    if "bloc" in changes:
        changes["bloc_id"] = await _bloc(session, changes.pop("bloc"))
    after = {name: value for name, value in changes.items() if found[name] != value}
    if after:
        values = {name: found[name] for name in ("name", "member_count", "bloc_id")} | after
        await write(session, found, _CHANGE, *values.values())
        before = {name: found[name] for name in after}
        await note(session, found["id"], "CHANGED", before=before, after=after, reason=reason)
    return UnitOutcome(found["id"])


async def move(
    session: WriteSession, *, unit: str, parent: str, reason: str, version: int | None = None
) -> UnitOutcome:
    """Move a unit and its subtree below another parent; totals move along.

    Raises PhaseRejectedError if it comes under windows that conflict with its phases or drives.
    """
    await hold_all_windows(session)
    await hold_tree(session, alone=True)
    await hold_all_windows(session)
    found = await load(session, unit)
    above = await load(session, parent)
    session.require(MANAGE, found)
    _require_at_parent(session, found)
    session.require(MANAGE, above)
    check_version(found, version)
    check_move(place(found), place(above), found["parent_id"])
    await check_gives_none(session, found, above, merges=False)
    await write(session, found, _MOVE, above["id"])
    await check_moved(session, f"{above['path']}.{found['id']}")
    from_unit, to_unit = found["parent_id"], above["id"]
    await shift(session, found["id"], out_of=from_unit, into=to_unit, ends=False, reason=reason)
    before, after = {"parent_id": from_unit}, {"parent_id": to_unit}
    await note(session, found["id"], "MOVED", before=before, after=after, reason=reason)
    return UnitOutcome(found["id"])


async def close(
    session: WriteSession,
    *,
    unit: str,
    reason: str,
    on: date | None = None,
    version: int | None = None,
) -> UnitOutcome:
    """Close a unit without open business; its data and its totals stay."""
    await hold_tree(session, alone=True)
    found = await load(session, unit)
    session.require(MANAGE, found)
    check_version(found, version)
    last = on or session.today
    check_day("on", last, session.today, found["valid_from"])
    ties = await session.row(_TIES, found["id"])
    assert ties is not None
    check_close(place(found), Ties(**ties))
    await write(session, found, _CLOSE, last)
    await note(session, found["id"], "CLOSED", before=None, after={"valid_to": last}, reason=reason)
    return UnitOutcome(found["id"])


async def check_gives_none(
    session: WriteSession, unit: asyncpg.Record, to: asyncpg.Record, *, merges: bool
) -> None:
    """Raise ForbiddenError if a unit would come under a role grant of the caller's own."""
    gives = await session.value(_GIVES, unit["id"], to["id"], merges)
    check_others(own=gives, permission=MANAGE, unit=to["code"], unit_id=unit["id"])


async def load(session: WriteSession, code: str) -> asyncpg.Record:
    """Return the unit of a code. Raises NotFoundError if the caller sees none."""
    return await session.found("Unit", code, _LOAD, code)


def place(unit: asyncpg.Record) -> Place:
    """Return a loaded unit in the form that rules use."""
    return Place(unit["id"], unit["code"], unit["level"], unit["path"], unit["valid_to"])


def check_version(unit: asyncpg.Record, version: int | None) -> None:
    """Raise ConflictError if the caller's version is given and stale."""
    if version is not None and unit["version"] != version:
        raise ConflictError("STALE", version=unit["version"])


async def write(session: WriteSession, unit: asyncpg.Record, sql: str, *values: Any) -> None:
    """Update the row unless the unit changed since it was loaded. Raises ConflictError."""
    if not await session.execute(sql, unit["id"], unit["version"], *values):
        raise ConflictError("STALE", version=unit["version"] + 1)


async def note(
    session: WriteSession,
    unit_id: int,
    change: str,
    *,
    before: dict[str, Any] | None,
    after: dict[str, Any],
    reason: str | None,
) -> None:
    """Add to a unit's history: the change (UnitChange), with the values before and after."""
    await session.execute(
        _NOTE, unit_id, change, before, after, reason, session.caller.account_id, session.present
    )


async def _bloc(session: WriteSession, code: str | None) -> int | None:
    if code is None:
        return None
    bloc = await session.found("EmulationBloc", code, _BLOC, code)
    bloc_id: int = bloc["id"]
    return bloc_id


def _require_at_parent(session: WriteSession, unit: asyncpg.Record) -> None:
    """Require the permission to manage the unit above, even if the caller does not see it."""
    above = unit["path"].rpartition(".")[0]
    if above and not session.caller.may(MANAGE, above):
        raise ForbiddenError(MANAGE.upper(), unit["parent_code"], unit_id=unit["id"])
