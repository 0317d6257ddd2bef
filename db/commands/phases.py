"""Phases: add and change. Changed dates leave every initiative in its phase."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import asyncpg

from db.commands.adjustments import adjust
from db.commands.campaigns import manage
from db.commands.initiatives import check_version
from db.rules.campaign import check_order
from db.rules.errors import ConflictError
from db.rules.phase import CalledDrive, Span, check_apart, check_left_out, is_settled
from db.write_session import WriteSession

_PHASE = """
    select id, campaign_id, ordinal, version, opens_on, closes_on, frozen_at is not null as frozen,
        local_day(frozen_at) as frozen_on
    from phase where campaign_id = $1 and ordinal = $2
"""
_SPANS = "select ordinal, opens_on, closes_on from phase where campaign_id = $1"
_ADD = """
    insert into phase (campaign_id, ordinal, title, opens_on, closes_on, floor, audience, occasions)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    returning id
"""
_EDITED = ("title", "opens_on", "closes_on", "floor", "audience", "occasions")

# The windows of all phases in a subtree: they differ only where an override begins. Closed units
# have none.
_WINDOWS = """
    select u.code as unit, p.ordinal, w.opens_on, w.closes_on
    from unit u
    cross join phase p
    cross join lateral phase_window(p.id, u.path) w
    where p.campaign_id = $1 and u.path <@ $2::text::ltree and u.valid_to is null and (
        u.path = $2::text::ltree or u.id in (
            select o.unit_id from window_override o join phase q on q.id = o.phase_id
            where q.campaign_id = $1
        )
    )
    order by u.id
"""
_DRIVES_OUTSIDE = """
    select d.id, d.title, d.opens_on, d.closes_on, u.code as unit
    from drive d
    join unit u on u.id = d.unit_id
    join phase p on p.id = d.phase_id
    join campaign c on c.id = p.campaign_id and c.owner_id = any (line(u.path))
    cross join lateral phase_window(d.phase_id, u.path) w
    where u.path <@ $1::text::ltree and ($2::bigint is null or d.phase_id = $2)
        and u.valid_to is null and (d.opens_on < w.opens_on or d.closes_on > w.closes_on)
    order by d.opens_on, d.id
"""
# From the daily totals: what is outside the window of the subtree's top, and for every override
# below it, what is outside the override less what was outside the window of the unit above.
_OUTSIDE = """
    with place as materialized (
        select u.id, w.opens_on, w.closes_on, above.opens_on as opened_above,
            above.closes_on as closed_above
        from unit u
        cross join lateral phase_window($1, u.path) w
        left join lateral phase_window($1, subpath(u.path, 0, -1)) above
            on u.path <> $2::text::ltree
        where u.path <@ $2::text::ltree and (
            u.path = $2::text::ltree
            or u.id in (select o.unit_id from window_override o where o.phase_id = $1)
        )
    )
    select coalesce(sum(d.submitted * (
        (d.day not between l.opens_on and l.closes_on)::int
        - coalesce((d.day not between l.opened_above and l.closed_above)::int, 0)
    )), 0)::bigint
    from place l
    join phase p on p.id = $1
    join rollup_day d
        on d.unit_id = l.id and d.campaign_id = p.campaign_id and d.ordinal = p.ordinal
"""


@dataclass(frozen=True)
class PhaseOutcome:
    """The phase concerned."""

    phase_id: int


@dataclass(frozen=True)
class MovedPhaseOutcome:
    """A phase, its submitted initiatives outside its window, and the ids of drives outside it."""

    phase_id: int
    outside_window: int
    drives_outside: list[int]


async def add(
    session: WriteSession,
    *,
    campaign: str,
    title: str,
    opens_on: date,
    closes_on: date,
    ordinal: int | None = None,
    floor: int = 1,
    audience: str | None = None,
    occasions: Sequence[str] = (),
) -> PhaseOutcome:
    """Add a phase to a campaign, by default after its last one."""
    managed = await manage(session, campaign)
    check_order(opens_on, closes_on, "closesOn")
    spans = await _spans(session, managed)
    taken = [span.ordinal for span in spans]
    place = ordinal or max(taken, default=0) + 1
    if place in taken:
        raise ConflictError("TAKEN", field="ordinal")
    check_apart(Span(place, opens_on, closes_on, managed["owner"]), spans)
    phase_id: int = await session.value(
        _ADD,
        *(managed["id"], place, title, opens_on, closes_on, floor, audience, list(occasions)),
    )
    await check_windows(session, managed["id"], place, managed["path"])
    return PhaseOutcome(phase_id)


async def update(
    session: WriteSession,
    *,
    campaign: str,
    phase: int,
    version: int | None = None,
    reason: str | None = None,
    **changes: Any,
) -> MovedPhaseOutcome:
    """Change the given fields of a phase. A closed phase needs a reason."""
    managed = await manage(session, campaign)
    held = await phase_of(session, managed["id"], phase)
    check_version(held, version)
    opens_on, closes_on = (changes.get(name, held[name]) for name in ("opens_on", "closes_on"))
    check_order(opens_on, closes_on, "closesOn" if "closes_on" in changes else "opensOn")
    moved = (opens_on, closes_on) != (held["opens_on"], held["closes_on"])
    if moved:
        span = Span(phase, opens_on, closes_on, managed["owner"])
        check_apart(span, await _spans(session, managed))
    await _edit(session, held, changes)
    if is_settled(held["closes_on"], session.today, frozen=held["frozen"]):
        await adjust(
            session, "PHASE", phase_id=held["id"], unit_id=managed["owner_id"], reason=reason
        )
    if moved:
        await check_windows(session, managed["id"], phase, managed["path"])
    return await moved_phase(session, held["id"], managed["path"], moved=moved)


async def phase_of(session: WriteSession, campaign_id: int, ordinal: int) -> asyncpg.Record:
    """Return a phase of a campaign. Raises NotFoundError."""
    return await session.found("Phase", str(ordinal), _PHASE, campaign_id, ordinal)


async def check_windows(session: WriteSession, campaign_id: int, ordinal: int, path: str) -> None:
    """Raise PhaseRejectedError if the phase overlaps another one at a unit of a subtree."""
    rows = await session.rows(_WINDOWS, campaign_id, path)
    for _, at_unit in groupby(rows, key=lambda row: row["unit"]):
        spans = {row["ordinal"]: Span(**row) for row in at_unit}
        check_apart(spans[ordinal], [*spans.values()])


async def moved_phase(
    session: WriteSession, phase_id: int, path: str, *, moved: bool
) -> MovedPhaseOutcome:
    """Return what lies outside a phase's window in a subtree, after a change of dates.

    Raises PhaseRejectedError if a drive would be left outside before it is over.
    """
    drives = await drives_outside(session, path, phase_id)
    if moved:
        check_left_out(drives, session.today)
    outside: int = await session.value(_OUTSIDE, phase_id, path)
    return MovedPhaseOutcome(phase_id, outside, [drive.id for drive in drives])


async def drives_outside(
    session: WriteSession, path: str, phase_id: int | None = None
) -> list[CalledDrive]:
    """Return the drives in a subtree outside their phase's window, of one phase or of all."""
    rows = await session.rows(_DRIVES_OUTSIDE, path, phase_id)
    return [CalledDrive(**row) for row in rows]


async def _spans(session: WriteSession, campaign: asyncpg.Record) -> list[Span]:
    return [Span(**row) for row in await session.rows(_SPANS, campaign["id"])]


async def _edit(session: WriteSession, phase: asyncpg.Record, changes: dict[str, Any]) -> None:
    names = [name for name in _EDITED if name in changes]
    assignments = "".join(f", {name} = ${index}" for index, name in enumerate(names, 3))
    written = await session.execute(
        f"update phase set version = version + 1{assignments} where id = $1 and version = $2",  # noqa: S608 - the names are those above
        *(phase["id"], phase["version"]),
        *(changes[name] for name in names),
    )
    if not written:
        raise ConflictError("STALE", version=phase["version"] + 1)
