"""Initiatives: draft, edit, submit, withdraw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import asyncpg

from db.commands.adjustments import adjust
from db.commands.authors import ADD_AUTHORS, WRITE, Author, check_own, named, set_authors
from db.rules.errors import ConflictError, ForbiddenError, InvalidInputError, Problem
from db.rules.initiative import (
    EDITABLE,
    WITHDRAWABLE,
    InitiativeRejectedError,
    Window,
    check_applied,
    check_state,
    counting_window,
)
from db.write_session import WriteSession

_CAMPAIGN = "select id, owner_id, applied_from, applied_to from campaign where code = $1"
_UNIT = """
    select id, code, path::text, valid_to is not null as closed, $2 = any (line(path)) as covered
    from unit where code = $1
"""
_OWN_UNIT = """
    select u.id, u.code, u.path::text, u.valid_to is not null as closed,
        $1 = any (line(u.path)) as covered
    from person p join unit u on u.id = p.unit_id where p.id = own_person()
"""
_NEW_ID = "select nextval(pg_get_serial_sequence('initiative', 'id'))"
_DRAFT = """
    insert into initiative (
        id, campaign_id, unit_id, title, summary, content, solution_type, field, sector,
        applied_on, confidential, claimed, other_benefit, state, drafted_by_id, created_at
    ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'DRAFT', $14, $15)
"""
# The unit may be hidden from an author who has left it. Windows are loaded only for an initiative
# that is in a phase or ($2) is about to enter one.
_LOAD = """
    select i.id, i.number, i.state, i.version, i.unit_id, i.path::text, i.campaign_id, i.phase_id,
        i.applied_on, u.code, c.applied_from, c.applied_to,
        own_person() is not null and writes_own(i.id) as own,
        case when i.phase_id is not null or $2
            then array(select held from windows_held(i.campaign_id, i.path) as held) end as windows
    from initiative i join campaign c on c.id = i.campaign_id left join unit u on u.id = i.unit_id
    where i.number = $1
"""
_EDITED = (
    *("title", "summary", "content", "solution_type", "field", "sector", "applied_on"),
    *("confidential", "claimed", "other_benefit"),
)
_SUBMIT = """
    update initiative set state = 'SUBMITTED', version = version + 1, awaits_id = unit_id,
        phase_id = coalesce(phase_id, $3), submitted_at = coalesce(submitted_at, $4)
    where id = $1 and version = $2
"""
_WITHDRAW = """
    update initiative set state = 'WITHDRAWN', version = version + 1, awaits_id = null
    where id = $1 and version = $2
"""


@dataclass(frozen=True)
class InitiativeOutcome:
    """The initiative concerned."""

    initiative_id: int


async def draft(
    session: WriteSession,
    *,
    campaign: str,
    title: str,
    summary: str,
    content: str,
    solution_type: str,
    applied_on: date,
    unit: str | None = None,
    field: str | None = None,
    sector: str | None = None,
    confidential: bool = False,
    claimed: Sequence[int] = (),
    other_benefit: str | None = None,
    authors: Sequence[Author] | None = None,
) -> InitiativeOutcome:
    """Draft an initiative, for oneself or on behalf of its authors.

    Without `unit` and `authors` it is the caller's own; `claimed` is in VND, one value a year.
    """
    chosen = await session.found("Campaign", campaign, _CAMPAIGN, campaign)
    place = await _place(session, unit, chosen["owner_id"])
    people = await named(session, place["id"], authors)
    if not session.caller.may(WRITE, place["path"]):
        check_own(session, people)
    session.enter_unit(place["id"])
    initiative_id: int = await session.value(_NEW_ID)
    await session.execute(
        _DRAFT,
        *(initiative_id, chosen["id"], place["id"], title, summary, content, solution_type, field),
        *(sector or people[0][1], applied_on, confidential, list(claimed), other_benefit),
        *(session.caller.account_id, session.present),
    )
    ids, _, shares = zip(*people, strict=True)
    await session.execute(ADD_AUTHORS, initiative_id, ids, shares)
    return InitiativeOutcome(initiative_id)


async def edit(
    session: WriteSession,
    *,
    number: str,
    version: int | None = None,
    reason: str | None = None,
    authors: Sequence[Author] | None = None,
    leave: bool = False,
    **changes: Any,
) -> InitiativeOutcome:
    """Change the given fields of a draft or a returned initiative.

    With `leave` the caller is removed from its authors. A returned initiative in a frozen phase
    needs a reason.
    """
    initiative = await load(session, number, version)
    check_state(initiative["state"], EDITABLE)
    await _adjust(session, initiative, window_of(initiative), reason)
    names = [name for name in _EDITED if name in changes]
    assignments = "".join(f", {name} = ${index}" for index, name in enumerate(names, 3))
    await _update(
        session,
        initiative,
        f"update initiative set version = version + 1{assignments} where id = $1 and version = $2",  # noqa: S608 - the names are those above
        *(changes[name] for name in names),
    )
    if authors is not None or leave:
        await set_authors(session, initiative, authors, leave=leave)
    return InitiativeOutcome(initiative["id"])


async def submit(
    session: WriteSession, *, number: str, version: int | None = None, reason: str | None = None
) -> InitiativeOutcome:
    """Submit a draft, to count in today's phase, or resubmit a returned initiative in its phase.

    It then awaits its own unit. Submission into a frozen phase needs a reason.
    """
    initiative = await load(session, number, version, entering=True)
    check_state(initiative["state"], EDITABLE)
    check_applied(
        *(initiative["applied_on"], initiative["applied_from"], initiative["applied_to"]),
        session.today,
    )
    window = window_of(initiative) or counting_window(_windows(initiative), session.today)
    await _update(session, initiative, _SUBMIT, window.phase_id, session.present)
    await _adjust(session, initiative, window, reason)
    return InitiativeOutcome(initiative["id"])


async def withdraw(
    session: WriteSession, *, number: str, version: int | None = None, reason: str | None = None
) -> InitiativeOutcome:
    """Withdraw an initiative that is not recognised yet."""
    initiative = await load(session, number, version)
    check_state(initiative["state"], WITHDRAWABLE)
    await _update(session, initiative, _WITHDRAW)
    await _adjust(session, initiative, window_of(initiative), reason)
    return InitiativeOutcome(initiative["id"])


async def load(
    session: WriteSession, number: str, version: int | None, *, entering: bool = False
) -> asyncpg.Record:
    """Return an initiative that the caller may write, with the windows of its unit.

    The windows are locked until the commit, with `entering` also for an initiative in no phase
    yet. Raises ForbiddenError, and ConflictError for a stale version.
    """
    initiative = await session.found("Initiative", number, _LOAD, number, entering)
    if not (initiative["own"] or session.caller.may(WRITE, initiative["path"])):
        raise ForbiddenError("INITIATIVE_WRITE", initiative["code"], unit_id=initiative["unit_id"])
    check_version(initiative, version)
    session.enter_unit(initiative["unit_id"])
    return initiative


def check_version(row: asyncpg.Record, version: int | None) -> None:
    """Raise ConflictError if the caller's version is given and stale."""
    if version is not None and row["version"] != version:
        raise ConflictError("STALE", version=row["version"])


def window_of(initiative: asyncpg.Record) -> Window | None:
    """Return the window of an initiative's phase, given the initiative with its windows."""
    found = (one for one in _windows(initiative) if one.phase_id == initiative["phase_id"])
    return next(found, None)


def _windows(initiative: asyncpg.Record) -> list[Window]:
    return [Window(*window) for window in initiative["windows"] or ()]


async def _place(session: WriteSession, unit: str | None, owner_id: int) -> asyncpg.Record:
    own = None
    if unit is None:
        own = place = await session.row(_OWN_UNIT, owner_id)
        if place is None:
            raise InvalidInputError(Problem(("unit",), "BLANK"))
    else:
        place = await session.found("Unit", unit, _UNIT, unit, owner_id)
    if not session.caller.may(WRITE, place["path"]):
        own = own or await session.row(_OWN_UNIT, owner_id)
        if own is None or own["id"] != place["id"]:
            session.require(WRITE, place)
    if place["closed"]:
        raise InitiativeRejectedError("UNIT_CLOSED", unit_id=place["id"])
    if not place["covered"]:
        raise InitiativeRejectedError("OUTSIDE_CAMPAIGN", unit_id=place["id"])
    return place


async def _update(
    session: WriteSession, initiative: asyncpg.Record, sql: str, *values: Any
) -> None:
    """Update the row unless it changed since it was loaded. Raises ConflictError."""
    if not await session.execute(sql, initiative["id"], initiative["version"], *values):
        raise ConflictError("STALE", version=initiative["version"] + 1)


async def _adjust(
    session: WriteSession, of: asyncpg.Record, window: Window | None, reason: str | None
) -> None:
    if window is not None and window.frozen:
        about = {"unit_id": of["unit_id"], "initiative_id": of["id"]}
        await adjust(session, "INITIATIVE", phase_id=window.phase_id, reason=reason, **about)
