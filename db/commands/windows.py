"""Window overrides, a unit's own dates of a phase for its subtree, and drives."""

from dataclasses import dataclass
from datetime import date

import asyncpg

from db.commands.adjustments import adjust
from db.commands.initiatives import check_version
from db.commands.phases import check_windows, moved_phase, phase_of
from db.commands.turns import hold_tree, hold_windows
from db.rules.campaign import check_order
from db.rules.errors import InvalidInputError, NotFoundError, Problem
from db.rules.phase import PhaseRejectedError, Span, check_inside, is_settled
from db.write_session import WriteSession

ASSIGN = "target_assign"

_CAMPAIGN = "select id, owner_id from campaign where code = $1"
_UNIT = """
    select id, code, path::text, valid_to is not null as closed, $2 = any (line(path)) as covered
    from unit where code = $1
"""
_WINDOW = "select opens_on, closes_on from phase_window($1, $2::text::ltree)"
_HELD_WINDOW = """
    select opens_on, closes_on, frozen from windows_held($1, $2::text::ltree) where phase_id = $3
"""
_OVERRIDE = "select id, version from window_override where phase_id = $1 and unit_id = $2"
_ADD_OVERRIDE = """
    insert into window_override (phase_id, unit_id, opens_on, closes_on) values ($1, $2, $3, $4)
"""
_SET_OVERRIDE = """
    update window_override set opens_on = $2, closes_on = $3, version = version + 1 where id = $1
"""
_DROP_OVERRIDE = "delete from window_override where id = $1"
_ADD_DRIVE = """
    insert into drive (phase_id, unit_id, title, opens_on, closes_on) values ($1, $2, $3, $4, $5)
    returning id
"""


@dataclass(frozen=True)
class OverrideOutcome:
    """A phase at a unit, and what lies outside its window there: initiatives and drives."""

    phase_id: int
    unit_id: int
    outside_window: int
    drives_outside: list[int]


@dataclass(frozen=True)
class DriveOutcome:
    """A drive of a phase."""

    phase_id: int
    drive_id: int


async def override(
    session: WriteSession,
    *,
    campaign: str,
    phase: int,
    unit: str,
    opens_on: date | None = None,
    closes_on: date | None = None,
    version: int | None = None,
    reason: str | None = None,
) -> OverrideOutcome:
    """Override a phase's dates for a unit's subtree; without dates, remove the override.

    Overrides further down stay. A phase that has closed at the unit needs a reason. An override
    can be removed from a closed unit too.
    """
    taken_away = opens_on is None and closes_on is None
    campaign_id, _ = await _place(session, campaign, unit, closed_too=taken_away)
    await hold_windows(session, campaign_id, alone=True)
    _, place = await _place(session, campaign, unit, closed_too=taken_away)
    held = await phase_of(session, campaign_id, phase)
    before = await session.row(_WINDOW, held["id"], place["path"])
    assert before is not None
    await _set_override(session, (held["id"], place), (opens_on, closes_on), version)
    if is_settled(before["closes_on"], session.today, frozen=held["frozen"]):
        await adjust(session, "WINDOW", phase_id=held["id"], unit_id=place["id"], reason=reason)
    await check_windows(session, campaign_id, phase, place["path"])
    moved = await moved_phase(session, held["id"], place["path"], moved=True)
    return OverrideOutcome(held["id"], place["id"], moved.outside_window, moved.drives_outside)


async def add_drive(
    session: WriteSession,
    *,
    campaign: str,
    phase: int,
    unit: str,
    title: str,
    opens_on: date,
    closes_on: date,
    reason: str | None = None,
) -> DriveOutcome:
    """Add a drive of a unit, within the phase's window there."""
    check_order(opens_on, closes_on, "closesOn")
    campaign_id, _ = await _place(session, campaign, unit)
    await hold_windows(session, campaign_id, alone=False)
    await hold_tree(session, alone=False)
    _, place = await _place(session, campaign, unit)
    held = await phase_of(session, campaign_id, phase)
    window = await session.row(_HELD_WINDOW, campaign_id, place["path"], held["id"])
    assert window is not None
    span = Span(phase, window["opens_on"], window["closes_on"], unit)
    check_inside(span, opens_on, closes_on)
    drive_id: int = await session.value(
        _ADD_DRIVE, *(held["id"], place["id"], title, opens_on, closes_on)
    )
    if is_settled(span.closes_on, session.today, frozen=window["frozen"]):
        await adjust(session, "DRIVE", phase_id=held["id"], unit_id=place["id"], reason=reason)
    return DriveOutcome(held["id"], drive_id)


async def _place(
    session: WriteSession, campaign: str, unit: str, *, closed_too: bool = False
) -> tuple[int, asyncpg.Record]:
    """Return the campaign's id and a unit of its owner's subtree where the caller may do this."""
    chosen = await session.found("Campaign", campaign, _CAMPAIGN, campaign)
    place = await session.found("Unit", unit, _UNIT, unit, chosen["owner_id"])
    session.require(ASSIGN, place)
    if place["closed"] and not closed_too:
        raise PhaseRejectedError("UNIT_CLOSED", unit_id=place["id"], unit_code=unit)
    if not place["covered"]:
        raise PhaseRejectedError("OUTSIDE_CAMPAIGN", unit_id=place["id"], unit_code=unit)
    return chosen["id"], place


async def _set_override(
    session: WriteSession,
    at: tuple[int, asyncpg.Record],
    dates: tuple[date | None, date | None],
    version: int | None,
) -> None:
    phase_id, place = at
    opens_on, closes_on = dates
    known = await session.row(_OVERRIDE, phase_id, place["id"])
    check_version(known or {"version": 0}, version)
    if opens_on is None and closes_on is None:
        if known is None:
            raise NotFoundError("WindowOverride", place["code"])
        await session.execute(_DROP_OVERRIDE, known["id"])
        return
    if opens_on is None or closes_on is None:
        missing = "opensOn" if opens_on is None else "closesOn"
        raise InvalidInputError(Problem((missing,), "BLANK"))
    check_order(opens_on, closes_on, "closesOn")
    if known is None:
        await session.execute(_ADD_OVERRIDE, phase_id, place["id"], opens_on, closes_on)
    else:
        await session.execute(_SET_OVERRIDE, known["id"], opens_on, closes_on)
