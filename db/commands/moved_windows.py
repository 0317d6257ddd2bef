"""Check the windows of moved units: at their new place no phases overlap, no drive is outside."""

from itertools import combinations, groupby

from db.commands.phases import drives_outside
from db.rules.phase import Span, check_apart, check_left_out
from db.write_session import WriteSession

_HOLD = "select lock_windows(id, alone => false) from campaign"
# A move changes the windows of the subtree's top and, below it, of the units with an override.
_WINDOWS = """
    with place as (
        select c.id as campaign_id, u.id as unit_id
        from campaign c cross join unit u where u.path = $1::text::ltree
        union
        select p.campaign_id, o.unit_id from window_override o join phase p on p.id = o.phase_id
    )
    select c.id as campaign, u.code as unit, p.ordinal, w.opens_on, w.closes_on
    from place
    join unit u on u.id = place.unit_id
    join campaign c on c.id = place.campaign_id and c.owner_id = any (line(u.path))
    join phase p on p.campaign_id = c.id
    cross join lateral phase_window(p.id, u.path) w
    where u.path <@ $1::text::ltree and u.valid_to is null
    order by c.id, u.id, p.ordinal
"""


async def hold_all_windows(session: WriteSession) -> None:
    """Lock every campaign's windows against changes until the commit, before units move.

    A change of windows locks them exclusively; other writers, also of drives, lock the windows
    before the tree. Call it again once the tree is locked exclusively, for campaigns created
    meanwhile.
    """
    await session.execute(_HOLD)


async def check_moved(session: WriteSession, path: str) -> None:
    """Raise PhaseRejectedError if windows at or below a path do not fit after a move.

    Two phases must not overlap at a unit, and no drive may be left outside its phase before it is
    over. Closed units have no windows.
    """
    rows = await session.rows(_WINDOWS, path)
    for _, at_unit in groupby(rows, key=lambda row: (row["campaign"], row["unit"])):
        spans = [
            Span(row["ordinal"], row["opens_on"], row["closes_on"], row["unit"]) for row in at_unit
        ]
        for one, other in combinations(spans, 2):
            check_apart(one, [other])
    check_left_out(await drives_outside(session, path), session.today)
