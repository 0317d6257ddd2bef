-- Totals: one row per unit, campaign, phase (ordinal; 0 is the whole campaign) and slot,
-- covering the unit's whole subtree, exact at commit for every writer.
--
--   submitted            SUBMITTED, RECOGNISED, CONFIRMED, RETURNED or REJECTED
--   recognised           RECOGNISED or CONFIRMED
--   confirmed, returned, rejected    in that state
--   achieved             counted by the campaign: recognised or confirmed; split by sector
--   benefit_claimed      VND claimed by the submitted ones
--   benefit_verified     VND verified of the achieved ones
--   participants         people who authored an achieved one, in the unit that they belonged to
--                        when the earliest of those was achieved (authorship.counted_unit_id)
--   units_reporting      grassroots units with a submitted one
--   units_meeting_floor  grassroots units with at least the phase's floor achieved
--
-- A tier counts the achieved ones by verified benefit, else by the claimed one. All columns add up
-- the tree: a unit's total is its own plus the sum of its children's.

-- The number of slots of a unit's totals, by the number of concurrent writers at its level. Not
-- strict, because PostgreSQL would not inline a strict function.
create or replace function slots(level text) returns int
language sql immutable parallel safe
return case level when 'CONFEDERATION' then 16 when 'FEDERATION' then 4 else 1 end;

-- The floor of a phase: a grassroots unit's minimum; for the campaign, the sum of its phases'
-- floors.
create or replace function floor_of(campaign bigint, phase_ordinal bigint) returns bigint
language sql stable
return (
    select sum(floor)::bigint from phase
    where campaign_id = campaign and phase_ordinal in (0, ordinal)
);

create type initiative_fact as (
    sign int, initiative_id bigint, unit_id bigint, campaign_id bigint, ordinal bigint,
    submitted int, recognised int, confirmed int, returned int, rejected int, achieved int,
    production int, claimed bigint, verified bigint, benefit bigint,
    submitted_on date, recognised_on date, confirmed_on date, achieved_on date
);

-- The contribution of one initiative to the totals; no row if it belongs to no phase.
create or replace function initiative_fact(
    sign int, initiative_id bigint, unit_id bigint, phase_id bigint, state text, sector text,
    benefit_claimed bigint, benefit_verified bigint,
    submitted_at timestamptz, recognised_at timestamptz, confirmed_at timestamptz
) returns setof initiative_fact
language sql stable
begin atomic
    select sign, initiative_id, unit_id, p.campaign_id, p.ordinal,
        s.submitted, s.recognised, s.confirmed,
        (state = 'RETURNED')::int, (state = 'REJECTED')::int, a.achieved,
        case when sector = 'PRODUCTION' then a.achieved else 0 end,
        s.submitted * benefit_claimed,
        a.achieved * coalesce(benefit_verified, 0),
        case when a.achieved = 1 then coalesce(benefit_verified, benefit_claimed) end,
        case when s.submitted = 1 then local_day(submitted_at) end,
        case when s.recognised = 1 then local_day(recognised_at) end,
        case when s.confirmed = 1 then local_day(confirmed_at) end,
        case when a.achieved = 1 then
            local_day(case when c.counts_from = 'CONFIRMED' then confirmed_at else recognised_at end)
        end
    from phase p
    join campaign c on c.id = p.campaign_id
    cross join lateral (
        select (state in ('SUBMITTED', 'RECOGNISED', 'CONFIRMED', 'RETURNED', 'REJECTED'))::int,
               (state in ('RECOGNISED', 'CONFIRMED'))::int,
               (state = 'CONFIRMED')::int
    ) as s (submitted, recognised, confirmed)
    cross join lateral (
        select case when c.counts_from = 'CONFIRMED' then s.confirmed else s.recognised end
    ) as a (achieved)
    where p.id = phase_id;
end;

create type turnout as (unit_id bigint, campaign_id bigint, ordinal bigint, participants bigint);

-- Recount people's participation and return the changes in units' numbers of participants. The lock
-- on the person serialises two changes of one person's initiatives, or a move and a decision.
-- People are joined, not compared with an array, which PostgreSQL would search from its start for
-- every row.
--
-- Authors of initiatives in `newly` without a counted unit get their present unit, for good,
-- whatever becomes of the initiative or the author. A participant counts in the unit of their
-- earliest achieved initiative: by day, then by id.
create or replace function participation_recount(people bigint[], newly bigint[])
returns setof turnout
language plpgsql set search_path = public, pg_temp as $$
begin
    perform from person p join unnest(people) as who (id) using (id)
    order by p.id for no key update of p;
    if cardinality(newly) > 0 then
        update authorship a set counted_unit_id = p.unit_id
        from unnest(newly) as achieved (id), person p
        where a.initiative_id = achieved.id and p.id = a.person_id and a.counted_unit_id is null;
    end if;
    return query
    with now_counted as (
        select a.person_id, f.campaign_id, o.ordinal, count(*) as initiatives,
            (array_agg(a.counted_unit_id order by f.achieved_on, f.initiative_id))[1] as unit_id
        from unnest(people) as who (id)
        join authorship a on a.person_id = who.id
        join initiative i on i.id = a.initiative_id
        cross join lateral initiative_fact(
            1, i.id, i.unit_id, i.phase_id, i.state, i.sector, i.benefit_claimed,
            i.benefit_verified, i.submitted_at, i.recognised_at, i.confirmed_at
        ) f
        cross join lateral (values (0::bigint), (f.ordinal)) o (ordinal)
        where f.achieved = 1
        group by a.person_id, f.campaign_id, o.ordinal
    ),
    changed as (
        select person_id, campaign_id, ordinal, p.unit_id as old_unit, p.initiatives as old_count,
            coalesce(n.unit_id, p.unit_id) as new_unit, coalesce(n.initiatives, 0) as new_count
        from (
            select p.* from unnest(people) as who (id) join participation p on p.person_id = who.id
        ) p
        full join now_counted n using (person_id, campaign_id, ordinal)
        where p.initiatives is distinct from coalesce(n.initiatives, 0)
            or p.unit_id <> n.unit_id
    ),
    kept as (
        insert into participation as p (person_id, campaign_id, ordinal, unit_id, initiatives)
        select person_id, campaign_id, ordinal, new_unit, new_count
        from changed
        order by person_id, campaign_id, ordinal
        on conflict (person_id, campaign_id, ordinal) do update
            set unit_id = excluded.unit_id, initiatives = excluded.initiatives
    )
    select unit_id, campaign_id, ordinal, total(gained)
    from (
        select old_unit as unit_id, c.campaign_id, c.ordinal, -1 as gained
        from changed c where old_count > 0
        union all
        select new_unit, c.campaign_id, c.ordinal, 1 from changed c where new_count > 0
    ) as turns
    group by unit_id, campaign_id, ordinal
    having total(gained) <> 0;
end
$$;

-- Whether any of these facts is of an achieved initiative.
create or replace function any_achieved(facts initiative_fact[]) returns boolean
language plpgsql immutable set search_path = public, pg_temp as $$
declare
    fact initiative_fact;
begin
    foreach fact in array facts loop
        if fact.achieved = 1 then
            return true;
        end if;
    end loop;
    return false;
end
$$;

-- Add facts (sign 1) or subtract them (sign -1), and recount the people whose participation may
-- have changed, some of them by initiatives that are `newly` achieved. Each unit's gains go to its
-- own totals and its ancestors'. Rows are locked in one order for all writers: the lowest first,
-- then upwards by id. Few statements, because each costs more to start than to run.
create or replace function rollup_apply(
    facts initiative_fact[], people bigint[], newly bigint[]
) returns void
language plpgsql set search_path = public, pg_temp as $$
declare
    turnout turnout[] := '{}';
begin
    -- First, because it locks the people.
    if cardinality(people) > 0 then
        turnout := array(select t from participation_recount(people, newly) t);
    end if;
    with fact as materialized (
        select * from unnest(facts)
    ),
    own as (
        select g.*, u.level, u.path,
            -- A floor is at least 1, so it does not matter where nothing was achieved.
            case when g.achieved <> 0 then floor_of(g.campaign_id, g.ordinal) end as floor
        from (
            select unit_id, campaign_id, ordinal, total(submitted) as submitted,
                total(recognised) as recognised, total(confirmed) as confirmed,
                total(returned) as returned, total(rejected) as rejected,
                total(achieved) as achieved, total(production) as achieved_production,
                total(achieved - production) as achieved_public,
                total(claimed) as benefit_claimed, total(verified) as benefit_verified,
                total(participants) as participants
            from (
                select f.unit_id, f.campaign_id, o.ordinal, sign * f.submitted as submitted,
                    sign * recognised as recognised, sign * confirmed as confirmed,
                    sign * returned as returned, sign * rejected as rejected,
                    sign * achieved as achieved, sign * production as production,
                    sign * claimed as claimed, sign * verified as verified, 0 as participants
                from fact f cross join lateral (values (0::bigint), (f.ordinal)) o (ordinal)
                union all
                select t.unit_id, t.campaign_id, t.ordinal, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                    t.participants
                from unnest(turnout) t
            ) as gains
            group by unit_id, campaign_id, ordinal
        ) as g
        join unit u on u.id = g.unit_id
    ),
    leaf as (
        insert into rollup as r (
            unit_id, campaign_id, ordinal, slot, path,
            submitted, recognised, confirmed, returned, rejected,
            achieved, achieved_production, achieved_public,
            benefit_claimed, benefit_verified, participants,
            units_reporting, units_meeting_floor
        )
        select unit_id, campaign_id, ordinal, 0, path,
            submitted, recognised, confirmed, returned, rejected,
            achieved, achieved_production, achieved_public,
            benefit_claimed, benefit_verified, participants,
            (submitted > 0)::int, coalesce(achieved >= floor, false)::int
        from own where level = 'GRASSROOTS'
        order by unit_id, campaign_id, ordinal
        on conflict (unit_id, campaign_id, ordinal, slot) do update set
            submitted = r.submitted + excluded.submitted,
            recognised = r.recognised + excluded.recognised,
            confirmed = r.confirmed + excluded.confirmed,
            returned = r.returned + excluded.returned,
            rejected = r.rejected + excluded.rejected,
            achieved = r.achieved + excluded.achieved,
            achieved_production = r.achieved_production + excluded.achieved_production,
            achieved_public = r.achieved_public + excluded.achieved_public,
            benefit_claimed = r.benefit_claimed + excluded.benefit_claimed,
            benefit_verified = r.benefit_verified + excluded.benefit_verified,
            participants = r.participants + excluded.participants,
            units_reporting = (r.submitted + excluded.submitted > 0)::int,
            units_meeting_floor = case when excluded.achieved = 0 then r.units_meeting_floor
                else (r.achieved + excluded.achieved >= floor_of(r.campaign_id, r.ordinal))::int end
        returning r.unit_id, r.campaign_id, r.ordinal, r.submitted, r.achieved,
            r.units_reporting, r.units_meeting_floor
    ),
    ancestors as (
        insert into rollup as r (
            unit_id, campaign_id, ordinal, slot, path,
            submitted, recognised, confirmed, returned, rejected,
            achieved, achieved_production, achieved_public,
            benefit_claimed, benefit_verified, participants,
            units_reporting, units_meeting_floor
        )
        select a.id, o.campaign_id, o.ordinal, pg_backend_pid() % slots(a.level), a.path,
            total(o.submitted), total(o.recognised), total(o.confirmed), total(o.returned), total(o.rejected),
            total(o.achieved), total(o.achieved_production), total(o.achieved_public),
            total(o.benefit_claimed), total(o.benefit_verified), total(o.participants),
            total(coalesce(l.units_reporting - (l.submitted - o.submitted > 0)::int, 0)),
            total(coalesce(l.units_meeting_floor - (l.achieved - o.achieved >= o.floor)::int, 0))
        from own o
        left join leaf l using (unit_id, campaign_id, ordinal)
        join unit a on a.id = any(line(o.path)) and (a.id <> o.unit_id or o.level <> 'GRASSROOTS')
        group by a.id, o.campaign_id, o.ordinal
        order by a.depth desc, a.id, o.campaign_id, o.ordinal
        on conflict (unit_id, campaign_id, ordinal, slot) do update set
            submitted = r.submitted + excluded.submitted,
            recognised = r.recognised + excluded.recognised,
            confirmed = r.confirmed + excluded.confirmed,
            returned = r.returned + excluded.returned,
            rejected = r.rejected + excluded.rejected,
            achieved = r.achieved + excluded.achieved,
            achieved_production = r.achieved_production + excluded.achieved_production,
            achieved_public = r.achieved_public + excluded.achieved_public,
            benefit_claimed = r.benefit_claimed + excluded.benefit_claimed,
            benefit_verified = r.benefit_verified + excluded.benefit_verified,
            participants = r.participants + excluded.participants,
            units_reporting = r.units_reporting + excluded.units_reporting,
            units_meeting_floor = r.units_meeting_floor + excluded.units_meeting_floor
    )
    insert into rollup_day as r (
        unit_id, campaign_id, ordinal, day, slot, path, submitted, recognised, confirmed, achieved
    )
    select a.id, g.campaign_id, g.ordinal, g.day, pg_backend_pid() % slots(a.level), a.path,
        total(g.submitted), total(g.recognised), total(g.confirmed), total(g.achieved)
    from (
        select f.unit_id, f.campaign_id, f.ordinal, d.day, total(sign * d.submitted) as submitted,
            total(sign * d.recognised) as recognised, total(sign * d.confirmed) as confirmed,
            total(sign * d.achieved) as achieved
        from fact f
        cross join lateral (
            values (f.submitted_on, f.submitted, 0, 0, 0), (f.recognised_on, 0, f.recognised, 0, 0),
                (f.confirmed_on, 0, 0, f.confirmed, 0), (f.achieved_on, 0, 0, 0, f.achieved)
        ) as d (day, submitted, recognised, confirmed, achieved)
        where d.day is not null
        group by f.unit_id, f.campaign_id, f.ordinal, d.day
    ) as g
    join unit u on u.id = g.unit_id
    join unit a on a.id = any(line(u.path))
    where (g.submitted, g.recognised, g.confirmed, g.achieved) <> (0, 0, 0, 0)
    group by a.id, g.campaign_id, g.ordinal, g.day
    order by a.depth desc, a.id, g.campaign_id, g.ordinal, g.day
    on conflict (unit_id, campaign_id, ordinal, day, slot) do update set
        submitted = r.submitted + excluded.submitted,
        recognised = r.recognised + excluded.recognised,
        confirmed = r.confirmed + excluded.confirmed,
        achieved = r.achieved + excluded.achieved;
    if not any_achieved(facts) then
        return; -- only achieved initiatives are in a tier
    end if;
    insert into rollup_tier as r (unit_id, campaign_id, ordinal, tier_id, slot, path, achieved)
    select a.id, g.campaign_id, g.ordinal, g.tier_id, pg_backend_pid() % slots(a.level), a.path,
        total(g.achieved)
    from (
        select f.unit_id, f.campaign_id, o.ordinal, t.id as tier_id, total(sign) as achieved
        from unnest(facts) f
        join benefit_tier t on t.campaign_id = f.campaign_id
            and f.benefit >= t.from_vnd and (t.to_vnd is null or f.benefit <= t.to_vnd)
        cross join lateral (values (0::bigint), (f.ordinal)) o (ordinal)
        group by f.unit_id, f.campaign_id, o.ordinal, t.id
        having total(sign) <> 0
    ) as g
    join unit u on u.id = g.unit_id
    join unit a on a.id = any(line(u.path))
    group by a.id, g.campaign_id, g.ordinal, g.tier_id
    order by a.depth desc, a.id, g.campaign_id, g.ordinal, g.tier_id
    on conflict (unit_id, campaign_id, ordinal, tier_id, slot)
    do update set achieved = r.achieved + excluded.achieved;
end
$$;

create or replace function rollup_initiative() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set plan_cache_mode = force_generic_plan as $$
declare
    came initiative_fact[] := '{}';
    went initiative_fact[] := '{}';
    facts initiative_fact[];
    people bigint[] := '{}';
    newly bigint[] := '{}';
begin
    perform lock_tree(alone => false);
    if tg_op <> 'DELETE' then
        came := array(
            select f from added i cross join lateral initiative_fact(
                1, i.id, i.unit_id, i.phase_id, i.state, i.sector, i.benefit_claimed,
                i.benefit_verified, i.submitted_at, i.recognised_at, i.confirmed_at) f
        );
    end if;
    if tg_op <> 'INSERT' then
        went := array(
            select f from removed i cross join lateral initiative_fact(
                -1, i.id, i.unit_id, i.phase_id, i.state, i.sector, i.benefit_claimed,
                i.benefit_verified, i.submitted_at, i.recognised_at, i.confirmed_at) f
        );
    end if;
    facts := came || went;
    if cardinality(came) > 0 and cardinality(went) > 0 then
        -- Unchanged facts cancel out. A join of the two sets would do the same, but its plan is
        -- cached from a change of one row for a change of many, where it takes hours.
        facts := array(
            select row(sum(sign), initiative_id, unit_id, campaign_id, ordinal, submitted,
                recognised, confirmed, returned, rejected, achieved, production, claimed,
                verified, benefit, submitted_on, recognised_on, confirmed_on, achieved_on
            )::initiative_fact
            from unnest(facts)
            group by initiative_id, unit_id, campaign_id, ordinal, submitted, recognised,
                confirmed, returned, rejected, achieved, production, claimed, verified, benefit,
                submitted_on, recognised_on, confirmed_on, achieved_on
            having sum(sign) <> 0
        );
    end if;
    if cardinality(facts) = 0 then
        return null;
    end if;
    if any_achieved(facts) then
        select coalesce(array_agg(distinct a.person_id), '{}'),
            coalesce(array_agg(distinct a.initiative_id)
                filter (where f.sign > 0 and a.counted_unit_id is null), '{}')
        into people, newly
        from authorship a
        join unnest(facts) f on f.initiative_id = a.initiative_id
        where f.achieved = 1;
    end if;
    perform rollup_apply(facts, people, newly);
    return null;
end
$$;

create or replace trigger rollup_added after insert on initiative
referencing new table as added for each statement execute function rollup_initiative();
create or replace trigger rollup_changed after update on initiative
referencing new table as added old table as removed
for each statement execute function rollup_initiative();
create or replace trigger rollup_removed after delete on initiative
referencing old table as removed for each statement execute function rollup_initiative();

-- Authors are added or removed, or counted in another unit (merge.sql). The first counting of an
-- author is carried into the totals by the function that writes it.
create or replace function rollup_people() returns trigger
language plpgsql security definer set search_path = public, pg_temp
set plan_cache_mode = force_generic_plan as $$
declare
    people bigint[];
begin
    perform lock_tree(alone => false);
    if tg_op = 'INSERT' then
        people := array(select distinct person_id from added);
    elsif tg_op = 'DELETE' then
        people := array(select distinct person_id from removed);
    else
        people := array(
            select distinct person_id
            from (select initiative_id, person_id, counted_unit_id, 1 as sign from added
                  union all select initiative_id, person_id, counted_unit_id, -1 from removed) as turns
            group by initiative_id, person_id
            having sum(sign) <> 0 or count(distinct counted_unit_id) > 1
        );
    end if;
    if cardinality(people) > 0 then
        perform rollup_apply('{}', people, '{}');
    end if;
    return null;
end
$$;

create or replace trigger rollup_added after insert on authorship
referencing new table as added for each statement execute function rollup_people();
create or replace trigger rollup_changed after update on authorship
referencing new table as added old table as removed
for each statement execute function rollup_people();
create or replace trigger rollup_removed after delete on authorship
referencing old table as removed for each statement execute function rollup_people();

-- Add (1) all totals of a unit's subtree to those of these units, or subtract (-1) them.
create or replace function rollup_shift(of_unit bigint, ancestors bigint[], sign int) returns void
language sql set search_path = public, pg_temp as $$
    update unit a set grassroots_count = a.grassroots_count + sign * u.grassroots_count
    from unit u where u.id = of_unit and a.id = any(ancestors);

    insert into rollup as r (
        unit_id, campaign_id, ordinal, slot, path,
        submitted, recognised, confirmed, returned, rejected,
        achieved, achieved_production, achieved_public,
        benefit_claimed, benefit_verified, participants,
        units_reporting, units_meeting_floor
    )
    select a.id, t.campaign_id, t.ordinal, 0, a.path,
        sign * sum(t.submitted), sign * sum(t.recognised), sign * sum(t.confirmed),
        sign * sum(t.returned), sign * sum(t.rejected),
        sign * sum(t.achieved), sign * sum(t.achieved_production), sign * sum(t.achieved_public),
        sign * sum(t.benefit_claimed), sign * sum(t.benefit_verified), sign * sum(t.participants),
        sign * sum(t.units_reporting), sign * sum(t.units_meeting_floor)
    from rollup t join unit a on a.id = any(ancestors)
    where t.unit_id = of_unit
    group by a.id, t.campaign_id, t.ordinal
    on conflict (unit_id, campaign_id, ordinal, slot) do update set
        submitted = r.submitted + excluded.submitted,
        recognised = r.recognised + excluded.recognised,
        confirmed = r.confirmed + excluded.confirmed,
        returned = r.returned + excluded.returned,
        rejected = r.rejected + excluded.rejected,
        achieved = r.achieved + excluded.achieved,
        achieved_production = r.achieved_production + excluded.achieved_production,
        achieved_public = r.achieved_public + excluded.achieved_public,
        benefit_claimed = r.benefit_claimed + excluded.benefit_claimed,
        benefit_verified = r.benefit_verified + excluded.benefit_verified,
        participants = r.participants + excluded.participants,
        units_reporting = r.units_reporting + excluded.units_reporting,
        units_meeting_floor = r.units_meeting_floor + excluded.units_meeting_floor;

    insert into rollup_tier as r (unit_id, campaign_id, ordinal, tier_id, slot, path, achieved)
    select a.id, t.campaign_id, t.ordinal, t.tier_id, 0, a.path, sign * sum(t.achieved)
    from rollup_tier t join unit a on a.id = any(ancestors)
    where t.unit_id = of_unit
    group by a.id, t.campaign_id, t.ordinal, t.tier_id
    on conflict (unit_id, campaign_id, ordinal, tier_id, slot)
    do update set achieved = r.achieved + excluded.achieved;

    insert into rollup_day as r (
        unit_id, campaign_id, ordinal, day, slot, path, submitted, recognised, confirmed, achieved
    )
    select a.id, t.campaign_id, t.ordinal, t.day, 0, a.path, sign * sum(t.submitted),
        sign * sum(t.recognised), sign * sum(t.confirmed), sign * sum(t.achieved)
    from rollup_day t join unit a on a.id = any(ancestors)
    where t.unit_id = of_unit
    group by a.id, t.campaign_id, t.ordinal, t.day
    on conflict (unit_id, campaign_id, ordinal, day, slot) do update set
        submitted = r.submitted + excluded.submitted,
        recognised = r.recognised + excluded.recognised,
        confirmed = r.confirmed + excluded.confirmed,
        achieved = r.achieved + excluded.achieved;
$$;
