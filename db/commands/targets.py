"""Targets: assigned to children, registered by units, distributed among children."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import asyncpg

from db.commands.standings import (
    check_version,
    children,
    hold_phase,
    own_standing,
    place,
    set_targets,
)
from db.rules.distribution import DistributeBy, distribute, weigh
from db.rules.errors import InvalidInputError, Problem
from db.rules.target import Change, TargetRejectedError
from db.write_session import WriteSession

ASSIGN = "target_assign"
REGISTER = "target_register"

# Ordinals may have gaps.
_PHASE_BEFORE = """
    select id from phase where campaign_id = $1 and ordinal < $2 order by ordinal desc limit 1
"""
# What children achieved in a phase: its frozen results, or else the current totals.
_ACHIEVED = """
    select u.code, coalesce(
        (r.figures ->> 'achieved')::bigint,
        (select sum(t.achieved)::bigint from rollup t
         where t.unit_id = u.id and t.campaign_id = p.campaign_id and t.ordinal = p.ordinal),
        0
    ) as achieved
    from unit u join phase p on p.id = $1
    left join phase_result r on r.phase_id = p.id and r.unit_id = u.id
    where u.parent_id = $2
"""


class Assignment(Protocol):
    """A child's target in an input; `assigned` is None to clear it."""

    unit: str
    assigned: int | None
    version: int | None


@dataclass(frozen=True)
class AssignOutcome:
    """The unit whose children were assigned targets."""

    parent_id: int


@dataclass(frozen=True)
class RegisterOutcome:
    """The unit that registered its target."""

    unit_id: int


@dataclass(frozen=True)
class DistributeOutcome:
    """The shares assigned or previewed, child by child; None clears a closed child's target."""

    parent_id: int
    total: int
    preview: bool
    unit_ids: list[int]
    shares: list[int | None]
    previous: list[int | None]


async def assign(
    session: WriteSession,
    *,
    campaign: str,
    phase: int,
    parent: str,
    targets: Sequence[Assignment],
    reason: str | None = None,
) -> AssignOutcome:
    """Assign targets to direct children of a unit: to all that are named, or to none."""
    chosen = await hold_phase(session, campaign, phase)
    above = await place(session, parent, chosen, ASSIGN)
    standing = {child.code: child for child in await children(session, chosen, above)}
    strangers = [
        Problem(("targets", str(index), "unit"), "NOT_A_CHILD", parent)
        for index, target in enumerate(targets)
        if target.unit not in standing
    ]
    if strangers:
        raise InvalidInputError(*strangers)
    for index, target in enumerate(targets):
        check_version(standing[target.unit], target.version, f"targets.{index}.version")
    wanted = [
        Change(standing[target.unit], target.assigned, standing[target.unit].assigned)
        for target in targets
    ]
    await set_targets(session, chosen, "ASSIGNED", wanted, reason)
    return AssignOutcome(above["id"])


async def register(
    session: WriteSession,
    *,
    campaign: str,
    phase: int,
    unit: str,
    registered: int | None,
    version: int | None = None,
    reason: str | None = None,
) -> RegisterOutcome:
    """Register a unit's own target; None clears it."""
    chosen = await hold_phase(session, campaign, phase)
    own = await own_standing(session, chosen, await place(session, unit, chosen, REGISTER))
    check_version(own, version, "version")
    await set_targets(
        session, chosen, "REGISTERED", [Change(own, registered, own.registered)], reason
    )
    return RegisterOutcome(own.unit_id)


async def share_out(
    session: WriteSession,
    *,
    campaign: str,
    phase: int,
    parent: str,
    by: DistributeBy,
    total: int | None = None,
    preview: bool = False,
    reason: str | None = None,
) -> DistributeOutcome:
    """Distribute a total among a unit's direct children; the default is its effective target.

    Closed children get nothing, and their targets are cleared. A preview writes nothing.
    """
    chosen = await hold_phase(session, campaign, phase)
    above = await place(session, parent, chosen, ASSIGN)
    if total is None:
        total = (await own_standing(session, chosen, above)).effective
    if total is None:
        raise TargetRejectedError("NO_TARGET", unit_code=parent, unit_id=above["id"])
    below = await children(session, chosen, above)
    achieved = await _achieved(session, chosen, above) if by is DistributeBy.LAST_PHASE else {}
    shares = distribute(total, weigh(below, by, achieved))
    wanted = [
        Change(child, shares.get(child.code), child.assigned)
        for child in below
        if not child.closed or child.assigned is not None
    ]
    if not preview:
        await set_targets(session, chosen, "ASSIGNED", wanted, reason)
    return DistributeOutcome(
        parent_id=above["id"],
        total=total,
        preview=preview,
        unit_ids=[change.of.unit_id for change in wanted],
        shares=[change.value for change in wanted],
        previous=[change.previous for change in wanted],
    )


async def _achieved(
    session: WriteSession, phase: asyncpg.Record, parent: asyncpg.Record
) -> Mapping[str, int]:
    """Return what each child achieved in the phase before. Raises TargetRejectedError."""
    before = await session.value(_PHASE_BEFORE, phase["campaign_id"], phase["ordinal"])
    if before is None:
        raise TargetRejectedError("NO_LAST_PHASE", phase=phase["ordinal"] - 1)
    rows = await session.rows(_ACHIEVED, before, parent["id"])
    return {row["code"]: row["achieved"] for row in rows}
