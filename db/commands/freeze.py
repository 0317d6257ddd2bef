"""Freeze: store the results of a closed phase, every unit and every figure."""

from db.commands.campaigns import manage
from db.commands.initiatives import check_version
from db.commands.phases import PhaseOutcome, phase_of
from db.commands.turns import hold_tree
from db.rules.phase import Span, check_freezable
from db.write_session import WriteSession

_LAST = "select unit, opens_on, closes_on from phase_last($1)"
_FREEZE = "update phase set frozen_at = $2, version = version + 1 where id = $1"
# One statement, so that all figures are of one moment. A unit without a row of totals gets zeros.
_STORE = """
    with owned as materialized (
        select id, path, grassroots_count from unit where path <@ $2::text::ltree
    ),
    counted as (
        select o.id, total(r.submitted) as submitted, total(r.recognised) as recognised,
            total(r.confirmed) as confirmed, total(r.returned) as returned,
            total(r.rejected) as rejected, total(r.achieved) as achieved,
            total(r.achieved_production) as achieved_production,
            total(r.achieved_public) as achieved_public,
            total(r.benefit_claimed) as benefit_claimed,
            total(r.benefit_verified) as benefit_verified,
            total(r.participants) as participants,
            o.grassroots_count as units_total,
            total(r.units_reporting) as units_reporting,
            total(r.units_meeting_floor) as units_meeting_floor
        from owned o
        left join rollup r on r.unit_id = o.id and r.campaign_id = $3 and r.ordinal = $4
        group by o.id, o.grassroots_count
    ),
    tiered as (
        select o.id, jsonb_agg(jsonb_build_object(
            'ordinal', t.ordinal, 'label', t.label, 'from_vnd', t.from_vnd, 'to_vnd', t.to_vnd,
            'count', coalesce(r.achieved, 0)
        ) order by t.ordinal) as tiers
        from owned o
        cross join benefit_tier t
        left join (
            select unit_id, tier_id, total(achieved) as achieved
            from rollup_tier where campaign_id = $3 and ordinal = $4
            group by unit_id, tier_id
        ) r on r.unit_id = o.id and r.tier_id = t.id
        where t.campaign_id = $3
        group by o.id
    ),
    overridden as (
        select distinct on (o.id) o.id, w.opens_on, w.closes_on
        from owned o
        cross join unnest(line(o.path)) with ordinality as above (id, depth)
        join window_override w on w.unit_id = above.id and w.phase_id = $1
        order by o.id, above.depth desc
    ),
    figures as (
        select c.*, t.target, round(c.achieved::numeric * 100 / nullif(t.target, 0), 2) as percent,
            coalesce(b.tiers, '[]') as tiers, w.opens_on, w.closes_on,
            w.closes_on - w.opens_on + 1 as days
        from counted c
        join phase p on p.id = $1
        left join (
            select unit_id, coalesce(registered, assigned) as target from target where phase_id = $1
        ) t on t.unit_id = c.id
        left join tiered b on b.id = c.id
        left join overridden o on o.id = c.id
        cross join lateral (
            select coalesce(o.opens_on, p.opens_on), coalesce(o.closes_on, p.closes_on)
        ) w (opens_on, closes_on)
    )
    insert into phase_result (phase_id, unit_id, figures, frozen_at, account_id)
    select $1, f.id, to_jsonb(f) - 'id', $5, $6 from figures f
"""


async def freeze(
    session: WriteSession, *, campaign: str, phase: int, version: int | None = None
) -> PhaseOutcome:
    """Store the results of a phase that has closed for every unit, once and for good."""
    managed = await manage(session, campaign)
    await hold_tree(session, alone=False)
    held = await phase_of(session, managed["id"], phase)
    check_version(held, version)
    last = await session.row(_LAST, held["id"])
    assert last is not None
    check_freezable(Span(phase, **last), session.today, held["frozen_on"])
    await session.execute(_FREEZE, held["id"], session.present)
    await session.execute(
        _STORE,
        *(held["id"], managed["path"], managed["id"], phase),
        *(session.present, session.caller.account_id),
    )
    return PhaseOutcome(held["id"])
