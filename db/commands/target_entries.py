"""Targets from files: the assigned and the registered target of each unit."""

from db.commands.standings import hold_phase, own_standing, place, set_targets
from db.commands.targets import ASSIGN, REGISTER, RegisterOutcome
from db.rules.errors import ForbiddenError
from db.rules.target import Change
from db.write_session import WriteSession

_UNIT = """
    select u.id, u.code, above.code as parent
    from unit u left join unit above on above.id = u.parent_id where u.code = $1
"""


async def enter(
    session: WriteSession,
    *,
    campaign: str,
    phase: int,
    unit: str,
    reason: str | None = None,
    **given: int | None,
) -> RegisterOutcome:
    """Set a unit's target: `assigned` with its parent's rights, `registered` with its own.

    None clears a value; one that is not given stays. An unchanged value needs no permission.
    """
    chosen = await hold_phase(session, campaign, phase)
    found = await session.found("Unit", unit, _UNIT, unit)
    for name, kind, permission, by in (
        ("assigned", "ASSIGNED", ASSIGN, found["parent"]),
        ("registered", "REGISTERED", REGISTER, unit),
    ):
        own = await own_standing(session, chosen, found)
        previous = getattr(own, name)
        value = given.get(name, previous)
        if value == previous:
            continue
        if by is None:
            raise ForbiddenError(permission.upper(), unit, unit_id=own.unit_id)
        await place(session, by, chosen, permission)
        await set_targets(session, chosen, kind, [Change(own, value, previous)], reason)
    return RegisterOutcome(found["id"])
