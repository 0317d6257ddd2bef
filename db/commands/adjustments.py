"""Adjustments: changes after a phase was closed, recorded with a reason beside its results."""

from db.rules.errors import InvalidInputError, Problem
from db.write_session import WriteSession

_ADD = """
    insert into adjustment (phase_id, unit_id, kind, initiative_id, gained, reason, account_id, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
# What a unit had when a phase was frozen, plus, where it ends, its own adjustments since then.
_SHIFT = """
    insert into adjustment (phase_id, unit_id, kind, gained, reason, account_id, at)
    select p.id, place.unit_id, 'UNIT', place.sign * (had.frozen + had.gained), $5, $6, $7
    from phase p
    cross join lateral (
        select coalesce((
                select (figures ->> 'achieved')::bigint from phase_result
                where phase_id = p.id and unit_id = $1
            ), 0),
            coalesce((
                select sum(gained) from adjustment
                where phase_id = p.id and unit_id = $1 and $4
            ), 0)
    ) as had (frozen, gained)
    cross join (values ($2::bigint, -1), ($3, 1)) as place (unit_id, sign)
    where p.frozen_at is not null and had.frozen + had.gained <> 0
"""
_COUNTED_FROM = "select counts_from from campaign where id = $1"


async def adjust(
    session: WriteSession,
    kind: str,
    *,
    phase_id: int,
    unit_id: int,
    reason: str | None,
    initiative_id: int | None = None,
    gained: int = 0,
) -> None:
    """Record an adjustment of this kind (AdjustmentKind).

    Raises InvalidInputError without a reason.
    """
    if not reason:
        raise InvalidInputError(Problem(("reason",), "REASON_NEEDED"))
    await session.execute(
        _ADD,
        *(phase_id, unit_id, kind, initiative_id, gained, reason),
        *(session.caller.account_id, session.present),
    )


async def shift(
    session: WriteSession, unit_id: int, *, out_of: int, into: int, ends: bool, reason: str
) -> None:
    """Record that a unit's figures of frozen phases count elsewhere in the tree from now on.

    They leave the totals of `out_of`, the unit's parent or the unit itself where it `ends`, and
    enter those of `into`.
    """
    await session.execute(
        _SHIFT, unit_id, out_of, into, ends, reason, session.caller.account_id, session.present
    )


async def counted_from(session: WriteSession, campaign_id: int) -> str:
    """Return the state that a campaign counts from; locked windows keep it from changing."""
    state: str = await session.value(_COUNTED_FROM, campaign_id)
    return state
