-- A unit's rank in its emulation bloc by percent of target. It reads the peers' rows as owner and
-- discloses only the rank and the number of units, and only within `standing_read`.
create or replace function unit_standing(of_unit bigint, of_campaign text, of_ordinal bigint)
returns table (bloc_id bigint, rank bigint, units bigint)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select me.bloc_id, r.rank, r.units
    from unit me
    join lateral (
        select peer.id, rank() over (order by p.achieved / p.target desc nulls last) as rank,
            count(*) over () as units
        from unit peer
        cross join lateral (
            select coalesce((
                select sum(r.achieved) from rollup r
                join campaign c on c.id = r.campaign_id
                where c.code = of_campaign and r.unit_id = peer.id and r.ordinal = of_ordinal
            ), 0)::numeric as achieved,
            (
                select nullif(coalesce(t.registered, t.assigned), 0)
                from target t
                join phase ph on ph.id = t.phase_id
                join campaign c on c.id = ph.campaign_id
                where c.code = of_campaign and ph.ordinal = of_ordinal and t.unit_id = peer.id
            ) as target
        ) p
        where peer.bloc_id = me.bloc_id and peer.valid_to is null
    ) r on r.id = me.id
    where me.id = of_unit and me.path <@ any ((select scope('standing_read'))::ltree[])
        and exists (
            select from phase ph join campaign c on c.id = ph.campaign_id
            where c.code = of_campaign and ph.ordinal = of_ordinal
        );
end;
