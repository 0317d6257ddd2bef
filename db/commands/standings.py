"""The targets of a phase: load them, and set them with a revision each, all or none."""

from collections.abc import Sequence

import asyncpg

from db.commands.adjustments import adjust
from db.commands.named_phase import named_phase
from db.rules.errors import ConflictError
from db.rules.target import Change, Standing, TargetRejectedError, changes
from db.write_session import WriteSession

# Locks out moves of units and changes of windows until the commit; what they determine is read
# afterwards. Lock order: windows first, then the tree.
_HOLD = "select lock_windows($1, alone => false), lock_tree(alone => false)"
_UNIT = """
    select id, code, path::text, $2 = any (line(path)) as covered from unit where code = $1
"""
_STANDING = """
    select u.id as unit_id, u.code, u.member_count as members, u.valid_to is not null as closed,
        p.frozen_at is not null or today() > w.closes_on as over,
        t.assigned, t.registered, coalesce(t.version, 0) as version
    from unit u join phase p on p.id = $1
    cross join lateral phase_window(p.id, u.path) w
    left join target t on t.unit_id = u.id and t.phase_id = p.id
"""
_OWN = f"{_STANDING} where u.id = $2"
_CHILDREN = f"{_STANDING} where u.parent_id = $2 order by u.code"
_LOCK = """
    select unit_id, version from target where phase_id = $1 and unit_id = any ($2)
    order by unit_id for update
"""
_INSERT = """
    insert into target (phase_id, unit_id, assigned, registered)
    select $1, unit_id, case $4::text when 'ASSIGNED' then value end,
        case $4 when 'REGISTERED' then value end
    from unnest($2::bigint[], $3::bigint[]) as new (unit_id, value)
"""
_UPDATE = """
    update target t set version = version + 1,
        assigned = case $4::text when 'ASSIGNED' then value else assigned end,
        registered = case $4 when 'REGISTERED' then value else registered end
    from unnest($2::bigint[], $3::bigint[]) as new (unit_id, value)
    where t.phase_id = $1 and t.unit_id = new.unit_id
"""
_REVISE = """
    insert into target_revision (phase_id, unit_id, value, previous, kind, reason, at, account_id)
    select $1, new.*, $5, $6, $7, $8
    from unnest($2::bigint[], $3::bigint[], $4::bigint[]) as new
"""


async def hold_phase(session: WriteSession, campaign: str, ordinal: int) -> asyncpg.Record:
    """Return a phase, with windows and tree locked against changes. Raises NotFoundError."""
    phase = await named_phase(session, campaign, ordinal)
    await session.execute(_HOLD, phase["campaign_id"])
    return phase


async def place(
    session: WriteSession, code: str, phase: asyncpg.Record, permission: str
) -> asyncpg.Record:
    """Return the unit where the caller acts, if it has a permission there, within the campaign."""
    unit = await session.found("Unit", code, _UNIT, code, phase["owner_id"])
    session.require(permission, unit)
    if not unit["covered"]:
        raise TargetRejectedError("OUTSIDE_CAMPAIGN", unit_code=code, unit_id=unit["id"])
    return unit


async def own_standing(
    session: WriteSession, phase: asyncpg.Record, unit: asyncpg.Record
) -> Standing:
    """Return a unit's current target."""
    return Standing(**await session.found("Unit", unit["code"], _OWN, phase["id"], unit["id"]))


async def children(
    session: WriteSession, phase: asyncpg.Record, parent: asyncpg.Record
) -> list[Standing]:
    """Return the targets of all direct children, by code."""
    return [Standing(**row) for row in await session.rows(_CHILDREN, phase["id"], parent["id"])]


def check_version(standing: Standing, version: int | None, field: str) -> None:
    """Raise ConflictError if the caller's version is given and stale."""
    if version is not None and version != standing.version:
        raise ConflictError(
            "STALE", version=standing.version, field=field, unit_id=standing.unit_id
        )


async def set_targets(
    session: WriteSession,
    phase: asyncpg.Record,
    kind: str,
    wanted: Sequence[Change],
    reason: str | None,
) -> None:
    """Write the changed targets, with a revision each, and an adjustment where the phase is over.

    `kind` is a TargetKind. Raises ConflictError if somebody else set one of the targets since they
    were loaded, even to the same value.
    """
    # In one order, so that of two concurrent first settings one waits and none deadlocks.
    found = sorted(changes(wanted, reason), key=lambda change: change.of.unit_id)
    await _lock(session, phase, [change.of for change in wanted])
    for statement, some in (
        (_INSERT, [change for change in found if not change.of.version]),
        (_UPDATE, [change for change in found if change.of.version]),
    ):
        if some:
            values = [change.value for change in some]
            await session.execute(statement, phase["id"], _ids(some), values, kind)
    await session.execute(
        _REVISE,
        *(phase["id"], _ids(found), [c.value for c in found], [c.previous for c in found]),
        *(kind, reason, session.present, session.caller.account_id),
    )
    for change in found:
        if change.of.over:
            await adjust(
                session,
                "TARGET",
                phase_id=phase["id"],
                unit_id=change.of.unit_id,
                reason=reason,
            )


async def _lock(session: WriteSession, phase: asyncpg.Record, loaded: Sequence[Standing]) -> None:
    rows = await session.rows(_LOCK, phase["id"], [standing.unit_id for standing in loaded])
    held = {row["unit_id"]: row["version"] for row in rows}
    for standing in loaded:
        version = held.get(standing.unit_id, 0)
        if version != standing.version:
            raise ConflictError("STALE", version=version, unit_id=standing.unit_id)


def _ids(some: Sequence[Change]) -> list[int]:
    return [change.of.unit_id for change in some]
