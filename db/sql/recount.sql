-- The recount of the totals from the raw rows: `sangkien verify` compares the totals with it, and a
-- rebuild writes it. It shares with the triggers only the definition of what one initiative counts
-- for.

create or replace view current_fact as
select f.* from initiative i cross join lateral initiative_fact(
    1, i.id, i.unit_id, i.phase_id, i.state, i.sector, i.benefit_claimed,
    i.benefit_verified, i.submitted_at, i.recognised_at, i.confirmed_at) f;

-- A participant counts in the unit of their earliest achieved initiative.
create or replace view participation_expected as
select a.person_id, f.campaign_id, o.ordinal,
    (array_agg(a.counted_unit_id order by f.achieved_on, f.initiative_id))[1] as unit_id,
    count(*) as initiatives
from current_fact f
join authorship a on a.initiative_id = f.initiative_id
cross join lateral (values (0::bigint), (f.ordinal)) o (ordinal)
where f.achieved = 1
group by a.person_id, f.campaign_id, o.ordinal;

create or replace view rollup_expected as
with gains as (
    select f.unit_id, f.campaign_id, o.ordinal, count(*) filter (where f.submitted = 1) as submitted,
        total(f.recognised) as recognised, total(f.confirmed) as confirmed,
        total(f.returned) as returned, total(f.rejected) as rejected, total(f.achieved) as achieved,
        total(f.production) as achieved_production,
        total(f.achieved - f.production) as achieved_public,
        total(f.claimed) as benefit_claimed, total(f.verified) as benefit_verified,
        0 as participants
    from current_fact f cross join lateral (values (0::bigint), (f.ordinal)) o (ordinal)
    group by f.unit_id, f.campaign_id, o.ordinal
    union all
    select unit_id, campaign_id, ordinal, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, count(*)
    from participation_expected
    group by unit_id, campaign_id, ordinal
),
own as (
    select u.path, g.campaign_id, g.ordinal, total(submitted) as submitted,
        total(recognised) as recognised, total(confirmed) as confirmed, total(returned) as returned,
        total(rejected) as rejected, total(achieved) as achieved,
        total(achieved_production) as achieved_production, total(achieved_public) as achieved_public,
        total(benefit_claimed) as benefit_claimed, total(benefit_verified) as benefit_verified,
        total(participants) as participants,
        (u.level = 'GRASSROOTS' and total(submitted) > 0)::int as units_reporting,
        (u.level = 'GRASSROOTS' and total(achieved) >= floor_of(g.campaign_id, g.ordinal))::int
            as units_meeting_floor
    from gains g join unit u on u.id = g.unit_id
    group by u.id, g.campaign_id, g.ordinal
)
select ancestor as unit_id, campaign_id, ordinal,
    total(submitted) as submitted, total(recognised) as recognised,
    total(confirmed) as confirmed, total(returned) as returned,
    total(rejected) as rejected, total(achieved) as achieved,
    total(achieved_production) as achieved_production,
    total(achieved_public) as achieved_public,
    total(benefit_claimed) as benefit_claimed,
    total(benefit_verified) as benefit_verified,
    total(participants) as participants, total(units_reporting) as units_reporting,
    total(units_meeting_floor) as units_meeting_floor
from own, unnest(line(path)) as ancestor
group by ancestor, campaign_id, ordinal;

create or replace view rollup_tier_expected as
select ancestor as unit_id, g.campaign_id, g.ordinal, g.tier_id, total(g.achieved) as achieved
from (
    select f.unit_id, f.campaign_id, o.ordinal, t.id as tier_id, count(*) as achieved
    from current_fact f
    join benefit_tier t on t.campaign_id = f.campaign_id
        and f.benefit >= t.from_vnd and (t.to_vnd is null or f.benefit <= t.to_vnd)
    cross join lateral (values (0::bigint), (f.ordinal)) o (ordinal)
    group by f.unit_id, f.campaign_id, o.ordinal, t.id
) as g
join unit u on u.id = g.unit_id, unnest(line(u.path)) as ancestor
group by ancestor, g.campaign_id, g.ordinal, g.tier_id;

create or replace view rollup_day_expected as
select ancestor as unit_id, g.campaign_id, g.ordinal, g.day,
    total(g.submitted) as submitted, total(g.recognised) as recognised,
    total(g.confirmed) as confirmed, total(g.achieved) as achieved
from (
    select f.unit_id, f.campaign_id, f.ordinal, d.day, total(d.submitted) as submitted,
        total(d.recognised) as recognised, total(d.confirmed) as confirmed, total(d.achieved) as achieved
    from current_fact f
    cross join lateral (
        values (f.submitted_on, 1, 0, 0, 0), (f.recognised_on, 0, 1, 0, 0),
            (f.confirmed_on, 0, 0, 1, 0), (f.achieved_on, 0, 0, 0, 1)
    ) as d (day, submitted, recognised, confirmed, achieved)
    where d.day is not null
    group by f.unit_id, f.campaign_id, f.ordinal, d.day
) as g
join unit u on u.id = g.unit_id, unnest(line(u.path)) as ancestor
group by ancestor, g.campaign_id, g.ordinal, g.day;

-- Rebuild a campaign's totals. The lock waits for every writer that has changed a total, and blocks
-- the next ones.
create or replace function rollup_rebuild(of_campaign bigint) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform lock_tree(alone => true);
    delete from participation where campaign_id = of_campaign;
    delete from rollup where campaign_id = of_campaign;
    delete from rollup_tier where campaign_id = of_campaign;
    delete from rollup_day where campaign_id = of_campaign;
    -- Under the new rules an initiative may have been achieved long ago.
    update authorship a set counted_unit_id = belonged(a.person_id, f.achieved_on)
    from current_fact f
    where a.initiative_id = f.initiative_id and a.counted_unit_id is null
        and f.campaign_id = of_campaign and f.achieved = 1;
    insert into participation (person_id, campaign_id, ordinal, unit_id, initiatives)
    select person_id, campaign_id, ordinal, unit_id, initiatives
    from participation_expected where campaign_id = of_campaign;
    insert into rollup (
        unit_id, campaign_id, ordinal, slot, path, submitted, recognised, confirmed, returned,
        rejected, achieved, achieved_production, achieved_public, benefit_claimed,
        benefit_verified, participants, units_reporting, units_meeting_floor
    )
    select e.unit_id, e.campaign_id, e.ordinal, 0, u.path, e.submitted, e.recognised, e.confirmed,
        e.returned, e.rejected, e.achieved, e.achieved_production, e.achieved_public,
        e.benefit_claimed, e.benefit_verified, e.participants, e.units_reporting,
        e.units_meeting_floor
    from rollup_expected e join unit u on u.id = e.unit_id where e.campaign_id = of_campaign;
    insert into rollup_tier (unit_id, campaign_id, ordinal, tier_id, slot, path, achieved)
    select e.unit_id, e.campaign_id, e.ordinal, e.tier_id, 0, u.path, e.achieved
    from rollup_tier_expected e join unit u on u.id = e.unit_id where e.campaign_id = of_campaign;
    insert into rollup_day (
        unit_id, campaign_id, ordinal, day, slot, path, submitted, recognised, confirmed, achieved
    )
    select e.unit_id, e.campaign_id, e.ordinal, e.day, 0, u.path, e.submitted, e.recognised,
        e.confirmed, e.achieved
    from rollup_day_expected e join unit u on u.id = e.unit_id where e.campaign_id = of_campaign;
end
$$;

-- Recompute which grassroots units meet the floor, after the floors of a campaign's phases changed.
create or replace function rollup_refloor(of_campaign bigint) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    perform lock_tree(alone => true);
    with turned as (
        update rollup r set units_meeting_floor = 1 - r.units_meeting_floor
        from unit u, (
            select o.ordinal, floor_of(of_campaign, o.ordinal) as floor
            from (select 0::bigint union select ordinal from phase where campaign_id = of_campaign)
                as o (ordinal)
        ) as f
        where u.id = r.unit_id and u.level = 'GRASSROOTS'
            and r.campaign_id = of_campaign and r.ordinal = f.ordinal
            and r.units_meeting_floor <> (r.achieved >= f.floor)::int
        returning u.path, r.ordinal, 2 * r.units_meeting_floor - 1 as gained
    )
    insert into rollup as r (unit_id, campaign_id, ordinal, slot, path, units_meeting_floor)
    select a.id, of_campaign, t.ordinal, 0, a.path, sum(t.gained)
    from turned t join unit a on a.id = any(line(t.path)) and a.level <> 'GRASSROOTS'
    group by a.id, t.ordinal
    on conflict (unit_id, campaign_id, ordinal, slot)
    do update set units_meeting_floor = r.units_meeting_floor + excluded.units_meeting_floor;
end
$$;

-- Recompute the counts of a tier, after its band changed; none once it is removed.
create or replace function rollup_retier(of_tier bigint) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
    perform lock_tree(alone => true);
    delete from rollup_tier where tier_id = of_tier;
    insert into rollup_tier (unit_id, campaign_id, ordinal, tier_id, slot, path, achieved)
    select e.unit_id, e.campaign_id, e.ordinal, e.tier_id, 0, u.path, e.achieved
    from rollup_tier_expected e join unit u on u.id = e.unit_id where e.tier_id = of_tier;
end
$$;

-- Changes of the rules by which a campaign counts. Totals are rebuilt only where all of them may
-- differ: a new or removed phase has no initiatives, but the campaign's floor is the sum of its
-- phases' floors.
create or replace function rollup_campaign_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform rollup_rebuild(new.id);
    return null;
end
$$;

create or replace trigger rollup_rules after update of counts_from on campaign
for each row when (old.counts_from <> new.counts_from) execute function rollup_campaign_changed();

create or replace function rollup_phase_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        perform rollup_refloor(new.campaign_id);
    elsif tg_op = 'DELETE' then
        perform lock_tree(alone => true);
        delete from rollup where (campaign_id, ordinal) = (old.campaign_id, old.ordinal);
        delete from rollup_tier where (campaign_id, ordinal) = (old.campaign_id, old.ordinal);
        delete from rollup_day where (campaign_id, ordinal) = (old.campaign_id, old.ordinal);
        delete from participation where (campaign_id, ordinal) = (old.campaign_id, old.ordinal);
        perform rollup_refloor(old.campaign_id);
    elsif (new.campaign_id, new.ordinal) <> (old.campaign_id, old.ordinal) then
        perform rollup_rebuild(id)
        from (select old.campaign_id union select new.campaign_id) as touched (id);
    elsif new.floor <> old.floor then
        perform rollup_refloor(new.campaign_id);
    end if;
    return null;
end
$$;

create or replace trigger rollup_rules
after insert or delete or update of ordinal, floor, campaign_id on phase
for each row execute function rollup_phase_changed();

create or replace function rollup_benefit_tier_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform rollup_retier(coalesce(new.id, old.id));
    return null;
end
$$;

create or replace trigger rollup_rules
after insert or delete or update of from_vnd, to_vnd, campaign_id on benefit_tier
for each row execute function rollup_benefit_tier_changed();
